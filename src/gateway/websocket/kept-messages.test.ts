import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptMessages } from "./kept-messages.ts";

const limits = { messages: 3, bytes: 1_000, seconds: 10 };
const make = (overrides: Partial<typeof limits> = {}, common = { bytes: 0 }, max = 1e6) =>
  new KeptMessages({ ...limits, ...overrides }, { of: common, max });
const texts = (kept: KeptMessages): string[] => kept.all.map(({ data }) => data.toString());
const add = (kept: KeptMessages, ...words: string[]): void => {
  for (const word of words) kept.add(Buffer.from(word), 0);
};

test("the latest messages are kept, and each keeps its number", () => {
  const kept = make();
  add(kept, "a", "b", "c", "d");
  assert.deepEqual([texts(kept), kept.first, kept.next], [["b", "c", "d"], 1, 4]);
  assert.deepEqual([kept.at(0), kept.at(1)?.toString(), kept.at(4)], [undefined, "b", undefined]);
});

test("bytes are bounded for one client and for all of a stage, and given back", () => {
  const common = { bytes: 0 };
  const kept = make({}, common);
  add(kept, "x".repeat(600), "y".repeat(600));
  assert.deepEqual([kept.all.length, kept.first, kept.next], [1, 1, 2]);
  add(kept, "z".repeat(2_000));
  assert.deepEqual([kept.all.length, kept.first, kept.next, common.bytes], [0, 3, 3, 0]);
  const [one, other] = [make({}, common, 1_000), make({}, common, 1_000)];
  add(one, "x".repeat(500));
  add(other, "y".repeat(500));
  assert.deepEqual([one.all.length, other.all.length, other.next], [1, 0, 1], "another client's are not dropped");
  one.clear();
  assert.equal(common.bytes, 0);
  assert.ok(other.hasRoomFor(500));
});

test("what is too old is dropped", () => {
  const kept = make();
  kept.add(Buffer.from("old"), 0);
  kept.add(Buffer.from("new"), 5_000);
  kept.expire(9_999);
  assert.deepEqual(texts(kept), ["old", "new"]);
  kept.expire(10_000);
  assert.deepEqual([texts(kept), kept.first], [["new"], 1]);
});

test("another thread goes on with the numbers", () => {
  const [one, other] = [make(), make()];
  add(one, "a", "b", "c", "d");
  other.continueFrom(one.first, one.all);
  add(other, "e");
  assert.deepEqual([texts(other), other.first, other.next], [["c", "d", "e"], 2, 5]);
});
