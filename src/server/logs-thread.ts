import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import { LogStore } from "../services/logs/log-store.ts";
import type { LogsStart, ToLogs } from "../services/logs/logs-messages.ts";
import { LogsWorker } from "../services/logs/logs-worker.ts";
import { ServerClock } from "./server-clock.ts";

/** How often entries that are too old are dropped. */
const sweepMs = 60_000;

const control = parentPort;
assert(control !== null, "the logs' thread is a worker");
const start = workerData as LogsStart;
const worker = new LogsWorker(new LogStore(start), new ServerClock(start.clock), (message) =>
  control.postMessage(message),
);
worker.sweep();
setInterval(() => worker.sweep(), sweepMs).unref();

const handlers: Handlers<ToLogs> = {
  ...worker.handlers,
  stop: () => {
    worker.close();
    control.close();
  },
};
control.on("message", (message: ToLogs) => dispatch(handlers, message));
