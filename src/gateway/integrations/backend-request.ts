import type { BackendPlan, ParameterPlan } from "../../plan/steps.ts";
import type { UriParameterPlan, UriPlan, ValuePlan } from "../../plan/values.ts";
import type { Exchange } from "../exchange.ts";
import { setHeader } from "../header-list.ts";
import {
  droppedFromHttpRequest,
  isGatewaySignature,
  neverMapped,
  toHeaderValue,
} from "../responses/header-remapping.ts";
import { decodeLeniently } from "../routing/match.ts";
import { asText, describeValue, linkValue, type ReadValue } from "../values.ts";

interface LinkedParameter {
  readonly name: string;
  readonly lowerName: string;
  readonly read: ReadValue;
  readonly plan: ParameterPlan["value"];
}

const linkParameter = ({ name, value }: ParameterPlan): LinkedParameter => ({
  plan: value,
  name,
  lowerName: name.toLowerCase(),
  read: linkValue(value),
});

/**
 * Returns the path of a backend request. It is undefined if a parameter would lead out of the integration's path, and
 * null if a parameter that only a template can set is not set.
 */
export type WritePath = (exchange: Exchange) => string | null | undefined;

/**
 * Links the path and query of the integration's URI, in which parameters are filled in. With `isProxy`, the request's
 * own query is passed on as received, unless a mapping sets one of its parameters.
 */
