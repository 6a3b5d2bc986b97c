import { isUtf8 } from "node:buffer";
import { bounds } from "../base/bounds.ts";
import type { Job } from "../base/job.ts";

/** Thrown for a body that can't be read as the operation's input. The message is for the sender. */
export class UnreadableInput extends Error {}

const depthMax = bounds.inputDepthMax.value;
const valuesMax = bounds.inputValuesMax.value;

const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;

/** A body that was parsed before its operation reads it. */
export type ReadBody =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "unreadable"; readonly message: string };

/** Parses a body of megabytes outside of control's thread. */
export const parseBodyJob: Job<Uint8Array, ReadBody> = {
  name: "parse-body",
  weightMaxHere: bounds.inputBytesMaxHere.value / 32,
  run: async ({ buffer, byteOffset, byteLength }) => {
    try {
      return { kind: "value", value: parseJsonBody(Buffer.from(buffer, byteOffset, byteLength)) };
    } catch (error) {
      if (error instanceof UnreadableInput) return { kind: "unreadable", message: error.message };
      throw error;
    }
  },
};

/** Parses a JSON body. It refuses invalid UTF-8, deep nesting and many values before anything is built from them. */
export function parseJsonBody(body: Buffer): unknown {
  if (!isUtf8(body)) throw new UnreadableInput("The request body is not valid UTF-8");
  requireModest(body);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new UnreadableInput("Could not parse request body into json");
  }
}

/**
 * Throws for a body that is nested too deeply or has too many values. It counts brackets and commas outside of strings, and
 * skips strings with `indexOf`, so that a 70 MB base64 member costs a memchr.
 */
function requireModest(body: Buffer): void {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === quote) {
      at = stringEnd(body, at);
    } else if (byte === comma) {
      if (++values > valuesMax) throw new UnreadableInput(`The request body has more than ${valuesMax} values`);
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      values += 1;
      if (depth > depthMax) throw new UnreadableInput(`The request body nests deeper than ${depthMax} levels`);
    } else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1;
    }
  }
}

/**
 * Returns where the string that opens at `start` closes; the body's end if it doesn't (`JSON.parse` will refuse it).
 */
function stringEnd(body: Buffer, start: number): number {
  let from = start + 1;
  for (let searches = 0; ; searches++) {
    if (searches === searchesAtFirst) return stringEndByBytes(body, from);
    const at = body.indexOf(quote, from);
    if (at < 0) return body.length;
    let backslashes = 0;
    while (body[at - 1 - backslashes] === backslash) backslashes += 1;
    if (backslashes % 2 === 0) return at;
    from = at + 1;
  }
}

/** A text with more escaped quotes than this is gone through byte by byte: a search costs as much as thirty of them. */
const searchesAtFirst = 1_000;

function stringEndByBytes(body: Buffer, from: number): number {
  // What stands before is escaped in pairs, or is the quote that was found last.
  for (let at = from; at < body.length; at++) {
    const byte = body[at];
    if (byte === quote) return at;
    if (byte === backslash) at++;
  }
  return body.length;
}
