import assert from "node:assert/strict";
import { test } from "node:test";
import { below, makeRandom, pick } from "../../test/random.ts";
import { findLastText, findText } from "./find-text.ts";

const free = { step: (): void => undefined };

test("finds what indexOf and lastIndexOf find, short texts and long ones", () => {
  const random = makeRandom(3);
  const some = (length: number): string => Array.from({ length }, () => pick(random, ["a", "a", "b"])).join("");
  for (let round = 0; round < 3_000; round++) {
    const text = some(below(random, round % 2 === 0 ? 40 : 3_000));
    const sought = some(below(random, round % 3 === 0 ? 3 : 14));
    const from = below(random, text.length + 4) - 2;
    assert.equal(findText(text, sought, from, free), text.indexOf(sought, from), `${sought} in ${text} from ${from}`);
    const last = from < 0 ? -1 : text.lastIndexOf(sought, from);
    assert.equal(findLastText(text, sought, from, free), last, `${sought} in ${text} to ${from}`);
  }
});

test("costs what both texts are long, and not their product", () => {
  const text = "a".repeat(1_000_000);
  const sought = `${"a".repeat(20_000)}b${"a".repeat(20_000)}`;
  for (const find of [findText, findLastText]) {
    let steps = 0;
    assert.equal(find(text, sought, find === findText ? 0 : text.length, { step: (count) => (steps += count) }), -1);
    assert.ok(steps > 10_000 && steps < 200_000, `${steps} steps`);
  }
});
