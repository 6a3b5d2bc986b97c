import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { parseLogFilter } from "../../src/language/log-filter.ts";
import { LogStore } from "../../src/services/logs/log-store.ts";
import { LogSender } from "../../src/telemetry/log-sender.ts";
import type { LogDelivery } from "../../src/telemetry/log-sink.ts";
import { allocateMetrics, Metrics } from "../../src/telemetry/metrics.ts";
import type { Bench } from "../bench.ts";

const address = { account: "000000000000", region: "us-east-1", group: "/bench", stream: "s" };
const lineCount = 200_000;
const linesPerDelivery = 1_000;
const tail = `"ip":"127.0.0.1","status":"200","path":"/pets","agent":"${"x".repeat(150)}"}`;

/** Lines as a gateway thread writes them, in deliveries that are acknowledged at once; microseconds a line. */
async function send(deliveries: LogDelivery[]): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const arrived = Promise.withResolvers<void>();
  port1.on("message", (delivery: LogDelivery) => {
    deliveries.push(delivery);
    arrived.resolve();
    port1.postMessage(null);
  });
  const sender = new LogSender(port2, { now: () => Date.now() }, new Metrics(allocateMetrics(1), 1));
  const writer = sender.open(address);
  let spentMs = 0;
  for (let from = 0; from < lineCount; from += linesPerDelivery) {
    const started = performance.now();
    for (let n = from; n < from + linesPerDelivery; n++) writer.write(`{"requestId":"${n}",${tail}`);
    spentMs += performance.now() - started;
    // The far end takes what was sent.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await arrived.promise;
  port1.close();
  return (spentMs * 1_000) / lineCount;
}

export const bench: Bench = {
  title: "log lines of 220 bytes: written in a thread, stored, searched",
  needs: [],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
    const store = new LogStore({ path: join(folder, "logs.db"), bytesMax: 1_073_741_824 });
    try {
      const deliveries: LogDelivery[] = [];
      const writeUs = await send(deliveries);
      const lines = deliveries
        .flatMap(({ batches }) => batches)
        .reduce((sum, batch) => sum + batch.lines.length / 2, 0);
      const started = performance.now();
      for (const { batches } of deliveries) store.deliver(batches, Date.now());
      const storedMs = performance.now() - started;
      const filter = parseLogFilter("{ $.status = 500 }");
      if (filter.kind === "invalid") throw new Error(filter.message);
      const group = store.group(address.account, address.region, address.group);
      const begun = performance.now();
      for (const { message } of store.forward({ groupId: group?.id ?? 0 }, { fromMs: 0, toMs: 1e15 })) {
        if (filter.matches(message)) throw new Error("nothing matches");
      }
      return {
        "writing a line, µs": writeUs,
        "lines stored/s": (lines * 1_000) / storedMs,
        "JSON lines searched/s": (lines * 1_000) / (performance.now() - begun),
      };
    } finally {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
