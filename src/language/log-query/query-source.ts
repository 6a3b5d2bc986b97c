import type { Expression } from "./query-expression.ts";

/** Why a text is no query, and where: offsets into the text. */
export class QueryError extends Error {
  readonly start: number;
  readonly end: number;
  constructor(message: string, start: number, end: number) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

/** A duration of `bin(5m)`, in milliseconds. */
export interface Duration {
  readonly ms: number;
}

/** AWS: "CloudWatch Logs Insights query syntax", functions, time units. */
const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  mo: 2_592_000_000,
  q: 7_776_000_000,
  y: 31_536_000_000,
};
const longUnits: Readonly<Record<string, string>> = {
  msec: "ms",
  sec: "s",
  second: "s",
  seconds: "s",
  min: "m",
  minute: "m",
  minutes: "m",
  hr: "h",
  hour: "h",
  hours: "h",
  day: "d",
  days: "d",
  week: "w",
  weeks: "w",
  month: "mo",
  quarter: "q",
  year: "y",
};

/** Reads the text of a query from left to right. */
export class QueryReader {
  readonly #text: string;
  at = 0;
  /** Parses a call that is no function of expressions: an aggregation, while `stats` reads its columns. */
  parseAggregation: ((name: string, start: number) => Expression | undefined) | undefined = undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Skips white space and comments, which begin with `#` and end with the line. */
  #skip(): void {
    for (;;) {
      const rest = /\s*/y;
      rest.lastIndex = this.at;
      this.at += rest.exec(this.#text)?.[0].length ?? 0;
      if (this.#text[this.at] !== "#") return;
      const end = this.#text.indexOf("\n", this.at);
      this.at = end < 0 ? this.#text.length : end;
    }
  }

  get isAtEnd(): boolean {
    this.#skip();
    return this.at >= this.#text.length;
  }

  /** What was written from `start` to here, without white space around it. */
  since(start: number): string {
    return this.#text.slice(start, this.at).trim();
  }

  /** The place of what comes next. */
  get place(): number {
    this.#skip();
    return this.at;
  }

  /** Takes what the pattern, which has the flag `y`, matches here. */
  #take(pattern: RegExp): string | undefined {
    this.#skip();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Takes a symbol, if it is next. */
  symbol(...symbols: readonly string[]): string | undefined {
    this.#skip();
    const found = symbols.find((symbol) => this.#text.startsWith(symbol, this.at));
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Takes one of these words, in whatever case, if it is next. */
  word(...words: readonly string[]): string | undefined {
    const before = this.at;
    const found = this.#take(/[A-Za-z_]\w*/y)?.toLowerCase();
    if (found !== undefined && words.includes(found)) return found;
    this.at = before;
    return undefined;
  }

  /** Takes the name of a field: `@message`, `a.b.0`, or anything between backticks. */
  name(): string | undefined {
    const quoted = this.#take(/`[^`]+`/y);
    if (quoted !== undefined) return quoted.slice(1, -1);
    return this.#take(/[@A-Za-z_][\w@]*(?:\.[\w@]+)*/y);
  }

  number(): number | undefined {
    const found = this.#take(/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    return found === undefined ? undefined : Number(found);
  }

  duration(): Duration | undefined {
    const before = this.at;
    const count = this.#take(/\d+/y);
    const unit = this.#take(/[a-z]+/y);
    const ms = units[unit ?? ""] ?? units[longUnits[unit ?? ""] ?? ""];
    if (count !== undefined && ms !== undefined && Number(count) > 0) return { ms: Number(count) * ms };
    this.at = before;
    return undefined;
  }

  /** Takes a text between quotes, where `\` stands before a character that is itself. */
  string(): string | undefined {
    const found = this.#take(/"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y);
    return found?.slice(1, -1).replace(/\\([\s\S])/g, (_, character: string) => escapes[character] ?? character);
  }

  /** Takes a regular expression between slashes. */
  pattern(): string | undefined {
    const found = this.#take(/\/(?:[^/\\\n]|\\[^\n])+\//y);
    return found?.slice(1, -1).replaceAll("\\/", "/");
  }

  /** Refuses what is next, in AWS's words. */
  unexpected(): QueryError {
    const start = this.place;
    if (this.isAtEnd) return new QueryError("unexpected end of the query", start, start);
    const found = this.#take(/[\w@.]+|[^\s]/y) ?? "";
    const line = this.#text.slice(0, start).split("\n").length;
    const position = start - this.#text.lastIndexOf("\n", start - 1);
    return new QueryError(
      `unexpected symbol found ${found} at line ${line} and position ${position}`,
      start,
      start + found.length,
    );
  }

  expect(symbol: string): void {
    if (this.symbol(symbol) === undefined) throw this.unexpected();
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
