import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateTokenBuckets, fillTokenBuckets, TokenBuckets } from "./token-buckets.ts";

const start = 1_700_000_000_000;
const make = (count = 1_024, fullSet: "refuse" | "share" = "refuse") =>
  new TokenBuckets(allocateTokenBuckets(count, start), fullSet);

/** Takes until there is no token left, and returns how many there were. */
function drain(buckets: TokenBuckets, name: string, rate: number, burst: number, now: number, most = 100_000): number {
  const bucket = buckets.bucket(name);
  let taken = 0;
  while (taken < most && buckets.take(bucket, rate, burst, now)) taken++;
  return taken;
}

test("a bucket gives its burst at once, and then its rate", () => {
  for (const [rate, burst] of [
    [10_000, 5_000],
    [1_000, 1],
    [700, 1],
    [2_500, 2],
    [10_000, 1],
    [0.5, 3],
    [1, 1],
    [333.3, 50],
    [1e6, 20],
  ] as const) {
    const buckets = make();
    const first = drain(buckets, "a", rate, burst, start);
    // A clock of milliseconds brings what the rate gives in one.
    assert.equal(first, Math.floor(Math.max(burst, rate / 1_000) + Math.min(rate / 1_000, 0.99)), `${rate}/${burst}`);
    const seconds = Math.max(10, 100 / rate);
    let more = 0;
    for (let ms = 1; ms <= seconds * 1_000; ms++) more += drain(buckets, "a", rate, burst, start + ms);
    assert.ok(Math.abs(more - rate * seconds) <= Math.max(1, 0.0001 * rate * seconds), `${rate}/${burst}: ${more}`);
  }
});

test("buckets are apart, and two views of the memory are one bucket", () => {
  const memory = allocateTokenBuckets(1_024, start);
  const [one, other] = [new TokenBuckets(memory, "refuse"), new TokenBuckets(memory, "refuse")];
  assert.equal(drain(one, "a", 1, 10, start, 7), 7);
  assert.equal(drain(other, "b", 1, 10, start), 10);
  assert.equal(drain(other, "a", 1, 10, start), 3);
  assert.equal(drain(one, "a", 1, 10, start), 0);
});

test("rates and bursts that are no positive numbers give nothing, and change nothing", () => {
  const buckets = make();
  const bucket = buckets.bucket("a");
  assert.equal(drain(buckets, "a", 1, 10, start, 4), 4);
  const infinity = Number.POSITIVE_INFINITY;
  for (const rate of [0, -0, -1, Number.NaN, infinity, -infinity, 5e-324]) {
    assert.equal(buckets.take(bucket, rate, 10, start), false, `rate ${rate}`);
  }
  for (const burst of [0, -1, 0.5, Number.NaN, infinity]) {
    assert.equal(buckets.take(bucket, 1, burst, start), false, `burst ${burst}`);
  }
  assert.equal(buckets.take(bucket, 1e-300, 1e300, start), false);
  assert.equal(drain(buckets, "a", 1, 10, start), 6);
});

test("the largest numbers that AWS takes are numbers to count with", () => {
  const buckets = make();
  assert.equal(drain(buckets, "a", 1e15, 2_147_483_647, start, 10), 10);
  assert.equal(drain(buckets, "b", 1e-9, 2_147_483_647, start, 10), 10);
  assert.equal(drain(buckets, "c", 1e-9, 5, start), 5);
  assert.equal(drain(buckets, "c", 1e-9, 5, start + 1e11), 0);
});

test("a bucket keeps its tokens when its rate changes", () => {
  for (const rate of [0.1, 1, 1_000, 50_000]) {
    const buckets = make();
    drain(buckets, "a", 1_000, 100, start, 70);
    assert.equal(drain(buckets, "a", rate, 100, start, 1_000), 30, `to ${rate}`);
  }
});

test("a bucket that becomes smaller is empty at most, and fills at its rate", () => {
  const buckets = make();
  drain(buckets, "a", 10, 5_000, start);
  assert.equal(drain(buckets, "a", 10, 20, start), 0);
  assert.equal(drain(buckets, "a", 10, 20, start + 1_000), 10);
  assert.equal(drain(buckets, "a", 10, 20, start + 100_000), 20);
});

test("a bucket that becomes larger keeps its tokens, and fills at its rate; a full one is full", () => {
  const buckets = make();
  drain(buckets, "a", 10, 20, start, 15);
  assert.equal(drain(buckets, "a", 10, 50, start), 5);
  assert.equal(drain(buckets, "a", 10, 50, start + 3_000), 30);
  assert.equal(drain(buckets, "b", 10, 20, start), 20);
  assert.equal(drain(buckets, "b", 10, 50, start + 2_000), 50);
});

