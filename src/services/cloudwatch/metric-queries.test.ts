import assert from "node:assert/strict";
import { test } from "node:test";
import { doAtOnce } from "../../base/slices.ts";
import { ApiError } from "../../protocol/errors.ts";
import { getMetricData } from "./get-metric-data.ts";
import { MetricStore } from "./metric-store.ts";
import { putMetricData } from "./put-metric-data.ts";
import { ReadBudget } from "./read-periods.ts";

const nowMs = Date.UTC(2026, 10, 21, 12, 0);
const start = nowMs / 1_000 - 300;
const call = { account: "000000000000", region: "us-east-1", nowMs };

/** A store with a metric for each name: values of the last five minutes, undefined where there is none. */
function aStore(metrics: Readonly<Record<string, readonly (number | undefined)[]>>): MetricStore {
  const store = new MetricStore({ path: undefined, bytesMax: 2 ** 30 });
  const data = Object.entries(metrics).flatMap(([MetricName, values]) =>
    values.flatMap((Value, minute) =>
      Value === undefined ? [] : [{ MetricName, Value, Timestamp: start + minute * 60 + 7 }],
    ),
  );
  if (data.length > 0) putMetricData(store, { Namespace: "n", MetricData: data }, call);
  return store;
}

const metric = (Id: string, Stat = "Sum", Period = 60) => ({
  Id,
  MetricStat: { Metric: { Namespace: "n", MetricName: Id }, Period, Stat },
  ReturnData: false,
});

interface Answer {
  readonly MetricDataResults: readonly {
    readonly Id: string;
    readonly Label: string;
    readonly Timestamps: readonly number[];
    readonly Values: readonly number[];
    readonly StatusCode: string;
  }[];
  readonly NextToken?: string;
}

/** Returns an expression's values at each of the five minutes; null where there is none. */
function evaluate(expression: string, store: MetricStore): (number | null)[] {
  const queries = [...["a", "b", "c"].map((id) => metric(id)), { Id: "e", Expression: expression }];
  const input = { MetricDataQueries: queries, StartTime: start, EndTime: start + 300 };
  const { MetricDataResults: results } = doAtOnce(getMetricData(store, input, call)) as Answer;
  assert.equal(results.length, 1, expression);
  const found = new Map(results[0]!.Timestamps.map((time, index) => [time, results[0]!.Values[index]!]));
  return Array.from({ length: 5 }, (_, minute) => found.get(start + minute * 60) ?? null);
}

const store = aStore({ a: [1, 2, undefined, 8, 5], b: [2, 0, 3, 4, undefined] });

