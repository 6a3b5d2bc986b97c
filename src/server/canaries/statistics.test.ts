import assert from "node:assert/strict";
import { test } from "node:test";
import { chanceOfRanks, chanceOfShare, greatestDifference } from "./statistics.ts";

const isNear = (actual: number, expected: number, tolerance = 1e-6): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(expected, 1e-300), `${actual} is not ${expected}`);

test("Fisher's test gives what the hypergeometric distribution says", () => {
  // Fisher's tea: all four cups right is one way of 70.
  isNear(chanceOfShare({ count: 4, of: 4 }, { count: 0, of: 4 }), 1 / 70);
  isNear(chanceOfShare({ count: 3, of: 4 }, { count: 1, of: 4 }), 17 / 70);
  assert.equal(chanceOfShare({ count: 1, of: 4 }, { count: 1, of: 4 }), 1);
  assert.equal(chanceOfShare({ count: 0, of: 10 }, { count: 5, of: 10 }), 1);
  assert.equal(chanceOfShare({ count: 0, of: 10 }, { count: 0, of: 0 }), 1);
  isNear(chanceOfShare({ count: 10, of: 10 }, { count: 0, of: 90 }), 1 / 17_310_309_456_440);
  // Many: near the normal approximation of two proportions, z = 3.
  const chance = chanceOfShare({ count: 5_200, of: 1_000_000 }, { count: 4_900, of: 1_000_000 });
  assert.ok(chance > 0.001_2 && chance < 0.001_6, `${chance}`);
});

test("the rank test knows greater values, and finds nothing in equal ones", () => {
  const low = [1, 2, 3, 4, 5, 6, 7, 8];
  const high = low.map((value) => value + 100);
  // Exact: 1 in 12,870. The approximation says 0.0005.
  assert.ok(chanceOfRanks(high, low) < 0.001);
  assert.ok(chanceOfRanks(low, high) > 0.999);
  const equal = chanceOfRanks(low, low);
  assert.ok(equal > 0.45 && equal < 0.6, `${equal}`);
  assert.equal(chanceOfRanks([5, 5, 5], [5, 5, 5]), 1);
});

test("the greatest difference shrinks with what was seen", () => {
  const few = greatestDifference({ count: 0, of: 100 }, { count: 0, of: 100 });
  const many = greatestDifference({ count: 0, of: 10_000 }, { count: 0, of: 10_000 });
  assert.ok(few > 0.02 && few < 0.04, `${few}`);
  assert.ok(many < 0.000_4, `${many}`);
});
