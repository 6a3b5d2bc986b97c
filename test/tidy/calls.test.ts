import assert from "node:assert/strict";
import { test } from "node:test";
import { adapters, bannedCalls, exchangesOwn } from "./rooms.ts";
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

test("an exchange waits in one way, and one place answers exceptions", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    if (isTest(file) || !file.startsWith("src/gateway/")) continue;
    for (const { number, line } of codeLines(file)) {
      for (const { pattern, owners, instead } of exchangesOwn) {
        const isWrong = pattern.test(line) && !owners.includes(file);
        if (isWrong) wrong.push(`${file}:${number}: ${line.trim()} — use ${instead}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});