const expressions: readonly (readonly [string, readonly (number | null)[]])[] = [
  ["a + 1", [2, 3, null, 9, 6]],
  ["a / b", [0.5, null, 0, 2, null]],
  ["a + b", [3, 2, 3, 12, 5]],
  ["a + c", [1, 2, null, 8, 5]],
  ["a < b", [1, 0, 1, 0, 0]],
  ["100 * a / (a + b)", [100 / 3, 100, 0, 800 / 12, 100]],
  ["-a ^ 2", [-1, -4, null, -64, -25]],
  ["2 + 3 * a", [5, 8, null, 26, 17]],
  ["SUM([a, b])", [3, 2, 3, 12, 5]],
  ["SUM(METRICS())", [3, 2, 3, 12, 5]],
  ["AVG([a, b])", [1.5, 1, 1.5, 6, 2.5]],
  ['AVG(METRICS("a")) + b', [3, 2, 3, 12, 5]],
  ["a - MIN(a)", [0, 1, null, 7, 4]],
  ["MAX(METRICS())", [2, 2, 3, 8, 5]],
  ["FILL(a, 0)", [1, 2, 0, 8, 5]],
  ["FILL(a, REPEAT)", [1, 2, 2, 8, 5]],
  ["FILL(a, linear)", [1, 2, 5, 8, 5]],
  ["FILL(b, a)", [2, 0, 3, 4, 5]],
  ["FILL(c, 7)", [7, 7, 7, 7, 7]],
  ["RATE(b)", [null, -2 / 60, 3 / 60, 1 / 60, null]],
  ["DIFF(b)", [null, -2, 3, 1, null]],
  ["RUNNING_SUM(b)", [2, 2, 5, 9, null]],
  ["IF(a > 1, a, 0)", [0, 2, null, 8, 5]],
  ["IF(a > 1 AND b == 0, 10)", [null, 10, null, null, null]],
  ["IF(FILL(a, 0) < 2 || b == 4, 1, b)", [1, 0, 1, 1, null]],
  ["a / PERIOD(a) * 60", [1, 2, null, 8, 5]],
  ["TIME_SERIES(METRIC_COUNT(METRICS()))", [3, 3, 3, 3, 3]],
  ["FIRST([b, a])", [2, 0, 3, 4, null]],
  ["CEIL(a / 3) + FLOOR(a / 3) + ABS(-1 * a)", [2, 3, null, 13, 8]],
  ["HOUR(a)", [11, 11, 11, 11, 11]],
  ["EPOCH(a) - EPOCH(a)", [0, 0, 0, 0, 0]],
  ["DIFF_TIME(a)", [null, 60, null, 120, 60]],
  ["FIRST(SORT(METRICS(), AVG, DESC))", [1, 2, null, 8, 5]],
  ["FIRST(SORT(METRICS(), sum, asc))", [2, 0, 3, 4, null]],
  ["LAST(SORT([c, a, b], MAX, DESC, 2))", [2, 0, 3, 4, null]],
  ["SUM(SLICE(SORT(METRICS(), MAX, DESC), 1))", [2, 0, 3, 4, null]],
  ["SUM(SLICE([a, b, c], 0, 1))", [1, 2, null, 8, 5]],
  ["TIME_SERIES(METRIC_COUNT(REMOVE_EMPTY(METRICS())))", [2, 2, 2, 2, 2]],
];

for (const [expression, wanted] of expressions) {
  test(`metric math: ${expression}`, () => assert.deepEqual(evaluate(expression, store), wanted));
}

// The tables of AWS's guide, "Using metric math", comparison and logical operators, and IF expressions.
const guide = aStore({ a: [1, 1, 0, 0, undefined], b: [30, undefined, 0, 0, 30], c: [0, 0, 20, undefined, 20] });
const guideComparisons = aStore({ a: [30, 20, 0, 0], b: [20, undefined, 20, undefined] });
const tables: readonly (readonly [MetricStore, string, readonly (number | null)[]])[] = [
  [guide, "IF(a, b, c)", [30, 0, 20, null, null]],
  [guide, "IF(a, 5, c)", [5, 5, 20, null, null]],
  [guide, "IF(a, b, 5)", [30, 0, 5, 5, null]],
  [guide, "IF(1, b, c)", [30, null, 0, 0, 30]],
  [guideComparisons, "a < b", [0, 0, 1, 0, null]],
  [guideComparisons, "a >= 30", [1, 0, 0, 0, null]],
  [guideComparisons, "a > 15 AND b > 15", [1, 0, 0, 0, null]],
];
for (const [values, expression, wanted] of tables) {
  test(`metric math, as in AWS's tables: ${expression}`, () => assert.deepEqual(evaluate(expression, values), wanted));
}

test("the series of an array have the labels of their metrics, behind the expression's", () => {
  const labels = (Label?: string) => {
    const queries = [
      { ...metric("a"), Label: "Errors" },
      metric("b"),
      { Id: "e", Expression: "FILL(METRICS(), 0)", ...(Label === undefined ? {} : { Label }) },
    ];
    const input = { MetricDataQueries: queries, StartTime: start, EndTime: start + 300 };
    const { MetricDataResults: results } = doAtOnce(getMetricData(store, input, call)) as Answer;
    return results.map((result) => result.Label);
  };
  assert.deepEqual(labels("Filled With 0:"), ["Filled With 0: Errors", "Filled With 0: b"]);
  assert.deepEqual(labels(""), ["Errors", "b"]);
  assert.deepEqual(labels(), ["Errors", "b"]);
});

