import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../../src/base/bounds.ts";
import { codeLines, isTest, read, sources } from "./source-files.ts";

const table = "src/base/bounds.ts";

test("a bound is a row of the table, with its source", () => {
  // A name of a bound that is given a number: `const depthMax = 200`, `{ timeoutMs: 5_000 }`.
  const bound = /\b#?(\w*(?:Max|Min|Limit|[tT]imeoutMs))\b(?:: number)?\s*[=:]\s*(?!0\b|\d+n\b)\d/;
  const wrong: string[] = [];
  for (const file of sources) {
    if (isTest(file) || file === table || file.startsWith("src/sdk/")) continue;
    for (const { number, line, before } of codeLines(file)) {
      const name = bound.exec(line)?.[1];
      if (name === undefined || line.includes("bounds.") || /tidy-allow: bound – \S/.test(before)) continue;
      wrong.push(
        `${file}:${number}: ${line.trim()} — use bounds.${name}.value, or a longer name, with a row in ${table}`,
      );
    }
  }
  assert.deepEqual(wrong, [], "what is no bound has no name of one: `linesShown`, `joinedBytes`");
});

test("every row of the table of bounds is used", () => {
  const code = sources
    .filter((file) => file !== table && !isTest(file))
    .map(read)
    .join("\n");
  const unused = Object.keys(bounds).filter((name) => !new RegExp(`\\bbounds\\.${name}\\b`).test(code));
  assert.deepEqual(unused, []);
});

test("every bound says whose number it is", () => {
  const wrong = Object.entries(bounds).filter(([, { source }]) => !/^(AWS|ours|Velocity 1\.7)\b/.test(source));
  assert.deepEqual(wrong, []);
});
