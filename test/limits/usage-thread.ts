// Counts calls of one key until its quota is used up, or without end.
import { parentPort, workerData } from "node:worker_threads";
import { type ApiKeyMemory, ApiKeyRecords } from "../../src/limits/api-key-memory.ts";
import type { Quota } from "../../src/limits/quota-period.ts";
import { UsageCounter } from "../../src/limits/usage-counter.ts";

const { memory, membership, quota, run, threads, now, isEndless } = workerData as {
  memory: ApiKeyMemory;
  membership: number;
  quota: Quota;
  run: SharedArrayBuffer;
  threads: number;
  now: number;
  isEndless?: boolean;
};
const counter = new UsageCounter(new ApiKeyRecords(memory));
const ready = new Int32Array(run);
// All begin together.
Atomics.add(ready, 0, 1);
while (Atomics.load(ready, 0) < threads) {}
if (isEndless === true) parentPort?.postMessage(0);
let passed = 0;
while (counter.count(membership, 1, quota, now) === "counted") passed++;
parentPort?.postMessage(passed);
