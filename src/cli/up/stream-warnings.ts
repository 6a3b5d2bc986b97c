import type { ApiDocument } from "./api-document.ts";
import type { LocalFunction } from "./find-functions.ts";
import { locate } from "./read-yaml.ts";
import { codeHas } from "./search-code.ts";
import { type Problem, problemAt } from "./source-text.ts";

/** Warns of functions that stream behind integrations that don't, and of the reverse. AWS answers 502 to both. */
export async function findStreamWarnings(
  document: ApiDocument,
  functions: readonly LocalFunction[],
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { method, path, integration, pointer } of document.operations) {
    const source = functions.find(({ name }) => name === integration?.functionName);
    if (source === undefined || integration?.type !== "AWS_PROXY") continue;
    const isStreamed = /\/response-streaming-invocations$/.test(integration.uri ?? "");
    const message = isStreamed ? whyNoStream(source) : whyNoAnswer(source);
    if (message === undefined) continue;
    const effect = `${method} ${path} will answer 502, as on AWS`;
    const place = await locate(document.source, pointer);
    problems.push(problemAt("warning", `${message}. ${effect}`, document.source, place));
  }
  return problems;
}

function whyNoStream(source: LocalFunction): string | undefined {
  if (source.runtime.startsWith("python")) return `${source.name} is streamed from, and Python functions don't stream`;
  // Whatever a framework calls it, some part of its code has the word.
  if (codeHas(source, /stream/i) !== false) return undefined;
  return `${source.name} is streamed from, and nothing in it streams (awslambda.streamifyResponse)`;
}

function whyNoAnswer(source: LocalFunction): string | undefined {
  // The files that single-file functions share are left out.
  const own = { ...source, content: source.content.slice(0, 1) };
  if (codeHas(own, /\bawslambda\.streamifyResponse\b/) !== true) return undefined;
  const needed =
    "responseTransferMode: STREAM and an address …:lambda:path/2021-11-15/…/response-streaming-invocations";
  return `${source.name} streams (awslambda.streamifyResponse), which needs ${needed}`;
}
