import { MathError, type MathNode } from "./math-parser.ts";
import {
  collect,
  isList,
  type MathValue,
  mapSeries,
  mapValue,
  operate,
  type Series,
  sizeOf,
  timesOf,
} from "./math-values.ts";

/** What expressions are evaluated in. */
export interface MathScope {
  /** Returns what a query's id stands for. Throws a `MathError` for an unknown one. */
  readonly valueOf: (id: string) => MathValue;
  /** The metrics of the request whose ids contain a text: not the expressions. */
  readonly metrics: (part: string) => readonly Series[];
  /** All times of the request's range at a period, in seconds. */
  readonly timeline: (period: number) => readonly number[];
  /** Counts values that are about to be computed. Throws a `MathError` if the request's have become too many. */
  readonly spend: (values: number) => void;
  /** The smallest period of the request's metrics, in seconds. */
  readonly period: number;
}

/** Evaluates an expression. Throws a `MathError`. */
export function evaluateMath(node: MathNode, scope: MathScope): MathValue {
  switch (node.kind) {
    case "number":
      return node.value;
    case "text":
      throw new MathError("A text stands where a metric or a number is wanted.");
    case "name":
      return scope.valueOf(node.name);
    case "array":
      return arrayOf(node.items, scope);
    case "negation": {
      const value = evaluateMath(node.of, scope);
      scope.spend(sizeOf(value));
      return operate("*", -1, value);
    }
    case "operation": {
      const [left, right] = [evaluateMath(node.left, scope), evaluateMath(node.right, scope)];
      scope.spend(sizeOf(left) + sizeOf(right));
      return operate(node.operator, left, right);
    }
    case "call": {
      if (!Object.hasOwn(functions, node.function)) throw unknownFunction(node.function);
      return functions[node.function]!(node.parameters, scope);
    }
  }
}

/** Makes one array of series and arrays. Arrays of arrays grow fast, although they hold the same few series. */
function arrayOf(items: readonly MathNode[], scope: MathScope): readonly Series[] {
  const array: Series[] = [];
  for (const item of items) {
    const list = listOf(evaluateMath(item, scope));
    scope.spend(list.length);
    for (const series of list) array.push(series);
  }
  return array;
}

const unknownFunction = (name: string): MathError =>
  new MathError(
    `Portico has no function ${name.slice(0, 64)}; it has ${Object.keys(functions).sort().join(", ")} and the operators.`,
  );

type MathFunction = (parameters: readonly MathNode[], scope: MathScope) => MathValue;

/** Makes a function of evaluated parameters, of which there are `least` to `most`. */
const plain =
  (compute: (values: readonly MathValue[], scope: MathScope) => MathValue, least = 1, most = least): MathFunction =>
  (parameters, scope) => {
    if (parameters.length < least || parameters.length > most) {
      throw new MathError(
        `A function has ${parameters.length} parameters and takes ${least}${most > least ? ` to ${most}` : ""}.`,
      );
    }
    const values = parameters.map((parameter) => evaluateMath(parameter, scope));
    scope.spend(values.reduce<number>((total, value) => total + sizeOf(value), 0));
    return compute(values, scope);
  };

const each = (change: (value: number, time: number) => number): MathFunction =>
  plain(([value]) => mapValue(value as MathValue, change));

/**
 * AWS: SUM and its like make a number of a time series, and a time series of an array. `count` is how many values there would be
 * if none were missing.
 */
const aggregate = (compute: (values: readonly number[], count: number) => number): MathFunction =>
  plain(([value]) => {
    if (typeof value === "number") return value;
    const of = value as Series | readonly Series[];
    if (!isList(of)) return compute([...of.values.values()], of.values.size);
    const values = collect(
      timesOf(of),
      valuesByTime(of, (at) => compute(at, of.length)),
    );
    return { label: "", period: Math.max(0, ...of.map(({ period }) => period)), values };
  });

