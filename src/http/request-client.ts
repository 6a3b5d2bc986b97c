import type { Socket } from "node:net";
import { bounds } from "../base/bounds.ts";
import {
  formatIpAddress,
  type IpAddress,
  type IpNetwork,
  isInNetwork,
  parseIpAddress,
  parseIpNetwork,
} from "../base/ip-address.ts";
import type { Listener } from "./listener.ts";

/**
 * Who sent a request: the client in front of all proxies that the listener trusts, and how it called. Nothing else of the
 * request may be asked for the client's address.
 */
export interface RequestClient {
  /** The address in its usual form. IPv4 that is mapped into IPv6 is IPv4. */
  readonly address: string;
  /** The same address, parsed; undefined for a request of Portico's own that has none. */
  readonly ip: IpAddress | undefined;
  /** The client's own port; 0 if a proxy stands between. */
  readonly port: number;
  /** The port that the client called. */
  readonly calledPort: number;
  /** The client speaks TLS, with the listener or with a trusted proxy. */
  readonly isEncrypted: boolean;
  /**
   * The values of `X-Forwarded-For` that the client sent itself, with the client's address behind them, as AWS's front end
   * would make them; undefined if no trusted proxy added to them, so that all values are the client's own.
   */
  readonly forwardedFor: string | undefined;
  /** Why the client is not known: a trusted proxy sent what can't be read. Such a request is refused. */
  readonly problem: string | undefined;
}

/** Returns the client of a connection without proxies. */
export function directClient(socket: Socket, isEncrypted: boolean): RequestClient {
  return makeClient({
    // The zone of a link-local address (`%eth0`) belongs to this machine, not to the client.
    address: (socket.remoteAddress ?? "").split("%", 1)[0]!,
    port: socket.remotePort ?? 0,
    calledPort: socket.localPort ?? 0,
    isEncrypted,
  });
}

export function makeClient({
  address,
  ...rest
}: Pick<RequestClient, "address" | "port" | "calledPort" | "isEncrypted">): RequestClient {
  const ip = parseIpAddress(address);
  const text = ip === undefined ? address : formatIpAddress(ip);
  return { address: text, ip, ...rest, forwardedFor: undefined, problem: undefined };
}

const thisMachine = ["127.0.0.0/8", "::1"].map((text) => parseIpNetwork(text)!);

/** Returns whether an address is of this machine only: nobody else can have it. */
export const isOfThisMachine = (ip: IpAddress | undefined): boolean => isTrusted(ip, thisMachine);

/**
 * Returns whether whoever sent a request is told why Portico refuses it: the names in a reason are not for strangers. A request
 * of Portico's own without an address is its caller's, who may know.
 */
export const hasHints = ({
  listener,
  client,
}: {
  readonly listener: Listener;
  readonly client: RequestClient;
}): boolean => listener.hasHints && (client.ip === undefined || isOfThisMachine(client.ip));

export const isTrusted = (ip: IpAddress | undefined, proxies: readonly IpNetwork[]): boolean =>
  ip !== undefined && proxies.some((network) => isInNetwork(ip, network));

/**
 * Returns the client of a request that a trusted proxy (`peer`) sent. `X-Forwarded-For` is read from right to left: each
 * value was added by the address to its right, and counts only if that one is trusted. The first address that is not
 * trusted is the client, and what stands left of it is the client's own word. If all are trusted, the leftmost is.
 */
export function forwardedClient(
  peer: RequestClient,
  { headerNames, rawHeaders }: { readonly headerNames: readonly string[]; readonly rawHeaders: readonly string[] },
  proxies: readonly IpNetwork[],
): RequestClient {
  const forwardedFor: string[] = [];
  const schemes: string[] = [];
  const ports: string[] = [];
  for (let index = 0; index < headerNames.length; index++) {
    const name = headerNames[index]!;
    if (!name.startsWith("x-forwarded-")) continue;
    const values = rawHeaders[2 * index + 1]!.split(",").map((value) => value.trim());
    if (name === "x-forwarded-for") forwardedFor.push(...values);
    else if (name === "x-forwarded-proto") schemes.push(...values);
    else if (name === "x-forwarded-port") ports.push(...values);
  }
  const call = readCall(peer, schemes, ports);
  let ip = peer.ip;
  let at = forwardedFor.length;
  while (at > 0 && isTrusted(ip, proxies)) {
    if (forwardedFor.length - at >= bounds.trustedProxyHopsMax.value) return { ...peer, ...call, problem: tooMany };
    const next = parseForwarded(forwardedFor[--at]!);
    if (next === undefined) return { ...peer, ...call, problem: unreadable };
    ip = next;
  }
  if (at === forwardedFor.length) return { ...peer, ...call };
  const address = formatIpAddress(ip!);
  return {
    address,
    ip,
    port: 0,
    ...call,
    forwardedFor: [...forwardedFor.slice(0, at), address].join(", "),
    problem: undefined,
  };
}

const tooMany = `X-Forwarded-For names more than ${bounds.trustedProxyHopsMax.value} trusted proxies`;
const unreadable = "a trusted proxy added to X-Forwarded-For what is no address";

/**
 * Reads how the client called. It called by TLS only if every value says so: a proxy may have added its value to one that
 * the client made up.
 */
function readCall(
  peer: RequestClient,
  schemes: readonly string[],
  ports: readonly string[],
): Pick<RequestClient, "isEncrypted" | "calledPort"> {
  const isEncrypted =
    schemes.length === 0 ? peer.isEncrypted : schemes.every((scheme) => scheme.toLowerCase() === "https");
  const port = ports.length === 1 && /^[1-9]\d{0,4}$/.test(ports[0]!) ? Number(ports[0]) : 0;
  if (port > 0 && port <= 65_535) return { isEncrypted, calledPort: port };
  return { isEncrypted, calledPort: schemes.length === 0 ? peer.calledPort : isEncrypted ? 443 : 80 };
}

/** Parses a value of `X-Forwarded-For`. Some proxies add the client's port: `1.2.3.4:5678`, `[::1]:5678`. */
function parseForwarded(text: string): IpAddress | undefined {
  const bracketed = /^\[([^\]]{2,45})\](?::\d{1,5})?$/.exec(text);
  if (bracketed !== null) return bracketed[1]!.includes(":") ? parseIpAddress(bracketed[1]!) : undefined;
  const withPort = /^([\d.]{7,15}):\d{1,5}$/.exec(text);
  return parseIpAddress(withPort?.[1] ?? text);
}
