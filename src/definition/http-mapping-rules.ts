/**
 * What the parameter mappings of an HTTP API's integration may say.
 * AWS: API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs in API Gateway".
 */
import { bounds } from "../base/bounds.ts";
import { isToken } from "../base/header-field.ts";
import {
  type HttpMappingSource,
  type HttpMappingValue,
  parseHttpMappingValue,
} from "../language/http-mapping-expression.ts";
import { parseJsonPath } from "../language/json-path/json-path.ts";
import { shortened } from "./text-lengths.ts";

/** The parts of a mapping's key. */
export interface HttpMappingTarget {
  readonly action: "append" | "overwrite" | "remove";
  readonly place: "header" | "querystring" | "path" | "statuscode";
  /** Empty for path and statuscode. */
  readonly name: string;
}

/** Where a mapping stands decides what it may change and read. */
export type HttpMappingSide = "request" | "response";

const reserved: ReadonlySet<string> = new Set([
  ...["authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded"],
  ...["keep-alive", "origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding"],
  ...["upgrade", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via"],
  // Not on AWS's list: they frame a message or are about one hop.
  ...["expect", "proxy-connection", "trailer"],
]);
const reservedPrefixes = ["access-control-", "apigw-", "x-amz-", "x-amzn-"] as const;

/** Returns whether no mapping may change this header. AWS: same page, "Reserved headers". */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return reserved.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix));
}

/** Reads a mapping's key, such as `append:header.X`; undefined if it has none of the documented forms. */
export function parseHttpMappingTarget(key: string, side: HttpMappingSide): HttpMappingTarget | undefined {
  if (side === "request" && key === "overwrite:path") return { action: "overwrite", place: "path", name: "" };
  if (side === "response" && key === "overwrite:statuscode") {
    return { action: "overwrite", place: "statuscode", name: "" };
  }
  const match = /^(append|overwrite|remove):(header|querystring)\.(.+)$/s.exec(key);
  if (match === null) return undefined;
  const action = match[1] as HttpMappingTarget["action"];
  const place = match[2] as "header" | "querystring";
  const name = match[3]!;
  if (place === "header")
    return isToken(name) && name.length <= bounds.mappedHeaderNameCharsMax.value ? { action, place, name } : undefined;
  return side === "request" && !controls.test(name) ? { action, place, name } : undefined;
}

const controls = /[\x00-\x1f\x7f]/;

/** Reads a mapping's value; undefined if it is not one that this side can have. */
export function parseHttpMappingSource(text: string, side: HttpMappingSide): HttpMappingValue | undefined {
  const value = parseHttpMappingValue(text);
  return value?.every((part) => isUsable(part, side)) === true ? value : undefined;
}

function isUsable(part: string | HttpMappingSource, side: HttpMappingSide): boolean {
  if (typeof part === "string") return !controls.test(part);
  switch (part.kind) {
    case "request":
    case "request-path":
      return side === "request";
    case "request-body":
      return side === "request" && isPathUsable(part.jsonPath);
    case "response-header":
      return side === "response";
    case "response-body":
      return side === "response" && isPathUsable(part.jsonPath);
    default:
      return true;
  }
}

/** AWS: same page: "Recursive descent and filter expressions aren't supported." */
function isPathUsable(jsonPath: string | undefined): boolean {
  if (jsonPath === undefined) return true;
  return !jsonPath.includes("..") && !/\?\s*\(/.test(jsonPath) && parseJsonPath(jsonPath).kind === "path";
}

type Mappings = Readonly<Record<string, string>>;

/** Returns AWS's message if one of these request mappings is not allowed. */
export const checkHttpRequestMappings = (mappings: Mappings | undefined): string | undefined =>
  resultOf(problemsOf(mappings, "request"));

/** Likewise of response mappings, by the integration's status. */
export function checkHttpResponseMappings(
  mappings: Readonly<Record<string, Mappings>> | undefined,
): string | undefined {
  return resultOf(
    Object.entries(mappings ?? {}).flatMap(([status, of]) =>
      isMappedStatus(status) ? problemsOf(of, "response") : [`Invalid status code specified: ${shortened(status)}`],
    ),
  );
}

/** Returns whether a text is a status that mappings know: 200 to 599. */
export const isMappedStatus = (text: string): boolean => /^[2-5]\d\d$/.test(text);

/** Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of refused mappings". */
function problemsOf(mappings: Mappings | undefined, side: HttpMappingSide): string[] {
  return Object.entries(mappings ?? {}).flatMap(([key, text]) => {
    const target = parseHttpMappingTarget(key, side);
    if (target === undefined) return [`Invalid destination: ${key}`];
    if (target.place === "header" && isReservedHeader(target.name)) {
      return [`Operations on header ${target.name} are restricted`];
    }
    return isAllowed(target, text, side) ? [] : [invalidSource(text, key)];
  });
}

function isAllowed({ action, place }: HttpMappingTarget, text: string, side: HttpMappingSide): boolean {
  if (action === "remove") return true;
  const value = parseHttpMappingSource(text, side);
  if (value === undefined) return false;
  return place !== "statuscode" || value.some((part) => typeof part === "object") || isMappedStatus(text);
}

/** As users quote it for parameters of AWS services. */
export const invalidSource = (text: string, destination: string): string =>
  `Invalid source: ${text} specified for destination: ${destination}`;

export const resultOf = (errors: readonly string[]): string | undefined =>
  errors.length === 0
    ? undefined
    : `Invalid selection expression specified: Validation Result: warnings : [], errors : [${errors.join(", ")}]`;
