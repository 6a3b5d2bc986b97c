import { bounds } from "../../base/bounds.ts";
import { hostBytes, targetBytes, tokenBytes } from "./characters.ts";
import { fieldLine, foundNames, parseLength, readFieldLine, valueBounds } from "./field-line.ts";
import { type HeaderName, nameKinds } from "./header-names.ts";
import { latin1Slice } from "./latin1.ts";
import { type Problem, problems } from "./problem.ts";

export interface HeadLimits {
  readonly targetBytesMax: number;
  readonly headerBytesMax: number;
  readonly headersMax: number;
}

/** A request's head, filled in by `parseHead`. One is kept per thread: the parser makes no object of its own. */
export class Head {
  /** Where the head ends and the body begins. */
  end = 0;
  /** The length of request line and header lines. */
  bytes = 0;
  method = "";
  target = "";
  isHttp11 = true;
  rawHeaders: string[] = [];
  headerNames: string[] = [];
  /** The host as sent, not yet in lower case. */
  host = "";
  /** The declared length, or -1. */
  contentLength = -1;
  isChunked = false;
  isKeepAlive = true;
  expectsContinue = false;
}

/** More bytes are needed. */
export const incomplete = 0;
/** `head` is filled in. */
export const complete = 1;

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;
const tab = 0x09;
const slash = 0x2f;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const star = 0x2a;
const questionMark = 0x3f;

const methodBytesMax = bounds.requestMethodBytesMax.value;
const emptyLinesMax = bounds.requestEmptyLinesMax.value;

/** Methods that HTTP defines and that may have a route or go to the management API. AWS routes only the first seven. */
const methods = new Set(
  (
    "GET POST PUT DELETE PATCH HEAD OPTIONS ACL BIND CHECKOUT COPY LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE " +
    "M-SEARCH NOTIFY PROPFIND PROPPATCH PURGE QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
  ).split(" "),
);

/**
 * Reads one request's head from [start, bytes.length), strictly by RFC 9112 and from left to right, so that the outcome
 * for some bytes never changes when more arrive. Returns `incomplete`, `complete`, or the problem that ends the
 * connection.
 */