/** Looks at each value once: at few times all of the series may have one. */
function valuesByTime(
  list: readonly Series[],
  compute: (values: readonly number[]) => number,
): (time: number) => number {
  const lists = new Map<number, number[]>();
  for (const { values } of list) {
    for (const [time, value] of values) {
      const known = lists.get(time);
      if (known) known.push(value);
      else lists.set(time, [value]);
    }
  }
  return (time) => compute(lists.get(time) ?? []);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const average = (values: readonly number[]): number => sum(values) / values.length;
const maximum = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
const minimum = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

function deviation(values: readonly number[]): number {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
}

/** Makes a series of each value and the one before. */
const steps = (compute: (value: number, before: number, seconds: number) => number): MathFunction =>
  plain(([value]) =>
    mapEach(value as MathValue, (series) => {
      const entries = [...series.values];
      const changed = entries.slice(1).map(([time, number], index) => {
        const [timeBefore, before] = entries[index] as [number, number];
        return [time, compute(number, before, time - timeBefore)] as const;
      });
      return { ...series, values: new Map(changed) };
    }),
  );

function mapEach(value: MathValue, change: (series: Series) => Series): MathValue {
  if (typeof value === "number") throw new MathError("A number stands where a time series is wanted.");
  return isList(value) ? value.map(change) : change(value);
}

const listOf = (value: MathValue): readonly Series[] => {
  if (typeof value === "number") throw new MathError("A number stands in an array of time series.");
  return isList(value) ? value : [value];
};

/** AWS: they "return a new non-sparse time series": there are values where the series has none. */
const dateParts = (part: (date: Date) => number): MathFunction =>
  plain(([value], { timeline }) =>
    mapEach(value as MathValue, (series) => ({
      ...series,
      values: collect(timeline(series.period), (time) => part(new Date(time * 1_000))),
    })),
  );

/** AWS: CloudWatch User Guide, "Using math expressions with CloudWatch metrics", Functions supported for metric math. */
const functions: Readonly<Record<string, MathFunction>> = {
  ABS: each(Math.abs),
  // AWS: "Missing values are treated as 0."
  AVG: aggregate((values, count) => sum(values) / count),
  CEIL: each(Math.ceil),
  DATAPOINT_COUNT: aggregate((values) => values.length),
  DATE: dateParts((date) => date.getUTCDate()),
  // AWS: Monday is 1.
  DAY: dateParts((date) => date.getUTCDay() || 7),
  DIFF: steps((value, before) => value - before),
  DIFF_TIME: steps((_value, _before, seconds) => seconds),
  EPOCH: dateParts((date) => date.getTime() / 1_000),
  FILL: fill,
  FIRST: plain(([value]) => listOf(value as MathValue)[0] ?? none),
  FLOOR: each(Math.floor),
  HOUR: dateParts((date) => date.getUTCHours()),
  IF: plain(([condition, then, otherwise], scope) => choose(condition!, then!, otherwise, scope), 2, 3),
  LAST: plain(([value]) => listOf(value as MathValue).at(-1) ?? none),
  LOG: each(Math.log),
  LOG10: each(Math.log10),
  MAX: aggregate(maximum),
  METRIC_COUNT: plain(([value]) => listOf(value as MathValue).length),
  METRICS: (parameters, { metrics, spend }) => {
    const [part] = parameters;
    if (parameters.length > 1 || (part !== undefined && part.kind !== "text")) {
      throw new MathError("METRICS takes one text, or nothing.");
    }
    const found = metrics(part?.value ?? "");
    spend(found.length);
    return found;
  },
  MIN: aggregate(minimum),
  MINUTE: dateParts((date) => date.getUTCMinutes()),
  MONTH: dateParts((date) => date.getUTCMonth() + 1),
  PERIOD: plain(([value]) => {
    const [first] = listOf(value as MathValue);
    return first?.period ?? 0;
  }),
  RATE: steps((value, before, seconds) => (value - before) / seconds),
  REMOVE_EMPTY: plain(([value]) => listOf(value as MathValue).filter(({ values }) => values.size > 0)),
  RUNNING_SUM: plain(([value]) =>
    mapEach(value as MathValue, (series) => {
      let total = 0;
      return mapSeries(series, (number) => {
        total += number;
        return total;
      });
    }),
  ),
  SLICE: plain(
    ([value, from, to]) => {
      if (typeof from !== "number" || !["number", "undefined"].includes(typeof to)) {
        throw new MathError("SLICE takes an array of time series and one or two numbers.");
      }
      return listOf(value as MathValue).slice(from, to as number | undefined);
    },
    2,
    3,
  ),
  SORT: sorted,
  STDDEV: aggregate(deviation),
  SUM: aggregate(sum),
  TIME_SERIES: plain(([value], { timeline, period }) => {
    if (typeof value !== "number") throw new MathError("TIME_SERIES takes a number.");
    return { label: "", period, values: collect(timeline(period), () => value) };
  }),
  YEAR: dateParts((date) => date.getUTCFullYear()),
};

const sortKeys: Readonly<Record<string, (values: readonly number[]) => number>> = {
  AVG: average,
  MAX: maximum,
  MIN: minimum,
  SUM: sum,
};

/** AWS: SORT(array, AVG | MIN | MAX | SUM, ASC | DESC, limit). Time series without values come last. */
function sorted(parameters: readonly MathNode[], scope: MathScope): MathValue {
  const [of, by, order, limit] = parameters;
  const word = (node: MathNode | undefined): string => (node?.kind === "name" ? node.name.toUpperCase() : "");
  if (
    of === undefined ||
    parameters.length > 4 ||
    !Object.hasOwn(sortKeys, word(by)) ||
    !["ASC", "DESC"].includes(word(order))
  ) {
    throw new MathError("SORT takes an array of time series, AVG, MIN, MAX or SUM, ASC or DESC, and a number.");
  }
  const list = listOf(evaluateMath(of, scope));
  scope.spend(sizeOf(list));
  const sign = word(order) === "ASC" ? 1 : -1;
  const keyed = list.map((series) => ({ series, key: sortKeys[word(by)]!([...series.values.values()]) }));
  const known = keyed.filter(({ series }) => series.values.size > 0).sort((a, b) => sign * (a.key - b.key));
  const empty = keyed.filter(({ series }) => series.values.size === 0);
  const most = limit === undefined ? list.length : evaluateMath(limit, scope);
  if (typeof most !== "number") throw new MathError("The limit of SORT is a number.");
  return [...known, ...empty].slice(0, Math.max(0, most)).map(({ series }) => series);
}

const none: Series = { label: "", period: 60, values: new Map() };

/**
 * AWS: "Using IF expressions": where there is no else, false has no value; where a condition that is a time series is true and `then`
 * has no value, it is 0.
 */
function choose(condition: MathValue, then: MathValue, otherwise: MathValue | undefined, scope: MathScope): MathValue {
  const parts = [condition, then, ...(otherwise === undefined ? [] : [otherwise])];
  if (parts.some(isList)) throw new MathError("IF takes time series and numbers, and no arrays.");
  const series = parts.filter((part) => typeof part !== "number") as readonly Series[];
  const at = (part: MathValue | undefined, time: number): number | undefined =>
    part === undefined || typeof part === "number" ? part : (part as Series).values.get(time);
  const period = Math.max(0, ...series.map((each) => each.period)) || scope.period;
  // A condition that is a series says at which times there are values.
  const times = typeof condition === "number" ? timesOf(series) : (condition as Series).values.keys();
  const values = collect(series.length === 0 ? scope.timeline(period) : times, (time) => {
    const decided = at(condition, time);
    if (decided === undefined) return undefined;
    if (decided === 0) return at(otherwise, time);
    return at(then, time) ?? (typeof condition === "number" ? undefined : 0);
  });
  return { label: "", period, values };
}

/** AWS: FILL(series, number | REPEAT | LINEAR | series). */
function fill(parameters: readonly MathNode[], scope: MathScope): MathValue {
  const [of, how] = parameters;
  if (of === undefined || how === undefined || parameters.length > 2) throw new MathError("FILL takes two parameters.");
  const word = how.kind === "name" && /^(repeat|linear)$/i.test(how.name) ? how.name.toUpperCase() : undefined;
  const value = word === undefined ? evaluateMath(how, scope) : undefined;
  if (value !== undefined && isList(value))
    throw new MathError("FILL takes a number, a time series, REPEAT or LINEAR.");
  return mapEach(evaluateMath(of, scope), (series) => {
    const times = scope.timeline(series.period);
    scope.spend(series.values.size);
    const filling =
      word === "REPEAT"
        ? repeated(series, times)
        : word === "LINEAR"
          ? between(series, times)
          : (time: number) => (typeof value === "number" ? value : (value as Series).values.get(time));
    return { ...series, values: collect(times, (time) => series.values.get(time) ?? filling(time)) };
  });
}

/** Returns what repeats the last value; before the first one there is none. */
function repeated({ values }: Series, times: readonly number[]): (time: number) => number | undefined {
  const latest = new Map<number, number>();
  let last: number | undefined;
  for (const time of times) {
    last = values.get(time) ?? last;
    if (last !== undefined) latest.set(time, last);
  }
  return (time) => latest.get(time);
}

/** Returns what lies on the line between the values around a time; outside of all values there is none. */
function between({ values }: Series, times: readonly number[]): (time: number) => number | undefined {
  const known = times.filter((time) => values.has(time));
  let next = 0;
  return (time) => {
    while (next < known.length && (known[next] as number) < time) next++;
    const [from, to] = [known[next - 1], known[next]];
    if (from === undefined || to === undefined) return undefined;
    const [low, high] = [values.get(from) as number, values.get(to) as number];
    return low + ((high - low) * (time - from)) / (to - from);
  };
}
