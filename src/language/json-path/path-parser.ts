import { bounds } from "../../base/bounds.ts";
import { Cursor } from "./cursor.ts";
import { FilterParser } from "./filter-parser.ts";
import { InvalidPath, type Parameter, type Path, type PathToken } from "./path-syntax.ts";

const nestingMax = bounds.jsonPathNestingMax.value;

/**
 * Parses a JSONPath as Jayway 2.9 does, with its oddities; test/differential/json-path compares it with the original.
 * Throws {@link InvalidPath}.
 */
export function parsePath(text: string, offset = 0, nesting = 0): Path {
  try {
    let cursor = new Cursor(text, offset);
    cursor.trim();
    if (cursor.charAt(0) !== "$" && cursor.charAt(0) !== "@") {
      cursor = new Cursor(`$.${text}`, offset - 2);
      cursor.trim();
    }
    if (cursor.charAt(cursor.end - 1) === ".") {
      throw cursor.fail("Path must not end with a '.' or '..'", cursor.end - 1);
    }
    return new PathParser(cursor, nesting).parse();
  } catch (error) {
    if (error instanceof InvalidPath) throw error;
    throw new InvalidPath("Path ends too early", offset + text.length);
  }
}

class PathParser {
  readonly #cursor: Cursor;
  readonly #nesting: number;
  readonly #tokens: PathToken[] = [];

  constructor(cursor: Cursor, nesting: number) {
    this.#cursor = cursor;
    this.#nesting = nesting;
    if (nesting > nestingMax) throw cursor.fail(`Paths nested more than ${nestingMax} deep`);
  }

  parse(): Path {
    const cursor = this.#cursor;
    while (cursor.has(cursor.at) && isBlank(cursor.current)) cursor.at++;
    const root = cursor.current;
    if (root !== "$" && root !== "@") throw cursor.fail("Path must start with '$' or '@'");
    if (cursor.isTail) return { root, tokens: [] };
    cursor.at++;
    if (cursor.current !== "." && cursor.current !== "[") {
      throw cursor.fail(`Illegal character at position ${cursor.at} expected '.' or '['`);
    }
    do this.#token();
    while (!cursor.isTail);
    return { root, tokens: this.#tokens };
  }

  /** Reads one token with the dots before it, and leaves the cursor behind it. */
  #token(): void {
    const cursor = this.#cursor;
    if (cursor.current === ".") this.#dots();
    else if (cursor.current === "[") this.#bracket();
    else if (cursor.current === "*") {
      if (cursor.isTail && cursor.at > cursor.end) throw cursor.fail("Unexpected *");
      cursor.at++;
      this.#tokens.push({ kind: "wildcard" });
    } else this.#propertyOrFunction();
  }

