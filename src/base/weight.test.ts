import assert from "node:assert/strict";
import { test } from "node:test";
import { isHeavierThan } from "./weight.ts";

/** The smallest limit that the value keeps to. */
function weightOf(value: unknown): number {
  let max = 0;
  while (isHeavierThan(value, max)) max++;
  return max;
}

for (const [name, value, weight] of [
  ["a number", 7, 1],
  ["nothing", undefined, 1],
  ["a text of 64 characters", "x".repeat(64), 3],
  ["3,200 bytes", new Uint8Array(3200), 101],
  ["a list with its values", [1, null, "a"], 5],
  ["an object with its members", { a: { b: [true] } }, 4],
] as const)
  test(`${name} weighs ${weight}`, () => assert.equal(weightOf(value), weight));

test("a heavy value is not looked at to its end", () => {
  const trap = {
    get rest(): unknown {
      throw new Error("looked at");
    },
  };
  assert.equal(isHeavierThan([trap, "x".repeat(1000)], 10), true);
});

test("depth is no matter", () => {
  let nested: unknown = 1;
  for (let level = 0; level < 200_000; level++) nested = [nested];
  assert.equal(isHeavierThan(nested, 100_000), true);
  assert.equal(isHeavierThan(nested, 300_000), false);
});
