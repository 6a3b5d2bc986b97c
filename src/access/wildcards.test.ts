import assert from "node:assert/strict";
import { test } from "node:test";
import { allowSteps, compilePattern, hasSteps, mayMatch, patternParts } from "./wildcards.ts";

const matches = (pattern: string, text: string): boolean => {
  allowSteps();
  return compilePattern(patternParts(pattern))(text);
};

test("a star stands for any text, and a question mark for one character", () => {
  const cases: readonly [string, string, boolean][] = [
    ["a*b?c", "axxbyc", true],
    ["a*b?c", "axxbc", false],
    ["*", "", true],
    ["**", "ab", true],
    ["", "a", false],
    ["", "", true],
    ["?", "", false],
    ["??", "ab", true],
    ["a*", "a", true],
    ["a*", "ba", false],
    ["*a", "ba", true],
    ["*a", "ab", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["*ab*", "xaby", true],
    ["*ab*ab*", "xaby", false],
    ["a*b*c", "abbc", true],
    ["a*bc*c", "abc", false],
    ["?*", "", false],
    ["*?", "x", true],
    ["*?a?*", "xay", true],
  ];
  for (const [pattern, text, expected] of cases) assert.equal(matches(pattern, text), expected, `${pattern} ${text}`);
});

test("hostile patterns end after the steps that are allowed, and then match nothing", () => {
  const text = "a".repeat(100_000);
  for (const pattern of [`${"*a".repeat(50)}b`, `${"*a?".repeat(10_000)}b`, `*${"a".repeat(5_000)}?b*`]) {
    assert.equal(matches(pattern, text), false);
  }
  assert.equal(hasSteps(), false);
  assert.equal(compilePattern(patternParts("*b*"))("b"), false);
});

test("a beginning may match as far as it goes", () => {
  const cases: readonly [string, string, boolean][] = [
    ["abc", "ab", true],
    ["abc", "abc", true],
    ["abc", "abcd", false],
    ["a?c", "ax", true],
    ["a*", "abcd", true],
    ["b*", "a", false],
    ["", "", true],
    ["", "a", false],
  ];
  for (const [pattern, beginning, expected] of cases) {
    assert.equal(mayMatch(patternParts(pattern), beginning), expected, `${pattern} ${beginning}`);
  }
});
