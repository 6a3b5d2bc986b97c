import assert from "node:assert/strict";
import { test } from "node:test";
import { examplePatternText } from "./pattern-example.ts";

for (const [pattern, text] of [
  ["^[A-Z]{3}-\\d+$", "AAA-0"],
  ["^(cat|dog)s?$", "cat"],
  ["^(?:[a-f0-9]{2}:){5}[a-f0-9]{2}$", "aa:aa:aa:aa:aa:aa"],
  ["^\\+?[1-9]\\d{1,14}$", "10"],
  ["^[^a-z]+$", "A"],
  ["\\.json$", ".json"],
  ["^\\u0041\\x42$", "AB"],
  ["^.{4,}$", "aaaa"],
  ["", ""],
] as const)
  test(`${pattern} is matched by ${text}`, () => assert.equal(examplePatternText(pattern), text));

for (const pattern of ["^(?=a)b", "(a)\\1b", "[", "^[^\\s\\S]$", "(".repeat(60) + ")".repeat(60), "a{900}b{900}"])
  test(`of ${pattern.slice(0, 20)} no text is made`, () => assert.equal(examplePatternText(pattern), undefined));
