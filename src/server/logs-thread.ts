import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { LogStore } from "../services/logs/log-store.ts";
import type { LogsStart, ToLogs } from "../services/logs/logs-messages.ts";
import { LogsWorker } from "../services/logs/logs-worker.ts";
import { ServerClock } from "./server-clock.ts";

/** How often what is too old is dropped. */
const sweepMs = 60_000;

const control = parentPort;
assert(control !== null, "the logs' thread is a worker");
const start = workerData as LogsStart;
const worker = new LogsWorker(new LogStore(start), new ServerClock(start.clock), (message) =>
  control.postMessage(message),
);
worker.sweep();
setInterval(() => worker.sweep(), sweepMs).unref();

control.on("message", (message: ToLogs) => {
  if (message.kind !== "stop") {
    worker.hear(message);
    return;
  }
  worker.close();
  control.close();
});
