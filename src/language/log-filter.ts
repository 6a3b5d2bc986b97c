import { bounds } from "../base/bounds.ts";
import { type EcmaPattern, parseEcmaPattern } from "./ecma-pattern.ts";

/** Returns whether an event's message matches. It never throws, and its time is bounded for every message. */
export type LogFilter = (message: string) => boolean;

/** A pattern, or in AWS's words why the text is not one. */
export type ParsedLogFilter =
  | { readonly kind: "filter"; readonly matches: LogFilter }
  | { readonly kind: "invalid"; readonly message: string };

/**
 * Parses one of CloudWatch Logs' filter patterns: terms (`ERROR -"time out" %5\d\d%`), alternatives (`?ERROR ?WARN`),
 * conditions on JSON (`{ $.status >= 500 && $.path = "/pets*" }`) and on fields between spaces (`[ip, ..., status = 5*,
 * bytes]`).
 *
 * AWS: Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log
 * events, and Live Tail".
 */
export function parseLogFilter(source: string): ParsedLogFilter {
  try {
    return { kind: "filter", matches: parse(source.trim()) };
  } catch (error) {
    if (error instanceof InvalidPattern) return { kind: "invalid", message: error.message };
    throw error;
  }
}

class InvalidPattern extends Error {
  constructor(message = "Invalid filter pattern") {
    super(message);
  }
}

/** AWS: the page named above, Quotas. */
const expressionsMax = bounds.logFilterExpressionsMax.value;

function parse(source: string): LogFilter {
  if (source === "") return () => true;
  const reader = new PatternReader(source);
  if (source.startsWith("{")) return parseJsonConditions(reader);
  return source.startsWith("[") ? parseFields(reader) : parseTerms(reader);
}

