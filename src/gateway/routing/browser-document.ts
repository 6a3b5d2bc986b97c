import type { InboundRequest } from "../../http/inbound.ts";
import { type Address, pathOnOwnHost } from "./address.ts";

/**
 * Requests of a browser whose answer becomes a page or a worker with the origin of its address. Fetch Standard,
 * "request destination".
 */
const documents: ReadonlySet<string> = new Set([
  "document",
  "embed",
  "fencedframe",
  "frame",
  "iframe",
  "object",
  "serviceworker",
  "sharedworker",
  "worker",
]);

/**
 * Returns where a browser has to go for a stage's page, or undefined if the request may be answered here. A page that a
 * stage serves on the host and port of the management API would share its origin with that API and with other stages,
 * so it belongs on the stage's own host. See docs/internals/architecture.md, "A browser is an attacker's tool".
 */
export function ownHostOf(request: InboundRequest, address: Address, region: string): string | undefined {
  if (!address.isByPath || !request.listener.hasManagement || !isDocument(request)) return undefined;
  const { host } = request;
  const port = /:\d+$/.exec(host)?.[0] ?? "";
  const name = host.slice(0, host.length - port.length);
  // An IP address has no names below it; browsers resolve names below localhost to this machine.
  const parent = /^(?:127\.[\d.]+|\[::1\])$/.test(name) ? "localhost" : name;
  const path = `${pathOnOwnHost(address)}${address.path}` || "/";
  const query = address.query === "" ? "" : `?${address.query}`;
  return `http://${address.apiId}.execute-api.${region}.${parent}${port}${path}${query}`;
}

/** Browsers say what they want an answer for; older ones at least say that they navigate. */
function isDocument(request: InboundRequest): boolean {
  const destination = request.header("sec-fetch-dest");
  if (destination !== undefined) return documents.has(destination);
  return request.header("upgrade-insecure-requests") === "1";
}
