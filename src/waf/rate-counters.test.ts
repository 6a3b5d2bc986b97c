// Counting requests by key in memory that threads share: windows, bounded room, clocks that jump.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRateMemory, RateCounters } from "./rate-counters.ts";

const minute = 60_000;
const start = 1_700_000_000_000;
const make = (): RateCounters => new RateCounters(makeRateMemory([0x1234_5678, -0x7654_3210]));

test("requests count in their window and not beyond it", () => {
  const counters = make();
  for (let count = 1; count <= 50; count++) assert.equal(counters.count("a", minute, start), count);
  assert.equal(counters.count("b", minute, start), 1);
  assert.equal(counters.count("a", minute, start + 30_000), 51);
  assert.equal(counters.count("a", minute, start + 66_000), 2);
  assert.equal(counters.count("a", minute, start + 30 * minute), 1);
});

test("two threads count together", () => {
  const memory = makeRateMemory([1, 2]);
  const [one, other] = [new RateCounters(memory), new RateCounters(memory)];
  one.count("a", minute, start);
  assert.equal(other.count("a", minute, start), 2);
  assert.equal(one.count("a", minute, start), 3);
});

test("rules with different windows count the same key apart", () => {
  const counters = make();
  counters.count("rule 1\na", minute, start);
  assert.equal(counters.count("rule 2\na", 10 * minute, start), 1);
});

test("a clock that jumps neither breaks counting nor keeps counts for ever", () => {
  const counters = make();
  for (let count = 0; count < 5; count++) counters.count("a", minute, start);
  assert.ok(counters.count("a", minute, start - 10 * minute) <= 6);
  assert.equal(counters.count("a", minute, start + 365 * 24 * 60 * minute), 1);
  // A bucket's number of rounds has eight bits: the same number comes again after 256 windows.
  assert.equal(counters.count("b", minute, start), 1);
  assert.equal(counters.count("b", minute, start + 256 * minute), 1);
});

test("requests are counted after 2038, when seconds need all 32 bits", () => {
  const counters = make();
  for (let count = 1; count <= 5; count++) assert.equal(counters.count("a", minute, Date.UTC(2041, 0)), count);
});

test("a million keys take no more memory, and whoever sends most is still counted", () => {
  const counters = make();
  let busy = 0;
  for (let key = 0; key < 1_000_000; key++) {
    counters.count(`198.51.100.${key}`, minute, start);
    if (key % 20 === 0) busy = counters.count("busy", minute, start);
  }
  assert.equal(busy, 50_000);
});