/** Reads a pattern from left to right. */
class PatternReader {
  readonly #source: string;
  #at = 0;
  #expressions = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  skipSpace(): void {
    while (/\s/.test(this.#source.charAt(this.#at))) this.#at++;
  }

  /** Skips white space and takes the text, if it comes next. */
  takes(text: string): boolean {
    this.skipSpace();
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  expect(text: string): void {
    if (!this.takes(text)) throw new InvalidPattern();
  }

  /** Returns what a sticky expression matches here, or undefined. */
  match(expression: RegExp): string | undefined {
    const sticky = new RegExp(expression.source, `${expression.flags}y`);
    sticky.lastIndex = this.#at;
    const matched = sticky.exec(this.#source)?.[0];
    if (matched !== undefined) this.#at += matched.length;
    return matched;
  }

  /** Reads a text in double quotes; `\"` and `\\` stand for the second character. */
  quoted(): string | undefined {
    const raw = this.match(/"(?:[^"\\]|\\[\s\S])*"/);
    return raw?.slice(1, -1).replaceAll(/\\(["\\])/g, "$1");
  }

  /** Reads a regular expression between percent signs. */
  expression(most: number): EcmaPattern | undefined {
    const raw = this.match(/%[^%]*%/);
    if (raw === undefined) return undefined;
    const source = raw.slice(1, -1);
    // AWS: the page named above, Supported regular expressions (regex) syntax. There are no groups, so none can nest.
    if (!/^[A-Za-z0-9:_#=@/;,\-^$?[\]{}|\\*+. ]+$/.test(source)) {
      throw new InvalidPattern(`Invalid character(s) in term '${raw}'`);
    }
    const pattern = parseEcmaPattern(source);
    this.#expressions += 1;
    if (pattern === undefined || this.#expressions > most) throw new InvalidPattern();
    return pattern;
  }
}

// ---- Terms ----

function parseTerms(reader: PatternReader): LogFilter {
  const required: LogFilter[] = [];
  const excluded: LogFilter[] = [];
  const optional: LogFilter[] = [];
  for (reader.skipSpace(); !reader.isAtEnd; reader.skipSpace()) {
    const sign = reader.match(/[?-]/);
    reader.skipSpace();
    const list = sign === "?" ? optional : sign === "-" ? excluded : required;
    list.push(parseTerm(reader));
  }
  // AWS: the page named above: beside other terms, those with a question mark are ignored.
  if (required.length === 0 && excluded.length === 0) return (message) => optional.some((has) => has(message));
  return (message) => required.every((has) => has(message)) && !excluded.some((has) => has(message));
}

function parseTerm(reader: PatternReader): LogFilter {
  const pattern = reader.expression(Number.POSITIVE_INFINITY);
  if (pattern) return (message) => pattern.isFoundIn(message);
  const text = reader.quoted();
  if (text !== undefined) {
    if (text === "") throw new InvalidPattern(`Invalid character(s) in term '""'`);
    return (message) => message.includes(text);
  }
  const term = reader.match(/\S+/) ?? "";
  if (!/^[\p{L}\p{N}_]+$/u.test(term)) throw new InvalidPattern(`Invalid character(s) in term '${term}'`);
  return (message) => message.includes(term);
}

// ---- Conditions, which JSON and fields share ----

type Scalar = string | number | boolean;
type Compare = (value: Scalar) => boolean;

const operators = ["!=", ">=", "<=", "=", ">", "<"] as const;
type Operator = (typeof operators)[number];

const comparisons: Readonly<Record<Operator, (left: number, right: number) => boolean>> = {
  "=": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
};

/** AWS: the page named above: an integer or decimal with an optional sign, or a number in scientific notation. */
const isNumber = (text: string): boolean => /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text);

/** Reads an operator and its right side. */
function parseComparison(reader: PatternReader, bare: RegExp): Compare {
  reader.skipSpace();
  let operator = operators.find((candidate) => reader.takes(candidate));
  if (operator === undefined) throw new InvalidPattern();
  // AWS quirk: the examples of fields write `=!` for `!=`.
  if (operator === "=" && reader.takes("!")) operator = "!=";
  reader.skipSpace();
  const isOf = operator === "!=" ? (is: boolean) => !is : (is: boolean) => is;
  const isEquality = operator === "=" || operator === "!=";
  const pattern = isEquality ? reader.expression(expressionsMax) : undefined;
  if (pattern) return (value) => isOf(pattern.isFoundIn(String(value)));
  const quotedText = reader.quoted();
  const text = quotedText ?? reader.match(bare);
  if (text === undefined) throw new InvalidPattern();
  if (quotedText === undefined && isNumber(text)) {
    const wanted = Number(text);
    const compare = comparisons[operator];
    return (value) => {
      if (typeof value === "number") return compare(value, wanted);
      if (typeof value === "string" && isNumber(value)) return compare(Number(value), wanted);
      return operator === "!=";
    };
  }
  if (!isEquality) throw new InvalidPattern();
  const matches = linkWildcards(text);
  return (value) => isOf(matches(String(value)));
}

/** Makes a test of a text in which a `*` at either end stands for any text. Elsewhere a `*` stands for itself. */
function linkWildcards(text: string): LogFilter {
  const isOpenStart = text.startsWith("*");
  const isOpenEnd = text.length > 1 && text.endsWith("*");
  const fixed = text.slice(isOpenStart ? 1 : 0, isOpenEnd ? -1 : undefined);
  if (isOpenStart && isOpenEnd) return (value) => value.includes(fixed);
  if (isOpenStart) return (value) => value.endsWith(fixed);
  if (isOpenEnd) return (value) => value.startsWith(fixed);
  return (value) => value === fixed;
}

/** `a && b || (c)`, with && before ||. */
function parseExpression<T>(reader: PatternReader, condition: () => (value: T) => boolean): (value: T) => boolean {
  const primary = (): ((value: T) => boolean) => {
    if (!reader.takes("(")) return condition();
    const inner = either();
    reader.expect(")");
    return inner;
  };
  const both = (): ((value: T) => boolean) => {
    const parts = [primary()];
    while (reader.takes("&&")) parts.push(primary());
    return (value) => parts.every((part) => part(value));
  };
  const either = (): ((value: T) => boolean) => {
    const parts = [both()];
    while (reader.takes("||")) parts.push(both());
    return (value) => parts.some((part) => part(value));
  };
  return either();
}

// ---- JSON ----

function parseJsonConditions(reader: PatternReader): LogFilter {
  reader.expect("{");
  const condition = parseExpression(reader, () => parseJsonCondition(reader));
  if (!reader.takes("}")) {
    reader.skipSpace();
    throw new InvalidPattern(reader.isAtEnd ? "If a filter pattern starts with '{' it must end with '}'" : undefined);
  }
  reader.skipSpace();
  if (!reader.isAtEnd) throw new InvalidPattern();
  return (message) => {
    const value = parseObject(message);
    return value !== undefined && condition(value);
  };
}

function parseObject(message: string): object | undefined {
  // The first character shows that most messages are not JSON, which costs less than an exception.
  if (!/^\s*[[{]/.test(message)) return undefined;
  try {
    return JSON.parse(message) as object;
  } catch {
    return undefined;
  }
}

/** A property's name, an element's index, or `*` for all elements. */
type Step = string | number | { readonly isAny: true };

const anyElement: Step = { isAny: true };

function parseJsonCondition(reader: PatternReader): (value: object) => boolean {
  const path = parseSelector(reader);
  reader.skipSpace();
  const word = reader
    .match(/(?:IS\s+(?:NULL|TRUE|FALSE)|NOT\s+EXISTS|EXISTS)\b/i)
    ?.toUpperCase()
    .replace(/\s+/g, " ");
  if (word !== undefined) return linkWord(word, path);
  const compare = parseComparison(reader, /[^\s"%&|(){}=<>!]+/);
  return (value) => some(value, path, 0, (found) => isScalar(found) && compare(found));
}

function linkWord(word: string, path: readonly Step[]): (value: object) => boolean {
  if (word === "EXISTS") return (value) => some(value, path, 0, () => true);
  if (word === "NOT EXISTS") return (value) => !some(value, path, 0, () => true);
  const wanted = word === "IS NULL" ? null : word === "IS TRUE";
  return (value) => some(value, path, 0, (found) => found === wanted);
}

function parseSelector(reader: PatternReader): readonly Step[] {
  reader.expect("$");
  const path: Step[] = [];
  for (;;) {
    const name = reader.match(/\.[A-Za-z0-9_-]+/);
    if (name !== undefined) {
      path.push(name.slice(1));
      continue;
    }
    const bracket = reader.match(/\.?\[(?:\d{1,9}|\*|'[^']*'|"[^"]*")\]/);
    if (bracket === undefined) break;
    const inside = bracket.slice(bracket.indexOf("[") + 1, -1);
    if (inside === "*") path.push(anyElement);
    else path.push(/^\d/.test(inside) ? Number(inside) : inside.slice(1, -1));
  }
  if (path.length === 0) throw new InvalidPattern();
  return path;
}

/** Returns whether a value at the path passes the test. */
function some(value: unknown, path: readonly Step[], at: number, test: (found: unknown) => boolean): boolean {
  const step = path[at];
  if (step === undefined) return test(value);
  if (typeof value !== "object" || value === null) return false;
  if (typeof step === "string") {
    // Only the event's own members count, not those that every object has.
    return Object.hasOwn(value, step) && some((value as Record<string, unknown>)[step], path, at + 1, test);
  }
  if (!Array.isArray(value)) return false;
  if (typeof step === "number") return step < value.length && some(value[step], path, at + 1, test);
  return value.some((element) => some(element, path, at + 1, test));
}

/** AWS: the page named above: a selector that points to an array or object doesn't match, with `!=` neither. */
const isScalar = (value: unknown): value is Scalar =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

// ---- Fields between spaces ----

/** One field's condition; undefined stands for `...`, any number of fields. */
type FieldTest = Compare | undefined;

function parseFields(reader: PatternReader): LogFilter {
  reader.expect("[");
  const tests: FieldTest[] = [];
  for (;;) {
    tests.push(parseField(reader));
    if (reader.takes("]")) break;
    if (!reader.takes(",")) {
      reader.skipSpace();
      throw new InvalidPattern(reader.isAtEnd ? "If a filter pattern starts with '[' it must end with ']'" : undefined);
    }
  }
  reader.skipSpace();
  const gap = tests.indexOf(undefined);
  if (!reader.isAtEnd || gap !== tests.lastIndexOf(undefined)) throw new InvalidPattern();
  const before = (gap < 0 ? tests : tests.slice(0, gap)) as readonly Compare[];
  const behind = (gap < 0 ? [] : tests.slice(gap + 1)) as readonly Compare[];
  const least = before.length + behind.length;
  return (message) => {
    const fields = fieldsOf(message);
    if (gap < 0 ? fields.length !== least : fields.length < least) return false;
    const from = fields.length - behind.length;
    return (
      before.every((test, index) => test(fields[index] as string)) &&
      behind.every((test, index) => test(fields[from + index] as string))
    );
  };
}

function parseField(reader: PatternReader): FieldTest {
  if (reader.takes("...") || reader.takes("…")) return undefined;
  reader.skipSpace();
  let name: string | undefined;
  let isPlain = false;
  const test = parseExpression<Scalar>(reader, () => {
    reader.skipSpace();
    const given = reader.match(/[\p{L}\p{N}_$][\p{L}\p{N}_$-]*/u);
    // A condition is about its own field.
    if (name !== undefined && given !== name) throw new InvalidPattern();
    name ??= given;
    reader.skipSpace();
    const hasCondition = reader.match(/(?=[=!<>])/) !== undefined;
    if (hasCondition && given !== undefined) return parseComparison(reader, /[^\s"%&|(){}[\],=<>!]+/);
    isPlain = true;
    return () => true;
  });
  if (isPlain && name === undefined) return () => true;
  return test;
}

/** Fields are between spaces; what is in double quotes or square brackets is one field, without them. */
function fieldsOf(message: string): readonly string[] {
  const fields: string[] = [];
  const start = /\S/g;
  const space = /\s|$/g;
  // A kind that nothing closes any more is not looked for again: the text may be full of its openings.
  const closings = new Map([
    ['"', '"'],
    ["[", "]"],
  ]);
  for (let match = start.exec(message); match; match = start.exec(message)) {
    const from = match.index;
    const closing = closings.get(match[0]);
    const end = closing === undefined ? -1 : message.indexOf(closing, from + 1);
    if (end >= 0) {
      fields.push(message.slice(from + 1, end));
      start.lastIndex = end + 1;
      continue;
    }
    closings.delete(match[0]);
    space.lastIndex = from;
    start.lastIndex = space.exec(message)?.index ?? message.length;
    fields.push(message.slice(from, start.lastIndex));
  }
  return fields;
}
