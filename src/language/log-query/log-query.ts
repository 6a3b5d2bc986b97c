import { bounds } from "../../base/bounds.ts";
import { type Aggregate, type AggregateFactory, parseAggregate } from "./aggregates.ts";
import { parseParse } from "./parse-command.ts";
import {
  type Evaluate,
  type Expression,
  fieldExpression,
  isFunction,
  isTrue,
  parseExpression,
} from "./query-expression.ts";
import { ownText, QueryMemory, QueryTooLarge } from "./query-memory.ts";
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
import { beginRecord } from "./query-work.ts";

export type { QueriedLine } from "./query-record.ts";

/** One row of a result: fields with their values, without those that have none. */
export type ResultRow = readonly { readonly field: string; readonly value: string }[];

/** A query that runs. */
export interface RunningQuery {
  /** Takes a line. Returns false if no further line can change the result. Throws {@link QueryTooLarge}. */
  take(line: QueriedLine): boolean;
  /** How many lines have passed all filters before the first command that gathers lines. */
  readonly matched: number;
  /** Ends the query, by and by: no step takes long. Returns its result. Throws {@link QueryTooLarge}. */
  finish(): Generator<void, ResultRow[]>;
  /** Gives back the room of what is kept. It has to be called, however the query ends. */
  release(): void;
}

