import type { Exchange } from "../exchange.ts";
import { isGatewaySignature } from "../responses/header-remapping.ts";
import { connectionOptions, type WriteHeaders, withoutListed } from "./backend-request.ts";

/** Request headers that are about one hop or that the gateway writes itself. RFC 9110 §7.6.1. */
const droppedFromRequest: ReadonlySet<string> = new Set([
  ...["connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-authenticate"],
  ...["proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
  ...["forwarded", "via", "x-amzn-trace-id"],
]);

/** What proxies say of the client. Without a proxy that the listener trusts, it is the client's own word. */
const forwardedNames: ReadonlySet<string> = new Set([
  ...["x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"],
]);

const signatureNames: ReadonlySet<string> = new Set(["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]);

/**
 * Links the headers of a request to a backend of an HTTP API: the client's own, and who it is.
 * AWS: as users show such requests: `Forwarded`, `Via` and `X-Amzn-Trace-Id` are added, and no `X-Forwarded-For` is made.
 * Unconfirmed: what becomes of the client's own `X-Forwarded-…`; see docs/compatibility.md, "HTTP APIs, backends".
 */
export function linkHttpApiHeaders({
  keepsHost,
  dropsSignature,
  changeHeaders,
}: {
  readonly keepsHost: boolean;
  readonly dropsSignature: boolean;
  /** The mappings of headers. */
  readonly changeHeaders: ((exchange: Exchange, headers: string[]) => void) | undefined;
}): WriteHeaders {
  return (exchange) => {
    const { request } = exchange;
    const { rawHeaders, headerNames, client } = request;
    const isForwarded = client.forwardedFor !== undefined;
    const listed = connectionOptions(request.header("connection"));
    const headers: string[] = [];
    let via = "";
    for (let index = 0; index < headerNames.length; index++) {
      const name = headerNames[index]!;
      const value = rawHeaders[2 * index + 1]!;
      if (droppedFromRequest.has(name)) {
        if (name === "via") via += `${value}, `;
      } else if (
        (!forwardedNames.has(name) || (isForwarded && name !== "x-forwarded-for")) &&
        (listed === undefined || !listed.includes(name)) &&
        (!dropsSignature || !(signatureNames.has(name) || isGatewaySignature(name, value)))
      ) {
        headers.push(rawHeaders[2 * index]!, value);
      }
    }
    if (client.forwardedFor !== undefined) headers.push("X-Forwarded-For", client.forwardedFor);
    if (keepsHost && request.host !== "") headers.push("Host", request.host);
    headers.push("Forwarded", forwardedOf(exchange), "Via", via === "" ? ourVia : via + ourVia);
    headers.push("X-Amzn-Trace-Id", exchange.traceHeader);
    changeHeaders?.(exchange, headers);
    return headers;
  };
}

const ourVia = "HTTP/1.1 AmazonAPIGateway";

/** The last host and its text: nearly all requests name the same one. */
let knownHost = "";
let knownHostText = '""';

/** RFC 7239. The gateway's own address is not told. */
function forwardedOf({ request }: Exchange): string {
  const { client, host } = request;
  const { address, isEncrypted } = client;
  const from = address.includes(":") ? `"[${address}]"` : address === "" ? "unknown" : address;
  if (host !== knownHost) {
    knownHost = host;
    knownHostText = quoted(host);
  }
  return `by=_gateway;for=${from};host=${knownHostText};proto=${isEncrypted ? "https" : "http"}`;
}

/** RFC 7239 §4: a value that is no token is quoted. */
const quoted = (text: string): string =>
  /^[\w.!#$%&'*+^`|~-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

/** Response headers that are about one hop, or that the gateway writes itself. */
const droppedFromResponse: ReadonlySet<string> = new Set([
  ...["apigw-requestid", "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade"],
]);

/** Whether a header passes, for a bounded number of names. */
const knownNames = new Map<string, boolean>();

function passes(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const isPassed = !droppedFromResponse.has(name.toLowerCase());
  if (knownNames.size < 1_000 && name.length <= 128) knownNames.set(name, isPassed);
  return isPassed;
}

/** Returns a backend's headers as a client of an HTTP API gets them: none is renamed, and none is added. */
export function relayHttpApiHeaders(backend: readonly string[]): string[] {
  const headers: string[] = [];
  let listed: readonly string[] | undefined;
  for (let index = 0; index < backend.length; index += 2) {
    const name = backend[index]!;
    const value = backend[index + 1]!;
    if (passes(name)) headers.push(name, value);
    else if (name.length === 10 && name.toLowerCase() === "connection") listed = connectionOptions(value);
  }
  return listed === undefined ? headers : withoutListed(headers, listed);
}
