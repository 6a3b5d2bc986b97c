import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { aNewRestApi, aStage } from "../../test/cases/openapi/builders.ts";
import type { Integration, Method, RestApiDefinition } from "../definition/rest-api.ts";
import { type ExportOptions, ExportRefusal, exportRestApi } from "./export-rest-api.ts";

const options: ExportOptions = {
  exportType: "oas30",
  extensions: [],
  format: "json",
  host: "localhost:4566",
  region: "us-east-1",
  stage: aStage(),
  deployedAt: 1_500_000_000.9,
};

// biome-ignore lint/suspicious/noExplicitAny: documents are read member by member.
const exported = (definition: RestApiDefinition, changed: Partial<ExportOptions> = {}): any =>
  parse(exportRestApi(definition, { ...options, ...changed }));

function withMethod(method: Partial<Method>, parts: Partial<RestApiDefinition> = {}): RestApiDefinition {
  const base = aNewRestApi();
  const get: Method = { httpMethod: "GET", authorizationType: "NONE", apiKeyRequired: false, ...method };
  return { ...base, ...parts, resources: [{ ...base.resources[0]!, resourceMethods: { GET: get } }] };
}

test("extensions that are not known are refused by name", () => {
  assert.throws(
    () => exportRestApi(aNewRestApi(), { ...options, extensions: ["sdk"] }),
    (error) => error instanceof ExportRefusal && /: sdk\./.test(error.message),
  );
});

test("integrations are asked for by three names", () => {
  const definition = withMethod({ methodIntegration: { type: "MOCK", passthroughBehavior: "NEVER" } as Integration });
  for (const extension of ["integrations", "integration", "apigateway"]) {
    const { get } = exported(definition, { extensions: [extension] }).paths["/"];
    assert.equal(get["x-amazon-apigateway-integration"].type, "mock", extension);
  }
  assert.equal(exported(definition).paths["/"].get["x-amazon-apigateway-integration"], undefined);
});

test("bodies of other types only are refused", () => {
  for (const method of [
    { requestModels: { "application/xml": "Pet" } },
    { methodResponses: { 200: { statusCode: "200", responseModels: { "text/plain": "Pet" } } } },
  ]) {
    assert.throws(
      () => exportRestApi(withMethod(method), options),
      (error) => error instanceof ExportRefusal && error.message === "Only found non-JSON body models for GET /",
    );
  }
});

test("an API without a version has that of its deployment", () => {
  assert.equal(exported(aNewRestApi()).info.version, "2017-07-14T02:40:00Z");
  assert.equal(exported(aNewRestApi({ version: "7" })).info.version, "7");
});

test("the default models are exported if something uses them", () => {
  const models = ["Empty", "Error", "Own"].map((name) => ({
    id: name,
    name,
    contentType: "application/json",
    schema: '{"$schema": "http://json-schema.org/draft-04/schema#", "title": "A", "type": "object"}',
  }));
  const responseModels = { "application/json": "Empty" };
  const definition = withMethod({ methodResponses: { 200: { statusCode: "200", responseModels } } }, { models });
  const schema = { title: "A", type: "object" };
  assert.deepEqual(exported(definition).components.schemas, { Empty: schema, Own: schema });
  assert.deepEqual(Object.keys(exported({ ...definition, resources: [] }, { exportType: "swagger" }).definitions), [
    "Own",
  ]);
});

test("a model that is no JSON is exported as one that allows everything", () => {
  const models = [{ id: "a", name: "A", contentType: "application/json", schema: "oops" }];
  assert.deepEqual(exported({ ...aNewRestApi(), models }).components.schemas, { A: {} });
});

test("API keys and signatures find a name that no authorizer has", () => {
  const authorizers = ["api_key", "api_key_1", "sigv4"].map((name) => ({ id: name, name, type: "TOKEN" as const }));
  const definition = withMethod({ apiKeyRequired: true, authorizationType: "AWS_IAM" }, { authorizers });
  const document = exported(definition);
  assert.deepEqual(document.paths["/"].get.security, [{ sigv4_1: [] }, { api_key_2: [] }]);
  assert.equal(document.components.securitySchemes.api_key_2.name, "x-api-key");
  assert.equal(document.components.securitySchemes.sigv4_1["x-amazon-apigateway-authtype"], "awsSigv4");
});

