import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateSampling, defaultSamplingRule, Reservoirs } from "./sampling-rule.ts";

test("a reservoir holds for all threads together, and is filled each second", () => {
  const memory = allocateSampling();
  const threads = [new Reservoirs(memory), new Reservoirs(memory)];
  const rule = { ...defaultSamplingRule, fixedRate: 0, reservoirSize: 3 };
  const slot = threads[0]!.slotOf("1", "eu-west-1", "a");
  const sampledAt = (ms: number): number =>
    Array.from({ length: 10 }, (_, index) => threads[index % 2]!.sample(slot, rule, ms)).filter(Boolean).length;
  assert.deepEqual([sampledAt(1_000), sampledAt(1_999), sampledAt(2_000), sampledAt(500)], [3, 0, 3, 3]);
  assert.deepEqual(threads[1]!.countsOf(slot), { requests: 40, sampled: 9, borrowed: 9 });
});

test("beyond the reservoir, the share of requests is the fixed rate", () => {
  const reservoirs = new Reservoirs(allocateSampling());
  const rule = { ...defaultSamplingRule, fixedRate: 0.25, reservoirSize: 0 };
  let sampled = 0;
  for (let count = 0; count < 100_000; count++) if (reservoirs.sample(0, rule, 0)) sampled++;
  // Ten standard deviations.
  assert.ok(Math.abs(sampled - 25_000) < 1_370, String(sampled));
  assert.equal(reservoirs.sample(0, { ...rule, fixedRate: 0 }, 0), false);
  assert.equal(reservoirs.sample(0, { ...rule, fixedRate: 1 }, 0), true);
});
