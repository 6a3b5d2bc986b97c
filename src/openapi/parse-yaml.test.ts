import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { below, makeRandom, pick, seed } from "../../test/random.ts";
import { parseYaml, YamlProblem } from "./parse-yaml.ts";

for (const [written, version] of [
  ["1.10", "1.10"],
  ["1.0 # comment", "1.0"],
  ["1e3", "1e3"],
  ["'1.0'", "1.0"],
  ["v1", "v1"],
  ["2017-04-20", "2017-04-20"],
] as const)
  test(`the version is what is written: ${written}`, () => {
    const value = { info: { title: "t", version }, other: { version: 1 } };
    assert.deepEqual(parseYaml(`info:\n  title: t\n  version: ${written}\nother:\n  version: 1\n`), value);
    assert.deepEqual(parseYaml(`info: {title: t, version: ${written}\n  }\nother: {version: 1}\n`), value);
  });

for (const [what, text, problem] of [
  ["a key twice", "a: 1\nb: 2\na: 3\n", /^Map keys must be unique: a at line 3, column 1$/],
  ["a merge key twice", "x: &x {a: 1}\ny: {<<: *x, <<: *x}\n", /^Map keys must be unique: << at line 2, column 13$/],
  ["several documents", "a: 1\n---\nb: 2\n", /multiple documents.* at line 2, column 1/],
  ["an unknown tag", "a: !Ref b\n", /Unresolved tag: !Ref at line 1, column 4/],
  ["an alias of nothing", "a: *b\n", /Unresolved alias/],
  ["an alias inside of what it refers to", "a: &a [*a]\n", /Alias inside of what it refers to: a/],
  ["a map as a key", "? {a: 1}\n: b\n", /Map keys must be scalars/],
  ["levels without end", "[".repeat(300) + "]".repeat(300), /nested deeper than 256 levels/],
  ["tokens without end", `[${"1,".repeat(800_000)}1]`, /has too many values/],
  ["text without end", `a: ${"x".repeat(8_388_608)}`, /read up to 8388608 characters/],
] as const)
  test(`what is refused: ${what}`, () => {
    assert.throws(
      () => parseYaml(text),
      (error) => error instanceof YamlProblem && problem.test(error.message),
    );
  });

test("merge keys merge with any tag, and not in quotes", () => {
  const value = { x: { a: 1, b: 1 }, y: { b: 2, a: 1 } };
  for (const key of ["<<", "!!merge <<"])
    assert.deepEqual(parseYaml(`x: &x {a: 1, b: 1}\ny: {${key}: *x, b: 2}\n`), value);
  assert.deepEqual(parseYaml('x: &x {a: 1}\ny: {"<<": *x}\n'), { x: { a: 1 }, y: { "<<": { a: 1 } } });
});

test(`what is written is read, however it is laid out (PORTICO_FUZZ_SEED=${seed})`, () => {
  const random = makeRandom(seed);
  const texts = [
    'a|it\'s|a: b|- x|#no|a #b|| |x |two\nlines|two\nlines\n|\n|1|true|null|1.0|é|"q"|\\d+|{a}|[b]|*|&|a:|http://x/y|a\tb',
    "  lead\nx|x\n\n\ny\n|-|?|%|@|`|>|!|&a b|*a|<a>|.inf|0x1F|2017-04-20|😀|=|~|---|...",
  ].flatMap((list) => list.split("|"));
  const aValue = (depth: number): unknown => {
    const kind = below(random, depth > 0 ? 6 : 4);
    if (kind < 2) return pick(random, texts);
    if (kind === 2) return pick(random, [0, 1, -1, 1.5, 200, 1e21, 1e-7]);
    if (kind === 3) return pick(random, [null, true, false]);
    if (kind === 4) return Array.from({ length: below(random, 4) }, () => aValue(depth - 1));
    return Object.fromEntries(
      Array.from({ length: 1 + below(random, 4) }, () => [pick(random, texts), aValue(depth - 1)]),
    );
  };
  for (let count = 0; count < 300; count++) {
    const value = { a: aValue(4) };
    const options = { lineWidth: 0, indentSeq: below(random, 2) === 0 };
    const text = stringify(value, { ...options, aliasDuplicateObjects: false });
    assert.deepEqual(parseYaml(text), value, text);
  }
});
