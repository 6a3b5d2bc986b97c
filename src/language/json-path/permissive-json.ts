import { bounds } from "../../base/bounds.ts";
import { wholeNumber } from "../java/java-number.ts";
import { TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { decimalOf } from "../json-value.ts";

/**
 * Parses JSON as json-smart's permissive mode does in filters and in functions' parameters: names and texts may have
 * single quotes or none, commas may be doubled or trail. Returns undefined for anything else.
 */
export function parsePermissiveJson(text: string): TemplateValue | undefined {
  const parser = new PermissiveParser(text);
  try {
    return parser.parse();
  } catch (error) {
    if (error instanceof NoJson) return undefined;
    throw error;
  }
}

class NoJson extends Error {}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

class PermissiveParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): TemplateValue {
    const value = this.#value("");
    if (this.#next() !== undefined) throw new NoJson();
    return value;
  }

  /** Skips white space and returns the next character. */
  #next(): string | undefined {
    while (/\s/.test(this.#text[this.#at] ?? "x")) this.#at++;
    return this.#text[this.#at];
  }

  #value(stops: string): TemplateValue {
    const character = this.#next();
    if (character === undefined) throw new NoJson();
    if (character === "{" || character === "[") {
      if (++this.#depth > bounds.jsonDepthMax.value) throw new NoJson();
      const value = character === "{" ? this.#object() : this.#array();
      this.#depth--;
      return value;
    }
    if (character === '"' || character === "'") return this.#quoted(character);
    return scalarOf(this.#bare(stops));
  }

  #array(): TemplateList {
    const items: TemplateValue[] = [];
    this.#at++;
    for (;;) {
      const character = this.#next();
      if (character === "]") break;
      if (character === ",") this.#at++;
      else {
        items.push(this.#value(",]"));
        const after = this.#next();
        if (after !== "," && after !== "]") throw new NoJson();
      }
    }
    this.#at++;
    return new TemplateList(items, "json");
  }

  #object(): TemplateMap {
    const object = new TemplateMap();
    this.#at++;
    for (;;) {
      const character = this.#next();
      if (character === undefined) throw new NoJson();
      if (character === "}") break;
      if (character === ",") {
        this.#at++;
        continue;
      }
      const name = character === '"' || character === "'" ? this.#quoted(character) : this.#bare(":}");
      if (this.#next() !== ":") throw new NoJson();
      this.#at++;
      object.set(name, this.#value(",}"));
      const after = this.#next();
      if (after !== "," && after !== "}") throw new NoJson();
    }
    this.#at++;
    return object;
  }

  #quoted(quote: string): string {
    let result = "";
    for (this.#at++; ; this.#at++) {
      const character = this.#text[this.#at];
      if (character === undefined) throw new NoJson();
      if (character === quote) {
        this.#at++;
        return result;
      }
      if (character !== "\\") {
        result += character;
        continue;
      }
      const escaped = this.#text[++this.#at];
      if (escaped === undefined) throw new NoJson();
      if (escaped === "u") {
        const digits = this.#text.slice(this.#at + 1, this.#at + 5);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new NoJson();
        result += String.fromCharCode(Number.parseInt(digits, 16));
        this.#at += 4;
      } else result += escapes[escaped] ?? escaped;
    }
  }

  #bare(stops: string): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !stops.includes(this.#text[this.#at]!)) this.#at++;
    return this.#text.slice(start, this.#at).trim();
  }
}

function scalarOf(text: string): TemplateValue {
  if (text === "null") return null;
  if (text === "true" || text === "false") return text === "true";
  if (text.length > bounds.jsonNumberLengthMax.value) return text;
  if (/^-?\d+$/.test(text)) return wholeNumber(BigInt(text));
  if (/^-?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?$/.test(text)) return decimalOf(text);
  return text;
}
