import { bounds } from "../../base/bounds.ts";
import { type Aggregate, type AggregateFactory, parseAggregate } from "./aggregates.ts";
import { parseParse } from "./parse-command.ts";
import { type Evaluate, type Expression, fieldExpression, isTrue, parseExpression } from "./query-expression.ts";
import {
  asNumber,
  asText,
  compareValues,
  type QueriedLine,
  QueryRecord,
  type QueryValue,
  timeText,
} from "./query-record.ts";
import { QueryError, QueryReader } from "./query-source.ts";

export type { QueriedLine } from "./query-record.ts";

/** One row of a result: fields with their values, without those that have none. */
export type ResultRow = readonly { readonly field: string; readonly value: string }[];

/** A query that runs. */
export interface RunningQuery {
  /** Takes a line. Returns false if no further line can change the result. Throws {@link QueryTooLarge}. */
  take(line: QueriedLine): boolean;
  /** How many lines have passed all filters before the first command that gathers lines. */
  readonly matched: number;
  /** Ends the query, and returns its result. */
  finish(): ResultRow[];
}

/** A query, or why the text is not one. */
export type ParsedLogQuery =
  | { readonly kind: "query"; begin(limit: number | undefined): RunningQuery }
  | { readonly kind: "invalid"; readonly message: string; readonly start: number; readonly end: number };

/** The result, or what has to be kept for it, takes too much memory. */
export class QueryTooLarge extends Error {}

/**
 * Parses a query of CloudWatch Logs Insights with the commands fields, display, filter, parse, stats, sort, limit and dedup.
 * AWS: CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax".
 */
export function parseLogQuery(text: string): ParsedLogQuery {
  try {
    const plan = new QueryParser(text).parse();
    return { kind: "query", begin: (limit) => begin(plan, limit) };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { kind: "invalid", message: error.message, start: error.start, end: error.end };
  }
}

/** Takes records one after another, and passes on what is left of them. */
interface Stage {
  /** Returns false if it needs no further record. */
  take(record: QueryRecord): boolean;
  end(): void;
}
type MakeStage = (next: Stage) => Stage;

/** A column of the result. */
interface Column {
  readonly name: string;
  readonly evaluate: Evaluate;
  readonly isTime: boolean;
}

interface QueryPlan {
  readonly stages: readonly MakeStage[];
  /** How many of them come before the first that gathers records. */
  readonly streamed: number;
  readonly columns: readonly Column[];
  /** Rows are lines, which have a name of their own in the result. */
  readonly isOfLines: boolean;
  /** How many records the last command leaves at most. */
  readonly limit: number | undefined;
}

const rowsMax = bounds.logQueryRowsMax.value;
const heldMax = bounds.logQueryHeldMax.value;
const charsMax = bounds.logQueryCharsMax.value;

class QueryParser {
  readonly #reader: QueryReader;
  readonly #stages: MakeStage[] = [];
  readonly #columns = new Map<string, Column>();
  /** Names that earlier commands have made of times. */
  readonly #times = new Set<string>();
  #streamed: number | undefined = undefined;
  #isOfLines = true;
  #isDisplayed = false;
  #isSorted = false;
  #hasFields = false;
  #limit: number | undefined = undefined;

  constructor(text: string) {
    this.#reader = new QueryReader(text);
  }

  parse(): QueryPlan {
    const reader = this.#reader;
    reader.symbol("|");
    if (reader.isAtEnd) throw reader.unexpected();
    do this.#command();
    while (reader.symbol("|") !== undefined);
    if (!reader.isAtEnd) throw reader.unexpected();
    this.#sortNewestFirst(this.#limit);
    if (this.#isOfLines && !this.#hasFields && !this.#isDisplayed) {
      const parsed = [...this.#columns.values()];
      this.#columns.clear();
      for (const name of ["@timestamp", "@message"]) this.#column(name, fieldExpression(name));
      for (const column of parsed) this.#columns.set(column.name, column);
    }
    return {
      stages: this.#stages,
      streamed: this.#streamed ?? this.#stages.length,
      columns: [...this.#columns.values()],
      isOfLines: this.#isOfLines,
      limit: this.#limit,
    };
  }

  #command(): void {
    const reader = this.#reader;
    const start = reader.place;
    const name = reader.word(...commandNames);
    if (name === undefined) throw reader.unexpected();
    switch (name) {
      case "fields":
      case "display":
        this.#fields(name === "display");
        return;
      case "filter":
      case "where":
        this.#filter();
        return;
      case "parse":
        this.#parse();
        return;
      case "stats":
        this.#stats();
        return;
      case "sort":
        this.#sort();
        return;
      case "dedup":
        this.#dedup();
        return;
      case "limit":
      case "head":
        this.#takeLimit();
        return;
      default:
        throw new QueryError(`the command ${name} is not known here`, start, start + name.length);
    }
  }

  #column(name: string, { evaluate, isTime }: Expression): void {
    this.#columns.set(name, { name, evaluate, isTime: isTime || this.#times.has(name) });
  }

