import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { randomIds } from "../../base/ids.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { LogSender } from "../../telemetry/log-sender.ts";
import { makeLogger } from "../../telemetry/logger.ts";
import { allocateMetrics, Metrics } from "../../telemetry/metrics.ts";
import { LogStore } from "./log-store.ts";
import { LogsService } from "./logs-service.ts";

const clock = { now: () => Date.now() };
const context: CallContext = {
  account: "000000000000",
  region: "us-east-1",
  requestId: "r",
  clock,
  ids: randomIds,
  host: "localhost",
  accessKeyId: undefined,
  userAgent: undefined,
};
const address = (stream: string) => ({ account: "000000000000", region: "us-east-1", group: "g", stream });

const folder = mkdtempSync(join(tmpdir(), "portico-logs-service-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function aService() {
  const told: string[] = [];
  const metrics = allocateMetrics(1);
  const start = { path: join(folder, `${randomIds.id(8)}.db`), bytesMax: 128 * 1_048_576 };
  const service = new LogsService({
    entry: new URL("../../server/logs-thread.ts", import.meta.url),
    start: { ...start, clock: new SharedArrayBuffer(8), collector: undefined },
    clock,
    metrics: new Metrics(metrics, 0),
    wait: () => Promise.resolve(),
    logger: makeLogger("debug", (level, message) => told.push(`${level} ${message}`)),
  });
  const connectSender = (): LogSender => {
    const { port1, port2 } = new MessageChannel();
    service.connect(port1);
    return new LogSender(port2, clock, new Metrics(metrics, 1));
  };
  /** What the closed service has left in its file. */
  const stored = (): string[] => {
    const store = new LogStore(start);
    const group = store.group("000000000000", "us-east-1", "g");
    const lines = group ? [...store.forward({ groupId: group.id }, { fromMs: 0, toMs: 1e15 })] : [];
    store.close();
    return lines.map(({ message }) => message);
  };
  return { service, told, connectSender, stored };
}

test("a burst from many threads is stored or counted as dropped, line by line, and the server's log says so", async () => {
  const { service, told, connectSender, stored } = aService();
  const senders = [connectSender(), connectSender(), connectSender()];
  const perSender = 60_000;
  const line = "x".repeat(200);
  for (const [index, sender] of senders.entries()) {
    const writer = sender.open(address(`${index}`));
    for (let n = 0; n < perSender; n++) writer.write(line);
    sender.close();
  }
  await service.close();
  const dropped = told.map((text) => Number(/^warn (\d+) log lines dropped: /.exec(text)?.[1]));
  assert.equal(stored().length + dropped.reduce((a, b) => a + b, 0), senders.length * perSender, told.join("\n"));
  assert.ok(dropped.length > 0, "more than can wait was dropped");
});

test("lines that were sent before it is closed are not lost, though no thread has been started yet", async () => {
  const { service, told, connectSender, stored } = aService();
  const sender = connectSender();
  sender.open(address("s")).write("one");
  sender.close();
  service.sink.open(address("s")).write("two");
  await service.close();
  assert.deepEqual(stored().sort(), ["one", "two"]);
  assert.deepEqual(told, []);
});

test("a call that fails for a fault of ours is an error, and one that is refused an ApiError", async () => {
  const { service } = aService();
  const call = (operation: string, input: object) => service.operations[operation]!(input, context);
  await assert.rejects(call("DeleteLogGroup", { logGroupName: "none" }), {
    code: "ResourceNotFoundException",
    message: "The specified log group does not exist.",
  });
  await assert.rejects(
    call("CreateLogGroup", { logGroupName: 1n }),
    (error) => error instanceof Error && !("code" in error),
  );
  await service.close();
});
