import { isUtf8 } from "node:buffer";
import { bounds } from "../base/bounds.ts";

/** Thrown for a body that can't be read as the operation's input. The message is for the sender. */
export class UnreadableInput extends Error {}

const depthMax = bounds.inputDepthMax.value;

const quote = 0x22;
const backslash = 0x5c;

/** Parses a JSON body. It refuses invalid UTF-8 and deep nesting before anything is built from them. */
export function parseJsonBody(body: Buffer): unknown {
  if (!isUtf8(body)) throw new UnreadableInput("The request body is not valid UTF-8");
  requireShallow(body);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new UnreadableInput("Could not parse request body into json");
  }
}

/**
 * Throws for a body that is nested too deeply. It counts brackets outside of strings, and skips strings with `indexOf`,
 * so that a 70 MB base64 member costs a memchr.
 */
function requireShallow(body: Buffer): void {
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === quote) {
      at = stringEnd(body, at);
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
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
  for (;;) {
    const at = body.indexOf(quote, from);
    if (at < 0) return body.length;
    let backslashes = 0;
    while (body[at - 1 - backslashes] === backslash) backslashes += 1;
    if (backslashes % 2 === 0) return at;
    from = at + 1;
  }
}