test("threads that use a bucket with different limits get no tokens by that", () => {
  const memory = allocateTokenBuckets(1_024, start);
  const [one, other] = [new TokenBuckets(memory, "refuse"), new TokenBuckets(memory, "refuse")];
  let taken = 0;
  for (let round = 0; round < 1_000; round++) {
    taken += drain(one, "a", 200, 100, start) + drain(other, "a", 20, 10, start);
  }
  assert.equal(taken, 100);
  taken = 0;
  for (let ms = 0; ms < 5_000; ms++) {
    taken += drain(one, "a", 200, 100, start + ms) + drain(other, "a", 20, 10, start + ms);
  }
  assert.ok(taken <= 1_001, `${taken}`);
});

test("a clock that goes forward fills a bucket up to its burst", () => {
  const buckets = make();
  for (const ms of [60_000, 86_400_000, 3_155_760_000_000]) {
    assert.equal(drain(buckets, "a", 10, 20, start + ms), 20);
    assert.equal(drain(buckets, "a", 10, 20, start + ms), 0);
  }
});

test("a clock that goes back neither freezes a bucket nor opens it beyond its burst", () => {
  for (const back of [1, 500, 60_000, 3_600_000, 86_400_000 * 400]) {
    const buckets = make();
    drain(buckets, "a", 10, 20, start);
    const now = start - back;
    assert.equal(drain(buckets, "a", 10, 20, now), 0, `${back}`);
    // It is as empty as before, and fills from now on; after a jump within the skew, from the time before the jump.
    const delay = back <= 1_000 ? back : 0;
    assert.equal(drain(buckets, "a", 10, 20, now + 1_000 + delay), 10, `${back}`);
    assert.equal(drain(buckets, "a", 10, 20, now + 100_000), 20, `${back}`);
  }
});

test("a bucket that was full when the clock went back never gives more than its burst", () => {
  for (const back of [1, 500, 60_000, 86_400_000 * 400]) {
    const buckets = make();
    assert.equal(drain(buckets, "a", 10, 20, start, 1), 1);
    assert.ok(drain(buckets, "a", 10, 20, start - back) <= 20);
    assert.ok(drain(buckets, "a", 10, 20, start - back) === 0);
    assert.ok(drain(buckets, "a", 10, 20, start - back + 3_100) >= 20);
  }
});

test("more buckets than places: those that are full again make room, and none is ever unlimited", () => {
  const buckets = make(64);
  for (let round = 0; round < 5; round++) {
    const now = start + round * 1_000_000;
    for (let name = 0; name < 1_000; name++) {
      const taken = drain(buckets, `${round}/${name}`, 1, 5, now);
      assert.ok(taken === 5 || taken === 0, `${taken}`);
    }
    // The first comer always has a place again.
    assert.equal(drain(buckets, `${round}/again`, 1, 5, now + 500_000), 5);
  }
});

test("a bucket without a place is refused, and says so", () => {
  const buckets = make(8);
  for (let name = 0; name < 8; name++) assert.equal(drain(buckets, `${name}`, 1, 5, start), 5);
  const late = buckets.bucket("late");
  assert.equal(buckets.isCrowdedOut(late, start), true);
  assert.equal(buckets.take(late, 1, 5, start), false);
  assert.equal(buckets.isCrowdedOut(buckets.bucket("0"), start), false);
  assert.equal(buckets.take(late, 1, 5, start + 5_000), true);
});

test("clients who share places get no more together than its places give, however many they are", () => {
  const buckets = make(8, "share");
  let taken = 0;
  for (let name = 0; name < 10_000; name++) taken += drain(buckets, `${name % 100}/${name}`, 1, 5, start);
  assert.equal(taken, 8 * 5);
  assert.equal(buckets.isCrowdedOut(buckets.bucket("another"), start), false);
});

test("100,000 buckets that are all in debt have their places; what they are is found again", () => {
  const buckets = make(524_288);
  const names = Array.from({ length: 100_000 }, (_, name) => buckets.bucket(`method abc/prod GET /${name}`));
  for (const bucket of names) assert.equal(buckets.take(bucket, 1, 2, start), true);
  for (const bucket of names) assert.equal(buckets.take(bucket, 1, 2, start), true);
  for (const bucket of names) assert.equal(buckets.take(bucket, 1, 2, start), false);
  assert.equal(names.filter((bucket) => buckets.isCrowdedOut(bucket, start)).length, 0);
});

test("a million clients are counted in the memory that there is", () => {
  const buckets = make(65_536, "share");
  let taken = 0;
  for (let client = 0; client < 1_000_000; client++) {
    const bucket = {
      set: 16 + (client % 8_192) * 48,
      otherSet: 16 + (client % 4_093) * 48,
      low: client | 1,
      high: client,
    };
    if (buckets.take(bucket, 1, 5, start)) taken++;
  }
  assert.ok(taken <= 65_536 * 5, `${taken}`);
});

test("buckets can all be filled", () => {
  const memory = allocateTokenBuckets(64, start);
  const buckets = new TokenBuckets(memory, "refuse");
  for (const name of ["a", "b"]) drain(buckets, name, 1, 5, start);
  fillTokenBuckets(memory);
  for (const name of ["a", "b"]) assert.equal(drain(buckets, name, 1, 5, start), 5);
});
