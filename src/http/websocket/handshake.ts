import { createHash } from "node:crypto";
import type { InboundRequest } from "../inbound.ts";
import type { WebSocketWish } from "./websocket.ts";

type AskingRequest = Pick<InboundRequest, "method" | "httpVersion" | "rawHeaders" | "headerNames" | "hasBody">;

/** Base64 of sixteen bytes. */
const keyPattern = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Reads what RFC 6455 §4.2.1 asks of a client's opening handshake. */
export function readWish(request: AskingRequest): WebSocketWish {
  if (!hasToken(request, "upgrade", "websocket")) return "none";
  const problem = problemOf(request);
  return problem === undefined ? "asked" : { problem };
}

function problemOf(request: AskingRequest): string | undefined {
  if (request.method !== "GET") return "a WebSocket is asked for by GET";
  if (request.httpVersion !== "1.1") return "a WebSocket is asked for by HTTP/1.1";
  if (request.hasBody) return "a request for a WebSocket has no body";
  if (!hasToken(request, "connection", "upgrade")) return "Connection does not have Upgrade";
  const versions = valuesOf(request, "sec-websocket-version");
  if (versions.length !== 1 || versions[0] !== "13") return "Sec-WebSocket-Version is not 13";
  const keys = valuesOf(request, "sec-websocket-key");
  if (keys.length !== 1 || !keyPattern.test(keys[0]!)) return "Sec-WebSocket-Key is not 16 bytes in base64";
  return undefined;
}

/** What the codec says itself, or would have to keep: a client that is told of an extension uses it. */
const ownHeaders = new Set(["sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-version"]);

/** Returns what may stand in the answer that accepts, of the headers that a handler gives: names and values in turn. */
export const allowedHeaders = (headers: readonly string[]): string[] =>
  headers.filter((_, index) => !ownHeaders.has(headers[index & ~1]!.toLowerCase()));

/** Returns the head of the answer that accepts. `lines` are further header lines. */
export function acceptingHead(request: Pick<InboundRequest, "header">, lines: string): string {
  const key = request.header("sec-websocket-key") ?? "";
  // RFC 6455 §1.3 names the text.
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${lines}\r\n`;
}

function valuesOf({ headerNames, rawHeaders }: AskingRequest, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headerNames.length; i++) if (headerNames[i] === name) values.push(rawHeaders[2 * i + 1]!);
  return values;
}

function hasToken(request: AskingRequest, name: string, token: string): boolean {
  if (!request.headerNames.includes(name)) return false;
  return valuesOf(request, name).some((value) =>
    value.split(",").some((option) => option.trim().toLowerCase() === token),
  );
}
