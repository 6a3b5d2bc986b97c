import { bounds } from "../../base/bounds.ts";
import { tokenBytes } from "../http1/characters.ts";

/** The parts of a request. */
export interface RequestParts {
  readonly method: string;
  readonly path: string;
  /** The origin's host, with its port if it is not the scheme's own. A `Host` among the headers replaces it. */
  readonly host: string;
  /** Names and values in turn, without `Content-Length` and other headers that frame a message. */
  readonly headers: readonly string[];
  /** The body's length: undefined without a body, -1 if unknown. */
  readonly bodyLength: number | undefined;
}

/** A request that can't be sent as it was meant. */
export interface UnsendableRequest {
  readonly problem: string;
}

/**
 * Writes the head of a request to a backend. Its values come from clients and templates, so a request with a value that
 * could end a line or frame the message again is refused, as is a `Host` that is none. RFC 9112 §3.2, §11.1, §11.2.
 */
export function writeRequestHead(parts: RequestParts): string | UnsendableRequest {
  const { method, path, headers, bodyLength } = parts;
  if (!isToken(method)) return { problem: "the method is no token" };
  if (path.charCodeAt(0) !== 0x2f || unsendableInPath.test(path)) return { problem: "the path can't be sent" };
  let host = parts.host;
  let lines = "";
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    if (unsendable.test(value)) return { problem: `the value of the header ${JSON.stringify(name)} can't be sent` };
    switch (kindOf(name)) {
      case kinds.plain:
        lines += `${name}: ${value}\r\n`;
        break;
      case kinds.host:
        if (!sendableHost.test(value)) return { problem: `the value of the header ${JSON.stringify(name)} is no host` };
        host = value;
        break;
      case kinds.length:
        if (Number(value) !== (bodyLength ?? 0)) {
          return { problem: "Content-Length is not the length of the body" };
        }
        break;
      default:
        return { problem: `the header ${JSON.stringify(name)} can't be sent` };
    }
  }
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n${lines}${framing(method, bodyLength)}\r\n`;
}

/** Returns the framing headers. RFC 9110 §8.6: if a body is to be expected, its absence is declared. */
function framing(method: string, bodyLength: number | undefined): string {
  if (bodyLength === undefined || bodyLength === 0) return bodyMethods.has(method) ? "Content-Length: 0\r\n" : "";
  return bodyLength === -1 ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${bodyLength}\r\n`;
}

const bodyMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/**
 * RFC 3986 §3.2.2 without the characters that no name in use has: what a client or a mapping puts here decides which site
 * answers, and under which name a cache keeps the answer. It is linear: no two parts begin alike.
 */
const sendableHost = /^(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** It is linear: one character class. */
const unsendable = /[^\t\x20-\x7e\x80-\xff]/;
const unsendableInPath = /[^\x21-\x7e\x80-\xff]/;

const kinds = { plain: 0, host: 1, length: 2, refused: 3 } as const;

const kindsByName: ReadonlyMap<string, number> = new Map([
  ["host", kinds.host],
  ["content-length", kinds.length],
  ["connection", kinds.refused],
  // RFC 9110 §10.1.1: this client does not wait for a 100.
  ["expect", kinds.refused],
  ["keep-alive", kinds.refused],
  ["te", kinds.refused],
  ["transfer-encoding", kinds.refused],
]);

/** Decisions about names that repeat, for a bounded number. */
const knownNames = new Map<string, number>();
const knownNamesMax = bounds.headerNamesKnownMax.value;
const knownNameCharactersMax = bounds.headerNameKnownCharsMax.value;

const kindOf = (name: string): number => {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const kind = isToken(name) ? (kindsByName.get(name.toLowerCase()) ?? kinds.plain) : kinds.refused;
  if (knownNames.size < knownNamesMax && name.length <= knownNameCharactersMax) knownNames.set(name, kind);
  return kind;
};

const isToken = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || tokenBytes[code] === 0) return false;
  }
  return text.length > 0;
};
