import { type Evaluate, type Expression, parseExpression } from "./query-expression.ts";
import { asNumber, asText, compareValues, type QueryRecord, type QueryValue } from "./query-record.ts";
import { QueryError, type QueryReader } from "./query-source.ts";

/** What a group of records comes to. `held` counts the values that it has to keep. */
export interface Aggregate {
  take(record: QueryRecord): void;
  readonly value: QueryValue;
  readonly held: number;
}

export interface AggregateFactory {
  readonly make: () => Aggregate;
  readonly isTime: boolean;
}

class Count implements Aggregate {
  readonly held = 0;
  value = 0;
  readonly #of: Evaluate | undefined;
  constructor(of: Evaluate | undefined) {
    this.#of = of;
  }
  take(record: QueryRecord): void {
    if (this.#of === undefined || this.#of(record) !== undefined) this.value++;
  }
}

class CountDistinct implements Aggregate {
  readonly #of: Evaluate;
  readonly #seen = new Set<string>();
  constructor(of: Evaluate) {
    this.#of = of;
  }
  take(record: QueryRecord): void {
    const text = asText(this.#of(record));
    if (text !== undefined) this.#seen.add(text.slice(0, 1_024));
  }
  get value(): number {
    return this.#seen.size;
  }
  get held(): number {
    return this.#seen.size;
  }
}

/** Folds values into one. */
class Fold implements Aggregate {
  readonly held = 0;
  value: QueryValue = undefined;
  readonly #of: Evaluate;
  readonly #fold: (before: QueryValue, value: QueryValue) => QueryValue;
  constructor(of: Evaluate, fold: (before: QueryValue, value: QueryValue) => QueryValue) {
    this.#of = of;
    this.#fold = fold;
  }
  take(record: QueryRecord): void {
    const value = this.#of(record);
    if (value !== undefined) this.value = this.value === undefined ? value : this.#fold(this.value, value);
  }
}

/** Sums of numbers, and of their squares. */
class Moments implements Aggregate {
  readonly held = 0;
  readonly #of: Evaluate;
  readonly #result: (count: number, sum: number, squares: number) => number;
  #count = 0;
  #sum = 0;
  #squares = 0;
  constructor(of: Evaluate, result: (count: number, sum: number, squares: number) => number) {
    this.#of = of;
    this.#result = result;
  }
  take(record: QueryRecord): void {
    const number = asNumber(this.#of(record));
    if (number === undefined) return;
    this.#count++;
    this.#sum += number;
    this.#squares += number * number;
  }
  get value(): QueryValue {
    return this.#count === 0 ? undefined : this.#result(this.#count, this.#sum, this.#squares);
  }
}

/** The value that so many percent of the numbers do not exceed. */
class Percentile implements Aggregate {
  readonly #of: Evaluate;
  readonly #percent: number;
  readonly #numbers: number[] = [];
  constructor(of: Evaluate, percent: number) {
    this.#of = of;
    this.#percent = percent;
  }
  take(record: QueryRecord): void {
    const number = asNumber(this.#of(record));
    if (number !== undefined) this.#numbers.push(number);
  }
  get value(): QueryValue {
    const sorted = Float64Array.from(this.#numbers).sort();
    return sorted[Math.max(0, Math.ceil((this.#percent / 100) * sorted.length) - 1)];
  }
  get held(): number {
    return this.#numbers.length;
  }
}

/** The earliest or the latest value by `@timestamp`. */
class AtEnd implements Aggregate {
  readonly held = 0;
  value: QueryValue = undefined;
  readonly #of: Evaluate;
  readonly #sign: number;
  #ms: number | undefined = undefined;
  constructor(of: Evaluate, sign: number) {
    this.#of = of;
    this.#sign = sign;
  }
  take(record: QueryRecord): void {
    const value = this.#of(record);
    const ms = asNumber(record.get("@timestamp")) ?? 0;
    if (value === undefined || (this.#ms !== undefined && this.#sign * (ms - this.#ms) <= 0)) return;
    this.#ms = ms;
    this.value = value;
  }
}

/** AWS: "CloudWatch Logs Insights query syntax", "stats", aggregation functions. */
const makers: Readonly<Record<string, (of: Evaluate) => Aggregate>> = {
  sum: (of) => new Moments(of, (_count, sum) => sum),
  avg: (of) => new Moments(of, (count, sum) => sum / count),
  stddev: (of) =>
    new Moments(of, (count, sum, squares) => Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))),
  min: (of) => new Fold(of, (before, value) => (compareValues(value, before) < 0 ? value : before)),
  max: (of) => new Fold(of, (before, value) => (compareValues(value, before) > 0 ? value : before)),
  count_distinct: (of) => new CountDistinct(of),
  earliest: (of) => new AtEnd(of, -1),
  latest: (of) => new AtEnd(of, 1),
};

/** Functions whose value is of the kind of their argument's. */
const ofItsKind: ReadonlySet<string> = new Set(["min", "max", "earliest", "latest"]);

/** Parses `count(*)`, `avg(x)`, `pct(x, 99)`… */
export function parseAggregate(reader: QueryReader): AggregateFactory {
  const start = reader.place;
  const name = reader.name()?.toLowerCase();
  if (name === undefined) throw reader.unexpected();
  reader.expect("(");
  if (name === "count" && (reader.symbol(")") ?? reader.symbol("*")) !== undefined) {
    if (!reader.since(start).endsWith(")")) reader.expect(")");
    return { make: () => new Count(undefined), isTime: false };
  }
  const argument: Expression = parseExpression(reader);
  const { evaluate } = argument;
  if (name === "pct" || name === "percentile") {
    reader.expect(",");
    const percent = reader.number();
    if (percent === undefined || percent > 100) throw reader.unexpected();
    reader.expect(")");
    return { make: () => new Percentile(evaluate, percent), isTime: false };
  }
  reader.expect(")");
  if (name === "count") return { make: () => new Count(evaluate), isTime: false };
  const make = name === "median" ? () => new Percentile(evaluate, 50) : undefined;
  if (make !== undefined) return { make, isTime: false };
  if (!Object.hasOwn(makers, name)) {
    throw new QueryError(`the aggregation ${name} is not known here`, start, start + name.length);
  }
  const maker = makers[name]!;
  return { make: () => maker(evaluate), isTime: argument.isTime && ofItsKind.has(name) };
}
