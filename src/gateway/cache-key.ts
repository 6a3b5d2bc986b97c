import { bounds } from "../base/bounds.ts";
import type { ParameterPlan, ResponseCachePlan } from "../plan/steps.ts";
import type { ValuePlan } from "../plan/values.ts";
import type { Exchange } from "./exchange.ts";
import { forwardingHeader, isForwardingHeader } from "./forwarding-headers.ts";
import { parseQuery } from "./query.ts";
import { linkValue } from "./values.ts";
import { headerText } from "./varying-headers.ts";

/** Returns the key of a request's answer; undefined if it is too long, and the answer is not cached. */
export type WriteKey = (exchange: Exchange) => string | undefined;

/** Returns a part of a key, which says itself where it ends. */
type WritePart = (exchange: Exchange) => string;

const keyCharsMax = bounds.cacheKeyCharsMax.value;

/**
 * Links the writer of a method's keys. Two requests have the same key only if all of these are equal, since each part says
 * itself how long it is: deployment, flush and namespace (`keyStart`), the verb, and the parameters with their values.
 *
 * Of parameters a key has more than AWS's mappings would read, because a backend may read more: all values of a header,
 * and what was sent, where several ways of writing mean the same here and may not mean the same there. So it has the path
 * too where it is not written as the resource's. Otherwise somebody could have an answer stored that is not the one to the
 * requests that get it.
 */
export function linkCacheKey(
  { keyStart, key }: Pick<ResponseCachePlan, "keyStart" | "key">,
  resourcePath: string,
): WriteKey {
  const parts = key.map(linkPart);
  const isWrittenSo = linkSpelling(resourcePath);
  const readsQuery = key.some(({ value }) => value.kind === "request" && value.place === "querystring");
  return (exchange) => {
    let text = `${keyStart}${exchange.httpMethod}`;
    for (const write of parts) text += write(exchange);
    if (!isWrittenSo(exchange.pathAsSent)) text += sized(exchange.pathAsSent);
    // Here a semicolon separates parameters. Where it does not, the query has others.
    if (readsQuery && exchange.rawQuery.includes(";")) text += sized(exchange.rawQuery);
    return text.length > keyCharsMax ? undefined : text;
  };
}

/**
 * Links what says whether a path is written as its resource's is. Slashes at either end and escapes (`/p%65ts/`) choose no
 * other resource, but functions and backends see them.
 */
function linkSpelling(resourcePath: string): (path: string) => boolean {
  if (!resourcePath.includes("{")) return (path) => path === resourcePath;
  const segments = resourcePath.split("/").map((segment) => {
    if (!segment.startsWith("{")) return RegExp.escape(segment);
    return segment.endsWith("+}") ? "[^/](?:.*[^/])?" : "[^/]+";
  });
  const pattern = new RegExp(`^${segments.join("/")}$`);
  return (path) => pattern.test(path);
}

const sized = (text: string): string => `${text.length}:${text}`;

function linkPart({ name, value }: ParameterPlan): WritePart {
  const start = sized(name);
  const write = linkWriter(value);
  return (exchange) => start + write(exchange);
}

function linkWriter(plan: ValuePlan): WritePart {
  if (plan.kind !== "request") return linkOther(plan);
  const { name } = plan;
  switch (plan.place) {
    case "path":
      return (exchange) => {
        const value = exchange.pathParameter(name);
        return value === undefined ? "-" : sized(value);
      };
    case "querystring":
      return ({ rawQuery }) => writePairs(rawQuery, name);
    case "header": {
      const lower = name.toLowerCase();
      if (isForwardingHeader(lower)) return (exchange) => sized(forwardingHeader(exchange, lower) ?? "");
      return ({ request }) => (request.header(lower) === undefined ? "-" : sized(headerText(request, lower)));
    }
  }
}

function linkOther(plan: ValuePlan): WritePart {
  const read = linkValue(plan);
  return (exchange) => {
    const value = read(exchange);
    if (value === undefined) return "-";
    return typeof value === "string" ? sized(value) : `${value.length}[${value.map(sized).join("")}`;
  };
}

/** Writes the pairs of a query whose decoded name is this, as they were sent. */
function writePairs(rawQuery: string, name: string): string {
  if (rawQuery === "") return "-";
  let text = "";
  for (const pair of rawQuery.split(/[&;]/)) {
    if (pair !== "" && parseQuery(pair).has(name)) text += sized(pair);
  }
  return text === "" ? "-" : `${text}.`;
}
