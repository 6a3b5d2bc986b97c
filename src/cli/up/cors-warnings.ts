import { readApiState } from "../cors/api-state.ts";
import { findCorsProblems } from "../cors/find-cors-problems.ts";
import type { PorticoCalls } from "../portico-calls.ts";
import type { ApiDocument } from "./api-document.ts";
import type { LocalFunction } from "./find-functions.ts";
import { locate } from "./read-yaml.ts";
import { codeHas } from "./search-code.ts";
import { type Problem, problemAt } from "./source-text.ts";

/** Warns of routes that pages of other origins can't call, if the document shows that they are meant to. */
export async function findCorsWarnings(
  calls: PorticoCalls,
  restApiId: string,
  document: ApiDocument,
  functions: readonly LocalFunction[],
): Promise<readonly Problem[]> {
  // Mocks are set up for pages, whatever the rest of the document is for.
  if (document.mocked.size > 0) return [];
  const problems: Problem[] = [];
  const warn = async (pointer: readonly string[], message: string): Promise<void> => {
    problems.push(problemAt("warning", message, document.source, await locate(document.source, pointer)));
  };
  const body = document.body.toString();
  // AWS: API Gateway Developer Guide, "x-amazon-apigateway-cors object": it is for HTTP APIs.
  if (/^[^#\n]*x-amazon-apigateway-cors["']?\s*:/m.test(body))
    await warn(
      ["x-amazon-apigateway-cors"],
      "x-amazon-apigateway-cors has no effect on REST APIs: each resource needs an OPTIONS method (portico cors shows what)",
    );
  // Most documents have no trace of CORS: they cost no calls.
  const hasOptions = document.operations.some(({ method }) => method === "OPTIONS");
  if (!hasOptions && !/access-control-allow-origin/i.test(body)) return problems;
  const namesOrigin = new Map<string, boolean | undefined>();
  const functionNamesOrigin = (name: string): boolean | undefined => {
    const source = functions.find((one) => one.name === name);
    // Nearly every framework has the word, so installed packages don't count.
    if (source && !namesOrigin.has(name)) namesOrigin.set(name, codeHas(source, /access-control-allow-origin|cors/i));
    return namesOrigin.get(name);
  };
  for (const { path, method, message } of findCorsProblems(await readApiState(calls, restApiId), functionNamesOrigin)) {
    const operation = document.operations.find((one) => one.path === path && one.method === method);
    const pointer = operation?.pointer ?? (path === undefined ? ["x-amazon-apigateway-gateway-responses"] : ["paths"]);
    await warn(pointer, message);
  }
  return problems;
}
