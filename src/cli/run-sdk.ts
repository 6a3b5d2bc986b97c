import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { UserError } from "../base/user-error.ts";
import { generateDocumentSdk } from "../sdk/generate-document-sdk.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { connect } from "./portico-calls.ts";
import { getStatus, refuseUndocumented, type StageStatus, stageOf } from "./server-status.ts";
import { shortPath } from "./short-path.ts";
import { stageUrls } from "./up/render-routes.ts";

/** `portico sdk API --language L`: writes an SDK of what a stage serves, as GetSdk does, to a folder or as a zip. */
export async function runSdk({ args, options, output }: Invocation): Promise<number> {
  const [api = ""] = args;
  const { language, out = ".", stage: stageName } = options as { language?: string; out?: string; stage?: string };
  if (language === undefined)
    throw new UserError({
      what: "An SDK of which language?",
      why: "There is no default.",
      next: "Name it with --language: javascript, java, android, swift, objectivec, ruby, typescript or python.",
      isUsage: true,
    });
  const given = readParameters((options["set"] ?? []) as readonly string[]);
  const endpoint = await findEndpoint(options);
  const stage = stageOf(await getStatus(endpoint), api, stageName, options);
  refuseUndocumented(stage);
  const parameters = { ...namesOf(stage.apiName, language), ...given };
  const archive = await archiveOf(stage, {
    endpoint,
    sdkType: language,
    parameters,
    note: (text) => output.note(text),
  });
  if (out.endsWith(".zip")) {
    write(out, archive);
    output.line(shortPath(out));
    return 0;
  }
  const files = Object.entries(unzipSync(archive));
  const folder = join(out, files[0]?.[0].split("/")[0] ?? "");
  const written: WrittenSdk = { language, apiId: stage.apiId, apiName: stage.apiName };
  refuseToOverwrite(
    folder,
    written,
    files.map(([path]) => join(out, path)),
  );
  for (const [path, bytes] of files) write(join(out, path), bytes);
  write(join(folder, markName), Buffer.from(`${JSON.stringify(written)}\n`));
  output.line(`${shortPath(folder)} (${files.length} files)`);
  return 0;
}

/** Returns the archive that GetSdk answers. AWS has none of HTTP APIs, so that is made here, of the exported document. */
async function archiveOf(
  stage: StageStatus,
  {
    endpoint,
    sdkType,
    parameters,
    note,
  }: {
    readonly endpoint: string;
    readonly sdkType: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly note: (text: string) => void;
  },
): Promise<Uint8Array> {
  const { account, region, apiId, stageName } = stage;
  const calls = connect(endpoint, account, region);
  if (stage.protocol !== "HTTP") {
    const { body } = await calls.call("apigateway", "GetSdk", { restApiId: apiId, stageName, sdkType, parameters });
    return body as Buffer;
  }
  const { body } = await calls.call("apigatewayv2", "ExportApi", {
    ApiId: apiId,
    StageName: stageName,
    OutputType: "JSON",
    Specification: "OAS30",
    IncludeExtensions: false,
  });
  const made = generateDocumentSdk(String(body), {
    account,
    region,
    sdkType,
    parameters,
    invokeUrl: stageUrls(showEndpoint(endpoint), region, stage).byPath,
    generatedAt: Date.now(),
  });
  if (made.kind === "refused") throw new UserError({ what: made.message, why: "", next: "--set gives parameters." });
  for (const warning of made.warnings.filter((one) => !/^Security scheme /.test(one))) note(warning);
  return made.archive;
}

/** What a folder has an SDK of; SDKs of several languages and APIs have folders of one name. */
interface WrittenSdk {
  readonly language: string;
  readonly apiId: string;
  readonly apiName: string;
}

const markName = ".portico-sdk.json";

/** Refuses to write over anything but an older SDK of the same language and API. */
function refuseToOverwrite(folder: string, sdk: WrittenSdk, files: readonly string[]): void {
  const there = readMark(folder);
  if (there?.language === sdk.language && there.apiId === sdk.apiId) return;
  const overwritten = files.find((file) => existsSync(file));
  if (there === undefined && overwritten === undefined) return;
  throw new UserError({
    what: there
      ? `${shortPath(folder)} has the ${there.language} SDK of ${there.apiName} (${there.apiId}).`
      : `${shortPath(overwritten ?? folder)} is there already.`,
    why: `The ${sdk.language} SDK of ${sdk.apiName} (${sdk.apiId}) would overwrite it.`,
    next: `Name a folder of its own, such as --out ${shortPath(join(dirname(folder), sdk.language))}, or delete the old one.`,
  });
}

function readMark(folder: string): WrittenSdk | undefined {
  try {
    const read = JSON.parse(readFileSync(join(folder, markName), "utf8")) as Partial<WrittenSdk>;
    const { language = "unknown", apiId = "", apiName = "an unknown API" } = read;
    return { language, apiId, apiName };
  } catch {
    // Not there, or not ours: then its files count.
    return undefined;
  }
}

function write(file: string, bytes: Uint8Array): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  } catch (error) {
    throw new UserError({
      what: `${shortPath(file)} can't be written.`,
      why: error instanceof Error ? error.message : String(error),
      next: "Name another folder, or a file that ends with .zip, with --out.",
      cause: error,
    });
  }
}

function readParameters(set: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    set.map((one) => {
      const at = one.indexOf("=");
      if (at > 0) return [one.slice(0, at), one.slice(at + 1)];
      throw new UserError({
        what: `--set ${one} is not accepted.`,
        why: "It has to be a name and a value.",
        next: "Write it as service.name=Pets.",
        isUsage: true,
      });
    }),
  );
}

/** Returns the names that Android, Java, Ruby, Swift and Objective-C require, since AWS has no default for them. */
function namesOf(apiName: string, language: string): Record<string, string> {
  const word = apiName.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? "");
  const service = /^[A-Za-z]/.test(word) ? word.charAt(0).toUpperCase() + word.slice(1, 100) : "Api";
  if (language === "android") {
    const name = service.toLowerCase();
    return { groupId: "sdk", invokerPackage: `sdk.${name}api`, artifactId: `${name}-sdk`, artifactVersion: "1.0.0" };
  }
  if (language === "swift" || language === "objectivec") return { classPrefix: "API" };
  if (language !== "java" && language !== "ruby") return {};
  return {
    "service.name": service,
    ...(language === "java" && { "java.package-name": `sdk.${service.toLowerCase()}api` }),
  };
}