  #dots(): void {
    const cursor = this.#cursor;
    if (cursor.has(cursor.at + 1) && cursor.charAt(cursor.at + 1) === ".") {
      this.#tokens.push({ kind: "scan" });
      cursor.at += 2;
    } else if (!cursor.has(cursor.at + 1)) throw cursor.fail("Path must not end with a '.'");
    else cursor.at++;
    if (cursor.current === ".") throw cursor.fail(`Character '.' on position ${cursor.at} is not valid.`);
    this.#token();
  }

  #propertyOrFunction(): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    if (cursor.current === " ") throw cursor.fail(`Could not parse token starting at position ${start}`);
    let end = start;
    while (cursor.has(end) && !".[(".includes(cursor.charAt(end))) {
      if (cursor.charAt(end) === " ") {
        const hint = "Use bracket notion ['my prop'] if your property contains blank characters.";
        throw cursor.fail(`${hint} position: ${start}`, end);
      }
      end++;
    }
    const name = cursor.text.slice(start, end);
    if (!cursor.has(end) || cursor.charAt(end) !== "(") {
      cursor.at = end;
      this.#tokens.push({ kind: "property", names: [name] });
      return;
    }
    this.#checkClosed(name, end);
    let parameters: Parameter[] = [];
    // Jayway quirk: without parameters the closing parenthesis is left, so that nothing can follow: `a.length().b` is a
    // property named `)` of the length.
    cursor.at = end + 1;
    if (cursor.charAt(end + 1) !== ")") parameters = this.#parameters(name);
    this.#tokens.push({ kind: "function", name, parameters });
  }

  #checkClosed(name: string, open: number): void {
    const cursor = this.#cursor;
    let opened = 1;
    for (let at = open + 1; cursor.has(at) && opened > 0; at++) {
      if (cursor.charAt(at) === ")") opened--;
      else if (cursor.charAt(at) === "(") opened++;
    }
    if (opened > 0) throw cursor.fail(`Arguments to function: '${name}' are not closed properly.`, open);
  }

  /** Reads a function's parameters, which commas outside of strings, braces and brackets separate. */
  #parameters(name: string): Parameter[] {
    const cursor = this.#cursor;
    const parameters: Parameter[] = [];
    let type: Parameter["kind"] | undefined;
    let parentheses = 1;
    let brackets = 0;
    let braces = 0;
    let quotes = 0;
    let text = "";
    let start = 0;
    let previous = "";
    for (let isEnd = false; cursor.has(cursor.at) && !isEnd; ) {
      const character = cursor.current;
      cursor.at++;
      if (type === undefined) {
        if (isBlank(character)) continue;
        start = cursor.at - 1;
        if (/[{"\d-]/.test(character)) type = "json";
        else if (character === "$" || character === "@") type = "path";
      }
      if (character === '"') quotes += previous !== "\\" && quotes > 0 ? -1 : 1;
      else if (character === "(") parentheses++;
      else if (character === "{") braces++;
      else if (character === "[") brackets++;
      else if (character === "}" && --braces < 0) throw cursor.fail("Unexpected close brace '}'", cursor.at - 1);
      else if (character === "]" && --brackets < 0) throw cursor.fail("Unexpected close bracket ']'", cursor.at - 1);
      else if (character === ")" || character === ",") {
        if (character === ")" && (--parentheses < 0 || previous === "(")) text += character;
        const isOutside = quotes === 0 && braces === 0 && brackets === 0;
        if (isOutside && (parentheses === 1 || (parentheses === 0 && character === ")"))) {
          isEnd = parentheses === 0;
          if (type !== undefined) parameters.push(this.#parameter(type, text, start));
          text = "";
          type = undefined;
        }
      }
      if (type !== undefined && !(character === "," && braces === 0 && brackets === 0 && parentheses === 1)) {
        text += character;
      }
      previous = character;
    }
    if (braces !== 0 || parentheses !== 0 || brackets !== 0) {
      throw cursor.fail(`Arguments to function: '${name}' are not closed properly.`);
    }
    return parameters;
  }

  #parameter(type: Parameter["kind"], text: string, start: number): Parameter {
    if (type === "json") return { kind: "json", text };
    const cursor = new Cursor(text, this.#cursor.offset + start);
    return { kind: "path", path: new PathParser(cursor, this.#nesting + 1).parse() };
  }

  #bracket(): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    const next = cursor.nextSignificant();
    if (next === "'" || next === '"') this.#bracketProperties(next);
    else if (/[\d:-]/.test(next) && this.#indexes()) return;
    else if (next === "*") this.#bracketWildcard();
    else if (next === "?" && this.#filter()) return;
    else throw cursor.fail(`Could not parse token starting at position ${start}. Expected ?, ', 0-9, *`);
  }

  #bracketProperties(quote: string): void {
    const cursor = this.#cursor;
    const names: string[] = [];
    let start = -1;
    let end = 0;
    let isAfterComma = false;
    for (let at = cursor.at + 1; cursor.has(at); at++) {
      const character = cursor.charAt(at);
      if (character === "\\") {
        at++;
      } else if (character === "]" && start < 0) {
        if (isAfterComma) throw cursor.fail(`Found empty property at index ${at}`, at);
        break;
      } else if (character === quote && start >= 0) {
        const next = cursor.nextSignificant(at);
        if (next !== "]" && next !== ",") {
          const reason = "Property must be separated by comma or Property must be terminated close square bracket";
          throw cursor.fail(`${reason} at index ${at}`, at);
        }
        end = at;
        names.push(unescapeText(cursor.text.slice(start, end), cursor.column(start)));
        start = -1;
      } else if (character === quote) {
        start = at + 1;
        isAfterComma = false;
      } else if (character === "," && start < 0) {
        if (isAfterComma) throw cursor.fail(`Found empty property at index ${at}`, at);
        isAfterComma = true;
      }
    }
    if (start >= 0) throw cursor.fail(`Property has not been closed - missing closing ${quote}`, start);
    const close = cursor.nextIndex(end);
    if (cursor.charAt(close) !== "]") throw cursor.fail("Property has not been closed - missing closing ]", end);
    cursor.at = close + 1;
    this.#tokens.push({ kind: "property", names });
  }

  /** Reads `[1]`, `[1,2]`, `[1:]`, `[1:2]` or `[:2]`; returns false for anything else. */
  #indexes(): boolean {
    const cursor = this.#cursor;
    const close = cursor.text.slice(0, cursor.end).indexOf("]", cursor.at + 1);
    if (close < 0) return false;
    const text = cursor.text.slice(cursor.at + 1, close).trim();
    if (/[^\d,: -]/.test(text)) return false;
    if (text.includes(":")) {
      if (/[, ]/.test(text)) throw cursor.fail(`Failed to parse SliceOperation: ${text}`);
      const [from, to] = text.split(":").map((part) => (part === "" ? undefined : this.#integer(part)));
      if (from === undefined && to === undefined) throw cursor.fail(`Failed to parse SliceOperation: ${text}`);
      this.#tokens.push({ kind: "slice", from, to });
    } else {
      this.#tokens.push({ kind: "index", indexes: text.split(/\s*,\s*/).map((part) => this.#integer(part)) });
    }
    cursor.at = close + 1;
    return true;
  }

  /** Java's Integer.parseInt. */
  #integer(text: string): number {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value > 0x7fffffff || value < -0x80000000) {
      throw this.#cursor.fail(`Failed to parse token in ArrayIndexOperation: ${text}`);
    }
    return value === 0 ? 0 : value;
  }

  #bracketWildcard(): void {
    const cursor = this.#cursor;
    const star = cursor.nextIndex();
    const close = cursor.nextIndex(star);
    if (!cursor.has(close) || cursor.charAt(close) !== "]") {
      throw cursor.fail(`Expected wildcard token to end with ']' on position ${star + 1}`, star);
    }
    cursor.at = close + 1;
    this.#tokens.push({ kind: "wildcard" });
  }

  /** Reads `[?(…)]`; returns false for anything else. */
  #filter(): boolean {
    const cursor = this.#cursor;
    const question = cursor.nextIndex();
    const open = cursor.nextIndex(question);
    if (cursor.charAt(open) !== "(") return false;
    const close = cursor.closing(open, "(", ")", true);
    if (close < 0) return false;
    const end = cursor.nextIndex(close);
    if (!cursor.has(end) || cursor.charAt(end) !== "]") return false;
    const text = cursor.text.slice(cursor.at, end + 1);
    const nesting = this.#nesting + 1;
    const nested = (path: string, offset: number): Path => parsePath(path, offset, nesting);
    const condition = new FilterParser(text, cursor.offset + cursor.at, nested).parse();
    this.#tokens.push({ kind: "filter", condition });
    cursor.at = end + 1;
    return true;
  }
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}

const escapes: Readonly<Record<string, string>> = { r: "\r", f: "\f", t: "\t", n: "\n", b: "\b" };

/** Removes the backslashes from a quoted name or text. */
export function unescapeText(text: string, column: number): string {
  if (!text.includes("\\")) return text;
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character !== "\\") {
      result += character;
      continue;
    }
    const escaped = text[++at];
    if (escaped === "u") {
      const digits = text.slice(at + 1, at + 5);
      if (digits.length === 4 && !/^[0-9a-fA-F]{4}$/.test(digits)) {
        throw new InvalidPath(`Unable to parse unicode value: ${digits}`, column + at);
      }
      if (digits.length === 4) result += String.fromCharCode(Number.parseInt(digits, 16));
      at += 4;
    } else result += escaped === undefined ? "\\" : (escapes[escaped] ?? escaped);
  }
  return result;
}
