import { readFileSync } from "node:fs";
import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import type { ExplainReport } from "../server/explain.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { explainLines } from "./explain-lines.ts";
import { explainTree, renderTree, show } from "./explain-tree.ts";
import { readHeaders } from "./read-headers.ts";
import { fetchSigned } from "./signed-calls.ts";

/** It is longer than the server takes. */
const timeoutMs = bounds.cliExplainMsMax.value;

/** `portico explain [METHOD] URL`: sends the request, and shows what the gateway saw and did at each step. */
export async function runExplain({ args, options, output }: Invocation): Promise<number> {
  const [method = "", given = ""] = args.length === 1 ? ["GET", ...args] : args;
  if (args.length === 1 && /^[A-Z]+$/i.test(given)) {
    const next = "`portico routes` lists addresses.";
    throw new UserError({ what: `The URL to send ${given} to is missing.`, why: "", next, isUsage: true });
  }
  const request = {
    method: method.toUpperCase(),
    headers: readHeaders(options["header"]),
    stageVariables: Object.fromEntries(list(options["stageVariable"]).map(readVariable)),
    body: readBody(options["data"]).toString("base64"),
    ...(options["message"] === undefined ? {} : { message: String(readBody(options["message"])) }),
    ...(options["from"] === undefined ? {} : { sourceAddress: options["from"] }),
  };
  const own = ownEndpoint(given);
  const endpoint =
    options["endpoint"] === undefined && own !== undefined
      ? await findEndpoint({ endpoint: own }, "the URL")
      : await findEndpoint(options);
  const report = await ask(endpoint, { ...request, url: given.startsWith("/") ? endpoint + given : given });
  const port = portOf(given);
  if (port !== undefined && port !== portOf(endpoint))
    output.note(`The URL's port is ${port}; the Portico at ${showEndpoint(endpoint)} runs the request.`);
  if (options["json"]) output.json(report);
  else if (options["full"]) for (const line of renderTree(explainTree(report), output.paint)) output.line(line);
  else {
    for (const line of explainLines(report)) output.line(show(line, output.paint));
    output.note(output.paint("dim", "--full shows headers and whole bodies, --json everything."));
  }
  return 0;
}

/** Returns a URL's port; undefined for a path. */
function portOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed === null ? undefined : parsed.port || (parsed.protocol === "https:" ? "443" : "80");
}

/** Returns the server in a URL, if its host always means this machine. */
function ownEndpoint(url: string): string | undefined {
  const parsed = URL.parse(url);
  const isOwn =
    parsed !== null &&
    /(?:^|\.)localhost$|^127\.|^\[::1\]$|(?:^|\.)localhost\.localstack\.cloud$/.test(parsed.hostname);
  return isOwn
    ? `http://${/^[\d.]+$|^\[/.test(parsed.hostname) ? parsed.host : `127.0.0.1:${parsed.port || 80}`}`
    : undefined;
}

const list = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);

function readVariable(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    const next = "Write it as --stage-variable NAME=VALUE.";
    throw new UserError({ what: `--stage-variable ${text} has no value.`, why: "", next, isUsage: true });
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** Reads the body as curl does: `@file` is a file, `@-` is standard input. */
function readBody(data: unknown): Buffer {
  if (typeof data !== "string") return Buffer.alloc(0);
  if (!data.startsWith("@")) return Buffer.from(data);
  try {
    return readFileSync(data === "@-" ? 0 : data.slice(1));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError({
      what: `${data.slice(1)} can't be read.`,
      why,
      next: "Give the path of a file.",
      cause: error,
    });
  }
}

async function ask(endpoint: string, request: object): Promise<ExplainReport> {
  const response = await fetchSigned(endpoint, {
    method: "POST",
    path: "/_portico/explain",
    service: "portico",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
    timeoutMs,
  });
  const answer = (await response.json()) as ExplainReport & { readonly message?: string };
  if (response.ok) return answer;
  throw new UserError({
    what: answer.message ?? `The server at ${endpoint} answered ${response.status}.`,
    why: "",
    next: adviceFor(response.status),
    isUsage: response.status === 400,
  });
}

function adviceFor(status: number): string {
  if (status === 400) return "`portico routes` lists addresses.";
  return status === 403
    ? "The credentials have to be an access key of that server, whose policies allow portico:POST."
    : "Look into the server's log.";
}
