import assert from "node:assert/strict";
import { test } from "node:test";
import { below, chance, makeRandom, pick, type Random, seed } from "../../../test/random.ts";
import { parseJsonSchema } from "../../language/json-schema/json-schema.ts";
import { parseJsonText } from "../../language/json-text.ts";
import { SchemaExamples } from "./schema-example.ts";

const schemas = {
  Pet: {
    type: "object",
    required: ["id", "name"],
    properties: {
      id: { type: "integer", readOnly: true },
      name: { type: "string" },
      secret: { type: "string", writeOnly: true },
      friends: { type: "array", items: { $ref: "#/components/schemas/Pet" } },
    },
  },
  Tree: { type: "object", required: ["child"], properties: { child: { $ref: "#/components/schemas/Tree" } } },
  Kind: { enum: [null, "cat", "dog"] },
};
const make = (schema: unknown, side: "request" | "response" = "response"): unknown =>
  new SchemaExamples({ document: { components: { schemas } }, side }).of(schema);

for (const [claim, schema, value] of [
  ["an example counts before all else", { type: "string", example: "x", default: "y" }, "x"],
  ["the first of several examples", { type: "string", examples: ["a", "b"] }, "a"],
  ["const", { const: 5 }, 5],
  ["default", { type: "integer", default: 7, enum: [1, 7] }, 7],
  ["the first of enum that is something", { $ref: "#/components/schemas/Kind" }, "cat"],
  ["a date-time", { type: "string", format: "date-time" }, "2026-01-15T09:30:00Z"],
  ["a text of the length asked for", { type: "string", minLength: 8, maxLength: 8 }, "stringst"],
  ["a short text", { type: "string", maxLength: 2 }, "st"],
  ["a pattern", { type: "string", pattern: "^[A-Z]{2}\\d{3}$" }, "AA000"],
  ["a format too long for its field is cut", { type: "string", format: "email", maxLength: 5 }, "strin"],
  ["1 where it is allowed", { type: "number", minimum: 0 }, 1],
  ["the least above a bound that is out (draft 4)", { type: "integer", minimum: 5, exclusiveMinimum: true }, 6],
  ["the same (2020-12)", { type: "integer", exclusiveMinimum: 5 }, 6],
  ["between 0 and 1", { type: "number", exclusiveMinimum: 0.2, exclusiveMaximum: 0.4 }, 0.3],
  ["a multiple", { type: "integer", minimum: 10, multipleOf: 4 }, 12],
  ["a negative one", { type: "integer", maximum: -3 }, -3],
  ["the first type of 3.1's lists that is something", { type: ["null", "boolean"] }, true],
  ["as many items as asked for", { type: "array", items: { type: "integer" }, minItems: 2 }, [1, 1]],
  [
    "different items",
    { type: "array", items: { type: "string" }, minItems: 2, uniqueItems: true },
    ["string", "string1"],
  ],
  ["a tuple", { type: "array", prefixItems: [{ type: "string" }, { const: 2 }], items: false }, ["string", 2]],
  [
    "allOf in one, with the narrower bounds",
    {
      allOf: [
        { type: "object", properties: { a: { type: "integer", minimum: 3 } }, required: ["a"], example: { a: 1 } },
        { properties: { a: { minimum: 5 }, b: { const: "b" } } },
      ],
    },
    { a: 5, b: "b" },
  ],
  [
    "the first of oneOf, with what is beside it",
    { properties: { x: { const: 1 } }, oneOf: [{ type: "null" }, { properties: { y: { const: 2 } } }] },
    { x: 1, y: 2 },
  ],
  ["a map has an entry", { type: "object", additionalProperties: { type: "integer" } }, { property1: 1 }],
  ["nothing is asked", {}, {}],
] as const)
  test(`made: ${claim}`, () => assert.deepEqual(make(schema), value));

test("a recursion ends where it may, and makes nothing of what has no end", () => {
  assert.deepEqual(make({ $ref: "#/components/schemas/Pet" }), { id: 1, name: "string", friends: [] });
  assert.equal(make({ $ref: "#/components/schemas/Tree" }), undefined);
  assert.equal(make({ $ref: "#/components/schemas/None" }), undefined);
});

test("a discriminator says which alternative it is", () => {
  const kind = { type: "object", required: ["kind"], properties: { kind: { type: "string" } } };
  const document = {
    components: {
      schemas: {
        Animal: { ...kind, discriminator: { propertyName: "kind", mapping: { cat: "#/components/schemas/Cat" } } },
        Cat: { allOf: [{ $ref: "#/components/schemas/Animal" }] },
        Dog: { allOf: [{ $ref: "#/components/schemas/Animal" }] },
        Any: {
          oneOf: [{ $ref: "#/components/schemas/Plain" }, { $ref: "#/components/schemas/Cat" }],
          discriminator: { propertyName: "kind" },
        },
        Plain: kind,
        Strict: { discriminator: "kind", properties: { kind: { enum: ["a", "b"] } } },
      },
    },
  };
  const examples = new SchemaExamples({ document, side: "response" });
  const of = (name: string): unknown => examples.of({ $ref: `#/components/schemas/${name}` });
  assert.deepEqual(of("Cat"), { kind: "cat" });
  assert.deepEqual(of("Dog"), { kind: "Dog" });
  assert.deepEqual(of("Any"), { kind: "Plain" });
  assert.deepEqual(of("Strict"), { kind: "a" });
});

