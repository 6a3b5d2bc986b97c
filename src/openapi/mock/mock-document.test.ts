import assert from "node:assert/strict";
import { test } from "node:test";
import { aNewRestApi, countingIds } from "../../../test/cases/openapi/builders.ts";
import { importRestApi } from "../import-rest-api.ts";
import { mockDocument } from "./mock-document.ts";

type AnyObject = Readonly<Record<string, never>>;
type Integration = {
  readonly requestTemplates: Readonly<Record<string, string>>;
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly statusCode: string;
        readonly responseParameters: Readonly<Record<string, string>>;
        readonly responseTemplates?: Readonly<Record<string, string>>;
      }
    >
  >;
};

/** The integration of an operation that has these responses. */
function mocked(responses: unknown, more: object = {}, document: object = { openapi: "3.0.3" }): Integration {
  const { document: made } = mockDocument({ ...document, paths: { "/x": { get: { responses, ...more } } } });
  return (made["paths"] as { "/x": { get: AnyObject } })["/x"].get["x-amazon-apigateway-integration"]!;
}

const json = (content: object): object => ({ description: "", content: { "application/json": content } });

test("the lowest success is the default answer, and the others can be asked for", () => {
  const { responses, requestTemplates } = mocked({
    404: json({ example: 4 }),
    201: json({ example: 1 }),
    202: json({}),
  });
  assert.deepEqual(
    Object.entries(responses).map(([pattern, { statusCode }]) => [pattern, statusCode]),
    [
      ["202", "202"],
      ["404", "404"],
      ["default", "201"],
    ],
  );
  assert.match(requestTemplates["application/json"] ?? "", /== '404'/);
});

test("one answer needs no template that chooses", () => {
  const { responses, requestTemplates } = mocked({ 200: json({ example: { a: 1 } }) });
  assert.equal(requestTemplates["application/json"], '{"statusCode": 200}');
  assert.deepEqual(responses["default"]?.responseTemplates, { "application/json": '{"a":1}' });
});

for (const [claim, responses, statuses] of [
  ["default is the success where there is no other", { default: json({}) }, ["200"]],
  ["default is an error beside a success", { 200: json({}), default: json({}) }, ["200", "500"]],
  ["ranges stand for their first", { "2XX": json({}), "4XX": json({}) }, ["200", "400"]],
  ["a redirect alone", { 302: { description: "" } }, ["302"]],
  ["a success that is not described beside errors", { 400: json({}) }, ["200", "400"]],
  ["no responses at all", {}, ["200"]],
  ["what no method can answer", { 103: json({}), "x-y": {}, 200: json({}) }, ["200"]],
] as const)
  test(`answers: ${claim}`, () => {
    const found = Object.values(mocked(responses).responses).map(({ statusCode }) => statusCode);
    assert.deepEqual(found.sort(), statuses);
  });

test("media types: JSON first, ranges as a type, and nothing made of what has a form of its own", () => {
  const schema = { type: "object", properties: { a: { const: "b" } } };
  const content = {
    "application/xml": { schema },
    "image/*": { schema: { type: "string", format: "binary" } },
    "text/plain": { schema: { type: "string", const: "hello" } },
    "application/vnd.github+json": { schema },
    "application/json": { schema },
    "text/csv": { example: "a,b\n1,2" },
  };
  const { responses } = mocked({ 200: { description: "", content } });
  assert.deepEqual(Object.entries(responses["default"]?.responseTemplates ?? {}), [
    ["application/json", '{"a":"b"}'],
    ["application/vnd.github+json", '{"a":"b"}'],
    ["text/plain", "hello"],
    ["text/csv", "a,b\n1,2"],
    ["application/xml", ""],
    ["image/png", ""],
  ]);
});

test("examples are printed as they are, whatever a template would read in them", () => {
  const { responses } = mocked({ 200: json({ example: "#if($x) ]]# $5" }) });
  assert.equal(responses["default"]?.responseTemplates?.["application/json"], '#[["#if($x) ]]]]##[[# $5"]]#');
});

