import { type Evaluate, type Expression, parseExpression } from "./query-expression.ts";
import type { QueryMemory } from "./query-memory.ts";
import { asNumber, asText, compareValues, type QueryRecord, type QueryValue } from "./query-record.ts";
import { QueryError, type QueryReader } from "./query-source.ts";

/** What a group of records comes to. What it has to keep is counted, and takes too much memory at some point. */
export interface Aggregate {
  take(record: QueryRecord): void;
  readonly value: QueryValue;
}

export interface AggregateFactory {
  readonly make: (memory: QueryMemory) => Aggregate;
  readonly isTime: boolean;
}

class Count implements Aggregate {
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
  readonly #memory: QueryMemory;
  readonly #seen = new Set<string>();
  constructor(of: Evaluate, memory: QueryMemory) {
    this.#of = of;
    this.#memory = memory;
  }
  take(record: QueryRecord): void {
    const text = asText(this.#of(record))?.slice(0, 1_024);
    if (text !== undefined && !this.#seen.has(text)) this.#seen.add(this.#memory.keep(text));
  }
  get value(): number {
    return this.#seen.size;
  }
}

/** Returns a value to keep in the place of another one. */
function keepInstead(memory: QueryMemory, before: QueryValue, value: QueryValue): QueryValue {
  if (typeof before === "string") memory.forget(before);
  return typeof value === "string" ? memory.keep(value) : value;
}

/** Keeps the value that comes first, or last, in the order of values. */
class Extreme implements Aggregate {
  value: QueryValue = undefined;
  readonly #of: Evaluate;
  readonly #memory: QueryMemory;
  readonly #sign: number;
  constructor(of: Evaluate, memory: QueryMemory, sign: number) {
    this.#of = of;
    this.#memory = memory;
    this.#sign = sign;
  }
  take(record: QueryRecord): void {
    const value = this.#of(record);
    if (value === undefined) return;
    const isBetter = this.value === undefined || this.#sign * compareValues(value, this.value) > 0;
    if (isBetter) this.value = keepInstead(this.#memory, this.value, value);
  }
}

/** Sums of numbers, and of their squares. */
class Moments implements Aggregate {
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
  readonly #memory: QueryMemory;
  readonly #numbers: number[] = [];
  constructor(of: Evaluate, memory: QueryMemory, percent: number) {
    this.#of = of;
    this.#memory = memory;
    this.#percent = percent;
  }
  take(record: QueryRecord): void {
    const number = asNumber(this.#of(record));
    if (number === undefined) return;
    this.#memory.addValues(1);
    this.#numbers.push(number);
  }
  get value(): QueryValue {
    const sorted = Float64Array.from(this.#numbers).sort();
    return sorted[Math.max(0, Math.ceil((this.#percent / 100) * sorted.length) - 1)];
  }
}

/** The earliest or the latest value by `@timestamp`. */
class AtEnd implements Aggregate {
  value: QueryValue = undefined;
  readonly #of: Evaluate;
  readonly #memory: QueryMemory;
  readonly #sign: number;
  #ms: number | undefined = undefined;
  constructor(of: Evaluate, memory: QueryMemory, sign: number) {
    this.#of = of;
    this.#memory = memory;
    this.#sign = sign;
  }
  take(record: QueryRecord): void {
    const value = this.#of(record);
    const ms = asNumber(record.get("@timestamp")) ?? 0;
    if (value === undefined || (this.#ms !== undefined && this.#sign * (ms - this.#ms) <= 0)) return;
    this.#ms = ms;
    this.value = keepInstead(this.#memory, this.value, value);
  }
}

/** AWS: "CloudWatch Logs Insights query syntax", "stats", aggregation functions. */
const makers: Readonly<Record<string, (of: Evaluate, memory: QueryMemory) => Aggregate>> = {
  sum: (of) => new Moments(of, (_count, sum) => sum),
  avg: (of) => new Moments(of, (count, sum) => sum / count),
  stddev: (of) =>
    new Moments(of, (count, sum, squares) => Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))),
  min: (of, memory) => new Extreme(of, memory, -1),
  max: (of, memory) => new Extreme(of, memory, 1),
  sortsfirst: (of, memory) => new Extreme(of, memory, -1),
  sortslast: (of, memory) => new Extreme(of, memory, 1),
  count_distinct: (of, memory) => new CountDistinct(of, memory),
  earliest: (of, memory) => new AtEnd(of, memory, -1),
  latest: (of, memory) => new AtEnd(of, memory, 1),
};

/** Functions whose value is of the kind of their argument's. */
const ofItsKind: ReadonlySet<string> = new Set(["min", "max", "sortsfirst", "sortslast", "earliest", "latest"]);

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
    return { make: (memory) => new Percentile(evaluate, memory, percent), isTime: false };
  }
  reader.expect(")");
  if (name === "count") return { make: () => new Count(evaluate), isTime: false };
  if (name === "median") return { make: (memory) => new Percentile(evaluate, memory, 50), isTime: false };
  if (!Object.hasOwn(makers, name)) {
    throw new QueryError(`the aggregation ${name} is not known here`, start, start + name.length);
  }
  const maker = makers[name]!;
  return { make: (memory) => maker(evaluate, memory), isTime: argument.isTime && ofItsKind.has(name) };
}
