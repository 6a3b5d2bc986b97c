import type { Exchange } from "./exchange.ts";

const names: ReadonlySet<string> = new Set(["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"]);

export const isForwardingHeader = (lowerName: string): boolean => names.has(lowerName);

/**
 * Returns a header that AWS's front end writes before the method sees the request: the client's own `X-Forwarded-For`
 * with its address behind, the port that it called, and whether it called by TLS.
 */
export function forwardingHeader({ request, isTest }: Exchange, lowerName: string): string | undefined {
  // A test has no front end.
  if (isTest) return request.header(lowerName);
  const { client, headerNames, rawHeaders } = request;
  if (lowerName === "x-forwarded-port") return String(client.calledPort);
  if (lowerName === "x-forwarded-proto") return client.isEncrypted ? "https" : "http";
  if (client.forwardedFor !== undefined) return client.forwardedFor;
  let sent = "";
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] === lowerName) sent += `${rawHeaders[2 * index + 1]}, `;
  }
  return sent + client.address;
}
