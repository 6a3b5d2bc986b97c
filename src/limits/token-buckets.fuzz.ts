import assert from "node:assert/strict";
import { test } from "node:test";
import { below, chance, durationMsOr, makeRandom, pick, seed } from "../../test/random.ts";
import { within } from "../../test/until.ts";
import { allocateTokenBuckets, TokenBuckets } from "./token-buckets.ts";

const start = 1_700_000_000_000;
const rates = [0.001, 0.5, 1, 7.3, 100, 333.3, 1_000, 10_000, 123_456] as const;
const bursts = [1, 2, 3, 10, 50, 5_000] as const;

/** What a bucket has given and time has not brought back, counted apart from the bucket. */
interface Meter {
  tokens: number;
  atMs: number;
  rate: number;
}

test(`fuzz: a bucket gives no more than burst and rate, whatever rates, bursts and clocks do, and never stops (PORTICO_FUZZ_SEED=${seed})`, () => {
  const random = makeRandom(seed);
  const goesOn = within(durationMsOr(1_000));
  while (goesOn()) {
    const buckets = new TokenBuckets(allocateTokenBuckets(64, start), "refuse");
    const meters = new Map<string, Meter>();
    let now = start;
    let [rate, burst]: number[] = [pick(random, rates), pick(random, bursts)];
    for (let step = 0; step < 2_000; step++) {
      if (chance(random, 0.3)) now += below(random, 20);
      if (chance(random, 0.02)) now += below(random, 10_000_000);
      if (chance(random, 0.01)) now -= below(random, pick(random, [10, 5_000, 10_000_000]));
      if (chance(random, 0.01)) rate = pick(random, rates);
      if (chance(random, 0.01)) burst = pick(random, bursts);
      const name = `${below(random, 3)}`;
      const bucket = buckets.bucket(name);
      const perMs = rate! / 1_000;
      const capacity = Math.max(burst!, perMs) + Math.min(perMs, 0.99);
      const meter = meters.get(name) ?? { tokens: 0, atMs: now, rate: rate! };
      meters.set(name, meter);
      const brought = (Math.max(0, now - meter.atMs) * meter.rate) / 1_000;
      meter.tokens = Math.min(Math.max(0, meter.tokens - brought), capacity);
      Object.assign(meter, { atMs: now, rate });
      if (buckets.take(bucket, rate!, burst!, now)) {
        meter.tokens++;
        assert.ok(meter.tokens <= capacity + 0.01, `${meter.tokens} of ${capacity}`);
      } else if (chance(random, 0.05)) {
        // A token's time later there is one; the skew of clocks may come before.
        now += Math.ceil(1_000 / rate!) + 1_001;
        assert.ok(buckets.take(bucket, rate!, burst!, now), `rate ${rate}, burst ${burst}`);
        meters.delete(name);
      }
    }
  }
});
