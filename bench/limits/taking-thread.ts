/** A thread that takes two million tokens of one bucket, and tells how many nanoseconds one took. */
import { parentPort, workerData } from "node:worker_threads";
import { TokenBuckets } from "../../src/limits/token-buckets.ts";

const { memory, ready, threads, name, rate, burst } = workerData as {
  readonly memory: SharedArrayBuffer;
  /** Counts the threads that are ready, so that all begin at once. */
  readonly ready: SharedArrayBuffer;
  readonly threads: number;
  readonly name: string;
  readonly rate: number;
  readonly burst: number;
};

const buckets = new TokenBuckets(memory, "refuse");
const bucket = buckets.bucket(name);
const now = Date.now();
for (let call = 0; call < 200_000; call++) buckets.take(bucket, rate, burst, now);
const counter = new Int32Array(ready);
Atomics.add(counter, 0, 1);
Atomics.notify(counter, 0);
for (let count = Atomics.load(counter, 0); count < threads; count = Atomics.load(counter, 0)) {
  Atomics.wait(counter, 0, count, 1_000);
}
const tokens = 2_000_000;
const start = performance.now();
for (let call = 0; call < tokens; call++) buckets.take(bucket, rate, burst, now);
parentPort?.postMessage(((performance.now() - start) * 1e6) / tokens);
