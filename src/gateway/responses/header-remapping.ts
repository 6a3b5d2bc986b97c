import { bounds } from "../../base/bounds.ts";
import { isToken } from "../../base/header-field.ts";

/** What happens to a header on its way; headers that are in no table pass. */
export type HeaderFate = "drop" | "remap";

/**
 * Headers that don't reach the integration as they came, by lower-case name.
 * AWS: API Gateway Developer Guide, "Important notes for REST APIs" (request columns). Hop-by-hop headers beyond AWS's
 * table: RFC 9110 §7.6.1. `content-length` and `host` are written by the HTTP client, and `x-http-method-override` has
 * been applied.
 */
const droppedFromRequests = [
  "connection",
  "content-length",
  "content-md5",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "server",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
  "x-amzn-apigateway-api-id",
  "x-http-method-override",
] as const;

/**
 * Request headers that HTTP integrations don't get. Portico writes those of the second line itself, except the coding,
 * which was undone.
 */
export const droppedFromHttpRequest: ReadonlySet<string> = new Set([
  ...droppedFromRequests,
  ...["content-encoding", "via", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"],
]);

/**
 * Request headers that Lambda events don't show. Events show the client's `Host` and `Via`, but, as observed, no
 * `Content-Length`.
 */
export const droppedFromLambdaEvent: ReadonlySet<string> = new Set([
  ...droppedFromRequests.filter((name) => name !== "host"),
  ...["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"],
]);

/**
 * Request headers that events of HTTP APIs don't show as they came: those of one hop, and those that the gateway writes. As
 * users show such events, a signature stays.
 */
export const droppedFromHttpApiEvent: ReadonlySet<string> = new Set([
  ...["connection", "expect", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization"],
  ...["proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
  ...["content-length", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"],
]);

/**
 * The case in which the front of edge-optimized APIs writes names. `Authorization` and `User-Agent` are recorded
 * (docs/internals/aws-facts/recorded.md, row 9), the others are as users show such events, with all other names as sent.
 */
const namesOfFront: ReadonlyMap<string, string> = new Map(
  ["Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Host", "Referer", "User-Agent", "Via"].map(
    (name) => [name.toLowerCase(), name],
  ),
);

/** Returns a header's name as the gateway sees it behind the front of edge-optimized APIs. */
export const nameBehindFront = (name: string, lowerName: string): string => namesOfFront.get(lowerName) ?? name;

/** AWS: "Important notes for REST APIs": a signature made for the gateway is not passed on to the integration. */
export const isGatewaySignature = (lowerName: string, value: string): boolean =>
  lowerName === "authorization" && value.startsWith("AWS4-");

/**
 * Headers that no mapping and no override sets. AWS drops those of the first line, as recorded
 * (docs/internals/aws-facts/recorded.md, row 5); the others are about one hop, and the HTTP client writes them.
 */
export const neverMapped: ReadonlySet<string> = new Set([
  ...["connection", "expect", "proxy-authenticate", "te"],
  ...["content-length", "keep-alive", "proxy-connection", "transfer-encoding"],
]);

const remapped = [
  "authorization",
  "connection",
  // As recorded, against the table, in which it passes.
  "content-length",
  "content-md5",
  "date",
  "max-forwards",
  "server",
  "user-agent",
  "www-authenticate",
  // Portico's own header says which request this was. As observed; AWS's table does not list it.
  "x-amzn-requestid",
] as const;

const droppedFromResponses = [
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  // A backend's value would contradict Portico's.
  "x-amz-apigw-id",
  "x-amzn-trace-id",
] as const;

/**
 * Headers that don't reach the client as the integration sent them.
 * AWS: API Gateway Developer Guide, "Important notes for REST APIs" (response columns).
 */
export const responseHeaderFates: ReadonlyMap<string, HeaderFate> = new Map<string, HeaderFate>([
  ...remapped.map((name) => [name, "remap"] as const),
  ...droppedFromResponses.map((name) => [name, "drop"] as const),
]);

/**
 * Response headers that clients of HTTP APIs don't get from an integration: those of one hop, and those that Portico
 * writes. Unconfirmed: all others pass; see docs/compatibility.md, "HTTP APIs, answers of functions".
 */
export const droppedFromHttpApiAnswer: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding"],
  ...["upgrade", "content-length", "date", "apigw-requestid"],
]);

/** Returns the name of a remapped header. */
export const remappedName = (name: string): string => `x-amzn-Remapped-${name}`;

/**
 * What happens to headers that a mapping or an override sets and that would be dropped if the integration sent them, as
 * recorded: docs/internals/aws-facts/recorded.md, row 6; `Via` as in AWS's table, column http.
 */
const mappedFates: ReadonlyMap<string, HeaderFate | "pass"> = new Map<string, HeaderFate | "pass">([
  ...responseHeaderFates,
  ...["expect", "host", "proxy-authenticate", "trailer", "upgrade"].map((name) => [name, "remap"] as const),
  ...["te", "via"].map((name) => [name, "pass"] as const),
]);

/**
 * Returns the name under which the client sees a header that a mapping or an override of an integration response sets,
 * or undefined if the client does not see it.
 */
export function mappedResponseName(name: string): string | undefined {
  const fate = mappedFates.get(name.toLowerCase());
  return fate === "drop" ? undefined : fate === "remap" ? remappedName(name) : name;
}

/** Returns text that is safe as a header's value: without control characters, and as UTF-8 if it is not latin1. */
export function toHeaderValue(text: string): string {
  if (!unsafe.test(text)) return text;
  const clean = text.replace(controls, "");
  return /[^\x00-\xff]/.test(clean) ? Buffer.from(clean, "utf8").toString("latin1") : clean;
}
const unsafe = /[^\t\x20-\x7e\x80-\xff]/;
const controls = /[\x00-\x08\x0a-\x1f\x7f]/g;

const nameLengthMax = bounds.mappedHeaderNameCharsMax.value;

export const isHeaderName = (name: string): boolean => name.length <= nameLengthMax && isToken(name);