const refused: readonly (readonly [string, RegExp])[] = [
  ["a +", /Error in expression 'e': Syntax error: it ends too early/],
  ["a $ b", /Syntax error at '\$ b'/],
  ["a b", /Syntax error at 'b'/],
  ["(a", /'\)' is missing/],
  ["d + 1", /There is no query 'd'/],
  ["e + 1", /'e' depends on itself/],
  ["1 + 1", /It is a number/],
  ["SEARCH('x', 'Sum', 300)", /Portico has no function SEARCH; it has ABS, AVG/],
  ["ANOMALY_DETECTION_BAND(a)", /Portico has no function ANOMALY_DETECTION_BAND/],
  ["SELECT AVG(x) FROM y", /no Metrics Insights/],
  ["FILL(a)", /FILL takes two parameters/],
  ["FIRST(SORT(METRICS(), a, DESC))", /SORT takes an array/],
  ["FIRST(SORT(METRICS(), AVG, DESC, a))", /limit of SORT is a number/],
  ["FIRST(SLICE(METRICS(), a))", /SLICE takes an array/],
  ["constructor(a)", /Portico has no function CONSTRUCTOR/],
  [`${"(".repeat(100)}a`, /nests deeper than 64 levels/],
  [`${"a+".repeat(1_100)}a`, /longer than 2048 characters/],
];

for (const [expression, message] of refused) {
  test(`metric math refuses ${expression.slice(0, 40)}`, () => {
    assert.throws(
      () => evaluate(expression, store),
      (error: unknown) =>
        error instanceof ApiError && error.code === "ValidationException" && message.test(error.message),
    );
  });
}

test("GetMetricData answers the newest values first, in pages that a token continues", () => {
  const queries = [
    { ...metric("a"), ReturnData: true },
    { ...metric("b"), ReturnData: true, Label: "bees" },
  ];
  const input = { MetricDataQueries: queries, StartTime: start, EndTime: start + 300, MaxDatapoints: 3 };
  const pages: Answer[] = [];
  for (let token: string | undefined = ""; token !== undefined && pages.length < 5; ) {
    const page = doAtOnce(
      getMetricData(store, { ...input, ...(token === "" ? {} : { NextToken: token }) }, call),
    ) as Answer;
    pages.push(page);
    token = page.NextToken;
  }
  assert.deepEqual(
    pages.map(({ MetricDataResults: results }) =>
      results.map(({ Label, Values, StatusCode }) => [Label, Values, StatusCode]),
    ),
    [
      [["a", [5, 8, 2], "PartialData"]],
      [
        ["a", [1], "Complete"],
        ["bees", [4, 3], "PartialData"],
      ],
      [["bees", [0, 2], "Complete"]],
    ],
  );
});

test("percentiles and longer periods are made of all samples of a period", () => {
  const store = aStore({});
  const datum = (minute: number, Values: number[], Counts: number[]) => ({
    MetricName: "latency",
    Timestamp: start + minute * 60,
    Unit: "Milliseconds",
    Values,
    Counts,
  });
  const MetricData = [datum(0, [10, 20], [90, 5]), datum(1, [500], [4]), datum(4, [1_000], [1])];
  putMetricData(store, { Namespace: "n", MetricData }, call);
  const stats = ["p0", "p50", "p95", "p99", "p99.5", "p100", "Average", "SampleCount"];
  const queries = stats.map((stat, index) => ({
    ...metric("latency", stat, 300),
    Id: `q${index}`,
    ReturnData: true,
  }));
  const { MetricDataResults: results } = doAtOnce(
    getMetricData(store, { MetricDataQueries: queries, StartTime: start, EndTime: start + 300 }, call),
  ) as Answer;
  assert.deepEqual(
    results.map(({ Values }) => Values),
    [[10], [10], [20], [500], [1_000], [1_000], [40], [100]],
  );
});

