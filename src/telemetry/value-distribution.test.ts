import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../base/clock.ts";
import { MetricRecorder, MetricSeries } from "./metric-recorder.ts";
import type { MetricPoint } from "./metric-sink.ts";
import { ValueDistribution } from "./value-distribution.ts";

test("zeros and ones are exact, and their average is a rate", () => {
  const errors = new ValueDistribution();
  for (let request = 0; request < 1_000; request++) errors.add(request % 4 === 0 ? 1 : 0);
  const { values, counts, ...point } = errors.take();
  assert.deepEqual(point, { sampleCount: 1_000, sum: 250, minimum: 0, maximum: 1 });
  assert.deepEqual(
    [[...values], [...counts]],
    [
      [0, 1],
      [750, 250],
    ],
  );
});

test("other values are rounded to 1 %, with the exact sum and edges", () => {
  const latencies = new ValueDistribution();
  const added = Array.from({ length: 2_000 }, (_, index) => 0.05 * 1.01 ** (index % 1_000));
  for (const value of added) latencies.add(value);
  const { values, counts, ...point } = latencies.take();
  assert.equal(point.sampleCount, 2_000);
  assert.ok(Math.abs(point.sum - added.reduce((sum, value) => sum + value, 0)) < 1e-6);
  assert.deepEqual([point.minimum, point.maximum], [Math.min(...added), Math.max(...added)]);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    2_000,
  );
  const middle = added.toSorted((one, other) => one - other)[999]!;
  const pairs = [...values].map((value, index) => [value, counts[index]!] as const);
  const all = pairs.sort(([one], [other]) => one - other).flatMap(([value, count]) => Array<number>(count).fill(value));
  const median = all[999]!;
  assert.ok(Math.abs(median / middle - 1) < 0.01, `${median} for ${middle}`);
});

test("what is taken is forgotten", () => {
  const some = new ValueDistribution();
  some.add(7);
  some.take();
  assert.equal(some.take().sampleCount, 0);
  some.add(3);
  const { sum, minimum, maximum, values } = some.take();
  assert.deepEqual([sum, minimum, maximum, [...values]], [3, 3, 3, [3]]);
});

test("a minute is handed on when another begins, and all when asked; a clock that goes back makes no points wrong", () => {
  const written: MetricPoint[] = [];
  const clock = new ManualClock(90_000);
  const recorder = new MetricRecorder({ write: (points) => written.push(...points) }, clock);
  const place = { account: "1", region: "r", namespace: "n" };
  const places = [
    { ...place, dimensions: [["Api", "a"]] as const },
    {
      ...place,
      dimensions: [
        ["Api", "a"],
        ["Stage", "s"],
      ] as const,
    },
  ];
  const series = new MetricSeries(
    recorder,
    [
      { name: "Count", unit: "Count" },
      { name: "None", unit: "Count" },
    ],
    places,
  );
  const count = (): void => {
    recorder.begin();
    series.add(0, 1);
  };
  const seen = (): unknown[] =>
    written.splice(0).map(({ metric: { name, dimensions }, minute, sum }) => [name, dimensions.length, minute, sum]);
  recorder.flush();
  assert.deepEqual(seen(), []);
  count();
  count();
  assert.deepEqual(seen(), []);
  clock.advance(60_000);
  count();
  assert.deepEqual(seen(), [
    ["Count", 1, 1, 2],
    ["Count", 2, 1, 2],
  ]);
  clock.advance(-60_000);
  count();
  recorder.flush();
  assert.deepEqual(seen(), [
    ["Count", 1, 2, 1],
    ["Count", 2, 2, 1],
    ["Count", 1, 1, 1],
    ["Count", 2, 1, 1],
  ]);
  recorder.flush();
  assert.deepEqual(seen(), []);
});
