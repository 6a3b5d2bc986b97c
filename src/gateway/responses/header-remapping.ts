import { bounds } from "../../base/bounds.ts";
import { isToken } from "../../base/header-field.ts";

/** What becomes of a header on its way; headers that are in no table pass. */
export type HeaderFate = "drop" | "remap";

/**
 * Headers that don't reach the integration as they came, by lower-case name.
 * AWS: API Gateway Developer Guide, "Important notes for REST APIs" (request columns). Hop-by-hop headers beyond AWS's
 * table: RFC 9110 §7.6.1. `content-length` and `host` are the HTTP client's, `x-http-method-override` was obeyed.
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

/** For HTTP integrations. Those of the second line are made anew, but for the coding, which was undone. */
export const droppedFromHttpRequest: ReadonlySet<string> = new Set([
  ...droppedFromRequests,
  ...["content-encoding", "via", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"],
]);

/** For Lambda events, which show the client's `Host` and `Via`, but, as observed, no `Content-Length`. */
export const droppedFromLambdaEvent: ReadonlySet<string> = new Set([
  ...droppedFromRequests.filter((name) => name !== "host"),
  ...["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"],
]);

/** AWS: "Important notes for REST APIs": a signature for the gateway is not for what is behind it. */
export const isGatewaySignature = (lowerName: string, value: string): boolean =>
  lowerName === "authorization" && value.startsWith("AWS4-");

/** Headers that no mapping and no override sets: the HTTP client writes them, and they would break the framing. */
const framing = [
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;
export const neverMapped: ReadonlySet<string> = new Set(framing);

/** For HTTP integrations AWS drops these, too. */
export const neverMappedToHttp: ReadonlySet<string> = new Set([
  ...framing,
  ...["content-md5", "max-forwards", "proxy-authenticate", "server", "via", "www-authenticate"],
]);

const remapped = [
  "authorization",
  "connection",
  "content-md5",
  "date",
  "max-forwards",
  "server",
  "user-agent",
  "www-authenticate",
  // Ours says which request this was. As observed; the table does not have it.
  "x-amzn-requestid",
] as const;

const droppedFromResponses = [
  "content-length",
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
  // A backend's would contradict ours.
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

/** What a remapped header is called. */
export const remappedName = (name: string): string => `x-amzn-Remapped-${name}`;

/** What the client sees of a header that a mapping or an override of an integration response sets; undefined: nothing. */
export function mappedResponseName(name: string): string | undefined {
  const lowerName = name.toLowerCase();
  // AWS: the same table, column http, which differs in these two.
  if (lowerName === "accept") return undefined;
  if (lowerName === "via") return name;
  const fate = responseHeaderFates.get(lowerName);
  return fate === "drop" ? undefined : fate === "remap" ? remappedName(name) : name;
}

/** Makes text safe as a header's value: without control characters, and UTF-8 where it is not latin1. */
export function toHeaderValue(text: string): string {
  if (!unsafe.test(text)) return text;
  const clean = text.replace(controls, "");
  return /[^\x00-\xff]/.test(clean) ? Buffer.from(clean, "utf8").toString("latin1") : clean;
}
const unsafe = /[^\t\x20-\x7e\x80-\xff]/;
const controls = /[\x00-\x08\x0a-\x1f\x7f]/g;

const nameLengthMax = bounds.mappedHeaderNameCharsMax.value;

export const isHeaderName = (name: string): boolean => name.length <= nameLengthMax && isToken(name);
