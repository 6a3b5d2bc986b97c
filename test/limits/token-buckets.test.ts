import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { allocateTokenBuckets, TokenBuckets } from "../../src/limits/token-buckets.ts";

const start = 1_700_000_000_000;

function drain(buckets: TokenBuckets, name: string, now: number): number {
  const bucket = buckets.bucket(name);
  let taken = 0;
  while (buckets.take(bucket, 10_000, 20_000, now)) taken++;
  return taken;
}

const worker = new URL("./token-buckets-thread.ts", import.meta.url);

test("threads that take at once take what there is, to the token", async () => {
  const memory = allocateTokenBuckets(1_024, start);
  const threads = 4;
  const run = new Int32Array(new SharedArrayBuffer(4));
  const counts = await Promise.all(
    Array.from({ length: threads }, async () => {
      const thread = new Worker(worker, { workerData: { memory, run: run.buffer, threads, now: start } });
      const [taken] = (await once(thread, "message")) as [Record<string, number>];
      await thread.terminate();
      return taken;
    }),
  );
  for (const name of ["a", "b", "c"]) {
    const sum = counts.reduce((total, taken) => total + (taken[name] ?? 0), 0);
    assert.equal(sum, 20_000, name);
  }
});

test("a thread that is ended while it takes leaves the buckets in order", async () => {
  const memory = allocateTokenBuckets(1_024, start);
  const buckets = new TokenBuckets(memory, "refuse");
  const run = new SharedArrayBuffer(4);
  for (let round = 0; round < 3; round++) {
    const thread = new Worker(worker, { workerData: { memory, run, threads: 1, now: start, isEndless: true } });
    await once(thread, "message");
    await thread.terminate();
  }
  for (const name of ["a", "b", "c"]) {
    assert.equal(drain(buckets, name, start), 0);
    assert.equal(drain(buckets, name, start + 10_000), 20_000);
  }
});