  /** `a, b as c, strlen(d) as e` */
  #fields(isDisplay: boolean): void {
    const reader = this.#reader;
    if (isDisplay) {
      this.#columns.clear();
      this.#isDisplayed = true;
    } else this.#hasFields = true;
    do {
      const [name, expression] = this.#named();
      if (expression.field !== name) {
        if (expression.isTime) this.#times.add(name);
        this.#stage((next) => ({
          take(record) {
            record.set(name, expression.evaluate(record));
            return next.take(record);
          },
          end: () => next.end(),
        }));
      }
      // A `display` before has chosen the columns.
      if (isDisplay || !this.#isDisplayed) this.#column(name, fieldExpression(name));
    } while (reader.symbol(",") !== undefined);
  }

  /** An expression with its name: what follows `as`, or its own text. */
  #named(): readonly [name: string, expression: Expression] {
    const reader = this.#reader;
    const start = reader.place;
    const expression = parseExpression(reader);
    const own = expression.field ?? reader.since(start);
    return [this.#alias() ?? own, expression];
  }

  #alias(): string | undefined {
    const reader = this.#reader;
    if (reader.word("as") === undefined) return undefined;
    const name = reader.name();
    if (name === undefined) throw reader.unexpected();
    return name;
  }

  #filter(): void {
    const { evaluate } = parseExpression(this.#reader);
    this.#stage((next) => ({
      take: (record) => !isTrue(evaluate(record)) || next.take(record),
      end: () => next.end(),
    }));
  }

  #parse(): void {
    const command = parseParse(this.#reader);
    this.#stage((next) => ({
      take(record) {
        command.run(record);
        return next.take(record);
      },
      end: () => next.end(),
    }));
    if (!this.#isDisplayed) for (const name of command.names) this.#column(name, fieldExpression(name));
  }

  #stats(): void {
    const reader = this.#reader;
    const aggregates: { readonly name: string; readonly factory: AggregateFactory }[] = [];
    do {
      const start = reader.place;
      const factory = parseAggregate(reader);
      const own = reader.since(start);
      aggregates.push({ name: this.#alias() ?? own, factory });
    } while (reader.symbol(",") !== undefined);
    const groups: (readonly [name: string, expression: Expression])[] = [];
    if (reader.word("by") !== undefined) {
      do groups.push(this.#named());
      while (reader.symbol(",") !== undefined);
    }
    this.#gather((next) => new Groups(groups, aggregates, next));
    this.#isOfLines = false;
    this.#isDisplayed = false;
    this.#isSorted = true;
    this.#limit = undefined;
    const times = groups.map(([name, { isTime, field }]) => isTime || this.#times.has(field ?? name));
    this.#columns.clear();
    this.#times.clear();
    for (const [index, [name]] of groups.entries()) this.#timed(name, times[index]!);
    for (const { name, factory } of aggregates) this.#timed(name, factory.isTime);
  }

  #timed(name: string, isTime: boolean): void {
    if (isTime) this.#times.add(name);
    this.#column(name, fieldExpression(name));
  }

  #sort(): void {
    const reader = this.#reader;
    const keys: { readonly evaluate: Evaluate; readonly sign: number }[] = [];
    do {
      // `count(*)` names the column of an earlier `stats`.
      const start = reader.place;
      const column = this.#columnHere();
      if (column === undefined) reader.at = start;
      const { evaluate } = column ?? parseExpression(reader);
      keys.push({ evaluate, sign: reader.word("asc", "desc") === "desc" ? -1 : 1 });
    } while (reader.symbol(",") !== undefined);
    this.#isSorted = true;
    this.#gather((next) => new SortedRecords((left, right) => compareBy(keys, left, right), rowsMax, next));
  }

  /** The longest of the columns whose names are next in the text. */
  #columnHere(): Column | undefined {
    const names = [...this.#columns.keys()].sort((left, right) => right.length - left.length);
    const found = names.find((name) => name.includes("(") && this.#reader.symbol(name) !== undefined);
    return found === undefined ? undefined : this.#columns.get(found);
  }

  #dedup(): void {
    const reader = this.#reader;
    const keys: Evaluate[] = [];
    do keys.push(parseExpression(reader).evaluate);
    while (reader.symbol(",") !== undefined);
    this.#sortNewestFirst(undefined);
    this.#stage((next) => {
      const seen = new Set<string>();
      return {
        take(record) {
          const key = JSON.stringify(keys.map((evaluate) => asText(evaluate(record))?.slice(0, 1_024) ?? null));
          if (seen.has(key)) return true;
          if (seen.size >= heldMax) throw new QueryTooLarge();
          seen.add(key);
          return next.take(record);
        },
        end: () => next.end(),
      };
    });
  }

  #takeLimit(): void {
    const reader = this.#reader;
    const start = reader.place;
    const limit = reader.number();
    if (limit === undefined || !Number.isInteger(limit)) throw reader.unexpected();
    if (limit < 1 || limit > rowsMax) throw new QueryError(`limit must be between 1 and ${rowsMax}`, start, reader.at);
    this.#sortNewestFirst(limit);
    this.#limit = limit;
    this.#stage((next) => {
      let left = limit;
      return {
        take: (record) => left > 0 && next.take(record) && --left > 0,
        end: () => next.end(),
      };
    });
  }

  /** Lines come newest first where the query does not say how. */
  #sortNewestFirst(limit: number | undefined): void {
    if (this.#isSorted) return;
    this.#isSorted = true;
    this.#gather((next) => new SortedRecords(newestFirst, limit ?? rowsMax, next));
  }

  #stage(make: MakeStage): void {
    this.#stages.push(make);
  }

  #gather(make: MakeStage): void {
    this.#streamed ??= this.#stages.length;
    this.#stages.push(make);
  }
}