test("requests have what is only written, answers what is only read", () => {
  const { required: _, ...open } = schemas.Pet;
  assert.deepEqual(make(open, "request"), {
    name: "string",
    secret: "string",
    friends: [{ id: 1, name: "string", secret: "string" }],
  });
});

test("what would be gigabytes is not made", () => {
  const levels = Object.fromEntries(
    Array.from({ length: 40 }, (_, level) => {
      const next = { $ref: `#/components/schemas/L${level + 1}` };
      const names = Array.from({ length: 10 }, (_none, index) => `p${index}`);
      return [
        `L${level}`,
        {
          type: "object",
          required: names,
          properties: Object.fromEntries(names.map((name) => [name, { allOf: [next, next] }])),
        },
      ];
    }),
  );
  const examples = new SchemaExamples({ document: { components: { schemas: levels } }, side: "response" });
  assert.equal(examples.of({ $ref: "#/components/schemas/L0" }), undefined);
});

test(`what is made is valid by its schema (PORTICO_FUZZ_SEED=${seed})`, () => {
  const random = makeRandom(seed);
  for (let count = 0; count < 2_000; count++) {
    const schema = aSchema(random, 0);
    const parsed = parseJsonSchema(JSON.stringify(schema));
    assert.ok(parsed.kind === "schema", JSON.stringify(schema));
    const value = parseJsonText(JSON.stringify(make(schema)) ?? "null");
    assert.ok(value.kind !== "malformed");
    const problems = parsed.schema.validate(value.value);
    assert.deepEqual(problems, [], `${JSON.stringify(schema)}\n${JSON.stringify(make(schema))}`);
  }
});

/** Draft 4 that is not against itself. */
function aSchema(random: Random, depth: number): object {
  const kinds = [
    "string",
    "integer",
    "number",
    "boolean",
    "enum",
    ...(depth < 4 ? ["object", "array", "allOf", "anyOf", "object"] : []),
  ];
  switch (pick(random, kinds)) {
    case "string":
      return aString(random);
    case "integer":
    case "number":
      return aNumber(random);
    case "boolean":
      return { type: "boolean" };
    case "enum":
      return { enum: [below(random, 9), "b", null] };
    case "object":
      return anObject(random, depth);
    case "array": {
      const minItems = below(random, 3);
      const items = chance(random, 0.5) ? aString(random) : aSchema(random, depth + 1);
      return { type: "array", items, minItems, ...(chance(random, 0.5) && { maxItems: minItems + below(random, 2) }) };
    }
    case "allOf":
      return {
        allOf: [anObject(random, depth), anObject(random, depth)]
          .map(({ additionalProperties: _, ...open }) => open)
          .slice(0, 1 + below(random, 2)),
      };
    default:
      return { anyOf: [aSchema(random, depth + 1), aSchema(random, depth + 1)] };
  }
}

function anObject(random: Random, depth: number): { readonly additionalProperties?: unknown } {
  // In an allOf the same property twice could contradict itself: names are drawn from many.
  const names = Array.from({ length: below(random, 4) }, () => `p${below(random, 1e9)}`);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, aSchema(random, depth + 1)])),
    ...(names.length > 0 && chance(random, 0.5) && { required: names.slice(0, 1) }),
    ...(chance(random, 0.3) && { additionalProperties: chance(random, 0.5) ? false : aSchema(random, depth + 1) }),
  } as object;
}

function aString(random: Random): object {
  const minLength = below(random, 20);
  const shapes = [
    {},
    { minLength },
    { minLength, maxLength: minLength + below(random, 5) },
    { maxLength: below(random, 5) },
    {
      format: pick(random, ["date-time", "date", "time", "email", "ipv4", "ipv6", "uri", "uuid", "hostname", "regex"]),
    },
    {
      pattern: pick(random, [
        "^[a-z]+$",
        "^\\d{3}-[A-Z]?$",
        "^(a|b)*c",
        "[^\\w]",
        "^\\S+@\\S+$",
        "^v\\d+(\\.\\d+){2}$",
      ]),
    },
  ];
  return { type: "string", ...pick(random, shapes) };
}

function aNumber(random: Random): object {
  const type = pick(random, ["integer", "number"]);
  const minimum = below(random, 100) - 50;
  const exclusive = { exclusiveMinimum: chance(random, 0.5), exclusiveMaximum: chance(random, 0.5) };
  const shapes = [
    {},
    { minimum },
    { maximum: minimum },
    { minimum, maximum: minimum + 2 + below(random, 5), ...exclusive },
    { minimum, multipleOf: 1 + below(random, 7) },
  ];
  return { type, ...pick(random, shapes) };
}
