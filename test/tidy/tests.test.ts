import assert from "node:assert/strict";
import { test } from "node:test";
import { isTest, list, read, sources } from "./source-files.ts";

/** They wait for a condition with a deadline, so that the other tests need not. */
const waiters: readonly string[] = ["test/until.ts", "test/raw-http.ts"];

const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  {
    pattern: /\bsetTimeout\b/,
    instead: "`until` (test/until.ts) for a condition, or a gate (test/gate.ts) in code that another process runs",
  },
  {
    pattern: /\bwhile \(.*\) await new Promise\b|\b(?:const|function) until\b/,
    instead: "`until` (test/until.ts), which has a deadline and says what did not come",
  },
  {
    pattern: /\bperformance\.now\(/,
    instead:
      "a count of the work, or its CPU time (test/cpu-time.ts); `within` (test/until.ts) to go on for a while; a benchmark for a claim on speed",
  },
];

test("no test sleeps, waits without a deadline, or depends on how fast the machine is", () => {
  const files = [...sources.filter(isTest), ...list("test/**/*.ts")].filter((file) => !waiters.includes(file));
  const wrong: string[] = [];
  for (const file of files) {
    const text = read(file);
    const lines = text.split("\n");
    for (const [index, line] of withoutTexts(text).split("\n").entries()) {
      if (/^\s*(\*|\/\/|\/\*)/.test(line)) continue;
      const isExcused = /tidy-allow: time – \S/.test(`${lines[index - 1] ?? ""}\n${lines[index]}`);
      for (const { pattern, instead } of banned) {
        if (pattern.test(line) && !isExcused) wrong.push(`${file}:${index + 1}: ${line.trim()} — use ${instead}`);
      }
    }
  }
  assert.deepEqual(wrong, [], "what must do so says why: // tidy-allow: time – REASON");
});

test("code in texts is a function's or a page's, and may wait", () => {
  assert.equal(withoutTexts('a("setTimeout(b)") + `\nsetTimeout(\\`x` + c'), "a() + \n + c");
});

/** The text without what stands in quotes; its lines keep their numbers. */
function withoutTexts(text: string): string {
  return text.replaceAll(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g, (quoted) =>
    quoted.replaceAll(/[^\n]/g, ""),
  );
}