/** A query, or why the text is not one. */
export type ParsedLogQuery =
  | { readonly kind: "query"; begin(limit: number | undefined): RunningQuery }
  | { readonly kind: "invalid"; readonly message: string; readonly start: number; readonly end: number };

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
  /** Passes on what it has gathered. It pauses after each record. */
  end(): Generator<void, void>;
}
type MakeStage = (next: Stage, memory: QueryMemory) => Stage;

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
  #isDeduplicated = false;
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
    if (this.#isDeduplicated && name !== "limit" && name !== "head") {
      throw new QueryError("only the command limit may follow dedup", start, start + name.length);
    }
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
    const made: (readonly [name: string, expression: Expression])[] = [];
    do {
      const start = reader.place;
      const expression = this.#statsColumn(aggregates);
      const own = reader.since(start);
      made.push([this.#alias() ?? own, expression]);
    } while (reader.symbol(",") !== undefined);
    const groups: (readonly [name: string, expression: Expression])[] = [];
    if (reader.word("by") !== undefined) {
      do groups.push(this.#named());
      while (reader.symbol(",") !== undefined);
    }
    this.#gather((next, memory) => new Groups({ by: groups, of: aggregates }, memory, next));
    this.#stage((next) => ({
      take(record) {
        for (const [name, { evaluate }] of made) record.set(name, evaluate(record));
        return next.take(record);
      },
      end: () => next.end(),
    }));
    this.#isOfLines = false;
    this.#isDisplayed = false;
    this.#isSorted = true;
    this.#limit = undefined;
    const times = groups.map(([name, { isTime, field }]) => isTime || this.#times.has(field ?? name));
    this.#columns.clear();
    this.#times.clear();
    for (const [index, [name]] of groups.entries()) this.#timed(name, times[index]!);
    for (const [name, { isTime }] of made) this.#timed(name, isTime);
  }

  /**
   * A column of `stats`: an aggregation, or an expression of some and of columns before it. Each aggregation gets a field of the
   * group's row that no query can name.
   */
  #statsColumn(aggregates: { readonly name: string; readonly factory: AggregateFactory }[]): Expression {
    const reader = this.#reader;
    const outer = reader.place;
    const parseAggregation = (name: string, start: number): Expression | undefined => {
      if (isFunction(name)) return undefined;
      reader.at = start;
      // An aggregation's argument has none.
      reader.parseAggregation = undefined;
      const factory = parseAggregate(reader);
      reader.parseAggregation = parseAggregation;
      const field = `\0${aggregates.length}`;
      aggregates.push({ name: field, factory });
      return { evaluate: (record) => record.get(field), isTime: factory.isTime };
    };
    reader.parseAggregation = parseAggregation;
    const expression = parseExpression(reader);
    reader.parseAggregation = undefined;
    if (expression.field !== undefined) {
      throw new QueryError(`${expression.field} is no aggregation`, outer, reader.at);
    }
    return expression;
  }

  #timed(name: string, isTime: boolean): void {
    if (isTime) this.#times.add(name);
    this.#column(name, fieldExpression(name));
  }

  #sort(): void {
    const reader = this.#reader;
    const keys: SortKey[] = [];
    do {
      // `count(*)` names the column of an earlier `stats`.
      const start = reader.place;
      const column = this.#columnHere();
      if (column === undefined) reader.at = start;
      const { evaluate } = column ?? parseExpression(reader);
      keys.push({ evaluate, sign: reader.word("asc", "desc") === "desc" ? -1 : 1 });
    } while (reader.symbol(",") !== undefined);
    this.#isSorted = true;
    this.#gather((next, memory) => new SortedRecords(keys, { max: rowsMax, memory }, next));
  }

  /** The longest of the columns whose names are next in the text. */
  #columnHere(): Column | undefined {
    const names = [...this.#columns.keys()].sort((left, right) => right.length - left.length);
    const found = names.find((name) => name.includes("(") && this.#reader.symbol(name) !== undefined);
    return found === undefined ? undefined : this.#columns.get(found);
  }

  /**
   * AWS: CloudWatch Logs User Guide, "dedup": a line that lacks one of the fields is no duplicate, and only `limit` may
   * follow.
   */
  #dedup(): void {
    const reader = this.#reader;
    const keys: Evaluate[] = [];
    do keys.push(parseExpression(reader).evaluate);
    while (reader.symbol(",") !== undefined);
    this.#isDeduplicated = true;
    this.#sortNewestFirst(undefined);
    this.#stage((next, memory) => {
      const seen = new Set<string>();
      return {
        take(record) {
          const values = keys.map((evaluate) => asText(evaluate(record))?.slice(0, 1_024));
          if (values.includes(undefined)) return next.take(record);
          const key = JSON.stringify(values);
          if (seen.has(key)) return true;
          seen.add(memory.keep(key));
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
    this.#gather((next, memory) => new SortedRecords(newestFirst, { max: limit ?? rowsMax, memory }, next));
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

interface SortKey {
  readonly evaluate: Evaluate;
  readonly sign: 1 | -1;
}

const newestFirst: readonly SortKey[] = [
  { evaluate: ({ line }) => line?.ms, sign: -1 },
  { evaluate: ({ line }) => line?.ptr, sign: -1 },
];

/** A record with what it is sorted by, which is found once. */
interface SortedRecord {
  readonly record: QueryRecord;
  readonly values: readonly QueryValue[];
  /** What came first comes first among equals. */
  readonly number: number;
  readonly chars: number;
}

/**
 * Keeps the first records of an order, in a heap whose root is the last of them. So no record costs more than a few
 * comparisons, neither when it comes nor when it is passed on.
 */
class SortedRecords implements Stage {
  readonly #keys: readonly SortKey[];
  readonly #max: number;
  readonly #memory: QueryMemory;
  readonly #next: Stage;
  readonly #heap: SortedRecord[] = [];
  #taken = 0;

  constructor(
    keys: readonly SortKey[],
    { max, memory }: { readonly max: number; readonly memory: QueryMemory },
    next: Stage,
  ) {
    this.#keys = keys;
    this.#max = max;
    this.#memory = memory;
    this.#next = next;
  }

  take(record: QueryRecord): boolean {
    const heap = this.#heap;
    const number = this.#taken++;
    const given = this.#keys.map(({ evaluate }) => evaluate(record));
    const last = heap[0];
    const isFull = heap.length >= this.#max && last !== undefined;
    if (isFull && this.#compare({ values: given, number }, last) >= 0) return true;
    let chars = record.keep();
    const values = given.map((value) => {
      if (typeof value !== "string") return value;
      chars += value.length;
      return ownText(value);
    });
    this.#memory.add(chars);
    const sorted: SortedRecord = { record, values, number, chars };
    if (isFull) {
      this.#memory.remove(last.chars);
      heap[0] = sorted;
      this.#sink();
    } else {
      heap.push(sorted);
      this.#rise();
    }
    return true;
  }

  #compare(one: Pick<SortedRecord, "values" | "number">, other: Pick<SortedRecord, "values" | "number">): number {
    for (let index = 0; index < this.#keys.length; index++) {
      const order = compareValues(one.values[index], other.values[index]);
      if (order !== 0) return this.#keys[index]!.sign * order;
    }
    return one.number - other.number;
  }

  /** Moves the last item up to its place. */
  #rise(): void {
    const heap = this.#heap;
    for (let at = heap.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (this.#compare(heap[at]!, heap[above]!) <= 0) return;
      [heap[at], heap[above]] = [heap[above]!, heap[at]!];
      at = above;
    }
  }

  /** Moves the first item down to its place. */
  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const below = right < heap.length && this.#compare(heap[right]!, heap[left]!) > 0 ? right : left;
      if (this.#compare(heap[below]!, heap[at]!) <= 0) return;
      [heap[at], heap[below]] = [heap[below]!, heap[at]!];
      at = below;
    }
  }

  *end(): Generator<void, void> {
    const heap = this.#heap;
    const lastFirst: SortedRecord[] = [];
    while (heap.length > 0) {
      lastFirst.push(heap[0]!);
      const last = heap.pop()!;
      if (heap.length > 0) {
        heap[0] = last;
        this.#sink();
      }
      yield;
    }
    for (let sorted = lastFirst.pop(); sorted !== undefined; sorted = lastFirst.pop()) {
      this.#memory.remove(sorted.chars);
      if (!this.#next.take(sorted.record)) break;
      yield;
    }
    yield* this.#next.end();
  }
}

interface Group {
  readonly keys: readonly QueryValue[];
  readonly aggregates: readonly Aggregate[];
}

/** What `stats` makes groups by, and of them. */
interface Grouping {
  readonly by: readonly (readonly [name: string, expression: Expression])[];
  readonly of: readonly { readonly name: string; readonly factory: AggregateFactory }[];
}

/** `stats`: the records by groups. */
class Groups implements Stage {
  readonly #by: Grouping["by"];
  readonly #of: Grouping["of"];
  readonly #memory: QueryMemory;
  readonly #next: Stage;
  readonly #groups = new Map<string, Group>();

  constructor({ by, of }: Grouping, memory: QueryMemory, next: Stage) {
    this.#by = by;
    this.#of = of;
    this.#memory = memory;
    this.#next = next;
  }

  take(record: QueryRecord): boolean {
    const keys = this.#by.map(([, { evaluate }]) => evaluate(record));
    const key = JSON.stringify(keys.map((value) => asText(value)?.slice(0, 1_024) ?? null));
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= rowsMax) throw new QueryTooLarge();
      group = this.#begin(keys);
      this.#groups.set(this.#memory.keep(key), group);
    }
    for (const aggregate of group.aggregates) aggregate.take(record);
    return true;
  }

  #begin(keys: readonly QueryValue[]): Group {
    const memory = this.#memory;
    memory.addValues(keys.length + this.#of.length);
    return {
      keys: keys.map((value) => (typeof value === "string" ? memory.keep(value) : value)),
      aggregates: this.#of.map(({ factory }) => factory.make(memory)),
    };
  }

  *end(): Generator<void, void> {
    // AWS: without groups there is one row, even of nothing.
    if (this.#by.length === 0 && this.#groups.size === 0) this.#groups.set("", this.#begin([]));
    for (const { keys, aggregates } of this.#groups.values()) {
      const row = new QueryRecord();
      for (const [index, [name]] of this.#by.entries()) row.set(name, keys[index]);
      for (const [index, { name }] of this.#of.entries()) row.set(name, aggregates[index]!.value);
      if (!this.#next.take(row)) break;
      yield;
    }
    this.#groups.clear();
    yield* this.#next.end();
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
  const memory = new QueryMemory();
  let chars = 0;
  let matched = 0;
  let next: Stage = {
    take(record) {
      const row = rowOf(record, columns, isOfLines);
      for (const { value } of row) chars += charsPerCell + value.length;
      if (chars > bounds.logQueryResultCharsMax.value) throw new QueryTooLarge();
      rows.push(row);
      return rows.length < limit;
    },
    *end() {},
  };
  for (let index = stages.length - 1; index >= 0; index--) {
    const stage = stages[index]!(next, memory);
    next = index === streamed ? counted(stage, () => matched++) : stage;
  }
  return {
    take(line) {
      beginRecord();
      return next.take(new QueryRecord(line));
    },
    get matched() {
      return matched;
    },
    *finish() {
      for (const _ of next.end()) {
        yield;
        beginRecord();
      }
      return rows;
    },
    release: () => memory.release(),
  };
}

/** What a value of a result costs besides its characters. */
export const charsPerCell = 32;

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
