import { workerData } from "node:worker_threads";
import { TraceStore } from "../services/xray/trace-store.ts";
import { type TracesStart, TraceWork } from "../services/xray/trace-work.ts";
import { runServiceThread } from "./run-service-thread.ts";
import { ServerClock } from "./server-clock.ts";

const start = workerData as TracesStart;
runServiceThread(
  (post) => new TraceWork(new TraceStore(start), new ServerClock(start.clock), start, post),
  ({ items, dropped }) => ({ held: items.length, dropped }),
);
