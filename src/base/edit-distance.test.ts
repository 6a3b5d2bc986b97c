import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance } from "./edit-distance.ts";

test("an edit adds, removes or replaces one character", () => {
  for (const [left, right, distance] of [
    ["", "", 0],
    ["pets", "pets", 0],
    ["", "abc", 3],
    ["pets", "pet", 1],
    ["pets", "pests", 1],
    ["pets", "bets", 1],
    ["kitten", "sitting", 3],
  ] as const) {
    assert.equal(editDistance(left, right), distance);
    assert.equal(editDistance(right, left), distance);
  }
});
