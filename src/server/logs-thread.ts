import { workerData } from "node:worker_threads";
import { ExecutionLogPrinter } from "../services/logs/execution-log-printer.ts";
import { LogStore } from "../services/logs/log-store.ts";
import type { LogsStart } from "../services/logs/logs-service.ts";
import { LogsWork } from "../services/logs/logs-work.ts";
import { runServiceThread } from "./run-service-thread.ts";
import { ServerClock } from "./server-clock.ts";

const start = workerData as LogsStart;
runServiceThread(
  (post) =>
    new LogsWork({
      store: new LogStore(start),
      clock: new ServerClock(start.clock),
      printer: new ExecutionLogPrinter(),
      post,
      collector: start.collector,
    }),
  ({ batches, dropped }) => ({ held: batches.reduce((sum, { lines }) => sum + lines.length / 2, 0), dropped }),
);
