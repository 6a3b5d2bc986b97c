import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { below, durationMsOr, makeRandom, pick, seed } from "../../test/random.ts";
import { within } from "../../test/until.ts";
import { parsePlainYaml } from "./parse-plain-yaml.ts";
import { parseAnyYaml, parseYaml, YamlProblem } from "./parse-yaml.ts";

const durationMs = durationMsOr(2_000);

const random = makeRandom(seed);
const oneOf = <T>(items: readonly T[]): T => pick(random, items);

/** What the library makes of it; its refusal for a text that it does not take. */
function byLibrary(text: string): { value: unknown } | string {
  try {
    return { value: parseAnyYaml(text) };
  } catch (error) {
    assert.ok(error instanceof YamlProblem, String(error));
    return error.message;
  }
}

/** True if the text was read here, and as the library reads it. */
function isReadAlike(text: string): boolean {
  const plain = parsePlainYaml(text);
  if (plain === undefined) return false;
  const known = byLibrary(text);
  assert.deepEqual(
    typeof known === "string" ? plain : { value: parseYaml(text) },
    known,
    `PORTICO_FUZZ_SEED=${seed}\n${text}`,
  );
  return true;
}

const petStore = readFileSync(join(import.meta.dirname, "../../examples/petstore/openapi.yaml"), "utf8");
const cases = join(import.meta.dirname, "../../test/cases/openapi");
const documents = [
  petStore,
  ...readdirSync(cases)
    .filter((name) => name.endsWith(".txt"))
    .flatMap((name) => readFileSync(join(cases, name), "utf8").split(/^(?:----------|==========|#! .*)\n/m)),
];

test("documents as they are written are read here, not by the library", () => {
  const read = documents.filter((text) => isReadAlike(text)).length;
  // What is expected of the cases is no YAML, and not all of them are plain.
  assert.ok(read > documents.length / 3, `${read} of ${documents.length}`);
  assert.ok(isReadAlike(petStore));
});

test("what every corner of YAML's scalars means is left to the library or read alike", () => {
  const scalars = (
    "a|1|-1|0|-0|+1|01|0x1F|0o17|1.0|1.10|-1.5|.5|1.|1e3|1.5e-3|.inf|-.inf|.nan|.NaN|~|null|Null|nULL|true|True|tRUE|yes|" +
    "no|on|off|y|2017-04-20|2017-04-20T04:08:08Z|3.0.1|1_000|12:30:45|a b|a: b|a:b|a:|:a|: a|a #b|a# b|#a|- a|-a|-|--|---|" +
    '...|?|? a|?a|a,b|[a|a]|{a|a}|{a: b}|{a:b}|{a: [b, c]}|{a, b}|[a, ]|[ a ,b ]|[a: b]|[]|{}|{}a|[] #c|{} #|"a"|"a|' +
    '"a\\n"|"a\\x41"|"\\u0041\\/"|"a" b|"a" #b|"a"#b|\'a\'|\'it\'\'s\'|\'a|\'a\' b|\'\'|""|&a b|*a|!a b|!!str 1|@a|`a|%a|' +
    "|a|>a|>|\\a|a\\|$ref|/pets|/pets/{id}|{id}|<<|=|<a>|(a)|.|..|.a|9007199254740993|1234567890123456789|0.1234567890123456789|" +
    "http://a.b/c?d=e#f|arn:aws:x|a  b|é|😀|\u00a0|a\u00a0#b|__proto__|constructor|0x|0o8|1e|+|+a|-.5|+.inf|infinity|NaN|'a': b|" +
    '"a": b|{"a":1}|{"a": 1}|{a: \'b\', "c": d}|{a: b: c}|{a: b #c}|[a #b]|[a#b]|[a:]|{a: }|{a:}|{1: a}|{1.0: a}|{~: a}'
  ).split("|");
  for (const scalar of scalars) {
    for (const text of [
      `a: ${scalar}`,
      `a: ${scalar}\n`,
      `a: ${scalar} # comment\n`,
      `- ${scalar}\n- b\n`,
      `- a: ${scalar}\n  b: c\n`,
      `${scalar}: a\n`,
      `a: [${scalar}]\n`,
      `a: {b: ${scalar}}\n`,
      `a: {${scalar}: b, c: d}\n`,
      `a:\n  ${scalar}\n`,
      `a:\n- ${scalar}\nb: c\n`,
      `a: ${scalar}\n  b\n`,
      `a: |\n  ${scalar}\n\n   b\nc: d\n`,
    ]) {
      isReadAlike(text);
    }
  }
});

test("the version is what is written", () => {
  for (const [written, version] of [
    ["1.10", "1.10"],
    ["1.0 # comment", "1.0"],
    ["1e3", "1e3"],
    ["'1.0'", "1.0"],
    ["v1", "v1"],
    ["2017-04-20", "2017-04-20"],
  ]) {
    const value = { info: { title: "t", version }, other: { version: 1 } };
    assert.deepEqual(parseYaml(`info:\n  title: t\n  version: ${written}\nother:\n  version: 1\n`), value);
    assert.deepEqual(parseYaml(`info: {title: t, version: ${written}\n  }\nother: {version: 1}\n`), value);
  }
});

test("what is generated is read alike, however it is laid out", () => {
  let read = 0;
  for (let count = 0; count < 300; count++) {
    const options = {
      lineWidth: 0,
      aliasDuplicateObjects: false,
      indent: oneOf([2, 4]),
      indentSeq: below(random, 2) === 0,
    };
    if (isReadAlike(stringify(aValue(4), options))) read++;
  }
  assert.ok(read > 10, `${read} of 300`);
});

test(`what is broken is left to the library (PORTICO_FUZZ_SEED=${seed})`, { timeout: 60_000 + durationMs }, () => {
  const isTimeLeft = within(durationMs);
  const counts = { read: 0, left: 0 };
  while (isTimeLeft()) {
    const lines = oneOf(documents).split("\n");
    const start = below(random, lines.length);
    const text = broken(lines.slice(start, start + 1 + below(random, 12)));
    counts[isReadAlike(text) ? "read" : "left"]++;
  }
  assert.ok(counts.read > 50 && counts.left > 50, JSON.stringify(counts));
});

function broken(lines: string[]): string {
  for (let count = below(random, 4); count > 0; count--) {
    const at = below(random, lines.length);
    const line = lines[at]!;
    const place = below(random, line.length + 1);
    const changes = [
      () =>
        `${line.slice(0, place)}${oneOf([" ", "  ", ":", ": ", "-", "- ", "#", " #", '"', "'", "{", "}", "[", "]", ",", "|", ">", "&a", "*a", "!", "\\", "\t", "x", "~", "1"])}${line.slice(place)}`,
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

const texts = [
  "a",
  "it's",
  "a: b",
  "- x",
  "#no",
  "a #b",
  "",
  " ",
  "x ",
  "two\nlines",
  "two\nlines\n",
  "\n",
  "1",
  "true",
  "null",
  "1.0",
  "é",
  '"q"',
  "\\d+",
  "{a}",
  "[b]",
  "*",
  "&",
  "a:",
  "http://x/y",
  "a\tb",
  "  lead\nx",
  "x\n\n\ny\n",
];

function aValue(depth: number): unknown {
  const kind = below(random, depth > 0 ? 6 : 4);
  if (kind < 2) return oneOf(texts);
  if (kind === 2) return oneOf([0, 1, -1, 1.5, 200, 1e21, 1e-7]);
  if (kind === 3) return oneOf([null, true, false]);
  if (kind === 4) return Array.from({ length: below(random, 4) }, () => aValue(depth - 1));
  return Object.fromEntries(Array.from({ length: 1 + below(random, 4) }, () => [oneOf(texts), aValue(depth - 1)]));
}
