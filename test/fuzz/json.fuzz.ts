// Random documents, paths and schemas, whole and broken: everything ends with a value, a problem or a declared failure.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TemplateValue } from "../../src/language/java/values.ts";
import { JsonPathFailure } from "../../src/language/json-path/evaluation.ts";
import { parseJsonPath } from "../../src/language/json-path/json-path.ts";
import { parseJsonSchema } from "../../src/language/json-schema/json-schema.ts";
import { parseJsonText, printJson } from "../../src/language/json-text.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";
import { randomJson, upTo } from "./random-json.ts";
import { randomJsonPath } from "./random-json-path.ts";

const noise = [
  ..."{}[],:\"'\\/.eE+-0123456789 \n\t@$?()*|^\u0000\ud800",
  "true",
  "null",
  "é",
  "😀",
  "__proto__",
  "$ref",
  "#/a",
];

function broken(text: string): string {
  let result = text;
  for (let change = upTo(3); change > 0; change--) {
    const at = upTo(result.length + 1);
    result = result.slice(0, at) + (random() < 0.6 ? oneOf(noise) : "") + result.slice(at + upTo(3));
  }
  return result;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string): TemplateValue {
  const json = parseJsonText(text);
  assert.ok(json.kind === "value", text);
  return json.value;
}

test(`fuzz: JSON text (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 3);
  const seen = { value: 0, malformed: 0 };
  while (isTimeLeft()) {
    const text = random() < 0.3 ? randomJson(4) : broken(randomJson(4));
    const json = parseJsonText(text);
    seen[json.kind]++;
    assert.equal(json.kind === "value", isJson(text), JSON.stringify(text));
    if (json.kind === "malformed") {
      assert.match(
        json.detail,
        /\n at \[Source: \(byte\[\]\)".*"(\[truncated \d+ bytes\])?; line: \d+, column: \d+\]$/s,
      );
      continue;
    }
    const printed = printJson(json.value);
    assert.equal(printJson(parsed(printed)), printed);
    // Not by deepEqual: what is too large for a Double is printed as null.
    assert.equal(JSON.stringify(JSON.parse(printed)), JSON.stringify(JSON.parse(text)), text);
  }
  assert.ok(seen.value > 0 && seen.malformed > 0);
});

test(`fuzz: JSONPath (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 3);
  const seen = { path: 0, invalid: 0 };
  while (isTimeLeft()) {
    const document = parsed(randomJson(4));
    const before = printJson(document);
    const text = random() < 0.5 ? randomJsonPath() : broken(randomJsonPath());
    const path = parseJsonPath(text);
    seen[path.kind]++;
    if (path.kind === "invalid") {
      assert.ok(path.column >= 1 && path.column <= text.length + 1, `${text}: ${path.detail} at ${path.column}`);
      continue;
    }
    try {
      const found = path.path.evaluate(document);
      if (found !== undefined) printJson(found);
    } catch (error) {
      assert.ok(error instanceof JsonPathFailure, text);
    }
    assert.equal(printJson(document), before, text);
  }
  assert.ok(seen.path > 0 && seen.invalid > 0);
});

const schemas = [
  { type: "object", required: ["a"], properties: { a: { type: "integer", minimum: 1 }, b: { $ref: "#" } } },
  { additionalProperties: false, patternProperties: { "^[a-c]$": { enum: [1, "x", null, { a: 1 }] } } },
  { items: { anyOf: [{ type: "string", maxLength: 3, pattern: "^(a|b)*$" }, { multipleOf: 0.5 }] }, uniqueItems: true },
  {
    definitions: { d: { not: { required: ["a"] } } },
    allOf: [{ $ref: "#/definitions/d" }],
    dependencies: { a: ["b"] },
  },
  {
    oneOf: [{ format: "email" }, { format: "uri" }],
    minProperties: 1,
    maxItems: 2,
    additionalItems: false,
    items: [{}],
  },
].map((schema) => JSON.stringify(schema));

test(`fuzz: JSON Schema (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 3);
  const seen = { schema: 0, invalid: 0 };
  while (isTimeLeft()) {
    const text = random() < 0.3 ? oneOf(schemas) : broken(oneOf(schemas));
    const schema = parseJsonSchema(text, (name) => (name === "Other" ? oneOf(schemas) : undefined));
    seen[schema.kind]++;
    if (schema.kind === "invalid") continue;
    for (let body = 0; body < 5; body++) {
      const messages = schema.schema.validate(parsed(randomJson(4)));
      for (const message of messages) assert.match(message, /^[a-zA-Z]/, text);
    }
  }
  assert.ok(seen.schema > 0 && seen.invalid > 0);
});
