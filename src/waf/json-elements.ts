import { isDigit } from "../language/character-class.ts";

/** A key or a value of a JSON text, decoded to UTF-8 bytes (latin1). */
export interface JsonElement {
  readonly isKey: boolean;
  readonly text: string;
}

export interface JsonElements {
  readonly elements: readonly JsonElement[];
  /** Whether the whole text was understood. If not, the elements are those before the place where it was not. */
  readonly isWhole: boolean;
}

interface Container {
  readonly keys: Set<string> | undefined;
  index: number;
}

/**
 * Reads the keys and values of a JSON text that are below one of the pointers (RFC 6901), or all without pointers. It is
 * as lenient as AWS says to be: a comma or colon may be missing, and colons may repeat. Nesting takes no stack.
 * AWS: AWS WAF Developer Guide, "Options for request components", JSON body.
 */
export function readJsonElements(text: string, pointers?: readonly string[]): JsonElements {
  return new Reader(text, pointers).read();
}

class Unreadable extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;
  readonly #elements: JsonElement[] = [];
  readonly #stack: Container[] = [];
  readonly #pointers: readonly (readonly string[])[] | undefined;
  /** How many segments of each pointer the containers around match. */
  readonly #matched: number[];

  constructor(text: string, pointers: readonly string[] | undefined) {
    this.#text = text;
    this.#pointers = pointers?.map(segmentsOf);
    this.#matched = this.#pointers?.map(() => 0) ?? [];
  }

  read(): JsonElements {
    try {
      this.#skipSpace();
      if (!"{[".includes(this.#text[this.#at] ?? "x")) throw new Unreadable();
      this.#open();
      while (this.#stack.length > 0) this.#member();
      this.#skipSpace();
      return { elements: this.#elements, isWhole: this.#at === this.#text.length };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return { elements: this.#elements, isWhole: false };
    }
  }

  /** Reads the next member of the innermost container, or its end. */
  #member(): void {
    const container = this.#stack.at(-1)!;
    this.#skipSpace();
    if (this.#text[this.#at] === "," && container.index > 0) {
      this.#at++;
      this.#skipSpace();
    }
    const character = this.#text[this.#at];
    if (character === (container.keys === undefined ? "]" : "}")) {
      this.#at++;
      this.#stack.pop();
      this.#leave();
      return;
    }
    let segment: string;
    if (container.keys === undefined) segment = String(container.index);
    else {
      if (character !== '"') throw new Unreadable();
      segment = this.#string();
      if (container.keys.has(segment)) throw new Unreadable();
      container.keys.add(segment);
      if (this.#isIncluded()) this.#elements.push({ isKey: true, text: segment });
      this.#skipSpace();
      while (this.#text[this.#at] === ":") {
        this.#at++;
        this.#skipSpace();
      }
    }
    container.index++;
    this.#enter(segment);
    const opening = this.#text[this.#at];
    if (opening === "{" || opening === "[") {
      this.#open();
      return;
    }
    const value = opening === '"' ? this.#string() : this.#literal();
    if (this.#isIncluded()) this.#elements.push({ isKey: false, text: value });
    this.#leave();
  }

  #open(): void {
    this.#stack.push({ keys: this.#text[this.#at] === "{" ? new Set() : undefined, index: 0 });
    this.#at++;
  }

  #enter(segment: string): void {
    const depth = this.#stack.length - 1;
    this.#pointers?.forEach((pointer, index) => {
      if (this.#matched[index] === depth && pointer[depth] === segment) this.#matched[index] = depth + 1;
    });
  }

  /** Goes back to the container that is now the innermost one. */
  #leave(): void {
    const depth = Math.max(0, this.#stack.length - 1);
    for (let index = 0; index < this.#matched.length; index++) {
      if (this.#matched[index]! > depth) this.#matched[index] = depth;
    }
  }

  #isIncluded(): boolean {
    return this.#pointers?.some((pointer, index) => this.#matched[index] === pointer.length) ?? true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return;
      this.#at++;
    }
  }

  #literal(): string {
    const start = this.#at;
    for (const word of ["true", "false", "null"]) {
      if (this.#text.startsWith(word, start)) {
        this.#at += word.length;
        return word;
      }
    }
    const first = this.#text.charCodeAt(start);
    if (first !== 45 && !isDigit(first)) throw new Unreadable();
    while (/[-+.0-9eE]/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #string(): string {
    const start = ++this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code) || code < 32) throw new Unreadable();
      this.#at++;
      if (code === 34) break;
      if (code === 92) this.#at++;
    }
    const raw = this.#text.slice(start, this.#at - 1);
    return raw.includes("\\") ? unescapeJson(raw) : raw;
  }
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function unescapeJson(raw: string): string {
  return raw.replace(
    /\\(?:((?:u[0-9a-fA-F]{4})(?:\\u[0-9a-fA-F]{4})*)|([\s\S]))/g,
    (_, units: string | undefined, letter: string | undefined) => {
      if (units === undefined) {
        if (!'"\\/bfnrt'.includes(letter!)) throw new Unreadable();
        return escapes[letter!] ?? letter!;
      }
      const codes = units.match(/[0-9a-fA-F]{4}/g)!.map((digits) => Number.parseInt(digits, 16));
      return codes.map((_, index) => decodeUnit(codes, index)).join("");
    },
  );
}

/** Returns the UTF-8 bytes of a UTF-16 unit, at the second one of a pair. */
function decodeUnit(codes: readonly number[], index: number): string {
  const code = codes[index]!;
  const isLow = (unit: number | undefined): unit is number => unit !== undefined && unit >= 0xdc00 && unit <= 0xdfff;
  if (code >= 0xd800 && code <= 0xdbff && isLow(codes[index + 1])) return "";
  const before = codes[index - 1];
  const isPair = isLow(code) && before !== undefined && before >= 0xd800 && before <= 0xdbff;
  return Buffer.from(isPair ? String.fromCharCode(before, code) : String.fromCharCode(code)).toString("latin1");
}

/** RFC 6901 §4, in UTF-8 bytes. */
function segmentsOf(pointer: string): string[] {
  if (pointer === "" || pointer === "/") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((segment) => Buffer.from(segment.replaceAll("~1", "/").replaceAll("~0", "~")).toString("latin1"));
}
