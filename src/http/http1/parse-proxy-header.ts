import { bounds } from "../../base/bounds.ts";
import { formatIpAddress, parseIpAddress } from "../../base/ip-address.ts";

/**
 * What a proxy says at the beginning of a connection. `own` means that the connection is the proxy's own, such as a health
 * check, or that the proxy does not know the client: the connection's own addresses count.
 */
export type ProxyHeader =
  | { readonly kind: "incomplete" }
  | { readonly kind: "malformed"; readonly problem: string }
  | { readonly kind: "own"; readonly end: number }
  | { readonly kind: "client"; readonly end: number; readonly client: ProxiedClient };

/** The addresses of the connection that the proxy took. */
export interface ProxiedClient {
  readonly address: string;
  readonly port: number;
  readonly calledPort: number;
}

const incomplete: ProxyHeader = { kind: "incomplete" };
const malformed = (problem: string): ProxyHeader => ({ kind: "malformed", problem });
const notThere = malformed("there is no PROXY header");

const binarySignature = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const textSignature = Buffer.from("PROXY ");
const lineBytesMax = bounds.proxyLineBytesMax.value;

/**
 * Parses the header at the beginning of `bytes`. `end` is where the connection's own bytes begin. A header that is not exactly
 * as it is specified is malformed, since two readings of it would be two clients.
 * HAProxy Technologies, "The PROXY protocol, Versions 1 & 2", §2.1 and §2.2.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsLike(bytes, binarySignature)) return bytes.length < 16 ? incomplete : parseBinary(bytes);
  if (beginsLike(bytes, textSignature)) return parseLine(bytes);
  return notThere;
}

/** Returns whether the bytes begin with the signature, as far as they are here. */
function beginsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.subarray(0, length).equals(signature.subarray(0, length));
}

/** §2.1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n`, `PROXY UNKNOWN …\r\n`. */
function parseLine(bytes: Buffer): ProxyHeader {
  const lineEnd = bytes.subarray(0, lineBytesMax).indexOf("\r\n");
  if (lineEnd < 0) return bytes.length < lineBytesMax ? incomplete : malformed("its line has no end");
  const line = bytes.toString("latin1", textSignature.length, lineEnd);
  const end = lineEnd + 2;
  if (line === "UNKNOWN" || line.startsWith("UNKNOWN ")) return { kind: "own", end };
  const [family, source = "", destination = "", sourcePort = "", destinationPort = "", ...more] = line.split(" ");
  if (more.length > 0) return malformed("its line has too many parts");
  if (family !== "TCP4" && family !== "TCP6") return malformed("its protocol is unknown");
  const client = readAddress(family, source);
  if (client === undefined || readAddress(family, destination) === undefined) return malformed("it has no addresses");
  const ports = [sourcePort, destinationPort].map(readPort);
  const [port, calledPort] = ports;
  if (port === undefined || calledPort === undefined) return malformed("it has no ports");
  return { kind: "client", end, client: { address: client, port, calledPort } };
}

function readAddress(family: "TCP4" | "TCP6", text: string): string | undefined {
  if (text.includes(":") !== (family === "TCP6")) return undefined;
  const address = parseIpAddress(text);
  return address === undefined ? undefined : formatIpAddress(address);
}

function readPort(text: string): number | undefined {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}

const commands = { local: 0x0, proxy: 0x1 } as const;
const families = { unspecified: 0x00, tcp4: 0x11, tcp6: 0x21 } as const;

/** §2.2: 12 bytes of signature, version and command, family and protocol, the length of what follows. */
function parseBinary(bytes: Buffer): ProxyHeader {
  const version = bytes[12]! >>> 4;
  const command = bytes[12]! & 0x0f;
  const family = bytes[13]!;
  const length = bytes.readUInt16BE(14);
  if (version !== 2) return malformed("its version is unknown");
  if (command !== commands.local && command !== commands.proxy) return malformed("its command is unknown");
  if (length > bounds.proxyHeaderBytesMax.value) return malformed("it is too long");
  const end = 16 + length;
  if (command === commands.proxy && ![families.unspecified, families.tcp4, families.tcp6].includes(family as never)) {
    return malformed("its protocol is not TCP over IP");
  }
  if (bytes.length < end) return incomplete;
  if (command === commands.local || family === families.unspecified) return { kind: "own", end };
  const addressBytes = family === families.tcp4 ? 4 : 16;
  const tlvsAt = 16 + 2 * addressBytes + 4;
  if (tlvsAt > end) return malformed("it is too short for its addresses");
  if (!areTlvsWhole(bytes, tlvsAt, end)) return malformed("its extensions are cut off");
  const address = readBytes(bytes.subarray(16, 16 + addressBytes));
  const port = bytes.readUInt16BE(16 + 2 * addressBytes);
  const calledPort = bytes.readUInt16BE(16 + 2 * addressBytes + 2);
  return { kind: "client", end, client: { address, port, calledPort } };
}

/** §2.2: the extensions, each with a type and a length of its own, are skipped. */
function areTlvsWhole(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    if (at + 3 > end) return false;
    at += 3 + bytes.readUInt16BE(at + 1);
  }
  return at === end;
}

function readBytes(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => bytes.readUInt16BE(at).toString(16));
  return formatIpAddress(parseIpAddress(groups.join(":"))!);
}