export const parseHead = (bytes: Buffer, start: number, limits: HeadLimits, head: Head): 0 | 1 | Problem => {
  const length = bytes.length;
  let at = start;

  // RFC 9112 §2.2: a few empty lines before the request line are ignored.
  for (let skipped = 0; at < length && bytes[at] === cr; skipped++, at += 2) {
    if (skipped === emptyLinesMax) return problems.method;
    if (at + 1 >= length) return incomplete;
    if (bytes[at + 1] !== lf) return problems.method;
  }

  // method SP
  const methodStart = at;
  for (; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte === space) break;
    if (tokenBytes[byte] === 0 || at - methodStart >= methodBytesMax) return problems.method;
  }
  if (at >= length) return incomplete;
  if (at === methodStart) return problems.method;
  const method = methodAt(bytes, methodStart, at);
  if (!methods.has(method))
    return method === "CONNECT" || method === "TRACE" ? problems.methodRefused : problems.methodUnknown;

  // request-target SP
  const targetStart = ++at;
  const targetBound = targetStart + limits.targetBytesMax;
  for (; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte === space) break;
    if (targetBytes[byte] === 0) return problems.target;
    if (at >= targetBound) return problems.targetTooLong;
  }
  if (at >= length) return incomplete;
  if (at === targetStart) return problems.target;
  const targetEnd = at++;

  // HTTP-version CRLF
  if (at + 10 > length) return prefixOfVersion(bytes, at) ? incomplete : problems.version;
  if (!prefixOfVersion(bytes, at)) return problems.version;
  const major = bytes[at + 5];
  const minor = bytes[at + 7];
  if (major !== 0x31 || (minor !== 0x30 && minor !== 0x31)) return problems.versionUnsupported;
  const isHttp11 = minor === 0x31;
  at += 10;

  let count = 0;
  let hostIndex = -1;
  let contentLength = -1;
  let isChunked = false;
  let wantsClose = false;
  let wantsKeepAlive = false;
  let expectsContinue = false;
  const headersBound = at + limits.headerBytesMax;
  // Nothing at or beyond the bound is looked at, so that the outcome is the same however the bytes arrive.
  const bound = Math.min(length, headersBound);
  const short = length <= headersBound ? incomplete : problems.headersTooLarge;

  for (;;) {
    if (at >= bound) return short;
    const byte = bytes[at] as number;
    if (byte === cr) {
      if (at + 1 >= bound) return short;
      if (bytes[at + 1] !== lf) return problems.headerValue;
      at += 2;
      break;
    }
    if (byte === space || byte === tab) return problems.headerFold;
    if (count >= limits.headersMax) return problems.headersTooMany;

    const next = readFieldLine(bytes, at, bound, count);
    if (next < 0) return next === fieldLine.short ? short : fieldProblem(next);
    at = next;
    const index = count++;
    const { kind } = foundNames[index] as HeaderName;
    if (kind === nameKinds.other) continue;
    const valueStart = valueBounds[2 * index] as number;
    const valueEnd = valueBounds[2 * index + 1] as number;

    switch (kind) {
      case nameKinds.host:
        if (hostIndex !== -1) return problems.hostMissing;
        if (!isHost(bytes, valueStart, valueEnd)) return problems.host;
        hostIndex = 2 * index + 1;
        break;
      case nameKinds.contentLength:
        // A repeated length is refused even if it is equal. RFC 9112 §6.3 allows it, but no honest client sends it.
        if (contentLength !== -1) return problems.contentLength;
        contentLength = parseLength(bytes, valueStart, valueEnd);
        if (contentLength === -1) return problems.contentLength;
        break;
      case nameKinds.transferEncoding:
        // Not even white space may follow, because parsers differ about `chunked` and a tab.
        if (bytes[valueEnd] !== cr) return problems.transferEncoding;
        if (isChunked || !isHttp11 || lowerCase(bytes, valueStart, valueEnd) !== "chunked")
          return problems.transferEncoding;
        isChunked = true;
        break;
      case nameKinds.connection:
        for (const option of lowerCase(bytes, valueStart, valueEnd).split(",")) {
          const token = option.trim();
          if (token === "close") wantsClose = true;
          else if (token === "keep-alive") wantsKeepAlive = true;
        }
        break;
      case nameKinds.expect:
        if (lowerCase(bytes, valueStart, valueEnd) !== "100-continue") return problems.expect;
        expectsContinue = isHttp11;
        break;
    }
  }

  if (isChunked && contentLength !== -1) return problems.framing;
  if (hostIndex === -1 && isHttp11) return problems.hostMissing;

  // The values are slices of this one string.
  const text = latin1Slice(bytes, targetStart, at);
  const rawHeaders: string[] = [];
  const headerNames: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = foundNames[i] as HeaderName;
    headerNames.push(name.lower);
    rawHeaders.push(
      name.raw,
      text.substring((valueBounds[2 * i] as number) - targetStart, (valueBounds[2 * i + 1] as number) - targetStart),
    );
  }

  let target = text.substring(0, targetEnd - targetStart);
  let host = hostIndex === -1 ? "" : (rawHeaders[hostIndex] as string);
  const first = bytes[targetStart];
  if (first === star) {
    // RFC 9112 §3.2.4: the asterisk form is OPTIONS's.
    if (target.length !== 1 || method !== "OPTIONS") return problems.target;
  } else if (first !== slash) {
    // RFC 9112 §3.2.2: the absolute form's authority replaces the Host that was received.
    const authorityStart = targetStart + schemeLength(target);
    if (authorityStart === targetStart) return problems.target;
    let authorityEnd = authorityStart;
    while (authorityEnd < targetEnd && bytes[authorityEnd] !== slash && bytes[authorityEnd] !== questionMark)
      authorityEnd++;
    if (authorityEnd === authorityStart || !isHost(bytes, authorityStart, authorityEnd)) return problems.target;
    host = latin1Slice(bytes, authorityStart, authorityEnd);
    const rest = latin1Slice(bytes, authorityEnd, targetEnd);
    target = rest.charCodeAt(0) === slash ? rest : `/${rest}`;
    if (hostIndex === -1) {
      headerNames.push("host");
      rawHeaders.push("Host", host);
    } else rawHeaders[hostIndex] = host;
  }

  head.end = at;
  head.bytes = at - methodStart;
  head.method = method;
  head.target = target;
  head.isHttp11 = isHttp11;
  head.rawHeaders = rawHeaders;
  head.headerNames = headerNames;
  head.host = host;
  head.contentLength = contentLength;
  head.isChunked = isChunked;
  head.isKeepAlive = isHttp11 ? !wantsClose : wantsKeepAlive && !wantsClose;
  head.expectsContinue = expectsContinue;
  return complete;
};

const fieldProblem = (outcome: number): Problem =>
  outcome === fieldLine.badName || outcome === fieldLine.noName ? problems.headerName : problems.headerValue;

/** Returns the method's name; for the commonest methods without making a string. */
const methodAt = (bytes: Buffer, start: number, end: number): string => {
  const length = end - start;
  if (length === 3 && bytes[start] === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54) return "GET";
  return latin1Slice(bytes, start, end);
};

const versionPrefix = [0x48, 0x54, 0x54, 0x50, 0x2f, -1, 0x2e, -1, cr, lf];

/** Checks the available part of `HTTP/d.d CRLF`; -1 stands for a digit. */
const prefixOfVersion = (bytes: Buffer, start: number): boolean => {
  const end = Math.min(bytes.length - start, versionPrefix.length);
  for (let i = 0; i < end; i++) {
    const byte = bytes[start + i] as number;
    const wanted = versionPrefix[i] as number;
    if (wanted === -1 ? byte < 0x30 || byte > 0x39 : byte !== wanted) return false;
  }
  return true;
};

/** Returns the length of `http://` or `https://` at the start, or 0. */
const schemeLength = (target: string): number => {
  const start = target.slice(0, 8).toLowerCase();
  if (start.startsWith("http://")) return 7;
  return start === "https://" ? 8 : 0;
};

/** RFC 9110 §7.2, RFC 3986 §3.2: a name, or an address in brackets, and only digits behind the colon that follows it. */
const isHost = (bytes: Buffer, start: number, end: number): boolean => {
  let isPort = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (isPort ? byte < 0x30 || byte > 0x39 : hostBytes[byte] === 0) return false;
    if (byte === colon && (bytes[start] !== openBracket || bytes[at - 1] === closeBracket)) isPort = true;
  }
  return true;
};

const lowerCase = (bytes: Buffer, start: number, end: number): string => latin1Slice(bytes, start, end).toLowerCase();
