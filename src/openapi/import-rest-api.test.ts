import assert from "node:assert/strict";
import { test } from "node:test";
import { aNewRestApi, countingIds } from "../../test/cases/openapi/builders.ts";
import { countCpuMs } from "../../test/cpu-time.ts";
import type { RestApiDefinition } from "../definition/rest-api.ts";
import { type ImportOptions, type ImportResult, importRestApi } from "./import-rest-api.ts";

const options: ImportOptions = {
  mode: "create",
  basepath: "ignore",
  ids: countingIds(),
  account: "123456789012",
  region: "us-east-1",
};

const importText = (document: string | Buffer, changed: Partial<ImportOptions> = {}): ImportResult =>
  importRestApi(Buffer.from(document), aNewRestApi(), { ...options, ...changed });

function refusal(result: ImportResult): string {
  assert.equal(result.kind, "refused");
  return result.kind === "refused" ? `${result.message} ${result.reason ?? ""}` : "";
}

function imported(result: ImportResult): RestApiDefinition {
  assert.ok(result.kind === "imported", result.kind === "refused" ? result.message : "");
  return result.definition;
}

const openapi = { openapi: "3.0.1", info: { title: "test" } };
const document = (members: object): string => JSON.stringify({ ...openapi, ...members });
const numbered = (count: number, make: (number: number) => [string, unknown]): object =>
  Object.fromEntries(Array.from({ length: count }, (_, number) => make(number)));

/** What must be refused or read within bounds: a second is plenty for each, ten say that one is not bounded. */
function withinBounds(name: string, work: () => void): void {
  test(name, () => {
    const cpuMs = countCpuMs();
    work();
    assert.ok(cpuMs() < 10_000, `took ${Math.round(cpuMs())} ms`);
  });
}

test("what is no text is no document", () => {
  for (const [bytes, reason] of [
    [Buffer.from(""), "the document is empty"],
    [Buffer.from(" \n\t"), "the document is empty"],
    [Buffer.from([0x50, 0x4b, 0x03, 0x04, 0xff, 0xfe]), "the document is not UTF-8 text"],
    [Buffer.from("openapi: 3.0.1\0"), "the document is binary"],
    [Buffer.from("\ufeff"), "the document is empty"],
    [Buffer.from("null"), "the document is not an object"],
    [Buffer.from("[]"), "the document is not an object"],
  ] as const) {
    assert.equal(refusal(importText(bytes)), `Invalid OpenAPI input. ${reason}`);
  }
});

test("a byte order mark is no part of the document", () => {
  assert.equal(imported(importText(`\ufeff${document({ paths: {} })}`)).restApi.name, "test");
});

test("deep nesting is refused, not run out of stack", () => {
  const depth = 100_000;
  const nested = "[".repeat(depth) + "]".repeat(depth);
  assert.match(refusal(importText(`{"openapi":"3.0.1","paths":${nested}}`)), /nested deeper than 256 levels/);
  assert.match(refusal(importText(`openapi: 3.0.1\npaths: ${nested}`)), /^Invalid OpenAPI input\./);
  const schema = `${'{"not":'.repeat(depth)}{}${"}".repeat(depth)}`;
  assert.match(refusal(importText(`{"openapi":"3.0.1","components":{"schemas":{"A":${schema}}}}`)), /nested deeper/);
});

test("members that every object inherits are no members of the document", () => {
  const definition = imported(
    importText(
      document({
        paths: { "/constructor": { get: { responses: { 200: {} } } } },
        components: { schemas: { constructor: { type: "object" } } },
      }),
    ),
  );
  assert.deepEqual(
    definition.models.map((model) => model.name),
    ["constructor"],
  );
  assert.equal(definition.resources[1]?.resourceMethods?.["GET"]?.authorizationType, "NONE");
  const scheme = document({ paths: { "/": { get: { security: [{ toString: [] }], responses: { 200: {} } } } } });
  assert.match(refusal(importText(scheme)), /Security scheme 'toString' of 'GET \/' is not defined/);
  const dangling = document({ components: { schemas: { A: { $ref: "#/components/schemas/toString" } } } });
  assert.match(refusal(importText(dangling)), /Unable to insert model 'A' due to an unsatisfied schema reference\./);
  const parameter = document({ paths: { "/": { get: { parameters: [{ $ref: "#/__proto__/x" }] } } } });
  assert.match(refusal(importText(parameter)), /it refers to nothing/);
});