/** What AWS has besides is refused by its name. */
const commandNames = [
  ...["fields", "display", "filter", "where", "parse", "stats", "sort", "limit", "head", "dedup"],
  ...["pattern", "diff", "unmask", "unnest", "lookup", "anomaly", "source", "filterindex", "join", "append"],
];

type Compare = (left: QueryRecord, right: QueryRecord) => number;

const newestFirst: Compare = (left, right) =>
  (right.line?.ms ?? 0) - (left.line?.ms ?? 0) || compareValues(right.line?.ptr, left.line?.ptr);

function compareBy(
  keys: readonly { readonly evaluate: Evaluate; readonly sign: number }[],
  left: QueryRecord,
  right: QueryRecord,
): number {
  for (const { evaluate, sign } of keys) {
    const order = compareValues(evaluate(left), evaluate(right));
    if (order !== 0) return sign * order;
  }
  return 0;
}

/** Keeps the first records of an order, and twice as many between two sorts. */
class SortedRecords implements Stage {
  readonly #compare: Compare;
  readonly #max: number;
  readonly #next: Stage;
  #records: QueryRecord[] = [];
  #chars = 0;

  constructor(compare: Compare, max: number, next: Stage) {
    this.#compare = compare;
    this.#max = max;
    this.#next = next;
  }

