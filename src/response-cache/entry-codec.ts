/**
 * An entry as bytes, from its key to its body:
 *
 *   Uint32 × 5: characters of the key, status, flags, number of texts, bytes of all texts
 *   key: UTF-16, since no two texts have the same UTF-16
 *   Uint32 for each text (header names and values, then what it varies by): its characters
 *   texts: latin1, or UTF-16 if one has other characters
 *   body
 */
import type { CachedAnswer } from "./cache-store.ts";

const headBytes = 20;
const isTracedFlag = 1;
const isWideFlag = 2;
/** The number of texts that are headers stands above the flags. */
const headersShift = 8;

/** Returns an entry's bytes. */
export function encodeEntry(key: string, { status, headers, body, isTraced, varies }: CachedAnswer): Buffer {
  const texts = varies.length === 0 ? headers : [...headers, ...varies];
  const joined = texts.join("");
  const isWide = /[^\x00-\xff]/.test(joined);
  const textBytes = isWide ? joined.length * 2 : joined.length;
  const bytes = Buffer.allocUnsafe(headBytes + key.length * 2 + texts.length * 4 + textBytes + body.length);
  bytes.writeUInt32LE(key.length, 0);
  bytes.writeUInt32LE(status, 4);
  bytes.writeUInt32LE((isTraced ? isTracedFlag : 0) | (isWide ? isWideFlag : 0) | (headers.length << headersShift), 8);
  bytes.writeUInt32LE(texts.length, 12);
  bytes.writeUInt32LE(textBytes, 16);
  let at = headBytes;
  at += bytes.write(key, at, "utf16le");
  for (const text of texts) at = bytes.writeUInt32LE(text.length, at);
  at += bytes.write(joined, at, isWide ? "utf16le" : "latin1");
  body.copy(bytes, at);
  return bytes;
}

/** Returns the entry in the bytes if it is the key's. The answer's body is a part of `bytes`. */
export function decodeEntry(bytes: Buffer, key: string): CachedAnswer | undefined {
  const keyEnd = headBytes + key.length * 2;
  if (bytes.length < keyEnd || bytes.readUInt32LE(0) !== key.length) return undefined;
  if (bytes.toString("utf16le", headBytes, keyEnd) !== key) return undefined;
  const flags = bytes.readUInt32LE(8);
  const count = bytes.readUInt32LE(12);
  const headerCount = flags >>> headersShift;
  let at = keyEnd + count * 4;
  const bodyAt = at + bytes.readUInt32LE(16);
  const joined = bytes.toString((flags & isWideFlag) === 0 ? "latin1" : "utf16le", at, bodyAt);
  const headers: string[] = [];
  const varies: string[] = [];
  let start = 0;
  at = keyEnd;
  for (let index = 0; index < count; index++, at += 4) {
    const end = start + bytes.readUInt32LE(at);
    (index < headerCount ? headers : varies).push(joined.slice(start, end));
    start = end;
  }
  return {
    status: bytes.readUInt32LE(4),
    headers,
    body: bytes.subarray(bodyAt),
    isTraced: (flags & isTracedFlag) !== 0,
    varies,
  };
}
