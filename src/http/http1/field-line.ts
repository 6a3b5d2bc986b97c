import { bounds } from "../../base/bounds.ts";
import { tokenBytes, valueBytes } from "./characters.ts";
import { findName, type HeaderName, hashStep } from "./header-names.ts";

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;
const tab = 0x09;
const colon = 0x3a;

/**
 * The field lines of the head that is being read. Line i has the name `foundNames[i]` and its value at
 * [valueBounds[2i], valueBounds[2i + 1]), so that strings are made only for accepted heads. A head is read in one go,
 * so one table for the thread is enough.
 */
export const foundNames: HeaderName[] = [];
export const valueBounds: number[] = [];

/** What `readFieldLine` returns if it can't read a line. */
export const fieldLine = { short: -1, badName: -2, noName: -3, badValue: -4, badEnd: -5 } as const;

/**
 * Reads `name ":" OWS value OWS CRLF` at `at` into line `index`: strictly RFC 9112 §5, for requests and answers alike.
 * Returns where the next line begins, or one of {@link fieldLine}. It looks at nothing at or beyond `bound`.
 */
export const readFieldLine = (bytes: Buffer, start: number, bound: number, index: number): number => {
  let at = start;
  let byte = bytes[at] as number;
  let hash = 0;
  while (byte !== colon) {
    if (tokenBytes[byte] === 0) return fieldLine.badName;
    hash = hashStep(hash, byte);
    if (++at >= bound) return fieldLine.short;
    byte = bytes[at] as number;
  }
  if (at === start) return fieldLine.noName;
  const name = findName(bytes, start, at, hash);

  do {
    if (++at >= bound) return fieldLine.short;
    byte = bytes[at] as number;
  } while (byte === space || byte === tab);
  const valueStart = at;
  while (valueBytes[byte] === 1) {
    if (++at >= bound) return fieldLine.short;
    byte = bytes[at] as number;
  }
  if (byte !== cr) return fieldLine.badValue;
  let valueEnd = at;
  while (valueEnd > valueStart && (bytes[valueEnd - 1] === space || bytes[valueEnd - 1] === tab)) valueEnd--;
  if (++at >= bound) return fieldLine.short;
  if (bytes[at] !== lf) return fieldLine.badEnd;

  foundNames[index] = name;
  valueBounds[2 * index] = valueStart;
  valueBounds[2 * index + 1] = valueEnd;
  return at + 1;
};

/** Fifteen digits are always a safe integer. */
const lengthDigitsMax = bounds.contentLengthDigitsMax.value;

/** Returns the value of a Content-Length; -1 if it is not one decimal number. */
export const parseLength = (bytes: Buffer, start: number, end: number): number => {
  if (start === end || end - start > lengthDigitsMax) return -1;
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
};
