import { valueBytes } from "../http1/characters.ts";
import { fieldLine, foundNames, parseLength, readFieldLine, valueBounds } from "../http1/field-line.ts";
import { type HeaderName, nameKinds } from "../http1/header-names.ts";
import { latin1Slice } from "../http1/latin1.ts";

/** A response's head, filled in by `parseResponseHead`. One is kept per thread: the parser makes no object of its own. */
export class ResponseHead {
  /** Where the head ends and the body begins. */
  end = 0;
  status = 0;
  /** Names and values in turn, as received (latin1). */
  headers: string[] = [];
  /** The declared length, or -1. */
  contentLength = -1;
  isChunked = false;
  isKeepAlive = true;
  /** The time of `Keep-Alive: timeout=` in milliseconds, or -1. */
  keepAliveMs = -1;
}

export interface ResponseLimits {
  /** Status line and header lines together. */
  readonly headBytesMax: number;
  readonly headersMax: number;
}

/** More bytes are needed. */
export const incomplete = 0;
/** `head` is filled in. */
export const complete = 1;

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;
const tab = 0x09;

/** `HTTP/1.` */
const versionStart = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
/** `HTTP/1.1 200` and the space or carriage return behind it. */
const shortestStatusLineBytes = 13;

/** What `readFieldLine` finds wrong, by its outcome. */
const fieldProblems: Readonly<Record<number, string>> = {
  [fieldLine.badName]: "a header's name has a character that may not stand there",
  [fieldLine.noName]: "a header has no name",
  [fieldLine.badValue]: "a header's value has a character that may not stand there",
  [fieldLine.badEnd]: "a header line does not end in CRLF",
};

/**
 * Reads one response's head from [start, end) of `bytes`, strictly by RFC 9112 and from left to right, so that the
 * outcome for some bytes never changes when more arrive. Returns `incomplete`, `complete`, or a text that says what is
 * wrong. Everything that two parsers could read in two ways is wrong.
 */
export const parseResponseHead = (
  bytes: Buffer,
  start: number,
  end: number,
  limits: ResponseLimits,
  head: ResponseHead,
): 0 | 1 | string => {
  for (let i = 0; i < versionStart.length; i++) {
    if (start + i >= end) return incomplete;
    if (bytes[start + i] !== versionStart[i]) return "the answer is no HTTP/1.1";
  }
  if (end - start < shortestStatusLineBytes) return incomplete;
  const minor = bytes[start + 7];
  if ((minor !== 0x30 && minor !== 0x31) || bytes[start + 8] !== space) return "the answer is no HTTP/1.1";
  const isHttp11 = minor === 0x31;
  const status = statusAt(bytes, start + 9);
  if (status === -1) return "the status is no number of three digits from 100 on";

  const bound = Math.min(end, start + limits.headBytesMax);
  const short = end < start + limits.headBytesMax ? incomplete : "the answer's headers are too large";
  let at = start + 12;
  // [ SP reason-phrase ] CRLF. Some servers leave out the space, which is unambiguous.
  let byte = bytes[at] as number;
  if (byte === space) {
    do {
      if (++at >= bound) return short;
      byte = bytes[at] as number;
    } while (valueBytes[byte] === 1);
  }
  if (byte !== cr) return "the status line has a character that may not stand there";
  if (++at >= bound) return short;
  if (bytes[at] !== lf) return "the status line does not end in CRLF";
  at++;

  let count = 0;
  let contentLength = -1;
  let isChunked = false;
  let wantsClose = false;
  let wantsKeepAlive = false;
  let keepAliveIndex = -1;

  for (;;) {
    if (at >= bound) return short;
    byte = bytes[at] as number;
    if (byte === cr) {
      if (at + 1 >= bound) return short;
      if (bytes[at + 1] !== lf) return "a header line does not end in CRLF";
      at += 2;
      break;
    }
    if (byte === space || byte === tab) return "a header line begins with white space";
    if (count >= limits.headersMax) return "the answer has too many headers";

    const next = readFieldLine(bytes, at, bound, count);
    if (next < 0) return next === fieldLine.short ? short : (fieldProblems[next] as string);
    at = next;
    const index = count++;
    const { kind, lower } = foundNames[index] as HeaderName;
    if (kind === nameKinds.other) {
      if (lower === "keep-alive") keepAliveIndex = index;
      continue;
    }
    const valueStart = valueBounds[2 * index] as number;
    const valueEnd = valueBounds[2 * index + 1] as number;

    switch (kind) {
      case nameKinds.contentLength:
        // A repeated length is refused even if it is equal. RFC 9112 §6.3 allows it, but no honest server sends it.
        if (contentLength !== -1) return "Content-Length came twice";
        contentLength = parseLength(bytes, valueStart, valueEnd);
        if (contentLength === -1) return "Content-Length is not one decimal number";
        break;
      case nameKinds.transferEncoding:
        if (isChunked || bytes[valueEnd] !== cr || !isWord(bytes, valueStart, valueEnd, "chunked")) {
          return "Transfer-Encoding is not exactly chunked";
        }
        if (!isHttp11) return "Transfer-Encoding came over HTTP/1.0";
        isChunked = true;
        break;
      case nameKinds.connection:
        if (isWord(bytes, valueStart, valueEnd, "keep-alive")) wantsKeepAlive = true;
        else {
          for (const option of latin1Slice(bytes, valueStart, valueEnd).toLowerCase().split(",")) {
            const token = option.trim();
            if (token === "close") wantsClose = true;
            else if (token === "keep-alive") wantsKeepAlive = true;
          }
        }
        break;
    }
  }

  if (isChunked && contentLength !== -1) return "Content-Length and Transfer-Encoding came together";

  // The values are slices of this one string.
  const text = latin1Slice(bytes, start, at);
  const headers: string[] = [];
  for (let i = 0; i < count; i++) {
    headers.push(
      (foundNames[i] as HeaderName).raw,
      text.substring((valueBounds[2 * i] as number) - start, (valueBounds[2 * i + 1] as number) - start),
    );
  }

  head.end = at;
  head.status = status;
  head.headers = headers;
  head.contentLength = contentLength;
  head.isChunked = isChunked;
  head.isKeepAlive = isHttp11 ? !wantsClose : wantsKeepAlive && !wantsClose;
  head.keepAliveMs = keepAliveIndex === -1 ? -1 : parseKeepAlive(headers[2 * keepAliveIndex + 1] as string);
  return complete;
};

const statusAt = (bytes: Buffer, at: number): number => {
  let status = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status < 100 ? -1 : status;
};

/**
 * Returns whether the bytes are this word of small letters and hyphens, in any case. No byte of a valid value becomes a
 * hyphen by the bit.
 */
const isWord = (bytes: Buffer, start: number, end: number, word: string): boolean => {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (((bytes[start + i] as number) | 0x20) !== word.charCodeAt(i)) return false;
  return true;
};

/** A backend sends the same value in each answer. */
let knownKeepAlive = "";
let knownKeepAliveMs = -1;

const parseKeepAlive = (value: string): number => {
  if (value !== knownKeepAlive) {
    const seconds = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(value);
    knownKeepAlive = value;
    knownKeepAliveMs = seconds === null ? -1 : Number(seconds[1]) * 1000;
  }
  return knownKeepAliveMs;
};
