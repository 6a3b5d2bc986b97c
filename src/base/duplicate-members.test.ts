import assert from "node:assert/strict";
import { test } from "node:test";
import { duplicateMembers } from "./duplicate-members.ts";

/** Members of all objects, as `JSON.parse` leaves them. */
function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, child) => sum + countMembers(child), own);
}

const duplicatesIn = (text: string): readonly string[] => duplicateMembers(text, countMembers(JSON.parse(text)));

test("names that an object has twice are found, however they are written", () => {
  assert.deepEqual(duplicatesIn('{"a": 1, "a": 2}'), ["a"]);
  assert.deepEqual(duplicatesIn('{"a": {"b": 1, "c": [{"b": 1, "b" \n: 2}]}, "\\u0061" : {}}'), ["b", "a"]);
  assert.deepEqual(duplicatesIn('{"": 1, "": 2}'), [""]);
});

test("names in different objects, values and quotes within text are no duplicates", () => {
  for (const text of [
    '{"a": {"a": {"a": ["a", "a"]}}}',
    '[{"a": 1}, {"a": 1}]',
    '{"a": "{\\"b\\": 1, \\"b\\": 2}", "c": "\\\\"}',
    '{"a": "x:", "b": ["c", ":"]}',
    '"text"',
    "{}",
  ]) {
    assert.deepEqual(duplicatesIn(text), [], text);
  }
});
