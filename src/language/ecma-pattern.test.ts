import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../base/bounds.ts";
import { parseEcmaPattern, type StepMeter } from "./ecma-pattern.ts";

const cases: readonly (readonly [pattern: string, text: string, isFound: boolean])[] = [
  ["b", "abc", true],
  ["^b", "abc", false],
  ["^(?=.*[A-Z])(?=.*\\d).{8,}$", "Passw0rdX", true],
  ["^(?=.*[A-Z])(?=.*\\d).{8,}$", "password1", false],
  ["^(?!admin)\\w+$", "admin1", false],
  ["\\bcat\\b", "a cat!", true],
  ["^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$", "a.b@example.com", true],
  ["^([a-z]+-)*[a-z]+$", "ab-cd-ef", true],
  ["^(\\d{1,3}\\.){3}\\d{1,3}$", "127.0.0.1", true],
  ["^a{2,3}$", "aaaa", false],
  ["a|b|", "", true],
  ["[^]", "\n", true],
  ["^\\u0041\\x42$", "AB", true],
];

/** Counts, and throws above what one validation may take. */
function aMeter(): StepMeter {
  let left: number = bounds.schemaStepsMax.value;
  return {
    step(count) {
      left -= count;
      if (left < 0) throw new Error("too many steps");
    },
  };
}

test("patterns are found as ECMA 262 has it", () => {
  for (const [pattern, text, isFound] of cases) {
    assert.equal(parseEcmaPattern(pattern)?.isFoundIn(text, aMeter()), isFound, `${pattern} in ${text}`);
    assert.equal(new RegExp(pattern).test(text), isFound);
  }
});

test("what is no pattern is none", () => {
  for (const source of ["(", "[", "*", "a{2,1}", "\\"]) assert.equal(parseEcmaPattern(source), undefined, source);
});

test("long texts, for which every state is followed, have the same answers", () => {
  const nested = parseEcmaPattern("^(([a-z])+.)+[A-Z]([a-z])+$")!;
  assert.equal(nested.isFoundIn(`${"ab.".repeat(2_000)}Xyz`, aMeter()), true);
  assert.equal(nested.isFoundIn(`${"ab.".repeat(2_000)}xyz!`, aMeter()), false);
  const ahead = parseEcmaPattern("^(?=(a|b)*c)(?!(a|c)*$)(\\w|-)+$")!;
  assert.equal(ahead.isFoundIn(`${"ab".repeat(2_000)}c`, aMeter()), true);
  assert.equal(ahead.isFoundIn(`${"aa".repeat(2_000)}c`, aMeter()), false);
  assert.equal(parseEcmaPattern("^[A-Za-z0-9+/]*=?=?$")!.isFoundIn("A".repeat(3_000_000), aMeter()), true);
});

test("a pattern that explodes is answered in linear time, or ended by the meter", () => {
  const text = `${"a".repeat(100_000)}!`;
  for (const source of ["(a+)+$", "^(a|a)*$", "(.*)*x", "(x+x+)+y", "(a*)*b", "(a|aa)+$"]) {
    assert.equal(parseEcmaPattern(source)!.isFoundIn(text, aMeter()), false, source);
  }
  for (const source of ["^(?:(a+)\\1)+b", "a{0,5000}b", "(?=(a*)*b)*c"]) {
    assert.throws(() => parseEcmaPattern(source)!.isFoundIn(text, aMeter()), /^Error: too many steps$/, source);
    assert.equal(parseEcmaPattern(source)!.isFoundIn(text), false, source);
  }
});
