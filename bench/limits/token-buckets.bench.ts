import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { linkThrottle } from "../../src/gateway/steps/throttle.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import { allocateTokenBuckets, TokenBuckets } from "../../src/limits/token-buckets.ts";
import type { Bench, Figures } from "../bench.ts";

const rate = 1e8;
const burst = 1e8;

export const bench: Bench = {
  title: "Token buckets: nanoseconds a token, and the step that takes those of a request",
  needs: [],
  async run(): Promise<Figures> {
    const clock = { now: () => Date.now() };
    const memory = allocateTokenBuckets(524_288, clock.now());
    const buckets = new TokenBuckets(memory, "refuse");
    const one = buckets.bucket("one");
    const many = Array.from({ length: 100_000 }, (_, index) => buckets.bucket(`${index}`));
    const empty = buckets.bucket("empty");
    let at = 0;
    const now = clock.now();
    const exchange = { isTest: false, httpMethod: "GET", startedMs: now } as Parameters<
      ReturnType<typeof linkThrottle>
    >[0];
    const thread = { clock, throttles: openThrottles(allocateThrottles(now), { ratePerSecond: rate, burst }) };
    const context = {
      thread,
      stage: { account: "000000000000", region: "us-east-1", apiId: "a", stageName: "s" },
      method: { routeKey: "GET /", steps: [] },
    } as unknown as Parameters<typeof linkThrottle>[1];
    const account = linkThrottle({ kind: "throttle" }, context);
    const both = linkThrottle({ kind: "throttle", method: { ratePerSecond: rate / 2, burst: burst / 2 } }, context);
    return {
      "ns a token": nanoseconds(() => buckets.take(one, rate, burst, now)),
      "ns a token of one of 100,000 buckets": nanoseconds(() => {
        if (++at === many.length) at = 0;
        buckets.take(many[at]!, rate, burst, now);
      }),
      "ns a refusal": nanoseconds(() => buckets.take(empty, 1, 1, now)),
      "ns a reading of the clock": nanoseconds(() => clock.now()),
      "ns a request, account": nanoseconds(() => account(exchange)),
      "ns a request, method and account": nanoseconds(() => both(exchange)),
      "ns a token, two threads on one bucket": await together(["same", "same"]),
      "ns a token, two threads on two buckets": await together(["left", "right"]),
      "ns a bucket's name": nanoseconds(() => buckets.bucket("method abc/prod GET /pets")),
    };
  },
};

/** The best of many short runs: others use this machine, too. */
function nanoseconds(work: () => unknown): number {
  const count = 100_000;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 30; round++) {
    const start = performance.now();
    for (let call = 0; call < count; call++) work();
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1e6) / count;
}

/** Nanoseconds a token when a thread for each name takes at the same time: the best of some runs, of the slower thread. */
async function together(names: readonly string[]): Promise<number> {
  const memory = allocateTokenBuckets(1_024, Date.now());
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const ready = new SharedArrayBuffer(4);
    const times = await Promise.all(
      names.map(async (name) => {
        const workerData = { memory, ready, threads: names.length, name, rate, burst };
        const thread = new Worker(new URL("./taking-thread.ts", import.meta.url), { workerData });
        const [ns] = (await once(thread, "message")) as [number];
        await thread.terminate();
        return ns;
      }),
    );
    best = Math.min(best, Math.max(...times));
  }
  return best;
}