test("metrics of very many different values cost a bounded time, and their percentiles stay right within a few percent", () => {
  const store = new MetricStore({ path: undefined, bytesMax: 2 ** 30 });
  const hours = 30;
  const values = Float64Array.from({ length: 1_000 }, (_, index) => 1 + index * 1.000_123 + 1 / 3);
  const own = { account: call.account, region: call.region, namespace: "n", name: "fat", dimensions: [], unit: "None" };
  const first = Math.floor(start / 60);
  for (let hour = 0; hour < hours; hour++) {
    const points = Array.from({ length: 30 }, (_, index) => {
      const shifted = values.map((value) => value + index / 31);
      const [minimum, maximum] = [shifted[0]!, shifted.at(-1)!];
      const sum = shifted.reduce((a, b) => a + b, 0);
      const summary = {
        sampleCount: 1_000,
        sum,
        minimum,
        maximum,
        values: shifted,
        counts: new Float64Array(1_000).fill(1),
      };
      return { metric: own, minute: first + hour * 60 + index, ...summary };
    });
    store.add(points);
  }
  const MetricDataQueries = [{ ...metric("fat", "p90", hours * 3_600), ReturnData: true }];
  const range = { StartTime: start, EndTime: start + hours * 3_600 };
  const { MetricDataResults: results } = doAtOnce(
    getMetricData(store, { MetricDataQueries, ...range }, call),
  ) as Answer;
  const p90 = results[0]!.Values[0]!;
  assert.ok(Math.abs(p90 / 902 - 1) < 0.03, String(p90));
  const budget = new ReadBudget();
  budget.spend(100_000_000);
  assert.throws(() => budget.spend(100_000_000), /reads too many values: ask for less time or fewer metrics/);
  store.close();
});

test("expressions that explode are refused before they cost much", () => {
  const store = aStore({ a: Array.from({ length: 120 }, () => 1) });
  const times = (text: string, count: number): string => Array.from({ length: count }, () => text).join();
  const thousand = { Id: "x", ReturnData: false, Expression: `[${times("a", 1_000)}]` };
  const lists = [
    thousand,
    { Id: "y", ReturnData: false, Expression: `[${times("x", 1_000)}]` },
    { Id: "z", ReturnData: false, Expression: `[${times("y", 1_000)}]` },
  ];
  const ask = (queries: readonly object[], seconds = 36_000): void => {
    const MetricDataQueries = [metric("a"), ...lists, ...queries] as never;
    doAtOnce(getMetricData(store, { MetricDataQueries, StartTime: start, EndTime: start + seconds }, call));
  };
  for (const Expression of [
    "z",
    "y",
    "SUM(y)",
    "FILL([x, x, x, x], 0)",
    `[${times("x", 17)}]`,
    `x${" + 1".repeat(17)}`,
  ]) {
    assert.throws(() => ask([{ Id: "e", Expression }]), /Portico computes 1000000 values of a request/, Expression);
  }
  ask([{ Id: "e", Expression: "SUM(x) + METRIC_COUNT(x)" }]);
  const constant = { Id: "e", Expression: "TIME_SERIES(1)" };
  const century = { MetricDataQueries: [constant], StartTime: 0, EndTime: 100 * 365 * 86_400 };
  assert.throws(() => doAtOnce(getMetricData(store, century, call)), /too many datapoints/);
});

test("more than a call may compute is refused before it is read", () => {
  const queries = Array.from({ length: 20 }, (_, index) => ({ ...metric("a"), Id: `a${index}`, ReturnData: true }));
  const year = { MetricDataQueries: queries, StartTime: start - 365 * 86_400, EndTime: start };
  assert.throws(() => doAtOnce(getMetricData(store, year, call)), /too many datapoints/);
});
