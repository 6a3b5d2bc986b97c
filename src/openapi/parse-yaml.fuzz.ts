// Lines of the documents of test/cases/openapi, broken at random: they are read, or refused with a sentence.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { below, durationMsOr, makeRandom, pick, seed } from "../../test/random.ts";
import { within } from "../../test/until.ts";
import { parseYaml, YamlProblem } from "./parse-yaml.ts";

const durationMs = durationMsOr(2_000);
const random = makeRandom(seed);
const oneOf = <T>(items: readonly T[]): T => pick(random, items);

const cases = join(import.meta.dirname, "../../test/cases/openapi");
const documents = readdirSync(cases)
  .filter((name) => name.endsWith(".txt"))
  .flatMap((name) => readFileSync(join(cases, name), "utf8").split(/^(?:----------|==========|#! .*)\n/m));

test(`fuzz: YAML (PORTICO_FUZZ_SEED=${seed})`, { timeout: 60_000 + durationMs }, () => {
  const isTimeLeft = within(durationMs);
  const counts = { read: 0, refused: 0 };
  while (isTimeLeft()) {
    const lines = oneOf(documents).split("\n");
    const start = below(random, lines.length);
    const text = broken(lines.slice(start, start + 1 + below(random, 12)));
    try {
      parseYaml(text);
      counts.read++;
    } catch (error) {
      assert.ok(error instanceof YamlProblem, `${text}\n${error instanceof Error ? error.stack : error}`);
      assert.match(error.message, /./);
      counts.refused++;
    }
  }
  assert.ok(counts.read > 50 && counts.refused > 50, JSON.stringify(counts));
});

function broken(lines: string[]): string {
  for (let count = below(random, 4); count > 0; count--) {
    const at = below(random, lines.length);
    const line = lines[at]!;
    const place = below(random, line.length + 1);
    const pieces = [
      " ",
      "  ",
      ":",
      ": ",
      "-",
      "- ",
      "#",
      " #",
      '"',
      "'",
      "{",
      "}",
      "[",
      "]",
      ",",
      "|",
      ">",
      "&a",
      "*a",
      "!",
    ];
    const changes = [
      () => `${line.slice(0, place)}${oneOf([...pieces, "\\", "\t", "x", "~", "1"])}${line.slice(place)}`,
      () => line.slice(0, place) + line.slice(place + 1 + below(random, 3)),
      () => `  ${line}`,
      () => line.replace(/^ {1,2}/, ""),
      () => "",
      () => `${line}\n${oneOf(lines)}`,
      () => `${line} |`,
    ];
    lines[at] = oneOf(changes)();
  }
  // From the middle of a document: with the first line's indentation taken off.
  const indent = /^ */.exec(lines[0]!)![0].length;
  const text = lines.map((line) => (line.startsWith(" ".repeat(indent)) ? line.slice(indent) : line)).join("\n");
  return below(random, 2) === 0 ? text : `${text}\n`;
}