export function linkPath(plan: BackendPlan, isProxy: boolean): WritePath {
  const writeUri = linkUri(plan.path);
  const parameters = plan.query.map(linkParameter);
  if (parameters.length === 0) {
    if (!isProxy) return (exchange) => overrideQuery(exchange, writeUri(exchange));
    return (exchange) => {
      const path = writeUri(exchange);
      return typeof path !== "string" || exchange.rawQuery === ""
        ? path
        : addQuery(path, sanitiseQuery(exchange.rawQuery));
    };
  }
  return (exchange) => {
    const path = writeUri(exchange);
    if (typeof path !== "string") return path;
    const pairs: string[] = isProxy ? queryWithout(exchange, parameters) : [];
    const overridden = exchange.overrides?.of("request", "querystring");
    for (const { name, read, plan } of parameters) {
      if (overridden?.has(name) === true) continue;
      const value = read(exchange);
      exchange.trace?.addMapping(`integration.request.querystring.${name}`, describeValue(plan), value);
      for (const each of value === undefined ? [] : typeof value === "string" ? [value] : value) {
        pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(each)}`);
      }
    }
    return overrideQuery(exchange, pairs.length === 0 ? path : addQuery(path, pairs.join("&")));
  };
}

/** Adds what a template set in `$context.requestOverride.querystring`. */
function overrideQuery(exchange: Exchange, path: ReturnType<WritePath>): ReturnType<WritePath> {
  const overridden = exchange.overrides?.of("request", "querystring");
  if (overridden === undefined || overridden.size === 0 || typeof path !== "string") return path;
  const pairs = [...overridden.values()].flatMap(({ name, values }) =>
    values.map((value) => `${encodeQuery(name)}=${encodeQuery(value)}`),
  );
  return addQuery(path, pairs.join("&"));
}

/** Half a surrogate pair, which a template can make, can't be written as UTF-8. */
const encodeQuery = (text: string): string => encodeURIComponent(text.toWellFormed());

export const addQuery = (path: string, query: string): string => `${path}${path.includes("?") ? "&" : "?"}${query}`;

/** Escapes characters that clients send unescaped and that a backend's parser need not accept. */
export const sanitiseQuery = (query: string): string =>
  /[^\x21-\x7e]|["#<>\\^`{|}]/.test(query) ? query.replace(/[^\x21-\x7e]|["#<>\\^`{|}]/g, escapeLatin1) : query;

/** A request target is latin1: each character is one byte. */
const escapeLatin1 = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;

/** Returns the request's query without the parameters that mappings set. */
function queryWithout(exchange: Exchange, parameters: readonly LinkedParameter[]): string[] {
  const pairs: string[] = [];
  for (const [name, values] of exchange.query) {
    if (parameters.some((parameter) => parameter.name === name)) continue;
    for (const value of values) pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  }
  return pairs;
}

function linkUri(plan: UriPlan): WritePath {
  if (plan.every((part) => typeof part === "string")) {
    const path = plan.join("");
    return () => path;
  }
  const queryAt = plan.findIndex((part) => typeof part === "string" && part.includes("?"));
  const upsAllowed = stepsUp(plan.map((part) => (typeof part === "string" ? part : "value")).join(""));
  const parts = plan.map((part, index) =>
    typeof part === "string" ? part : linkUriValue(part, queryAt >= 0 && index > queryAt),
  );
  return (exchange) => {
    let path = "";
    for (const part of parts) {
      if (typeof part === "string") path += part;
      else {
        const value = part(exchange);
        if (value === undefined) return null;
        path += value;
      }
    }
    return stepsUp(path) > upsAllowed ? undefined : path;
  };
}

/**
 * Links a value of the URI. In a path, a path parameter stays encoded as it was received, and everything else is
 * encoded now. In a query, a path parameter is decoded and encoded again, because an `&` in it would set other
 * parameters.
 */
function linkUriValue(
  plan: Exclude<UriPlan[number], string>,
  isInQuery: boolean,
): (exchange: Exchange) => string | undefined {
  if (plan.kind === "uri-parameter") return linkUriParameter(plan, isInQuery);
  const write = linkEncoded(plan, isInQuery);
  return (exchange) => {
    const written = write(exchange);
    exchange.trace?.addMapping("integration.request.path", describeValue(plan), written);
    return written;
  };
}

function linkEncoded(plan: ValuePlan, isInQuery: boolean): (exchange: Exchange) => string {
  const read = linkValue(plan);
  const isEncoded = (plan.kind === "request" && plan.place === "path") || plan.kind === "request-path";
  return (exchange) => {
    const value = asText(read(exchange)) ?? "";
    if (!isEncoded) return encodeQuery(value);
    return isInQuery ? encodeQuery(decodeLeniently(value)) : sanitisePath(value);
  };
}

/** Links a parameter: the value that a template set in `$context.requestOverride.path`, otherwise the mapped value. */
function linkUriParameter(
  { name, value }: UriParameterPlan,
  isInQuery: boolean,
): (exchange: Exchange) => string | undefined {
  const mapped =
    value === undefined ? undefined : value.kind === "literal" ? () => value.text : linkEncoded(value, isInQuery);
  return (exchange) => {
    const overridden = exchange.overrides?.of("request", "path").get(name);
    const written = overridden === undefined ? mapped?.(exchange) : encodeQuery(overridden.values.join(","));
    if (exchange.trace !== undefined) {
      const from = overridden === undefined && value !== undefined ? describeValue(value) : "context.requestOverride";
      exchange.trace.addMapping(`integration.request.path.${name}`, from, written);
    }
    return written;
  };
}

export const sanitisePath = (path: string): string =>
  /[^\x21-\x7e]|["#<>?\\^`{|}]/.test(path) ? path.replace(/[^\x21-\x7e]|["#<>?\\^`{|}]/g, escapeLatin1) : path;

/**
 * Returns the number of `..` segments of a path, in any spelling. Backends resolve them (RFC 3986 §5.2.4), so a caller
 * who adds one that the integration's URI does not have would leave the part of the backend that the URI opens. `..;x` is one
 * as well: servers of Java's take off what follows the semicolon before they resolve (RFC 3986 §3.3 calls it a parameter).
 */
export function stepsUp(target: string): number {
  if (!/\.\.|%2e/i.test(target)) return 0;
  const path = target.split("?", 1)[0]!;
  const segments = path.replaceAll(/%2e/gi, ".").split(/[/\\]|%2f|%5c/i);
  return segments.filter((segment) => /^\.\.(?:$|;|%3b)/i.test(segment)).length;
}

/** Headers of a backend request: names and values in turn. */
export type WriteHeaders = (exchange: Exchange, body: BackendBody) => string[];

/** What is sent: a stream's length is undefined if it is not known. */
export type BackendBody = { readonly length: number | undefined } | undefined;

/**
 * Links the headers of a proxy integration: all of the request's headers except those that AWS changes, and the mapped
 * ones. AWS: "Important notes for REST APIs".
 */
export function linkProxyHeaders(plan: BackendPlan, apiId: string): WriteHeaders {
  const mapped = plan.headers.map(linkParameter).filter(({ lowerName }) => !neverMapped.has(lowerName));
  const replaced = new Set(mapped.map(({ lowerName }) => lowerName));
  const replacedVariables = new Set(mapped.map(({ lowerName }) => variableOf(lowerName)));
  const replacesForwarding = [...replaced].some((name) => name.startsWith("x-"));
  return (exchange) => {
    const { rawHeaders, headerNames } = exchange.request;
    const listed = connectionOptions(exchange.request.header("connection"));
    const headers: string[] = [];
    let forwardedFor = "";
    for (let index = 0; index < headerNames.length; index++) {
      const name = headerNames[index]!;
      const value = rawHeaders[2 * index + 1]!;
      if (droppedFromHttpRequest.has(name)) {
        if (name === "x-forwarded-for") forwardedFor += `${value}, `;
      } else if (
        (replaced.size === 0 || !replacedVariables.has(variableOf(name))) &&
        (listed === undefined || !listed.includes(name)) &&
        !isGatewaySignature(name, value)
      ) {
        headers.push(rawHeaders[2 * index]!, value);
      }
    }
    const at = headers.length;
    addForwarding(exchange, headers, forwardedFor);
    headers.push("x-amzn-apigateway-api-id", apiId);
    if (replacesForwarding) removeReplaced(headers, at, replaced);
    addMapped(exchange, headers, mapped);
    return headers;
  };
}

/** Links the headers of a custom integration: the mapped ones, and those that AWS adds. */
export function linkCustomHeaders(
  plan: BackendPlan,
  apiId: string,
  never: ReadonlySet<string> = neverMapped,
): WriteHeaders {
  const mapped = plan.headers.map(linkParameter).filter(({ lowerName }) => !never.has(lowerName));
  const isMapped = (name: string): boolean => mapped.some(({ lowerName }) => lowerName === name);
  const fixed: string[] = ["x-amzn-apigateway-api-id", apiId];
  if (!isMapped("accept")) fixed.push("Accept", "application/json");
  if (!isMapped("user-agent")) fixed.push("User-Agent", `AmazonAPIGateway_${apiId}`);
  const hasTrace = isMapped("x-amzn-trace-id");
  const hasContentType = isMapped("content-type");
  return (exchange, body) => {
    const headers = [...fixed];
    if (!hasTrace) headers.push("X-Amzn-Trace-Id", exchange.traceHeader);
    if (!hasContentType && body !== undefined && body.length !== 0) {
      headers.push("Content-Type", exchange.request.header("content-type") ?? "application/json");
    }
    addMapped(exchange, headers, mapped);
    overrideHeaders(exchange, headers, never);
    return headers;
  };
}

/**
 * Returns what many backends make of a header's name. RFC 3875 §4.1.18 has one variable for `x-role` and `x_role`, so a caller's
 * own word under the one name would stand for what is mapped to the other.
 */
export const variableOf = (lowerName: string): string =>
  lowerName.includes("_") ? lowerName.replaceAll("_", "-") : lowerName;

/** Replaces and adds what a template set in `$context.requestOverride.header`. */
function overrideHeaders(exchange: Exchange, headers: string[], never: ReadonlySet<string>): void {
  const overridden = exchange.overrides?.of("request", "header");
  if (overridden === undefined) return;
  for (const [lowerName, { name, values }] of overridden) {
    if (never.has(lowerName)) continue;
    setHeader(headers, name, values.join(","));
    exchange.trace?.addMapping(`integration.request.header.${name}`, "context.requestOverride", values);
  }
}

function addMapped(exchange: Exchange, headers: string[], mapped: readonly LinkedParameter[]): void {
  for (const { name, lowerName, read, plan } of mapped) {
    const value = asText(read(exchange));
    exchange.trace?.addMapping(`integration.request.header.${name}`, describeValue(plan), value);
    if (value !== undefined && !isGatewaySignature(lowerName, value)) headers.push(name, toHeaderValue(value));
  }
}

function addForwarding(exchange: Exchange, headers: string[], forwardedFor: string): void {
  const { client } = exchange.request;
  headers.push(
    "X-Forwarded-For",
    client.forwardedFor ?? forwardedFor + client.address,
    "X-Forwarded-Port",
    String(client.calledPort),
    "X-Forwarded-Proto",
    client.isEncrypted ? "https" : "http",
    "X-Amzn-Trace-Id",
    exchange.traceHeader,
  );
}

/** Removes the headers that mappings set, from the index `at` on. */
function removeReplaced(headers: string[], at: number, replaced: ReadonlySet<string>): void {
  for (let index = headers.length - 2; index >= at; index -= 2) {
    if (replaced.has(headers[index]!.toLowerCase())) headers.splice(index, 2);
  }
}

/** Returns the names of the headers that `Connection` limits to this hop. RFC 9110 §7.6.1. */
export function connectionOptions(value: string | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const lower = value.toLowerCase();
  if (lower === "keep-alive" || lower === "close") return undefined;
  return lower.split(",").map((option) => option.trim());
}

/** Returns headers without those that `Connection` lists. RFC 9110 §7.6.1. */
export function withoutListed(headers: readonly string[], listed: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    if (!listed.includes(headers[index]!.toLowerCase())) kept.push(headers[index]!, headers[index + 1]!);
  }
  return kept;
}