test("Postman is told to sign what IAM guards", () => {
  const iam = withMethod({ authorizationType: "AWS_IAM" });
  const meta = exported(iam, { extensions: ["postman"], region: "eu-west-1" }).paths["/"].get["x-postman-meta"];
  assert.equal(meta.currentHelper, "awsSigV4");
  assert.deepEqual([meta.helperAttributes.region, meta.helperAttributes.service], ["eu-west-1", "execute-api"]);
  assert.equal(exported(iam).paths["/"].get["x-postman-meta"], undefined);
  assert.equal(exported(withMethod({}), { extensions: ["postman"] }).paths["/"].get["x-postman-meta"], undefined);
});

test("what is documented is said where a document has a place for it", () => {
  // AWS: API Gateway developer guide, "Publish API documentation using the API Gateway REST API", the sample export.
  const content = (what: string) => ({
    description: `${what} description`,
    foo: `${what} foo`,
    "x-bar": `${what} x-bar`,
    info: { description: `${what} info description`, version: `${what} info version`, "x-bar": `${what} info x-bar` },
  });
  const models = [
    { id: "m", name: "Pet", contentType: "application/json", schema: '{"properties":{"name":{"type":"string"}}}' },
  ];
  const definition = withMethod(
    {
      requestParameters: { "method.request.querystring.kind": false },
      requestModels: { "application/json": "Pet" },
      methodResponses: { 200: { statusCode: "200", responseParameters: { "method.response.header.ETag": false } } },
    },
    { models },
  );
  const part = (location: object, properties: object) => ({
    id: "p",
    location: location as { type: string },
    properties: JSON.stringify(properties),
  });
  const documentation = {
    version: { version: "1", createdDate: 1 },
    parts: [
      part({ type: "API" }, content("API")),
      part({ type: "RESOURCE", path: "/" }, content("resource")),
      part(
        { type: "METHOD", path: "/", method: "GET" },
        { ...content("Method"), "x-amazon-apigateway-integration": {} },
      ),
      part({ type: "QUERY_PARAMETER", path: "/", method: "*", name: "kind" }, { description: "which" }),
      part({ type: "REQUEST_BODY", path: "/", method: "*" }, { description: "a pet" }),
      part({ type: "RESPONSE", path: "/", method: "*", statusCode: "*" }, { description: "any answer" }),
      part({ type: "RESPONSE", path: "/", method: "*", statusCode: "200" }, { description: "found" }),
      part({ type: "RESPONSE", path: "/elsewhere", method: "*", statusCode: "200" }, { description: "elsewhere" }),
      part({ type: "RESPONSE_HEADER", path: "/", method: "*", statusCode: "*", name: "ETag" }, { description: "tag" }),
      part({ type: "MODEL", name: "Pet" }, { title: "A pet" }),
      part({ type: "MODEL", name: "Pet.name" }, { description: "what it is called" }),
      part({ type: "MODEL", name: "Pet.gone.too" }, { description: "nothing" }),
    ],
  };
  const document = exported(definition, { documentation });
  assert.deepEqual(document.info, {
    description: "API info description",
    version: "2017-07-14T02:40:00Z",
    title: aNewRestApi().restApi.name,
    "x-bar": "API info x-bar",
  });
  assert.deepEqual([document["x-bar"], document.description, document.foo], ["API x-bar", undefined, undefined]);
  assert.deepEqual([document.paths["/"]["x-bar"], document.paths["/"].description], ["resource x-bar", undefined]);
  const { get } = document.paths["/"];
  assert.deepEqual([get.description, get["x-bar"], get.foo], ["Method description", "Method x-bar", undefined]);
  assert.equal(get["x-amazon-apigateway-integration"], undefined, "texts don't configure");
  assert.equal(get.parameters[0].description, "which");
  assert.equal(get.requestBody.description, "a pet");
  assert.equal(get.responses["200"].description, "found", "the more specific part counts");
  assert.equal(get.responses["200"].headers.ETag.description, "tag");
  assert.deepEqual(document.components.schemas.Pet, {
    title: "A pet",
    properties: { name: { type: "string", description: "what it is called" } },
  });
  assert.equal(document["x-amazon-apigateway-documentation"], undefined);

  const swagger = exported(definition, { documentation, exportType: "swagger", extensions: ["documentation"] });
  assert.deepEqual(
    swagger.paths["/"].get.parameters.map((parameter: { description?: string }) => parameter.description),
    ["which", "a pet"],
  );
  assert.equal(swagger.paths["/"].get.responses["200"].headers.ETag.description, "tag");
  assert.equal(swagger["x-amazon-apigateway-documentation"].documentationParts.length, documentation.parts.length);
});

test("YAML that an older reader takes for something else is quoted", () => {
  const text = exportRestApi(aNewRestApi({ version: "2017-04-20", description: "on" }), { ...options, format: "yaml" });
  assert.match(text, /version: "2017-04-20"/);
  assert.match(text, /description: "on"/);
});
