import assert from "node:assert/strict";
import { test } from "node:test";
import { modelTemplate } from "./model-template.ts";

const none = () => undefined;
const template = (schema: unknown, schemaOf: (model: string) => string | undefined = none) =>
  modelTemplate(JSON.stringify(schema), schemaOf);
const head = "#set($inputRoot = $input.path('$'))\n";

test("an object's template has a sample value for each member", () => {
  assert.equal(
    template({
      type: "object",
      properties: {
        message: { type: "string" },
        count: { type: "integer" },
        price: { type: ["null", "number"] },
        isNew: { type: "boolean" },
        kind: { enum: ["dog", "cat"] },
        owner: { properties: { name: { type: "string" } } },
        any: {},
      },
    }),
    `${head}{
  "message" : "foo",
  "count" : 42,
  "price" : 42,
  "isNew" : true,
  "kind" : "dog",
  "owner" : {
    "name" : "foo"
  },
  "any" : { }
}`,
  );
});

test("an array's template is a loop, in a loop with an element of its own", () => {
  const tags = { type: "array", items: { type: "object", properties: { "tag-Name": { type: "string" } } } };
  assert.equal(
    template({ type: "array", items: { type: "object", properties: { tags } } }),
    `${head}[
##TODO: Update this foreach loop to reference array from input json
#foreach($elem in $inputRoot)
  {
    "tags" : [
##TODO: Update this foreach loop to reference array from input json
#foreach($elem2 in $elem.tags)
      {
        "tag-Name" : "foo"
      }
#if($foreach.hasNext),#end
#end
    ]
  }
#if($foreach.hasNext),#end
#end
]`,
  );
});

test("references lead to other models and into the schema; circular ones end", () => {
  const address = "https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/";
  const schemas: Record<string, unknown> = {
    Pet: {
      type: "object",
      properties: { name: { $ref: "#/definitions/Name" } },
      definitions: { Name: { type: "string" } },
    },
    Node: { type: "object", properties: { next: { $ref: `${address}Node` }, other: { $ref: `${address}Node` } } },
  };
  const schemaOf = (name: string) => JSON.stringify(schemas[name]);
  const pet = { allOf: [{ $ref: `${address}Pet` }], properties: { pet: { $ref: `${address}Pet` } } };
  assert.equal(template(pet, schemaOf), `${head}{\n  "name" : "foo",\n  "pet" : {\n    "name" : "foo"\n  }\n}`);
  assert.ok(template(schemas["Node"], schemaOf).length < 200_000);
  assert.equal(template({ $ref: "#" }), `${head}{ }`);
  assert.equal(template({ $ref: `${address}None` }), `${head}{ }`);
});

test("what is no schema gives an empty object", () => {
  for (const text of [undefined, "", "[]", "null", "{"]) assert.equal(modelTemplate(text, none), `${head}{ }`);
});
