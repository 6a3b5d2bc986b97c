import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { UserError } from "../base/user-error.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import { connect } from "./portico-calls.ts";
import { getStatus, stageOf } from "./server-status.ts";
import { shortPath } from "./short-path.ts";

/** `portico sdk API --language L`: writes an SDK of what a stage serves, as GetSdk does, to a folder or as a zip. */
export async function runSdk({ args, options, output }: Invocation): Promise<number> {
  const [api = ""] = args;
  const { language, out = ".", stage: stageName } = options as { language?: string; out?: string; stage?: string };
  if (language === undefined)
    throw new UserError({
      what: "An SDK of which language?",
      why: "There is no default.",
      next: "Name it with --language: javascript, java, ruby, typescript or python.",
    });
  const given = readParameters((options["set"] ?? []) as readonly string[]);
  const endpoint = await findEndpoint(options);
  const stage = stageOf(await getStatus(endpoint), api, stageName, options);
  const { body } = await connect(endpoint, stage.account, stage.region).call("apigateway", "GetSdk", {
    restApiId: stage.apiId,
    stageName: stage.stageName,
    sdkType: language,
    parameters: { ...namesOf(stage.apiName, language), ...given },
  });
  const archive = body as Buffer;
  if (out.endsWith(".zip")) {
    write(out, archive);
    output.line(shortPath(out));
    return 0;
  }
  const files = Object.entries(unzipSync(archive));
  for (const [path, bytes] of files) write(join(out, path), bytes);
  output.line(`${shortPath(join(out, files[0]?.[0].split("/")[0] ?? ""))} (${files.length} files)`);
  return 0;
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
        what: `--set ${one} won't do.`,
        why: "It has to be a name and a value.",
        next: "Write it as service.name=Pets.",
      });
    }),
  );
}

/** Returns the names that Java and Ruby require, since AWS has no default for them. */
function namesOf(apiName: string, language: string): Record<string, string> {
  const word = apiName.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? "");
  const service = /^[A-Za-z]/.test(word) ? word.charAt(0).toUpperCase() + word.slice(1, 100) : "Api";
  if (language !== "java" && language !== "ruby") return {};
  return {
    "service.name": service,
    ...(language === "java" && { "java.package-name": `sdk.${service.toLowerCase()}api` }),
  };
}
