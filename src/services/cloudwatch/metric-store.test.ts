import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import type { MetricPoint } from "../../telemetry/metric-sink.ts";
import { decodeBlock, encodeBlock } from "./metric-block.ts";
import { MetricStore } from "./metric-store.ts";
import { type MetricSummary, makeDistribution, mergeSummaries, percentileOf } from "./metric-summary.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-metrics-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const metric = (name: string, dimensions: readonly (readonly [string, string])[] = [], unit = "Count") => ({
  account: "000000000000",
  region: "us-east-1",
  namespace: "n",
  name,
  dimensions,
  unit,
});

const summaryOf = (values: readonly number[], counts = values.map(() => 1)): MetricSummary => ({
  sampleCount: counts.reduce((a, b) => a + b, 0),
  sum: values.reduce((sum, value, index) => sum + value * counts[index]!, 0),
  minimum: Math.min(...values),
  maximum: Math.max(...values),
  ...makeDistribution(values, counts),
});

const point = (name: string, minute: number, values: readonly number[]): MetricPoint => ({
  metric: metric(name),
  minute,
  ...summaryOf(values),
});

const minutesOf = (store: MetricStore, name: string) => {
  const found = store.metric(metric(name));
  return found === undefined ? [] : [...store.minutes(found.id, { fromMinute: 0, toMinute: 2 ** 40 })];
};

test("points of one metric, unit and minute are added together, across deliveries and a restart", () => {
  const path = join(folder, "added.db");
  const options = { path, bytesMax: 2 ** 30 };
  let store = new MetricStore(options);
  store.add([point("a", 100, [3, 1, 3]), point("a", 101, [5]), point("a", 100, [2])]);
  store.close();
  store = new MetricStore(options);
  store.add([point("a", 100, [1])]);
  const [first, second] = minutesOf(store, "a");
  assert.deepEqual([first?.minute, first?.summary.sampleCount, first?.summary.sum, second?.minute], [100, 5, 10, 101]);
  assert.deepEqual(
    [[...first!.summary.values], [...first!.summary.counts]],
    [
      [1, 2, 3],
      [2, 1, 2],
    ],
  );
  store.close();
});

test("a block of an hour is read as it was written, whatever its numbers are", () => {
  const numbers = [0, -0, 1, -1, 0.5, 12.345, 1e-9, 2 ** 52, 2 ** 60, -(2 ** 360), 0.1 + 0.2, 1_234_567.891];
  const block = new Map([
    [0, summaryOf([1], [1_000_000])],
    [59, summaryOf(numbers)],
    [7, { sampleCount: 2.5, sum: 1, minimum: 0, maximum: 1, values: new Float64Array(0), counts: new Float64Array(0) }],
  ]);
  const read = decodeBlock(encodeBlock(block));
  assert.deepEqual([...read.keys()], [0, 7, 59]);
  for (const [minute, summary] of block) assert.deepEqual(read.get(minute), summary, String(minute));
  // A count of requests takes a dozen bytes.
  assert.ok(encodeBlock(new Map([[0, summaryOf([1], [1_000])]])).length <= 12);
});

test("a broken block is an error, and never an endless loop or a huge allocation", () => {
  for (const bytes of [[255], [0, 0, 0, 0, 0, 255, 255, 255, 127], [0, 3], Array.from({ length: 9 }, () => 255)]) {
    assert.throws(() => decodeBlock(Uint8Array.from(bytes)), RangeError);
  }
});

test("values beyond what a point keeps are rounded, and percentiles stay right within a few percent", () => {
  const store = new MetricStore({ path: undefined, bytesMax: 2 ** 30 });
  const values = Array.from({ length: 20_000 }, (_, index) => 0.1 + index * 0.173);
  for (let from = 0; from < values.length; from += 500) store.add([point("many", 5, values.slice(from, from + 500))]);
  const [{ summary } = assert.fail()] = minutesOf(store, "many");
  assert.ok(summary.values.length <= bounds.metricDistinctValuesMax.value);
  assert.equal(summary.sampleCount, 20_000);
  for (const percent of [1, 25, 50, 90, 99, 99.9]) {
    const exact = values[Math.ceil((percent / 100) * values.length) - 1]!;
    assert.ok(Math.abs(percentileOf(summary, percent)! / exact - 1) < 0.03, `p${percent}`);
  }
  assert.deepEqual([percentileOf(summary, 0), percentileOf(summary, 100)], [values[0], values.at(-1)]);
  store.close();
});

