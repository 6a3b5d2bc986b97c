import type { Output } from "../output.ts";
import type { ApiTarget } from "./api-calls.ts";
import { type ApiOperation, describeIntegration, routeKey } from "./api-operations.ts";

/** The addresses of a stage: by path, by host, and of its page. */
export interface StageUrls {
  readonly byPath: string;
  readonly byHost: string;
  /** The page to read about it and to try it. */
  readonly reference: string;
}

/** Returns a stage's addresses. `endpoint` is the server's own URL: `http://localhost:4566`. */
export function stageUrls(endpoint: string, region: string, { apiId, stageName }: ApiTarget): StageUrls {
  const { protocol, port } = new URL(endpoint);
  // The stage `$default` of an HTTP API serves at the root.
  const below = stageName === "$default" ? "" : `/${stageName}`;
  return {
    byPath: `${endpoint}/_aws/execute-api/${apiId}${below}`,
    byHost: `${protocol}//${apiId}.execute-api.${region}.localhost${port === "" ? "" : `:${port}`}${below}`,
    reference: `${endpoint}/_portico/docs/${apiId}/${stageName}`,
  };
}

/** Returns the address of a stage at a custom domain name. Names are served in clear text, at the server's own port. */
export const domainUrl = (
  endpoint: string,
  { name, basePath }: { readonly name: string; readonly basePath: string },
): string => {
  const { port } = new URL(endpoint);
  return `http://${name}${port === "" ? "" : `:${port}`}${basePath}`;
};

/** Why routes such as `GET /pets` answer 501. */
export type ClosedRoutes = ReadonlyMap<string, string>;

/** Prints the routes of a stage as a table, and below it the routes that don't work yet. */
export function printRoutes(
  output: Output,
  operations: readonly ApiOperation[],
  baseUrl: string,
  closed: ClosedRoutes,
): void {
  const rows = operations.map((operation) => [
    operation.method,
    // The default route is no path of callers.
    routeKey(operation) === "$default" ? "$default" : operation.path,
    closed.has(routeKey(operation)) ? "closed: 501" : fit(describeIntegration(operation.integration), output),
    `${baseUrl}${operation.exampleTarget ?? operation.path}`,
  ]);
  output.table(["METHOD", "PATH", "INTEGRATION", "URL"], rows);
  for (const operation of operations) {
    const reason = closed.get(routeKey(operation));
    if (reason)
      output.line(output.paint("yellow", `${routeKey(operation)} answers 501 until Portico can do this: ${reason}`));
  }
}

const cellChars = 50;

const fit = (text: string, { isTerminal }: Output): string =>
  isTerminal && text.length > cellChars ? `${text.slice(0, cellChars - 1)}…` : text;

/** Returns a few calls to try: routes that the document has examples for. */
export function curlLines(
  operations: readonly ApiOperation[],
  baseUrl: string,
  closed: ClosedRoutes,
  keyed: ReadonlySet<string> = new Set(),
): string[] {
  return operations
    .filter((one) => one.exampleTarget !== undefined && one.method !== "OPTIONS" && !closed.has(routeKey(one)))
    .filter((one) => one.method === "GET" || one.method === "ANY" || one.exampleBody !== undefined)
    .slice(0, 6)
    .map((one) => {
      const url = shellWord(`${baseUrl}${one.exampleTarget}`);
      const key = keyed.has(routeKey(one)) ? '-H "X-API-Key: $KEY" ' : "";
      if (one.method === "GET" || one.method === "ANY") return `curl ${key}${url}`;
      // With -d curl sends POST by itself.
      const verb = one.method === "POST" ? "" : `-X ${one.method} `;
      return `curl ${verb}${key}-H 'Content-Type: application/json' -d ${shellWord(one.exampleBody ?? "")} ${url}`;
    });
}

/** Quotes a word if a shell would not read it as itself. */
const shellWord = (text: string): string =>
  /^[\w:/.,@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