withinBounds("20 MB of YAML are refused at once", () => {
  assert.match(refusal(importText("a: b\n".repeat(4_000_000))), /YAML is read up to 8388608 characters/);
});

withinBounds("YAML of tokens only is refused", () => {
  assert.match(refusal(importText(`a: [${"1,".repeat(1_600_000)}]`)), /too many values/);
});

withinBounds("merge keys can't multiply a document", () => {
  const large = `b: &b {${Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join(",")}}`;
  const merges = Array.from({ length: 5000 }, (_, index) => `m${index}: {<<: *b}`).join("\n");
  assert.match(refusal(importText(`openapi: 3.0.1\n${large}\n${merges}`)), /more than 2000000 values/);
});

withinBounds("aliases can't multiply a text", () => {
  const aliases = "- *a\n".repeat(10_000);
  const text = `openapi: 3.0.1\ninfo: {title: t}\na: &a ${"x".repeat(1_000_000)}\nb:\n${aliases}`;
  assert.match(refusal(importText(text)), /more than 2000000 values/);
});

withinBounds("references can't multiply a document", () => {
  const headers = numbered(5000, (number) => [`H${number}`, {}]);
  const operation = { responses: { 200: { $ref: "#/components/responses/large" } } };
  const paths = numbered(5000, (number) => [`/p${number}`, { get: operation }]);
  const text = document({ paths, components: { responses: { large: { headers } } } });
  assert.match(refusal(importText(text)), /the document's references mean too much/);
});

withinBounds("references into schemas can't double forever", () => {
  const schemas = numbered(40, (number) => [
    `S${number}`,
    {
      properties: {
        a: {
          properties: {
            l: { $ref: `#/components/schemas/S${number + 1}/properties/a` },
            r: { $ref: `#/components/schemas/S${number + 1}/properties/a` },
          },
        },
      },
    },
  ]);
  assert.match(refusal(importText(document({ paths: {}, components: { schemas } }))), /unsatisfied schema reference/);
});

withinBounds("references into deep schemas don't run out of stack", () => {
  const deep = (reference: string, depth: number): object =>
    depth === 0 ? { $ref: reference } : { items: deep(reference, depth - 1) };
  const schemas = numbered(60, (number) => [
    `S${number}`,
    { properties: { a: deep(`#/components/schemas/S${number + 1}/properties/a`, 100) } },
  ]);
  assert.match(refusal(importText(document({ paths: {}, components: { schemas } }))), /unsatisfied schema reference/);
});

withinBounds("a chain of 50,000 schemas is followed once", () => {
  const chain = (last: string) => ({
    ...numbered(50_000, (number) => [`S${number}`, { $ref: `#/components/schemas/S${number + 1}` }]),
    S50000: last === "" ? { type: "string" } : { $ref: last },
  });
  const models = (last: string) => importText(document({ paths: {}, components: { schemas: chain(last) } }));
  assert.equal(imported(models("")).models.length, 50_001);
  assert.match(refusal(models("#/components/schemas/S49000")), /unsatisfied schema reference/);
});

test("schemas that are only references to each other are refused, whatever stands beside the references", () => {
  const schemas = {
    About: { description: "first", $ref: "#/components/schemas/Round" },
    Round: { $ref: "#/components/schemas/About", title: "second" },
  };
  assert.match(refusal(importText(document({ paths: {}, components: { schemas } }))), /unsatisfied schema reference/);
});

test("a schema that is only a reference to a model that stays and refers back is refused", () => {
  const round = { id: "round1", name: "Round", contentType: "application/json" };
  const schema = '{"$ref":"https://apigateway.amazonaws.com/restapis/a/models/About"}';
  const base = { ...aNewRestApi(), models: [{ ...round, schema }] };
  const text = document({ paths: {}, components: { schemas: { About: { $ref: "#/components/schemas/Round" } } } });
  const result = importRestApi(Buffer.from(text), base, { ...options, mode: "merge" });
  assert.match(refusal(result), /unsatisfied schema reference/);
});

withinBounds("100,000 paths are read, their number being the management's matter", () => {
  const paths = numbered(100_000, (number) => [`/p${number}`, {}]);
  assert.equal(imported(importText(document({ paths }))).resources.length, 100_001);
});

withinBounds("100,000 variables beside each other are refused", () => {
  const paths = numbered(100_000, (number) => [`/{p${number}}`, {}]);
  assert.match(refusal(importText(document({ paths }))), /only one is allowed/);
});

withinBounds("long paths are refused", () => {
  const paths = { [`/${"a/".repeat(500_000)}`]: {}, [`/${"b".repeat(2_000_000)}`]: {} };
  assert.match(refusal(importText(document({ paths }))), /the path is longer than 10240 characters/);
  const many = numbered(2000, (number) => [`/p${number}/${"a/".repeat(5000)}`, {}]);
  assert.match(refusal(importText(document({ paths: many }))), /their paths have more than 33554432 characters/);
  const slashes = { swagger: "2.0", info: { title: "t" }, basePath: `${"/".repeat(1_000_000)}a`, paths: { "/": {} } };
  refusal(importText(JSON.stringify(slashes), { basepath: "prepend" }));
});

withinBounds("lists of the document's own don't count once for each operation", () => {
  const many = Array.from({ length: 50_000 }, (_, number) => `type/${number}`);
  const operation = { parameters: [{ in: "body", name: "b", schema: { type: "object" } }], responses: { 200: {} } };
  const paths = numbered(2000, (number) => [`/p${number}`, { post: operation }]);
  const swagger = {
    swagger: "2.0",
    info: { title: "t" },
    consumes: many,
    security: many.map((name) => ({ [name]: [] })),
    securityDefinitions: Object.fromEntries(many.map((name) => [name, { type: "basic" }])),
  };
  const method = imported(importText(JSON.stringify({ ...swagger, paths }))).resources[1]?.resourceMethods?.["POST"];
  assert.equal(Object.keys(method?.requestModels ?? {}).length, 64);
});

withinBounds("100,000 integration responses are no more than there are statuses", () => {
  const responses = numbered(100_000, (number) => [`p${number}`, { statusCode: 200 + (number % 300) }]);
  const integration = { type: "mock", responses };
  const text = document({ paths: { "/": { get: { "x-amazon-apigateway-integration": integration } } } });
  const method = imported(importText(text)).resources[0]?.resourceMethods?.["GET"];
  assert.equal(Object.keys(method?.methodIntegration?.integrationResponses ?? {}).length, 300);
});

test("an import changes nothing of what it was given", () => {
  const base = aNewRestApi();
  const before = JSON.stringify(base);
  importRestApi(Buffer.from(document({ paths: { "/a": { get: {} } } })), base, { ...options, mode: "merge" });
  assert.equal(JSON.stringify(base), before);
});

test("a second import of one document changes nothing", () => {
  const text = document({
    "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true } },
    paths: {
      "/pets/{id}": {
        get: { responses: { 200: { content: { "application/json": { schema: { type: "string" } } } } } },
      },
    },
    components: { schemas: { Pet: { type: "object" } } },
  });
  const first = imported(importText(text));
  for (const mode of ["overwrite", "merge"] as const) {
    const again = importRestApi(Buffer.from(text), first, { ...options, mode });
    assert.deepEqual(imported(again), first);
  }
});

test("an overwrite keeps no model that the document does not have, but the id, the endpoint's type and the tags", () => {
  const base = aNewRestApi({ tags: { team: "a" }, endpointConfiguration: { types: ["REGIONAL"] }, policy: "{}" });
  const models = ["Empty", "Error", "Old"].map((name) => ({
    id: name,
    name,
    contentType: "application/json",
    schema: "{}",
  }));
  const text = document({ paths: {} });
  const result = imported(importRestApi(Buffer.from(text), { ...base, models }, { ...options, mode: "overwrite" }));
  assert.deepEqual(
    result.models.map((model) => model.name),
    [],
  );
  assert.equal(result.restApi.id, base.restApi.id);
  assert.deepEqual(result.restApi.tags, { team: "a" });
  assert.deepEqual(result.restApi.endpointConfiguration, { types: ["REGIONAL"] });
  assert.equal(result.restApi.policy, undefined);
});

test("AWS variables stand for the importer's account, region and partition", () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: AWS's variables look like JavaScript's.
  const uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/".concat(
    "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:f/invocations",
  );
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above.
  const integration = { type: "aws_proxy", httpMethod: "POST", uri };
  const text = document({ paths: { "/": { get: { "x-amazon-apigateway-integration": integration } } } });
  const method = imported(importText(text, { region: "eu-west-1" })).resources[0]?.resourceMethods?.["GET"];
  assert.equal(
    method?.methodIntegration?.uri,
    "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations",
  );
});
