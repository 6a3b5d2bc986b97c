import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../base/user-error.ts";
import type { ConversionLoss } from "../openapi/convert/conversion-loss.ts";
import { convertDocument, type DocumentConversionOptions } from "../openapi/convert/convert-document.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import { layOut } from "./output.ts";
import { connect } from "./portico-calls.ts";
import { getStatus, refuseUndocumented, stageOf } from "./server-status.ts";
import { shortPath } from "./short-path.ts";
import { locateImportProblems, readApiDocument, splitImportMessage } from "./up/api-document.ts";
import { findProject } from "./up/project.ts";
import { type Problem, ProblemsError } from "./up/source-text.ts";

/** The document is written, and methods are left out of it. */
const partlyConverted = 3;

/** `portico convert FILE|API`: writes a REST API as a document of an HTTP API, and lists what has no counterpart. */
export async function runConvert({ args: [source = ""], options, output }: Invocation): Promise<number> {
  const read = existsSync(resolve(source)) ? await readFile(source, options) : await readStage(source, options);
  const format = options["yaml"] === true ? "yaml" : "json";
  const audiences = (options["audience"] ?? []) as readonly string[];
  const converted = convertDocument(read.body, { ...read.facts, format, audiences });
  if (converted.kind === "refused") {
    const { errors, warnings } = splitImportMessage(converted.message, converted.reason);
    throw new ProblemsError([...(await read.locate(errors, "error")), ...(await read.locate(warnings, "warning"))]);
  }
  const { text, document, losses, warnings } = converted;
  for (const problem of await read.locate(warnings, "warning")) output.problem(problem);
  const out = typeof options["out"] === "string" ? options["out"] : undefined;
  if (out !== undefined) write(out, text);
  const code = losses.some(({ effect }) => effect === "left out" || effect === "closed") ? partlyConverted : 0;
  if (options["json"] === true) {
    output.json({ ...(out === undefined && { document }), losses });
    return code;
  }
  if (out === undefined) output.raw(text);
  else output.line(`${shortPath(out)} has the HTTP API.`);
  const rows = tableOf(losses);
  // Without a file the document is on standard output, which may be a pipe.
  if (out === undefined && losses.length > 0) for (const line of layOut(rows)) output.note(line);
  else if (losses.length > 0) output.table(rows[0]!, rows.slice(1));
  if (code !== 0) output.note("Not everything is converted. What is left out or closed answers nobody.");
  return code;
}

/** What is to be converted. */
interface ConversionSource {
  readonly body: Buffer;
  readonly facts: Pick<DocumentConversionOptions, "account" | "region" | "restApi" | "stage">;
  /** Places what the import says in the text that somebody wrote, if there is one. */
  locate(messages: readonly string[], severity: Problem["severity"]): Promise<readonly Problem[]>;
}

async function readFile(path: string, options: Invocation["options"]): Promise<ConversionSource> {
  const { name } = options as { readonly name?: string };
  const document = await readApiDocument(findProject(path).documentFile, { ...(name !== undefined && { name }) });
  if (document.protocol === "HTTP") {
    throw new UserError({
      what: `${path} is the document of an HTTP API already.`,
      why: "It has extensions that only these have.",
      next: "`portico import` or `portico up` makes the API.",
    });
  }
  const { body, account, region } = document;
  return {
    body,
    facts: { account, region },
    locate: (messages, severity) => locateImportProblems(messages, severity, document),
  };
}

/** Reads what a stage serves, and the settings that act without a deployment. */
async function readStage(api: string, options: Invocation["options"]): Promise<ConversionSource> {
  const endpoint = await findEndpoint(options);
  const found = stageOf(await getStatus(endpoint), api, options["stage"] as string | undefined, options);
  if (found.protocol === "HTTP") {
    throw new UserError({ what: `${found.apiName} is an HTTP API already.`, why: "", next: "Name a REST API." });
  }
  refuseUndocumented(found);
  const { account, region, apiId: restApiId, stageName } = found;
  const calls = connect(endpoint, account, region);
  const { body } = await calls.call("apigateway", "GetExport", {
    restApiId,
    stageName,
    exportType: "oas30",
    accepts: "application/json",
    parameters: { extensions: "apigateway,authorizers" },
  });
  const { policy, endpointConfiguration, disableExecuteApiEndpoint, securityPolicy, endpointAccessMode, tags } =
    await calls.call("apigateway", "GetRestApi", { restApiId });
  const stage = await calls.call("apigateway", "GetStage", { restApiId, stageName });
  return {
    body: Buffer.from(String(body)),
    facts: {
      account,
      region,
      restApi: present({
        policy,
        endpointConfiguration,
        disableExecuteApiEndpoint,
        securityPolicy,
        endpointAccessMode,
        tags,
      }),
      stage,
    },
    locate: async (messages, severity) => messages.map((message) => ({ severity, message })),
  };
}

/** An absent member keeps what the deployment has. */
const present = (members: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const tableOf = (losses: readonly ConversionLoss[]): string[][] => [
  ["WHERE", "EFFECT", "WHAT", "WHAT TO DO"],
  ...losses.map(({ where, effect, what, advice }) => [where, effect, what, advice]),
];

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError({
      what: `${shortPath(file)} can't be written.`,
      why: error instanceof Error ? error.message : String(error),
      next: "Name another file with --out.",
      cause: error,
    });
  }
}