test("examples as a list, and as text", () => {
  const { responses } = mocked({ 200: json({ examples: [' {"a": 1}'] }) });
  assert.equal(responses["default"]?.responseTemplates?.["application/json"], ' {"a": 1}');
});

test("headers have values of their schemas and examples; a line break ends none", () => {
  const headers = {
    "X-Rate": { schema: { type: "integer" } },
    Link: { example: "<https://example.com>; rel='next'", schema: { type: "string" } },
    "X-Evil": { example: "a\r\nSet-Cookie: b=c" },
    "Content-Type": { example: "text/html" },
    "bad name": { example: "x" },
  };
  const { responses } = mocked({ 200: { description: "", headers } });
  assert.deepEqual(responses["default"]?.responseParameters, {
    "method.response.header.X-Rate": "'1'",
    "method.response.header.Link": "'<https://example.com>; rel='next''",
    "method.response.header.Access-Control-Allow-Origin": "'*'",
  });
});

test("Swagger 2.0: examples by media type, else what is produced", () => {
  const swagger = { swagger: "2.0", produces: ["application/json", "application/xml"] };
  const schema = { type: "object", properties: { id: { type: "integer", format: "int64" } } };
  const found = mocked({ 200: { description: "", schema, examples: { "text/html": "<p>$1</p>" } } }, {}, swagger);
  assert.deepEqual(found.responses["default"]?.responseTemplates, {
    "application/json": '{"id":1}',
    "text/html": "#[[<p>$1</p>]]#",
    "application/xml": "",
  });
});

test("a file of Swagger 2.0 has no model, which AWS would refuse, and no body", () => {
  const operation = {
    produces: ["application/pdf"],
    responses: { 200: { description: "", schema: { type: "file" } } },
  };
  const { document } = mockDocument({ swagger: "2.0", paths: { "/x": { get: operation } } });
  const { get } = (document["paths"] as { "/x": { get: { responses: AnyObject } & AnyObject } })["/x"];
  assert.equal("schema" in (get.responses["200"] as unknown as object), false);
  const integration: Integration = get["x-amazon-apigateway-integration"]!;
  assert.deepEqual(integration.responses["default"]?.responseTemplates, { "application/pdf": "" });
});

test("what has an integration keeps it, and its security", () => {
  const paths = {
    "/own": { get: { security: [{ k: [] }], "x-amazon-apigateway-integration": { type: "http_proxy" } } },
    "/made": { post: { security: [{ k: [] }] }, options: { "x-amazon-apigateway-integration": { type: "mock" } } },
  };
  const document = { openapi: "3.1.0", paths };
  const { document: made, mocked: names } = mockDocument(document);
  const madePaths = made["paths"] as { "/own": AnyObject; "/made": Readonly<Record<string, AnyObject>> };
  assert.deepEqual([...names], ["POST /made"]);
  assert.deepEqual(madePaths["/own"], paths["/own"]);
  assert.deepEqual(madePaths["/made"]["post"]?.["security"], []);
  assert.deepEqual(madePaths["/made"]["options"], paths["/made"].options);
});

test("the document is as it was where nothing is to be mocked", () => {
  const document = {
    openapi: "3.0.1",
    paths: { "/a": { get: { "x-amazon-apigateway-integration": { type: "mock" } } } },
  };
  assert.equal(mockDocument(document).document, document);
});

test("what is made imports without a word", () => {
  const document = {
    openapi: "3.0.3",
    info: { title: "All", version: "1" },
    paths: {
      "/a/{id}": {
        get: {
          responses: { 200: json({ examples: { one: { value: 1 }, "two 2": { value: 2 } } }), default: json({}) },
        },
      },
      "/b": { head: { responses: { 204: { description: "", headers: { "X-A": { schema: { type: "string" } } } } } } },
    },
  };
  const result = importRestApi(Buffer.from(JSON.stringify(mockDocument(document).document)), aNewRestApi(), {
    mode: "create",
    basepath: "ignore",
    ids: countingIds(),
    account: "123456789012",
    region: "us-east-1",
  });
  assert.ok(result.kind === "imported", JSON.stringify(result));
  assert.deepEqual(result.warnings, []);
});
