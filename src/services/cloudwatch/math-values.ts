import { MathError, type MathOperator } from "./math-parser.ts";

/** Values by their times, in whole seconds since 1970. */
export interface Series {
  readonly label: string;
  /** In seconds. */
  readonly period: number;
  /** By time, ascending. */
  readonly values: ReadonlyMap<number, number>;
}

/** What an expression is: a number, values by time, or several of those. AWS: "Metric math syntax and functions", data types S, TS and TS[]. */
export type MathValue = number | Series | readonly Series[];

export const isList = (value: MathValue): value is readonly Series[] => Array.isArray(value);

/** Returns how many values there are to compute with. */
export function sizeOf(value: MathValue | undefined): number {
  if (value === undefined || typeof value === "number") return 1;
  return isList(value) ? value.reduce((total, series) => total + sizeOf(series), 0) : 1 + value.values.size;
}

/**
 * Applies an operator. AWS: "Using math expressions with CloudWatch metrics", arithmetic, comparison and logical operators: where
 * one of two time series has no value it counts as 0, and a division by zero has no value.
 */
export function operate(operator: MathOperator, left: MathValue, right: MathValue): MathValue {
  if (isList(left) || isList(right)) {
    const length = isList(left) ? left.length : (right as readonly Series[]).length;
    if (isList(left) && isList(right) && left.length !== right.length) {
      throw new MathError("Arrays of time series have to be of one length.");
    }
    return Array.from({ length }, (_, index) => {
      const item = (of: MathValue): MathValue => (isList(of) ? (of[index] as Series) : of);
      return operate(operator, item(left), item(right)) as Series;
    });
  }
  const compute = operators[operator];
  if (typeof left === "number") {
    if (typeof right === "number") return finite(compute(left, right)) ?? Number.NaN;
    return mapSeries(right, (value) => compute(left, value));
  }
  if (typeof right === "number") return mapSeries(left, (value) => compute(value, right));
  return {
    ...left,
    period: Math.max(left.period, right.period),
    values: collect(timesOf([left, right]), (time) => compute(left.values.get(time) ?? 0, right.values.get(time) ?? 0)),
  };
}

const operators: Readonly<Record<MathOperator, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "^": (a, b) => a ** b,
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
  "<": (a, b) => Number(a < b),
  ">": (a, b) => Number(a > b),
  "<=": (a, b) => Number(a <= b),
  ">=": (a, b) => Number(a >= b),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  OR: (a, b) => Number(a !== 0 || b !== 0),
};

/** Changes each value; one that becomes no number is left out. */
export const mapSeries = (series: Series, change: (value: number, time: number) => number): Series => ({
  ...series,
  values: collect(series.values.keys(), (time) => change(series.values.get(time) as number, time)),
});

/** Changes each value of a series, or of several, or a number. */
export function mapValue(value: MathValue, change: (value: number, time: number) => number): MathValue {
  if (typeof value === "number") return change(value, 0);
  return isList(value) ? value.map((series) => mapSeries(series, change)) : mapSeries(value, change);
}

/** Makes the values of times; those that are not defined, or no finite numbers, are left out. */
export function collect(
  times: Iterable<number>,
  valueAt: (time: number) => number | undefined,
): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  for (const time of times) {
    const value = finite(valueAt(time));
    if (value !== undefined) values.set(time, value);
  }
  return values;
}

const finite = (value: number | undefined): number | undefined => (Number.isFinite(value) ? value : undefined);

/** Returns the times at which any of the series has a value, ascending. */
export function timesOf(list: readonly Series[]): readonly number[] {
  const times = new Set<number>();
  for (const { values } of list) for (const time of values.keys()) times.add(time);
  return [...times].sort((a, b) => a - b);
}
