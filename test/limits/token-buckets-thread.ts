/** A thread that takes from three buckets until they are empty, or for ever. */
import { parentPort, workerData } from "node:worker_threads";
import { TokenBuckets } from "../../src/limits/token-buckets.ts";

const { memory, run, threads, now, isEndless } = workerData as {
  readonly memory: SharedArrayBuffer;
  /** Counts the threads that are ready, so that all begin at once. */
  readonly run: SharedArrayBuffer;
  readonly threads: number;
  readonly now: number;
  readonly isEndless?: true;
};

const buckets = new TokenBuckets(memory, "refuse");
const ready = new Int32Array(run);
Atomics.add(ready, 0, 1);
Atomics.notify(ready, 0);
for (let count = Atomics.load(ready, 0); count < threads; count = Atomics.load(ready, 0)) {
  Atomics.wait(ready, 0, count, 1_000);
}

const taken: Record<string, number> = {};
for (const name of ["a", "b", "c"]) {
  const bucket = buckets.bucket(name);
  let count = 0;
  while (buckets.take(bucket, 10_000, 20_000, now)) count++;
  taken[name] = count;
}
parentPort?.postMessage(taken);
if (isEndless === true) {
  const bucket = buckets.bucket("d");
  for (;;) {
    // Different rates, so that conversions are cut off, too.
    buckets.take(bucket, 10_000, 20_000, now);
    buckets.take(bucket, 20_000, 20_000, now);
  }
}
