import { ownText } from "./query-memory.ts";
import { allowText } from "./query-work.ts";

/** What a field has in one record; a field without a value is absent. */
export type QueryValue = string | number | boolean | undefined;

/** A stored line, as queries read it. */
export interface QueriedLine {
  readonly ms: number;
  readonly ingestedMs: number;
  readonly message: string;
  readonly stream: string;
  /** `{account}:{group}` */
  readonly log: string;
  /** The line's own name in results: `@ptr`. */
  readonly ptr: string;
}

/** A row on its way through a query: a line, with what commands have made of it; or a row that `stats` has made. */
export class QueryRecord {
  line: QueriedLine | undefined;
  /** Most records have none, and very many may be kept. */
  #values: Map<string, QueryValue> | undefined = undefined;
  #json: unknown = undefined;
  #isParsed = false;

  constructor(line?: QueriedLine) {
    this.line = line;
  }

  /**
   * Copies all texts, which may be views of far more memory, since the record is kept. Returns how many characters it has, and
   * what it costs besides.
   */
  keep(): number {
    let chars = charsPerRecord;
    for (const [name, value] of this.#values ?? []) {
      chars += charsPerValue;
      if (typeof value !== "string") continue;
      chars += value.length;
      this.set(name, ownText(value));
    }
    if (this.line === undefined) return chars;
    this.line = { ...this.line, message: ownText(this.line.message) };
    // What was parsed may be much larger than the text. Few fields are asked for again.
    this.#json = undefined;
    this.#isParsed = false;
    return chars + this.line.message.length;
  }

  set(name: string, value: QueryValue): void {
    this.#values ??= new Map();
    this.#values.set(name, value);
  }

  get(name: string): QueryValue {
    if (this.#values?.has(name) === true) return this.#values.get(name);
    if (this.line === undefined) return undefined;
    const own = Object.hasOwn(ownFields, name) ? ownFields[name]!(this.line) : undefined;
    if (own !== undefined) return own;
    // AWS: a member whose name begins with `@` has another one before it.
    if (name.startsWith("@@")) return this.#member(name.slice(1));
    return name.startsWith("@") ? undefined : this.#member(name);
  }

  /** A member of a JSON message: `a.b.0`. AWS: "Supported logs and discovered fields", fields in JSON. */
  #member(name: string): QueryValue {
    if (!this.#isParsed) {
      this.#isParsed = true;
      this.#json = parseObject(this.line!.message);
    }
    let value = this.#json;
    if (value === undefined) return undefined;
    if (typeof value === "object" && value !== null && Object.hasOwn(value, name)) return scalar(memberOf(value, name));
    for (const part of name.split(".")) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
      value = memberOf(value, part);
    }
    return scalar(value);
  }
}

/** What a record, and each value that it has besides its line, costs besides characters. */
const charsPerRecord = 350;
const charsPerValue = 100;

const memberOf = (value: object, name: string): unknown => (value as Readonly<Record<string, unknown>>)[name];

/**
 * Parses a message that is a JSON object, or has one, as access logs and functions write it. AWS: "Supported logs and discovered
 * fields": of several fragments the first.
 */
function parseObject(message: string): unknown {
  const begin = message.indexOf("{");
  if (begin < 0) return undefined;
  return parseJson(message.slice(begin)) ?? parseJson(firstFragment(message, begin));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Returns the text up to the brace that closes the first one; the empty text if none does. */
function firstFragment(message: string, begin: number): string {
  if (!allowText(message.length)) return "";
  let depth = 0;
  for (let at = begin; at < message.length; at++) {
    const character = message[at];
    if (character === '"') {
      for (at++; at < message.length && message[at] !== '"'; at++) if (message[at] === "\\") at++;
    } else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return message.slice(begin, at + 1);
  }
  return "";
}

function scalar(value: unknown): QueryValue {
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null || value === undefined || !allowText(0)) return undefined;
  const text = JSON.stringify(value);
  allowText(text.length);
  return text;
}

const textOfReport =
  (pattern: RegExp) =>
  ({ message }: QueriedLine): string | undefined =>
    message.startsWith("REPORT RequestId: ") ? pattern.exec(message)?.[1] : undefined;

const numberOfReport = (pattern: RegExp, factor = 1): ((line: QueriedLine) => QueryValue) => {
  const read = textOfReport(pattern);
  return (line) => {
    const found = read(line);
    return found === undefined ? undefined : Number(found) * factor;
  };
};

/**
 * The fields that AWS finds in lines. AWS: CloudWatch Logs User Guide, "Supported logs and discovered fields": those of every log,
 * and those of Lambda.
 */
const ownFields: Readonly<Record<string, (line: QueriedLine) => QueryValue>> = {
  "@message": ({ message }) => message,
  "@timestamp": ({ ms }) => ms,
  "@ingestionTime": ({ ingestedMs }) => ingestedMs,
  "@logStream": ({ stream }) => stream,
  "@log": ({ log }) => log,
  "@ptr": ({ ptr }) => ptr,
  "@type": ({ message }) => /^(START|END|REPORT) RequestId: /.exec(message)?.[1],
  "@requestId": ({ message }) =>
    /^(?:(?:START|END|REPORT) RequestId: |[^\t\n]{1,40}\t)([0-9a-f-]{36})(?=\s)/.exec(message)?.[1],
  "@duration": numberOfReport(/\tDuration: ([\d.]+) ms/),
  "@billedDuration": numberOfReport(/\tBilled Duration: ([\d.]+) ms/),
  "@initDuration": numberOfReport(/\tInit Duration: ([\d.]+) ms/),
  "@memorySize": numberOfReport(/\tMemory Size: (\d+) MB/, 1_000_000),
  "@maxMemoryUsed": numberOfReport(/\tMax Memory Used: (\d+) MB/, 1_000_000),
  "@xrayTraceId": textOfReport(/\nXRAY TraceId: (\S+)/),
  "@xraySegmentId": textOfReport(/\tSegmentId: (\S+)/),
};

/** Returns a value as a number, if it is one or is written like one. */
export function asNumber(value: QueryValue): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.length > 40 || !/^\s*-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value))
    return undefined;
  return Number(value);
}

/** Returns a value as results show it. Numbers have four decimals at most. */
export function asText(value: QueryValue): string | undefined {
  if (typeof value === "number") return String(Number.isInteger(value) ? value : Number(value.toFixed(4)));
  if (typeof value === "boolean") return value ? "1" : "0";
  return value;
}

/** Orders values: numbers as numbers, and everything else as text. Absent ones come first. */
export function compareValues(left: QueryValue, right: QueryValue): number {
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined);
  const [a, b] = [asNumber(left), asNumber(right)];
  if (a !== undefined && b !== undefined) return a - b;
  const [x, y] = [asText(left)!, asText(right)!];
  return x < y ? -1 : Number(x > y);
}

/** Returns a time as results show it: `2026-11-21 07:30:00.000`. */
export const timeText = (ms: number): string =>
  Number.isFinite(ms) && Math.abs(ms) < 8.64e15
    ? new Date(ms).toISOString().replace("T", " ").replace("Z", "")
    : String(ms);
