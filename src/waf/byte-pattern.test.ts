// The patterns of AWS WAF: what they find, what they refuse, and that no text makes them slow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../test/waf/latin1.ts";
import { InvalidPattern, parseBytePattern } from "./byte-pattern.ts";

const ignore = (): void => undefined;
const finds = (pattern: string, text: string): boolean => parseBytePattern(pattern).isFoundIn(text, ignore);

const table: readonly (readonly [pattern: string, found: readonly string[], missed: readonly string[]])[] = [
  ["abc", ["abc", "xxabcxx"], ["ab", "", "aBc"]],
  ["(?i)AbC", ["abc", "ABC"], ["ab"]],
  ["a(?i:b)c", ["aBc"], ["ABc", "abC"]],
  ["^abc$", ["abc", "abc\n"], ["xabc", "abcx", "abc\n\n"]],
  ["\\Aabc\\z", ["abc"], ["abc\n", " abc"]],
  ["(?m)^b$", ["a\nb\nc", "b"], ["ab", "a\nbc"]],
  ["a|bc|", ["", "zzz"], []],
  ["^(a|bc)+$", ["abca"], ["", "abb"]],
  ["a.c", ["abc", "a\u00ffc"], ["a\nc", "ac"]],
  ["(?s)a.c", ["a\nc"], ["ac"]],
  ["[a-c-]x", ["-x", "bx"], ["dx"]],
  ["[^a-c]x", ["dx", "\nx"], ["ax", "x"]],
  ["[]x]y", ["]y", "xy"], ["y"]],
  ["[[:digit:][:upper:]]z", ["1z", "Qz"], ["qz"]],
  ["\\d{3}-\\d{2,3}\\b", ["123-45", "x123-456 "], ["123-4567", "12-45"]],
  ["\\bunion\\b", ["a union b", "union"], ["reunion", "unions"]],
  ["\\Bion", ["union"], ["ion"]],
  ["x{0}y", ["y"], ["x"]],
  ["(?:ab){2,}$", ["abab", "xababab"], ["ab", "ababa"]],
  ["\\x41\\x{42}\\t\\.\\/", ["AB\t./"], ["AB ./"]],
  ["\\Qa.b*\\E+", ["a.b*", "a.b**"], ["axb"]],
  ["(?x) a b # comment\n c", ["abc"], ["a b"]],
  ["(?<name>a)(?P<other>b)", ["ab"], ["a"]],
  ["é", [bytesOf("café")], ["cafe"]],
  ["(a?){30}a{30}", ["a".repeat(30)], ["a".repeat(29)]],
];

for (const [pattern, found, missed] of table) {
  test(`the pattern ${JSON.stringify(pattern)}`, () => {
    for (const text of found) assert.equal(finds(pattern, text), true, JSON.stringify(text));
    for (const text of missed) assert.equal(finds(pattern, text), false, JSON.stringify(text));
  });
}

test("what is not regular, and what is malformed, is refused", () => {
  const refused = [
    "(?=a)",
    "(?<!a)",
    "(a)\\1",
    "a++",
    "(?>a)",
    "(?R)",
    "(*FAIL)",
    "\\K",
    "\\R",
    "\\C",
    "(",
    "a)",
    "[",
    "*",
    "a{3,2}",
    "\\",
  ];
  for (const pattern of refused) assert.throws(() => parseBytePattern(pattern), InvalidPattern, pattern);
  assert.throws(() => parseBytePattern("((a{99}){99}){99}"), InvalidPattern);
});

test("the work is linear to the text, and counted", () => {
  for (const pattern of ["(a+)+$", "(a|a)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y"]) {
    const parsed = parseBytePattern(pattern);
    const work = (length: number): number => {
      let steps = 0;
      parsed.isFoundIn(`${"a".repeat(length)}!`, (count) => {
        steps += count;
      });
      return steps;
    };
    work(1_000);
    assert.ok(work(60_000) < 61 * work(1_000) + 10_000, pattern);
  }
});

test("an automaton that needs very many states stays within its memory, and its work is counted", () => {
  // Whether the twentieth byte from the end is an a takes a million states.
  const parsed = parseBytePattern("a.{20}$");
  let steps = 0;
  let seed = 7;
  let text = "";
  for (let index = 0; index < 20_000; index++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    text += seed & 0x10000 ? "a" : "b";
  }
  const expected = /a.{20}$/.test(text);
  assert.equal(
    parsed.isFoundIn(text, (count) => {
      steps += count;
    }),
    expected,
  );
  assert.ok(steps > 20_000);
});
