import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { until } from "../../test/until.ts";
import { MetricSender } from "./metric-sender.ts";
import type { MetricDelivery, MetricPoint } from "./metric-sink.ts";
import { allocateMetrics, Metrics, renderMetrics } from "./metrics.ts";

const metric = {
  account: "000000000000",
  region: "us-east-1",
  namespace: "n",
  name: "m",
  dimensions: [],
  unit: "None",
};
const point = (minute: number, distinct = 1): MetricPoint => {
  const values = new Float64Array(distinct);
  return { metric, minute, sampleCount: 1, sum: 1, minimum: 1, maximum: 1, values, counts: values };
};

test("one delivery is under way at a time; what finds no room meanwhile is dropped and counted; stored() waits for all", async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const memory = allocateMetrics(1);
  const sender = new MetricSender(port2, new Metrics(memory, 1));
  const deliveries: MetricDelivery[] = [];
  port1.on("message", (delivery: MetricDelivery) => deliveries.push(delivery));
  await sender.stored();

  sender.write([point(1)]);
  sender.write([point(2), point(3)]);
  sender.write(Array.from({ length: 12 }, (_, index) => point(index, 100_000)));
  let isStored = false;
  const stored = sender.stored().then(() => {
    isStored = true;
  });
  await until(() => deliveries.length === 1);
  assert.deepEqual(
    deliveries[0]?.points.map(({ minute }) => minute),
    [1],
  );
  assert.equal(isStored, false);
  port1.postMessage(null);
  await until(() => deliveries.length === 2);
  // A million values wait at most.
  assert.deepEqual([deliveries[1]?.points.length, deliveries[1]?.dropped], [11, 3]);
  assert.equal(isStored, false);
  port1.postMessage(null);
  await stored;
  const rendered = renderMetrics(memory);
  assert.match(rendered, /portico_metric_points_dropped_total 3\n/);
  assert.match(rendered, /portico_metric_points_total 12\n/);

  sender.write([point(9)]);
  sender.close();
  await until(() => deliveries.length === 3);
});
