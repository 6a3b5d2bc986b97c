import assert from "node:assert/strict";
import { test } from "node:test";
import { type MetricSummary, makeDistribution } from "./metric-summary.ts";
import { findExtended, findStatistic } from "./statistics.ts";

const summaryOf = (values: readonly number[]): MetricSummary => ({
  sampleCount: values.length,
  sum: values.reduce((a, b) => a + b, 0),
  minimum: Math.min(...values),
  maximum: Math.max(...values),
  ...makeDistribution(
    values,
    values.map(() => 1),
  ),
});

/** 1, 2, … 10, each once. */
const ten = summaryOf(Array.from({ length: 10 }, (_, index) => index + 1));

const cases: readonly (readonly [name: string, wanted: number])[] = [
  ["SampleCount", 10],
  ["Average", 5.5],
  ["p50", 5],
  ["p99.9", 10],
  ["tm90", 5],
  ["TM(:90%)", 5],
  ["TM(10%:90%)", 5.5],
  ["TM(2:8)", 5.5],
  ["IQM", 5.5],
  ["IQM", 5.5],
  ["tc90", 9],
  ["TC(25%:75%)", 5],
  ["TC(0%:33%)", 3.3],
  ["TC(2:8)", 6],
  ["TC(:3)", 3],
  ["TC(20:30)", 0],
  ["ts90", 45],
  ["TS(80%:)", 19],
  ["TS(2:8)", 33],
  ["wm90", 5.4],
  ["WM(10%:90%)", 5.4],
  ["WM(3:8)", 5.5],
  ["PR(:3)", 30],
  ["PR(2:8)", 60],
  ["PR(-5:0.5)", 0],
];

for (const [name, wanted] of cases) {
  test(`the statistic ${name}`, () => {
    const value = findStatistic(name)?.(ten);
    assert.ok(value !== undefined && Math.abs(value - wanted) < 1e-9, String(value));
  });
}

test("there are no others", () => {
  const names = ["p", "p101", "p1e1", "tm", "tm101", "tm0", "TM()", "TM(:)", "TM(90%:10%)", "TM(1:90%)", "TM(1:2:3)"];
  const more = [
    "PR(10%:20%)",
    "pr90",
    "TM(5:5)",
    "XX(1:2)",
    "constructor",
    "average",
    "TM(--1:2)",
    "p(1:2)",
    "TM90",
    "tm(2:8)",
    "P50",
    "iqm",
  ];
  for (const name of [...names, ...more]) assert.equal(findStatistic(name), undefined, name);
  assert.equal(findExtended("Average"), undefined);
});

test("where only sums are known, there are none of single values, unless all are equal", () => {
  const none = new Float64Array(0);
  const sums = { ...ten, values: none, counts: none };
  for (const name of ["p50", "tm90", "TC(1:2)", "wm90", "PR(:3)"]) {
    assert.equal(findStatistic(name)!(sums), undefined, name);
  }
  const equal = { sampleCount: 4, sum: 12, minimum: 3, maximum: 3, values: none, counts: none };
  assert.deepEqual(
    ["p50", "TM(:50%)", "tc50", "TS(:3)", "wm90", "PR(3:4)"].map((name) => findStatistic(name)!(equal)),
    [3, 3, 2, 12, 3, 0],
  );
});

test("a trimmed mean of nothing is none", () => assert.equal(findStatistic("TM(20:30)")!(ten), undefined));
