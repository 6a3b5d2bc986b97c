// Random patterns on random texts: the automaton finds what V8's engine finds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createContext, Script } from "node:vm";
import { below, chance, durationMsOr, makeRandom, pick, type Random, seed } from "../../test/random.ts";
import { within } from "../../test/until.ts";
import { InvalidPattern, parseBytePattern } from "./byte-pattern.ts";

const letters = ["a", "b", "c", "_", " ", "\n", "1", "\xe9"];

function makePattern(random: Random, depth: number): string {
  const atom = (): string => {
    if (depth > 0 && chance(random, 0.3))
      return `(${chance(random, 0.5) ? "?:" : ""}${makePattern(random, depth - 1)})`;
    return pick(random, [
      "a",
      "b",
      "c",
      "_",
      " ",
      "1",
      ".",
      "\\d",
      "\\w",
      "\\W",
      "\\s",
      "[ab]",
      "[^a]",
      "[a-c1]",
      "[\\w ]",
      "\\x61",
      "^",
      "$",
      "\\b",
      "\\B",
      "[^\\n]",
      "\\n",
    ]);
  };
  let pattern = "";
  for (let count = below(random, 4); count >= 0; count--) {
    const one = atom();
    // V8 refuses to repeat an assertion, and PCRE's `$` differs from JavaScript's before a last line end.
    const repeats = !["^", "$", "\\b", "\\B"].includes(one);
    pattern += one + (repeats ? pick(random, ["", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}?", "*?"]) : "");
  }
  return chance(random, 0.2) ? `${pattern}|${atom()}` : pattern;
}

const asked = createContext({ native: /a/, subject: "" });
const ask = new Script("native.test(subject)");

/** What V8 finds; undefined if it takes too long: some of the patterns cost it minutes, for a text of 10 letters. */
function nativeFinds(native: RegExp, subject: string): boolean | undefined {
  Object.assign(asked, { native, subject });
  try {
    return ask.runInContext(asked, { timeout: 200 }) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
}

test(`patterns find what V8 finds (PORTICO_FUZZ_SEED=${seed})`, () => {
  const random = makeRandom(seed);
  const goesOn = within(durationMsOr(1_500));
  let compared = 0;
  while (goesOn()) {
    const pattern = makePattern(random, 3);
    const ours = parseBytePattern(pattern);
    // PCRE's `$` is also before a line end that is last; `.` and `\s` are those of bytes.
    const native = new RegExp(
      pattern
        .replaceAll("$", "(?=\\n?(?![\\s\\S]))")
        .replaceAll(/\[\^a\]/g, "[^a]")
        .replaceAll(/(?<!\\)\./g, "[^\\n]")
        .replaceAll("[\\w ]", "[A-Za-z0-9_ ]"),
    );
    for (let text = 0; text < 8; text++) {
      const subject = Array.from({ length: below(random, 12) }, () => pick(random, letters)).join("");
      const found = ours.isFoundIn(subject, () => undefined);
      assert.equal(
        found,
        nativeFinds(native, subject) ?? found,
        `${JSON.stringify(pattern)} in ${JSON.stringify(subject)}`,
      );
      compared++;
    }
  }
  assert.ok(compared > 100);
});

test(`whatever is no pattern is refused as one (PORTICO_FUZZ_SEED=${seed})`, () => {
  const random = makeRandom(seed + 1);
  const goesOn = within(durationMsOr(1_000));
  const parts = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "*",
    "+",
    "?",
    "\\",
    "^",
    "$",
    "|",
    "-",
    ":",
    "a",
    "1",
    ",",
    "\\Q",
    "\\E",
    "\\x",
    "(?",
    "[:alpha:]",
    "\xff",
    "é",
  ];
  while (goesOn()) {
    const pattern = Array.from({ length: below(random, 14) }, () => pick(random, parts)).join("");
    try {
      parseBytePattern(pattern).isFoundIn("a1-{}é", () => undefined);
    } catch (error) {
      assert.ok(error instanceof InvalidPattern, `${JSON.stringify(pattern)}: ${String(error)}`);
    }
  }
});
