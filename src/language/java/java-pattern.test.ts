import assert from "node:assert/strict";
import { test } from "node:test";
import { below, makeRandom } from "../../../test/random.ts";
import { parseJavaPattern } from "./java-pattern.ts";

function matches(source: string, text: string): boolean {
  const parsed = parseJavaPattern(source);
  assert.equal(parsed.kind, "pattern", source);
  return parsed.kind === "pattern" && parsed.pattern.matches(text);
}

test("a pattern must match the whole text", () => {
  const cases: [string, string, boolean][] = [
    ["404", "404", true],
    ["40", "404", false],
    ["4\\d{2}", "404", true],
    ["4\\d{2}", "500", false],
    ["[45]\\d\\d", "503", true],
    ["5..", "500", true],
    ["(400|404)", "404", true],
    ["400|404", "4004", false],
    [".*Error.*", "TypeError: x", true],
    [".*", "a\nb", false],
    ["(?s).*", "a\nb", true],
    ["(\\n|.)*", "a\nb", true],
    ["(?i)not found", "Not Found", true],
    ["[^0-9]+", "abc", true],
    ["[a-c&]+", "ab&", true],
    ["^2\\d\\d$", "204", true],
    ["\\Qa.b\\E", "a.b", true],
    ["\\Qa.b\\E", "axb", false],
    ["a{2,3}?", "aaa", true],
    ["a{2,3}", "aaaa", false],
    ["(?:ab)+", "ababab", true],
    ["", "", true],
    ["[]a]+", "]a", true],
    ["[\\]-]+", "]-", true],
    ["x*", "", true],
  ];
  for (const [source, text, expected] of cases) assert.equal(matches(source, text), expected, `${source} on ${text}`);
});

test("what is not regular is refused by name", () => {
  for (const source of ["(?=a)", "(?!a)", "(a)\\1", "a++", "\\bx", "(?>a)", "(", "[a", "a)", "*", "\\p{L}"]) {
    assert.equal(parseJavaPattern(source).kind, "unsupported", source);
  }
});

test("patterns that hang a backtracking engine visit a few states a character", () => {
  const text = `${"a".repeat(20_000)}!`;
  for (const source of ["(a+)+", "(a|a)*b", "(.*)*x"]) {
    const parsed = parseJavaPattern(source);
    assert.ok(parsed.kind === "pattern", source);
    let visits = 0;
    assert.equal(
      parsed.pattern.matches(text, (states) => {
        visits += states;
      }),
      false,
    );
    assert.ok(visits >= text.length && visits < 20 * text.length, `${source} visited ${visits} states`);
  }
  assert.equal(parseJavaPattern("((((a{99}){99}){99}){99})").kind, "unsupported");
  assert.equal(parseJavaPattern("((({9}))").kind, "unsupported");
  assert.equal(matches("((){9999}){9999}", ""), true);
});

test("agrees with JavaScript's engine on random patterns of what both have", () => {
  const numbers = makeRandom(12_345);
  const random = (limit: number): number => below(numbers, limit);
  const make = (depth: number): string => {
    const kind = random(depth > 3 ? 3 : 8);
    if (kind < 3) return ["a", "b", "[ab]", ".", "[^a]", "\\d"][random(6)]!;
    if (kind < 5) return make(depth + 1) + make(depth + 1);
    if (kind < 6) return `(?:${make(depth + 1)}|${make(depth + 1)})`;
    return `(?:${make(depth + 1)})${["*", "+", "?", "{2}", "{1,2}"][random(5)]}`;
  };
  for (let round = 0; round < 300; round++) {
    const source = make(0);
    const expected = new RegExp(`^(?:${source})$`);
    for (let sample = 0; sample < 10; sample++) {
      const text = Array.from({ length: random(7) }, () => "ab1"[random(3)]).join("");
      assert.equal(matches(source, text), expected.test(text), `${source} on ${text}`);
    }
  }
});

test("finds what Java finds, with its groups", () => {
  const find = (source: string, text: string, from = 0): unknown => {
    const parsed = parseJavaPattern(source, { hasGroups: true });
    assert.equal(parsed.kind, "pattern", source);
    return parsed.kind === "pattern" ? parsed.pattern.find(text, from, () => undefined) : undefined;
  };
  assert.deepEqual(find("a|ab", "xab"), [[1, 2]]);
  assert.deepEqual(find("(a)(b)?", "xac"), [
    [1, 2],
    [1, 2],
    [-1, -1],
  ]);
  assert.deepEqual(find("a+", "xaaa"), [[1, 4]]);
  assert.deepEqual(find("a+?", "xaaa"), [[1, 2]]);
  assert.deepEqual(find("(?:a|(b))*", "aba"), [
    [0, 3],
    [1, 2],
  ]);
  assert.deepEqual(find("$", "a\n"), [[1, 1]]);
  assert.deepEqual(find("$", "a\n", 2), [[2, 2]]);
  assert.equal(find("^a", "ba"), undefined);
  assert.equal(find("x", "abc"), undefined);
});

test("a search is ended by who counts its visits", () => {
  const parsed = parseJavaPattern("(a*)*b");
  assert.equal(parsed.kind, "pattern");
  let visits = 0;
  const count = (states: number): void => {
    visits += states;
    if (visits > 1_000) throw new Error("enough");
  };
  if (parsed.kind !== "pattern") return;
  assert.throws(() => parsed.pattern.find("a".repeat(10_000), 0, count), /enough/);
  visits = 0;
  assert.throws(() => parsed.pattern.matches("a".repeat(10_000), count), /enough/);
});
