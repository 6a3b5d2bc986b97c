import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { parseJsonText, printJson } from "../json-text.ts";
import { type JsonSchema, parseJsonSchema } from "./json-schema.ts";

// What is said of bodies is in test/cases/json-schema; here is what bounds it, and the official tests.

function schemaOf(schema: unknown): JsonSchema {
  const parsed = parseJsonSchema(JSON.stringify(schema));
  assert.equal(parsed.kind, "schema");
  return parsed.schema;
}

function bodyOf(text: string): TemplateValue {
  const parsed = parseJsonText(text);
  assert.equal(parsed.kind, "value");
  return parsed.value;
}

test("a schema is applied as deep as a body goes, but not without end", () => {
  const schema = schemaOf({ properties: { a: { $ref: "#" } }, additionalProperties: false });
  assert.deepEqual(schema.validate(bodyOf(`${'{"a":'.repeat(300)}{"b":1}${"}".repeat(300)}`)), [
    'object instance has properties which are not allowed by the schema: ["b"]',
  ]);
  assert.deepEqual(schema.validate(bodyOf(`${'{"a":'.repeat(999)}1${"}".repeat(999)}`)), [
    "validation is nested too deep",
  ]);
});

test("schemas that multiply one another end", () => {
  const definitions: Record<string, unknown> = { d40: { type: "integer" } };
  for (let index = 0; index < 40; index++) {
    const next = { $ref: `#/definitions/d${index + 1}` };
    definitions[`d${index}`] = { allOf: [next, next] };
  }
  const schema = schemaOf({ $ref: "#/definitions/d0", definitions });
  assert.deepEqual(schema.validate(1), ["validation takes too many steps"]);
});

test("what a validation may take counts the work on long values, too, so that none holds a thread", () => {
  const text = bodyOf(`"${"x".repeat(10_000_000)}"`);
  const decimals = bodyOf(`[${`1.${"1".repeat(990)},`.repeat(10_000)}1]`);
  const members = bodyOf(`{${Array.from({ length: 300_000 }, (_, n) => `"${n}":1`).join(",")}}`);
  const objects = bodyOf(`[${'{"a":1},'.repeat(300_000)}{}]`);
  const all = (count: number, schema: object): object => ({ allOf: Array.from({ length: count }, () => schema) });
  for (const [schema, body] of [
    [all(40, { pattern: "a.*b$" }), text],
    [all(40, { pattern: "^(a|b)*c" }), text],
    [{ not: { pattern: "(a+)+b" } }, text],
    [{ not: { pattern: "^(x+)\\1\\1y" } }, text],
    [all(40, { minLength: 20_000_000 }), text],
    [all(40, { maxLength: 5_000_000 }), text],
    [all(40, { format: "uri" }), text],
    [{ format: "regex" }, text],
    [{ items: all(10, { multipleOf: 0.0003 }) }, decimals],
    [all(5, { uniqueItems: true }), decimals],
    [{ patternProperties: { "(a+)+b": {}, "a.*b$": {} }, additionalProperties: false }, members],
    [all(40, { additionalProperties: false }), members],
    [all(40, { properties: { a: {} } }), members],
    [all(40, { uniqueItems: true }), objects],
    [all(40, { enum: [Array.from({ length: 300_001 }, () => 1)] }), objects],
  ] as const) {
    const problems = schemaOf(schema).validate(body);
    assert.deepEqual(problems, ["validation takes too many steps"], JSON.stringify(schema).slice(0, 80));
  }
  assert.deepEqual(schemaOf({ pattern: "x$", minLength: 1, maxLength: 10_000_000 }).validate(text), []);
});

test("references that lead to one another for long are refused", () => {
  const definitions: Record<string, unknown> = {};
  const properties: Record<string, unknown> = {};
  for (let index = 0; index < 5_000; index++) {
    definitions[`d${index}`] = index === 0 ? {} : { $ref: `#/definitions/d${index - 1}` };
    properties[`p${index}`] = { $ref: `#/definitions/d${index}` };
  }
  assert.equal(parseJsonSchema(JSON.stringify({ properties, definitions })).kind, "invalid");
});

test("messages are as many as the bound, and quote long values in part", () => {
  const schema = schemaOf({ items: { type: "string", maxLength: 10 } });
  const messages = schema.validate(bodyOf(`[${"1,".repeat(1_000)}"${"x".repeat(100_000)}"]`));
  assert.equal(messages.length, 32);
  const [long] = schema.validate(bodyOf(`["${"x".repeat(100_000)}"]`));
  assert.ok(long!.length < 1_200);
});

test("keys of a body are keys only", () => {
  const schema = schemaOf({ required: ["toString"], properties: { __proto__: { type: "string" } } });
  assert.deepEqual(schema.validate(bodyOf('{"__proto__":1}')), [
    'object has missing required properties (["toString"])',
  ]);
});

const suite = officialSuite();
test("JSON-Schema-Test-Suite, draft 4", {
  skip: suite === undefined && "the package json-schema-test-suite is not here",
}, () => {
  const files = readdirSync(suite!).filter((name) => name.endsWith(".json"));
  assert.ok(files.length > 20);
  for (const file of files) {
    for (const group of listOf(bodyOf(readFileSync(join(suite!, file), "utf8")))) {
      const parsed = parseJsonSchema(printJson(group.get("schema")!));
      // References to other documents than the API's models are refused.
      if (parsed.kind === "invalid") {
        assert.match(parsed.detail, /leads to no model of this API$/);
        continue;
      }
      for (const example of listOf(group.get("tests")!)) {
        const isValid: boolean = parsed.schema.validate(example.get("data")!).length === 0;
        const name = `${file}: ${String(group.get("description"))}: ${String(example.get("description"))}`;
        assert.equal(isValid, example.get("valid"), name);
      }
    }
  }
});

function officialSuite(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve("json-schema-test-suite/package.json");
    return join(dirname(entry), "tests", "draft4");
  } catch {
    return undefined;
  }
}

function listOf(value: TemplateValue): TemplateMap[] {
  assert.ok(value instanceof TemplateList);
  return value.items.map((item) => {
    assert.ok(item instanceof TemplateMap);
    return item;
  });
}
