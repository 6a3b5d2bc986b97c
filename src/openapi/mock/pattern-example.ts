import { bounds } from "../../base/bounds.ts";
import { parseEcmaPattern } from "../../language/ecma-pattern.ts";

/** The length of a made text. A pattern that needs more gets none. */
const charactersMax = bounds.mockPatternCharsMax.value;
const depthMax = bounds.mockPatternDepthMax.value;

/**
 * Returns a text that a regular expression (ECMA 262) matches: `^[A-Z]{3}-\d+$` → `AAA-0`. Returns undefined for
 * look-arounds and back references, and if no text was found.
 */
export function examplePatternText(source: string): string | undefined {
  const pattern = source.length > charactersMax ? undefined : parseEcmaPattern(source);
  if (pattern === undefined) return undefined;
  try {
    const text = new Sampler(source).sample();
    return pattern.isFoundIn(text) ? text : undefined;
  } catch (error) {
    if (error instanceof NoSample) return undefined;
    throw error;
  }
}

class NoSample extends Error {}

/** Characters in the order in which they are tried for a class. */
const candidates = [
  ..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. /:@#!,;=+*~|&%$<>'\"()[]{}?^`\\\t\n",
];
const escapes: Readonly<Record<string, string>> = {
  d: "0",
  D: "a",
  w: "a",
  W: "-",
  s: " ",
  S: "a",
  t: "\t",
  n: "\n",
  r: "\r",
};

/** Walks through a pattern and takes the first, shortest way. */
class Sampler {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  sample(): string {
    const text = this.#choice();
    if (this.#at < this.#source.length) throw new NoSample();
    return text;
  }

  #choice(): string {
    if (++this.#depth > depthMax) throw new NoSample();
    const first = this.#sequence();
    while (this.#source[this.#at] === "|") {
      this.#at++;
      this.#sequence();
    }
    this.#depth--;
    return first;
  }

  #sequence(): string {
    let text = "";
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at]!)) {
      text += this.#repeated(this.#atom());
      if (text.length > charactersMax) throw new NoSample();
    }
    return text;
  }

  #atom(): string {
    const character = this.#source[this.#at++]!;
    if (character === "^" || character === "$") return "";
    if (character === ".") return "a";
    if (character === "(") return this.#group();
    if (character === "[") return this.#class();
    return character === "\\" ? this.#escape() : character;
  }

  #group(): string {
    if (this.#source[this.#at] === "?") {
      const kind = /^\?(?::|<[A-Za-z_]\w*>)/.exec(this.#source.slice(this.#at, this.#at + 64))?.[0];
      if (kind === undefined) throw new NoSample();
      this.#at += kind.length;
    }
    const text = this.#choice();
    this.#at++;
    return text;
  }

  /** The engine itself tests candidates against the class. */
  #class(): string {
    const start = this.#at - 1;
    for (; this.#source[this.#at] !== "]"; this.#at++) {
      if (this.#at >= this.#source.length) throw new NoSample();
      if (this.#source[this.#at] === "\\") this.#at++;
    }
    const one = new RegExp(this.#source.slice(start, ++this.#at));
    const found = candidates.find((character) => one.test(character));
    if (found === undefined) throw new NoSample();
    return found;
  }

  #escape(): string {
    const character = this.#source[this.#at++]!;
    if (character === "b") return "";
    const code = /^(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))/.exec(this.#source.slice(this.#at - 1, this.#at + 4));
    if (code !== null) {
      this.#at += code[0].length - 1;
      return String.fromCharCode(Number.parseInt(code[1] ?? code[2]!, 16));
    }
    if (/[BkpPc1-9]/.test(character)) throw new NoSample();
    return escapes[character] ?? character;
  }

  #repeated(text: string): string {
    const match = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(this.#source.slice(this.#at, this.#at + 32));
    if (match === null) return text;
    this.#at += match[0].length;
    const count = match[1] === undefined ? Number(match[0].startsWith("+")) : Number(match[1]);
    if (count * text.length > charactersMax) throw new NoSample();
    return text.repeat(count);
  }
}
