// Texts that are JSON, and such that are broken at random, read by Jackson and here: the same values, the same messages.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseJsonText, printJson } from "../../../src/language/json-text.ts";
import { oneOf, random } from "../../fuzz/from-models.ts";
import { seed } from "../../random.ts";
import { prepareOracle } from "../java-oracle.ts";

const oracle = prepareOracle({
  program: join(import.meta.dirname, "JsonTextOracle.java"),
  artifact: "com.fasterxml.jackson.core:jackson-databind:2.11.0",
});

const count = 2_000;
const whole = [
  '{"a":1,"b":[1,2,{"c":null}],"d":"x\\ny"}',
  "[1,2,3]",
  '{"é":"日本","f":1.50}',
  '"str"',
  "[[],{},[{}]]",
  '{"a":{"b":{"c":[true,false]}}}',
  '{\n "a": 1,\r\n "b": "x"\n}',
];
const parts = [
  ..."{}[],: \n\t\"\\/#+'x_.eE-\u0001",
  '"a"',
  "é",
  "日",
  "0",
  "1.5",
  "1e5",
  "01",
  "true",
  "nul",
  "\\u00e9",
  "\r\n",
];

// Known differences: the kinds of number that Jackson reads as a Double; what it makes of bytes it takes for Latin-1.
const isKnown = (text: string, theirs: string): boolean =>
  /\d{3,}[.eE]|[.]\d{16}|[eE]\+?\d{3}/.test(text) ||
  /-I|NaN|Infinity/.test(text) ||
  /^Invalid UTF-8|\(code 6\d{4} /.test(theirs);

test(`json-text: as Jackson 2.11 (PORTICO_FUZZ_SEED=${seed})`, { skip: oracle.skip }, async () => {
  assert.ok(oracle.skip === false);
  const texts = Array.from({ length: count }, brokenText).filter((text) => text.trim() !== "");
  const answers = await oracle.ask(texts.map((text) => JSON.stringify(text)));
  let compared = 0;
  for (const [index, text] of texts.entries()) {
    const theirs = JSON.parse(answers[index]!) as string;
    if (isKnown(text, theirs)) continue;
    const parsed = parseJsonText(text);
    assert.equal(parsed.kind === "value" ? `value ${printJson(parsed.value)}` : parsed.detail, theirs, text);
    compared++;
  }
  assert.ok(compared > count / 2);
});

function brokenText(): string {
  let text = random() < 0.3 ? "" : oneOf(whole);
  for (let change = random() * 3; change > 0; change--) {
    const at = Math.floor(random() * (text.length + 1));
    const kind = random();
    if (kind < 0.5) text = text.slice(0, at) + oneOf(parts) + text.slice(at);
    else if (kind < 0.8) text = text.slice(0, at) + text.slice(at + 1);
    else text = text.slice(0, at);
  }
  return text;
}
