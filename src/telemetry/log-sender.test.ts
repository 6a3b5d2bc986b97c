import assert from "node:assert/strict";
import { after, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { until } from "../../test/until.ts";
import { bounds } from "../base/bounds.ts";
import { ManualClock } from "../base/clock.ts";
import { LogSender } from "./log-sender.ts";
import type { LogDelivery } from "./log-sink.ts";
import { allocateMetrics, Metrics, renderMetrics } from "./metrics.ts";

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

function aSender() {
  const { port1, port2 } = new MessageChannel();
  const clock = new ManualClock(1_000);
  const memory = allocateMetrics(1);
  const sender = new LogSender(port2, clock, new Metrics(memory, 1));
  const deliveries: LogDelivery[] = [];
  port1.on("message", (delivery: LogDelivery) => deliveries.push(delivery));
  closing.push(() => port1.close());
  return { sender, clock, deliveries, memory, acknowledge: () => port1.postMessage(null) };
}

const address = (stream: string) => ({ account: "000000000000", region: "us-east-1", group: "g", stream });

test("lines are gathered by stream, each with its time; a batch says that it is not in order, and which lines are errors", async () => {
  const { sender, clock, deliveries } = aSender();
  const [a, b] = [sender.open(address("a")), sender.open(address("b"))];
  a.write("one");
  clock.advance(5);
  a.write("two");
  b.write("three", 2_000);
  a.write("earlier", 900, { isError: true });
  await until(() => deliveries.length === 1);
  assert.deepEqual(deliveries, [
    {
      batches: [
        {
          address: address("a"),
          baseMs: 900,
          text: "onetwoearlier",
          lines: Uint32Array.of(100, 3, 105, 3, 0, 7),
          isUnsorted: true,
          errors: [2],
        },
        { address: address("b"), baseMs: 2_000, text: "three", lines: Uint32Array.of(0, 5) },
      ],
      dropped: 0,
    },
  ]);
});

test("a batch names the request of each line, once any line has one", async () => {
  const { sender, deliveries } = aSender();
  const writer = sender.open(address("a"));
  const request = { requestId: "r", traceId: "1-0-0", spanId: "s" };
  writer.write("none");
  writer.write("one", 1_000, { request });
  writer.write("two", 1_000, { request, isError: true });
  writer.write("none");
  await until(() => deliveries.length === 1);
  const [batch] = deliveries[0]!.batches;
  assert.deepEqual([batch?.requests, batch?.errors], [[undefined, request, request, undefined], [2]]);
  writer.write("none");
});

test("while a delivery is not acknowledged lines wait up to a bound, and the others are counted and told of", async () => {
  const { sender, deliveries, memory, acknowledge } = aSender();
  const writer = sender.open(address("s"));
  const line = "x".repeat(1_000);
  const count = Math.ceil((3 * bounds.logLinesWaitingCharsMax.value) / line.length);
  for (let index = 0; index < count; index++) writer.write(line);
  await until(() => deliveries.length === 1);
  acknowledge();
  await until(() => deliveries.length === 2);
  const sent = deliveries.map(({ batches }) => batches.reduce((sum, { lines }) => sum + lines.length / 2, 0));
  // The first was sent as soon as it was worth it; what waited behind it is bounded.
  assert.ok(sent[0]! * line.length < bounds.logLinesWaitingCharsMax.value);
  assert.ok(sent[1]! * line.length <= bounds.logLinesWaitingCharsMax.value);
  const dropped = deliveries[1]!.dropped;
  assert.ok(dropped > 0);
  assert.equal(sent[0]! + sent[1]! + dropped, count);
  assert.match(renderMetrics(memory), new RegExp(`^portico_log_lines_dropped_total ${dropped}$`, "m"));
  // And on: nothing of the burst stays behind.
  acknowledge();
  writer.write("after");
  await until(() => deliveries.length === 3);
  assert.deepEqual([deliveries[2]?.batches[0]?.text, deliveries[2]?.dropped], ["after", 0]);
});

test("what waits when it is closed is sent first", async () => {
  const { sender, deliveries } = aSender();
  sender.open(address("s")).write("last");
  sender.close();
  await until(() => deliveries.length === 1);
  assert.equal(deliveries[0]?.batches[0]?.text, "last");
});
