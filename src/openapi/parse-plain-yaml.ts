import { bounds } from "../base/bounds.ts";

/**
 * The YAML that people and tools write OpenAPI documents in, read ten times as fast as the library reads it and without
 * loading it: block maps and lists, scalars and flow collections on one line, literal blocks. Whatever else there is —
 * anchors, tags, folded text, several lines in quotes, duplicate keys, any mistake — is left to the library, which also
 * words the mistake. What is read here is read as the library would: a test compares the two.
 */
export function parsePlainYaml(text: string): PlainResult | undefined {
  // Tabs, carriage returns and the like mean something only sometimes; JavaScript trims more than YAML's space.
  if (/[^\S\n ]|[\x00-\x08\x0e-\x1f\x7f\x85]/.test(text)) return undefined;
  try {
    return new PlainYaml(text).read();
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

interface PlainResult {
  readonly value: unknown;
  /** `info.version` as it is written: `1.10` is a number to YAML. Absent if it is written in another way. */
  readonly versionText?: string;
}

/** Thrown to give up; its stack is of no use. */
const notPlain = Symbol("not plain YAML");
const depthMax = bounds.documentDepthMax.value;

/** How a plain scalar may start here; others are indicators, or too rare to matter. */
const plainStart = /^(?:[A-Za-z0-9_/$.(^+=;~<]|-(?! |$))/;
const simpleInteger = /^-?(?:0|[1-9]\d{0,14})$/;
const simpleFraction = /^-?(?:0|[1-9]\d{0,14})\.\d{1,15}$/;
/** Whatever YAML's core schema could take for another number. */
const otherNumber =
  /^(?:[-+]?(?:\.?\d[\d.]*(?:[eE][-+]?\d+)?)|0[ox][\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

class PlainYaml {
  readonly #lines: string[];
  /** The line in hand: its number, how far it is indented, and what is on it. */
  #at = -1;
  #indent = -1;
  #content = "";
  readonly #endsWithBreak: boolean;
  /** The document's own key that is being read. */
  #section = "";
  #versionText: string | undefined;

  constructor(text: string) {
    this.#lines = text.split("\n");
    this.#endsWithBreak = text.endsWith("\n");
  }

  read(): PlainResult {
    this.#next();
    if (this.#indent !== 0) throw notPlain;
    const value = this.#block(1);
    if (this.#at < this.#lines.length) throw notPlain;
    return this.#versionText === undefined ? { value } : { value, versionText: this.#versionText };
  }

  /** Moves on to the next line with something on it; behind the last, the indentation is -1. */
  #next(): void {
    while (++this.#at < this.#lines.length) {
      const line = this.#lines[this.#at]!;
      let indent = 0;
      while (line.charCodeAt(indent) === 0x20) indent++;
      if (indent === line.length || line[indent] === "#") continue;
      if (indent === 0 && /^(?:---|\.\.\.|%)/.test(line)) throw notPlain;
      this.#indent = indent;
      this.#content = line.slice(indent);
      return;
    }
    this.#indent = -1;
    this.#content = "";
  }

  #block(depth: number): unknown {
    if (depth > depthMax) throw notPlain;
    return isItem(this.#content) ? this.#list(this.#indent, depth) : this.#map(this.#indent, depth);
  }

  #map(indent: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    while (this.#indent === indent && !isItem(this.#content)) {
      const { key, rest } = splitKey(this.#content);
      if (key === "__proto__" || key === "<<" || Object.hasOwn(map, key)) throw notPlain;
      if (depth === 1) this.#section = key;
      if (depth === 2 && key === "version" && this.#section === "info")
        this.#versionText = withoutTrailingComment(rest);
      map[key] = rest === "" ? this.#valueBelow(indent, true, depth) : this.#valueBeside(rest, indent);
    }
    // A list at the indentation of a map that is no value of it, or text that goes on.
    if (this.#indent >= indent) throw notPlain;
    return map;
  }

  #list(indent: number, depth: number): unknown[] {
    const list: unknown[] = [];
    while (this.#indent === indent && isItem(this.#content)) {
      const rest = withoutComment(this.#content.slice(1));
      if (rest === "") {
        list.push(this.#valueBelow(indent, false, depth));
      } else if (isItem(rest)) {
        throw notPlain;
      } else if (startsMap(rest)) {
        // `- a: 1` starts a map that is as deep as its first key.
        this.#indent += this.#content.length - this.#content.slice(1).trimStart().length;
        this.#content = this.#content.slice(1).trimStart();
        if (depth >= depthMax) throw notPlain;
        list.push(this.#map(this.#indent, depth + 1));
      } else {
        list.push(this.#valueBeside(this.#content.slice(1).trimStart(), indent));
      }
    }
    if (this.#indent > indent) throw notPlain;
    return list;
  }

  /** What follows `key:` or `-` on the next lines; null if they belong to something else. */
  #valueBelow(indent: number, isOfMap: boolean, depth: number): unknown {
    this.#next();
    const isListOfMap = isOfMap && this.#indent === indent && isItem(this.#content);
    if (isListOfMap) return this.#listOfMap(indent, depth);
    if (this.#indent <= indent) return null;
    if (!isItem(this.#content) && !startsMap(this.#content)) throw notPlain;
    return this.#block(depth + 1);
  }

  /** A list may stand at the indentation of the key that it is the value of. */
  #listOfMap(indent: number, depth: number): unknown[] {
    if (depth >= depthMax) throw notPlain;
    return this.#list(indent, depth + 1);
  }

  #valueBeside(rest: string, indent: number): unknown {
    if (rest[0] === "|") return this.#literal(rest, indent);
    const value = parseOnLine(rest);
    this.#next();
    // Text that goes on on the next line.
    if (this.#indent > indent) throw notPlain;
    return value;
  }

  /** `|` and `|-`: the lines below, as they are. */
  #literal(header: string, indent: number): string {
    const kept = /^\|(-?) *$/.exec(header);
    if (kept === null) throw notPlain;
    const lines: string[] = [];
    let depth = 0;
    while (++this.#at < this.#lines.length) {
      const line = this.#lines[this.#at]!;
      let spaces = 0;
      while (line.charCodeAt(spaces) === 0x20) spaces++;
      if (spaces === line.length) {
        if (spaces > depth && spaces > 0) throw notPlain;
        lines.push("");
        continue;
      }
      if (depth === 0) {
        if (spaces <= indent) throw notPlain;
        depth = spaces;
      }
      if (spaces < depth) {
        if (spaces > indent) throw notPlain;
        break;
      }
      lines.push(line.slice(depth));
    }
    if (depth === 0 || (this.#at === this.#lines.length && !this.#endsWithBreak)) throw notPlain;
    while (lines.at(-1) === "") lines.pop();
    this.#at--;
    this.#next();
    if (this.#indent > indent) throw notPlain;
    return lines.join("\n") + (kept[1] === "-" ? "" : "\n");
  }
}

function isItem(content: string): boolean {
  return content === "-" || content.startsWith("- ");
}

/** Whether a line's content is `key: value` or `key:`. */
function startsMap(content: string): boolean {
  const first = content[0];
  if (first === '"' || first === "'") return /^ *:(?: |$)/.test(content.slice(quotedLength(content)));
  if (first === "{" || first === "[" || first === "|" || first === ">") return false;
  return colonOf(content) !== -1;
}

/** Where the colon of a plain key is: followed by a space or nothing, before any comment. */
function colonOf(content: string): number {
  for (let at = content.indexOf(":"); at !== -1; at = content.indexOf(":", at + 1)) {
    if (at + 1 === content.length || content[at + 1] === " ") {
      return content.lastIndexOf(" #", at) === -1 ? at : -1;
    }
  }
  return -1;
}

function splitKey(content: string): { readonly key: string; readonly rest: string } {
  const first = content[0];
  if (first === '"' || first === "'") {
    const length = quotedLength(content);
    const colon = /^ *:(?= |$)/.exec(content.slice(length));
    if (colon === null) throw notPlain;
    const key = unquoted(content.slice(0, length));
    return { key, rest: withoutComment(content.slice(length + colon[0].length)) };
  }
  const colon = colonOf(content);
  if (colon === -1) throw notPlain;
  return { key: plainKey(content.slice(0, colon).trimEnd()), rest: withoutComment(content.slice(colon + 1)) };
}

/** Keys that are numbers are their text; null, booleans and other spellings of numbers are left to the library. */
function plainKey(text: string): string {
  const value = plainScalar(text);
  if (typeof value === "string") return value;
  if (typeof value === "number" && String(value) === text) return text;
  throw notPlain;
}

/** Empty for a comment, else trimmed at the start; a comment further on is left to who reads the rest. */
function withoutComment(text: string): string {
  const trimmed = text.trimStart();
  return trimmed.startsWith("#") ? "" : trimmed.trimEnd();
}

/** A scalar or flow collection that ends on its line. */
function parseOnLine(text: string): unknown {
  const first = text[0];
  if (first === '"' || first === "'") {
    const length = quotedLength(text);
    requireEnd(text.slice(length));
    return unquoted(text.slice(0, length));
  }
  if (first === "{" || first === "[") {
    const flow = new Flow(text);
    const value = flow.value(1);
    requireEnd(text.slice(flow.at));
    return value;
  }
  const plain = withoutTrailingComment(text);
  if (colonOf(plain) !== -1) throw notPlain;
  return plainScalar(plain);
}

function withoutTrailingComment(text: string): string {
  const comment = text.indexOf(" #");
  return (comment === -1 ? text : text.slice(0, comment)).trimEnd();
}

/** Nothing, or a comment. */
function requireEnd(rest: string): void {
  if (!/^ *(?: #.*)?$/.test(rest)) throw notPlain;
}

/** How long the quoted text that starts there is; it ends on this line. */
function quotedLength(text: string, start = 0): number {
  const mark = text[start]!;
  for (let at = start + 1; at < text.length; at++) {
    if (mark === '"' && text[at] === "\\") at++;
    else if (text[at] === mark) {
      if (mark === '"' || text[at + 1] !== mark) return at + 1 - start;
      at++;
    }
  }
  throw notPlain;
}

function unquoted(text: string): string {
  if (text[0] === "'") return text.slice(1, -1).replaceAll("''", "'");
  if (!text.includes("\\")) return text.slice(1, -1);
  for (let at = text.indexOf("\\"); at !== -1; at = text.indexOf("\\", at + 2)) {
    // What JSON escapes, YAML does alike; it knows more of them.
    const escaped = text[at + 1]!;
    const isUnicode = escaped === "u" && /^[\da-fA-F]{4}$/.test(text.slice(at + 2, at + 6));
    if (!isUnicode && !'"\\/bfnrt'.includes(escaped)) throw notPlain;
  }
  return JSON.parse(text);
}

/** YAML 1.2, §10.3.2, "Tag Resolution". */
function plainScalar(text: string): unknown {
  if (!plainStart.test(text)) throw notPlain;
  switch (text) {
    case "~":
    case "null":
    case "Null":
    case "NULL":
      return null;
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
    case "-0":
      throw notPlain;
  }
  if (simpleInteger.test(text) || simpleFraction.test(text)) return Number(text);
  // `3.0.1` and `2017-04-20` are texts.
  if (otherNumber.test(text) && !/\..*\./.test(text)) throw notPlain;
  return text;
}

/** `{…}` and `[…]` on one line. */
class Flow {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    if (depth > depthMax) throw notPlain;
    switch (this.#text[this.at]) {
      case "{":
        return this.#map(depth);
      case "[":
        return this.#list(depth);
      case '"':
      case "'":
        return this.#quoted();
      default:
        return plainScalar(this.#plain());
    }
  }

  #map(depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    this.at++;
    this.#space();
    if (this.#take("}")) return map;
    for (;;) {
      const first = this.#text[this.at];
      const key = first === '"' || first === "'" ? this.#quoted() : plainKey(this.#plain());
      if (key === "__proto__" || key === "<<" || Object.hasOwn(map, key)) throw notPlain;
      if (!this.#take(":") || !this.#take(" ")) throw notPlain;
      this.#space();
      map[key] = this.value(depth + 1);
      this.#space();
      if (this.#take("}")) return map;
      if (!this.#take(",")) throw notPlain;
      this.#space();
    }
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.at++;
    this.#space();
    if (this.#take("]")) return list;
    for (;;) {
      list.push(this.value(depth + 1));
      this.#space();
      if (this.#take("]")) return list;
      if (!this.#take(",")) throw notPlain;
      this.#space();
    }
  }

  #quoted(): string {
    const start = this.at;
    this.at += quotedLength(this.#text, start);
    return unquoted(this.#text.slice(start, this.at));
  }

  /** Plain text up to what ends it in a flow collection. */
  #plain(): string {
    const start = this.at;
    for (; this.at < this.#text.length; this.at++) {
      const character = this.#text[this.at]!;
      if (",[]{}".includes(character)) break;
      if (character === "#" && this.#text[this.at - 1] === " ") throw notPlain;
      if (character === ":" && /^[ ,[\]{}]?$/.test(this.#text.slice(this.at + 1, this.at + 2))) break;
    }
    const text = this.#text.slice(start, this.at).trimEnd();
    if (text === "") throw notPlain;
    return text;
  }

  #space(): void {
    while (this.#text[this.at] === " ") this.at++;
  }

  #take(character: string): boolean {
    if (this.#text[this.at] !== character) return false;
    this.at++;
    return true;
  }
}
