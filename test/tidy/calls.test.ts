import assert from "node:assert/strict";
import { test } from "node:test";
import { adapters, bannedCalls } from "./rooms.ts";
import { codeLines, isTest, sources } from "./source-files.ts";

test("time, randomness, timers and the network are passed in", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    if (isTest(file) || adapters.some((adapter) => file.startsWith(adapter))) continue;
    for (const { number, line, before } of codeLines(file)) {
      for (const { pattern, instead } of bannedCalls) {
        const isExcused = /tidy-allow: \w+ – \S/.test(`${before}\n${line}`);
        if (pattern.test(line) && !isExcused) wrong.push(`${file}:${number}: ${line.trim()} — use ${instead}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});
