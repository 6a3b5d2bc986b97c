import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { aNewRestApi, aStage } from "../../test/cases/openapi/builders.ts";
import type { Method, RestApiDefinition } from "../definition/rest-api.ts";
import { type ExportOptions, ExportRefused, exportRestApi } from "./export-rest-api.ts";

const options: ExportOptions = {
  exportType: "oas30",
  extensions: [],
  format: "json",
  host: "localhost:4566",
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

test("extensions that are not known or not there are refused by name", () => {
  assert.throws(
    () => exportRestApi(aNewRestApi(), { ...options, extensions: ["sdk"] }),
    (error) => error instanceof ExportRefused && error.code === "BadRequestException" && /: sdk\./.test(error.message),
  );
  assert.throws(
    () => exportRestApi(aNewRestApi(), { ...options, extensions: ["integrations", "postman"] }),
    (error) => error instanceof ExportRefused && error.code === "NotImplementedException",
  );
});

test("bodies of other types only are refused", () => {
  for (const method of [
    { requestModels: { "application/xml": "Pet" } },
    { methodResponses: { 200: { statusCode: "200", responseModels: { "text/plain": "Pet" } } } },
  ]) {
    assert.throws(
      () => exportRestApi(withMethod(method), options),
      (error) => error instanceof ExportRefused && error.message === "Only found non-JSON body models for GET /",
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

test("YAML that an older reader takes for something else is quoted", () => {
  const text = exportRestApi(aNewRestApi({ version: "2017-04-20", description: "on" }), { ...options, format: "yaml" });
  assert.match(text, /version: "2017-04-20"/);
  assert.match(text, /description: "on"/);
});