  take(record: QueryRecord): boolean {
    record.keep();
    this.#records.push(record);
    this.#chars += charsOf(record);
    if (this.#records.length >= 2 * this.#max || this.#chars > charsMax) this.#trim();
    return true;
  }

  #trim(): void {
    this.#records.sort(this.#compare);
    this.#records.length = Math.min(this.#records.length, this.#max);
    this.#chars = this.#records.reduce((sum, record) => sum + charsOf(record), 0);
    if (this.#chars > charsMax) throw new QueryTooLarge();
  }

  end(): void {
    this.#trim();
    for (const record of this.#records) if (!this.#next.take(record)) break;
    this.#records = [];
    this.#next.end();
  }
}

/** A record costs memory besides its line's text, which it may have parsed. */
const recordChars = 200;
const charsOf = (record: QueryRecord): number => recordChars + 2 * (record.line?.message.length ?? 0);

interface Group {
  readonly keys: readonly QueryValue[];
  readonly aggregates: readonly Aggregate[];
}

/** `stats`: the records by groups. */
class Groups implements Stage {
  readonly #by: readonly (readonly [name: string, expression: Expression])[];
  readonly #of: readonly { readonly name: string; readonly factory: AggregateFactory }[];
  readonly #next: Stage;
  readonly #groups = new Map<string, Group>();
  #taken = 0;

  constructor(
    by: readonly (readonly [name: string, expression: Expression])[],
    of: readonly { readonly name: string; readonly factory: AggregateFactory }[],
    next: Stage,
  ) {
    this.#by = by;
    this.#of = of;
    this.#next = next;
  }

  take(record: QueryRecord): boolean {
    const keys = this.#by.map(([, { evaluate }]) => evaluate(record));
    const key = JSON.stringify(keys.map((value) => asText(value)?.slice(0, 1_024) ?? null));
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= rowsMax) throw new QueryTooLarge();
      group = { keys, aggregates: this.#of.map(({ factory }) => factory.make()) };
      this.#groups.set(key, group);
    }
    for (const aggregate of group.aggregates) aggregate.take(record);
    // What is kept is counted now and then, since that goes through all groups.
    if (++this.#taken % 65_536 === 0) this.#bound();
    return true;
  }

  #bound(): void {
    let held = 0;
    for (const { aggregates } of this.#groups.values()) for (const aggregate of aggregates) held += aggregate.held;
    if (held > heldMax) throw new QueryTooLarge();
  }

  end(): void {
    // AWS: without groups there is one row, even of nothing.
    if (this.#by.length === 0 && this.#groups.size === 0) {
      this.#groups.set("", { keys: [], aggregates: this.#of.map(({ factory }) => factory.make()) });
    }
    for (const { keys, aggregates } of this.#groups.values()) {
      const row = new QueryRecord();
      for (const [index, [name]] of this.#by.entries()) row.set(name, keys[index]);
      for (const [index, { name }] of this.#of.entries()) row.set(name, aggregates[index]!.value);
      if (!this.#next.take(row)) break;
    }
    this.#groups.clear();
    this.#next.end();
  }
}

/** AWS: StartQuery, `limit`: 10,000 if neither it nor the query says another number. */
const rowsDefault = bounds.logQueryRowsDefault.value;

function begin(
  { stages, streamed, columns, isOfLines, limit: own }: QueryPlan,
  given: number | undefined,
): RunningQuery {
  const rows: ResultRow[] = [];
  const limit = own ?? given ?? rowsDefault;
  let chars = 0;
  let matched = 0;
  let next: Stage = {
    take(record) {
      const row = rowOf(record, columns, isOfLines);
      for (const { value } of row) chars += value.length;
      if (chars > bounds.logQueryResultCharsMax.value) throw new QueryTooLarge();
      rows.push(row);
      return rows.length < limit;
    },
    end() {},
  };
  for (let index = stages.length - 1; index >= 0; index--) {
    const stage = stages[index]!(next);
    next = index === streamed ? counted(stage, () => matched++) : stage;
  }
  return {
    take: (line) => next.take(new QueryRecord(line)),
    get matched() {
      return matched;
    },
    finish() {
      next.end();
      return rows;
    },
  };
}

const counted = (stage: Stage, count: () => void): Stage => ({
  take(record) {
    count();
    return stage.take(record);
  },
  end: () => stage.end(),
});

function rowOf(record: QueryRecord, columns: readonly Column[], isOfLines: boolean): ResultRow {
  const row: { field: string; value: string }[] = [];
  for (const { name, evaluate, isTime } of columns) {
    const value = evaluate(record);
    const number = isTime ? asNumber(value) : undefined;
    const text = number === undefined ? asText(value) : timeText(number);
    if (text !== undefined) row.push({ field: name, value: text });
  }
  if (isOfLines && record.line !== undefined) row.push({ field: "@ptr", value: record.line.ptr });
  return row;
}
