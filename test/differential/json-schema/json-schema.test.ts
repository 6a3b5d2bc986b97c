// Random schemas and bodies, validated by fge's json-schema-validator and here: the same messages in the same order.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseJsonSchema } from "../../../src/language/json-schema/json-schema.ts";
import { parseJsonText } from "../../../src/language/json-text.ts";
import { oneOf, random } from "../../fuzz/from-models.ts";
import { randomJson, upTo } from "../../fuzz/random-json.ts";
import { seed } from "../../random.ts";
import { prepareOracle } from "../java-oracle.ts";

const oracle = prepareOracle({
  program: join(import.meta.dirname, "JsonSchemaOracle.java"),
  artifact: "com.github.java-json-tools:json-schema-validator:2.2.14",
});

const count = 2_000;

test(`json-schema: as fge 2.2.14 (PORTICO_FUZZ_SEED=${seed})`, { skip: oracle.skip }, async () => {
  assert.ok(oracle.skip === false);
  const pairs = Array.from({ length: count }, () => ({ schema: JSON.stringify(aSchema(3)), instance: randomJson(3) }));
  const answers = await oracle.ask(pairs.map((pair) => JSON.stringify(pair)));
  const seen = { valid: 0, invalid: 0 };
  for (const [index, { schema, instance }] of pairs.entries()) {
    const theirs = JSON.parse(answers[index]!) as { readonly messages?: string[] };
    assert.ok(theirs.messages, answers[index] ?? "");
    const parsed = parseJsonSchema(schema);
    assert.ok(parsed.kind === "schema", schema);
    const body = parseJsonText(instance);
    assert.ok(body.kind === "value");
    assert.deepEqual(parsed.schema.validate(body.value), theirs.messages, `${schema} ${instance}`);
    seen[theirs.messages.length === 0 ? "valid" : "invalid"]++;
  }
  assert.ok(seen.valid > count / 10 && seen.invalid > count / 10);
});

const names = ["a", "b", "c", "é"];
const types = ["array", "boolean", "integer", "null", "number", "object", "string"];
const someNames = (): string[] => [...new Set([oneOf(names), oneOf(names)])];
const unlessLeaf = (depth: number, make: () => object): object => (depth > 0 ? make() : {});
const aNumber = (): number => oneOf([0, 1, 1.5, 2, -3, 100]);

/** Keywords of draft 4 with values for them. */
const keywords: readonly ((depth: number) => object)[] = [
  () => ({ type: oneOf(types) }),
  () => ({ type: [...new Set([oneOf(types), oneOf(types)])] }),
  () => ({ minimum: aNumber(), exclusiveMinimum: random() < 0.3 }),
  () => ({ maximum: aNumber(), exclusiveMaximum: random() < 0.3 }),
  () => ({ multipleOf: oneOf([1, 2, 0.1, 1.5]) }),
  () => ({ minLength: upTo(4) }),
  () => ({ maxLength: upTo(4) }),
  () => ({ pattern: oneOf(["^a", "[0-9]+$", "^.{2,3}$", "^(a|x)", "\\d", "^(?=.*b).+$"]) }),
  () => ({ enum: [JSON.parse(randomJson(1)), "x", 1].filter((item, index) => index > 0 || typeof item === "object") }),
  () => ({ format: oneOf(["date-time", "email", "ipv4", "ipv6", "uri", "hostname", "date", "uuid", "int32"]) }),
  () => ({ required: someNames() }),
  () => ({ minProperties: upTo(3) }),
  () => ({ maxProperties: upTo(3) }),
  () => ({ minItems: upTo(3) }),
  () => ({ maxItems: upTo(3) }),
  () => ({ uniqueItems: true }),
  () => ({ additionalProperties: false }),
  () => ({ dependencies: { [oneOf(names)]: someNames() } }),
  (depth) => unlessLeaf(depth, () => ({ dependencies: { [oneOf(names)]: aSchema(depth - 1) } })),
  (depth) => unlessLeaf(depth, () => ({ additionalProperties: aSchema(depth - 1) })),
  (depth) => unlessLeaf(depth, () => ({ patternProperties: { [oneOf(["^a", "b|c", "."])]: aSchema(depth - 1) } })),
  (depth) => unlessLeaf(depth, () => ({ items: aSchema(depth - 1) })),
  (depth) => unlessLeaf(depth, () => ({ items: [aSchema(depth - 1)], additionalItems: random() < 0.5 })),
  (depth) =>
    unlessLeaf(depth, () => ({ [oneOf(["allOf", "anyOf", "oneOf"])]: [aSchema(depth - 1), aSchema(depth - 1)] })),
  (depth) => unlessLeaf(depth, () => ({ not: aSchema(depth - 1) })),
  (depth) => unlessLeaf(depth, () => ({ properties: { [oneOf(names)]: aSchema(depth - 1) } })),
  (depth) => unlessLeaf(depth, () => ({ properties: { a: aSchema(depth - 1), b: aSchema(depth - 1) } })),
];

function aSchema(depth: number): object {
  const parts = Array.from({ length: 1 + upTo(3) }, () => oneOf(keywords)(depth));
  return Object.assign({}, ...parts) as object;
}
