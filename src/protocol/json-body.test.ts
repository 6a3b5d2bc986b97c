import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../base/bounds.ts";
import { parseBodyJob, parseJsonBody, UnreadableInput } from "./json-body.ts";

const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));
const valuesMax = bounds.inputValuesMax.value;

test("a body of too many values is refused before it is parsed, however they are written", () => {
  const tooMany = /has more than \d+ values/;
  const count = valuesMax + 1;
  assert.throws(() => parse(`[${Array(count).fill(0).join()}]`), tooMany);
  assert.throws(
    () => parse(`{"a":{${Array.from({ length: count }, (_, index) => `"k${index}":""`).join(", ")}}}`),
    tooMany,
  );
  assert.throws(() => parse(`[${Array(count).fill("[]").join()}]`), tooMany);
  // It is not JSON either, which nobody finds out.
  assert.throws(() => parse(",".repeat(count)), tooMany);
});

test("commas and brackets within strings are no values", () => {
  const text = ',[{"\\\\'.repeat(valuesMax);
  assert.deepEqual(parse(JSON.stringify({ text, more: [1, 2] })), { text, more: [1, 2] });
});

test("a string of any mixture of quotes and backslashes ends where JSON says", () => {
  for (const piece of ['"', "\\", '\\"', '"\\', 'a"', '\\\\"', "\\a"]) {
    const text = piece.repeat(5_000);
    assert.deepEqual(parse(JSON.stringify([text, { a: text }, "]"])), [text, { a: text }, "]"]);
  }
  assert.throws(() => parse(`["${'\\"'.repeat(5_000)}`), UnreadableInput);
});

test("a body that is parsed elsewhere is the same value, or unreadable in the same words", async () => {
  assert.deepEqual(await parseBodyJob.run(Buffer.from('{"a":[1]}')), { kind: "value", value: { a: [1] } });
  const read = await parseBodyJob.run(Buffer.from("{"));
  assert.deepEqual(read, { kind: "unreadable", message: "Could not parse request body into json" });
});
