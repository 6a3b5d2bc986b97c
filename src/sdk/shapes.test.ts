import assert from "node:assert/strict";
import { test } from "node:test";
import { ShapeReader } from "./shapes.ts";

const reader = (models: Record<string, unknown>): ShapeReader =>
  new ShapeReader(new Map(Object.entries(models).map(([name, schema]) => [name, JSON.stringify(schema)])));
const canonical = (model: string) => ({ $ref: `https://apigateway.amazonaws.com/restapis/a1/models/${model}` });

test("a schema's types become shapes", () => {
  for (const [schema, shape] of [
    [{ type: "string" }, { kind: "string" }],
    [
      { type: "string", enum: ["a", "b"] },
      { kind: "string", values: ["a", "b"] },
    ],
    [{ type: "string", enum: ["a", 1] }, { kind: "string" }],
    [{ type: ["number", "null"] }, { kind: "number" }],
    [{ type: ["number", "string"] }, { kind: "any" }],
    [{ type: "integer" }, { kind: "integer", isLong: false }],
    [
      { type: "integer", format: "int64" },
      { kind: "integer", isLong: true },
    ],
    [
      { type: "array", items: { type: "boolean" } },
      { kind: "list", items: { kind: "boolean" } },
    ],
    [
      { type: "array", items: [{ type: "boolean" }] },
      { kind: "list", items: { kind: "any" } },
    ],
    [
      { type: "object", additionalProperties: { type: "number" } },
      { kind: "map", values: { kind: "number" } },
    ],
    [{ type: "object" }, { kind: "any" }],
    [{ type: "object", properties: {} }, { kind: "any" }],
    [{ oneOf: [{ type: "string" }] }, { kind: "any" }],
    [{}, { kind: "any" }],
    ["no schema", { kind: "any" }],
    [{ $ref: "#" }, { kind: "any" }],
    [{ $ref: "#/no/where" }, { kind: "any" }],
    [{ $ref: "elsewhere.json" }, { kind: "any" }],
    [{ allOf: [{ type: "boolean" }] }, { kind: "boolean" }],
  ]) {
    assert.deepEqual(reader({ M: schema }).ofModel("M"), shape, JSON.stringify(schema));
  }
  assert.deepEqual(reader({}).ofModel("None"), { kind: "any" });
});

test("an object with properties is a structure; those in it are named for their places", () => {
  const shapes = reader({
    Pet: {
      type: "object",
      description: "an animal",
      required: ["name"],
      properties: {
        name: { type: "string", description: "its name" },
        owner: { type: "object", properties: { "e-mail": { type: "string" } } },
        friends: { type: "array", items: { $ref: "#" } },
        home: { $ref: "#/definitions/place~1x" },
        vet: canonical("Vet"),
      },
      definitions: { "place/x": { properties: { street: { type: "string" } } } },
    },
    Vet: { type: "object", properties: { pets: { type: "array", items: canonical("Pet") } } },
  });
  assert.deepEqual(shapes.ofModel("Pet"), { kind: "structure", name: "Pet" });
  const [pet, ...others] = shapes.structures();
  assert.deepEqual(
    pet?.members.map(({ name, shape, isRequired, description }) => [name, shape, isRequired, description]),
    [
      ["name", { kind: "string" }, true, "its name"],
      ["owner", { kind: "structure", name: "PetOwner" }, false, ""],
      ["friends", { kind: "list", items: { kind: "structure", name: "Pet" } }, false, ""],
      ["home", { kind: "structure", name: "PlaceX" }, false, ""],
      ["vet", { kind: "structure", name: "Vet" }, false, ""],
    ],
  );
  assert.equal(pet?.description, "an animal");
  assert.deepEqual(
    others.map(({ name }) => name),
    ["PetOwner", "PlaceX", "Vet"],
  );
});

test("parts of allOf are one structure, with what each requires", () => {
  const shapes = reader({
    Base: { type: "object", required: ["id"], properties: { id: { type: "integer" }, kind: { type: "string" } } },
    Pet: { allOf: [canonical("Base"), { required: ["kind", "name"], properties: { name: { type: "string" } } }] },
    Same: { allOf: [canonical("Base")] },
  });
  shapes.ofModel("Pet");
  assert.deepEqual(
    shapes.structures()[0]?.members.map(({ name, isRequired }) => [name, isRequired]),
    [
      ["id", true],
      ["kind", true],
      ["name", true],
    ],
  );
  assert.deepEqual(shapes.ofModel("Same"), { kind: "structure", name: "Base" });
});

test("schemas that refer to themselves, nest or double without end come to one", () => {
  const selfish = {
    allOf: [{ $ref: "#" }, { properties: { child: { allOf: [{ $ref: "#" }, { properties: { x: {} } }] } } }],
  };
  assert.ok(reader({ M: selfish }).ofModel("M"));
  let deep: unknown = { type: "string" };
  for (let depth = 0; depth < 5000; depth++) deep = { type: "array", items: deep };
  const nested = new ShapeReader(new Map([["M", JSON.stringify(deep)]]));
  assert.equal(nested.ofModel("M").kind, "list");
  const chain = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`d${index}`, { $ref: `#/definitions/d${index + 1}` }]),
  );
  assert.deepEqual(reader({ M: { $ref: "#/definitions/d0", definitions: chain } }).ofModel("M"), { kind: "any" });
  const doubling = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => {
      const next = { $ref: `#/definitions/d${index + 1}` };
      return [`d${index}`, { allOf: [next, next] }];
    }),
  );
  assert.ok(reader({ M: { allOf: [{ $ref: "#/definitions/d0" }, {}], definitions: doubling } }).ofModel("M"));
});

test("structures that are too large for Java, and names that are too long, are free-form or left out", () => {
  const properties = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, {}]));
  assert.equal(reader({ M: { properties: properties(500) } }).ofModel("M").kind, "structure");
  assert.equal(reader({ M: { properties: properties(501) } }).ofModel("M").kind, "any");
  const shapes = reader({ M: { properties: { ["x".repeat(501)]: {}, y: {} } } });
  shapes.ofModel("M");
  assert.deepEqual(
    shapes.structures()[0]?.members.map(({ name }) => name),
    ["y"],
  );
});