test("percentiles need every sample, unless all are equal", () => {
  const none = new Float64Array(0);
  const set = { sampleCount: 4, sum: 8, minimum: 1, maximum: 3, values: none, counts: none };
  assert.equal(percentileOf(set, 50), undefined);
  for (const merged of [mergeSummaries(set, summaryOf([0, 2])), mergeSummaries(summaryOf([0, 2]), set)]) {
    const { sampleCount, sum, minimum, maximum } = merged;
    assert.deepEqual([sampleCount, sum, minimum, maximum, percentileOf(merged, 50)], [6, 10, 0, 3, undefined]);
  }
  assert.equal(percentileOf({ ...set, minimum: 2, maximum: 2 }, 99), 2);
});

test("the oldest points go when there is no room, and metrics of which nothing is left go with them", () => {
  const path = join(folder, "full.db");
  const bytesMax = 4 * 1_048_576;
  const store = new MetricStore({ path, bytesMax });
  const noise = Array.from({ length: 900 }, (_, index) => index * 1.000_123 + 1 / 3);
  for (let hour = 0; hour < 400; hour++) {
    store.add(Array.from({ length: 4 }, (_, at) => point(`m${hour % 100 < 50 ? 1 : hour}`, hour * 60 + at, noise)));
  }
  assert.ok(statSync(path).size < 3 * bytesMax, `${statSync(path).size}`);
  assert.deepEqual(minutesOf(store, "m60"), []);
  assert.equal(store.metric(metric("m60")), undefined);
  assert.equal(minutesOf(store, "m399").length, 4);
  store.sweep(400 * 3_600_000);
  store.close();
});

test("points older than 15 days are dropped", () => {
  const store = new MetricStore({ path: undefined, bytesMax: 2 ** 30 });
  const minute = 30 * 1_440;
  store.add([point("old", minute - 16 * 1_440, [1]), point("old", minute - 14 * 1_440, [1]), point("gone", 0, [1])]);
  store.sweep(minute * 60_000);
  assert.deepEqual(
    minutesOf(store, "old").map((found) => found.minute),
    [minute - 14 * 1_440],
  );
  assert.equal(store.metric(metric("gone")), undefined);
  store.close();
});

test("10^5 metrics of an account are kept, and points of further ones dropped and counted; other accounts have theirs", () => {
  const store = new MetricStore({ path: undefined, bytesMax: 2 ** 30 });
  const max = bounds.metricsPerAccountMax.value;
  const pointOf = (index: number, account = "000000000000"): MetricPoint => ({
    ...point("hostile", 5, [1]),
    metric: { ...metric("hostile", [["id", String(index)]]), account },
  });
  let dropped = 0;
  for (let from = 0; from < max + 2_000; from += 1_000) {
    dropped += store.add(Array.from({ length: 1_000 }, (_, index) => pointOf(from + index)));
  }
  assert.equal(dropped, 2_000);
  assert.equal(store.add([pointOf(0), pointOf(-1, "111111111111"), pointOf(-1)]), 1);
  store.close();
});

test("a file that is damaged is put aside, and a new one begun", () => {
  const path = join(folder, "damaged.db");
  writeFileSync(path, "this is no database, whatever its name says".repeat(100));
  const store = new MetricStore({ path, bytesMax: 2 ** 30 });
  assert.equal(store.damagedPath, `${path}.damaged`);
  assert.equal(store.add([point("a", 1, [1])]), 0);
  assert.equal(minutesOf(store, "a").length, 1);
  store.close();
  assert.ok(readdirSync(folder).includes("damaged.db.damaged"));
});
