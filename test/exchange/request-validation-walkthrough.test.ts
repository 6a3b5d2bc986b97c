import assert from "node:assert/strict";
import { test } from "node:test";
import { importRestApi } from "../../src/openapi/import-rest-api.ts";
import { aNewRestApi, countingIds } from "../cases/openapi/builders.ts";
import { aStage } from "./a-rest-api.ts";
import { type Reply, startBackend, startGateway } from "./start-gateway.ts";

/** A validator for all, one for parameters only, a model, HTTP integrations: what AWS's walk-through is about. */
const documentFor = (backend: string): string => `
swagger: "2.0"
info: {title: Pets that are validated, version: "1"}
x-amazon-apigateway-request-validators:
  all: {validateRequestBody: true, validateRequestParameters: true}
  params-only: {validateRequestBody: false, validateRequestParameters: true}
x-amazon-apigateway-request-validator: params-only
paths:
  /validation:
    get:
      parameters: [{name: q1, in: query, required: true, type: string}]
      responses: {"200": {description: pets}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: "${backend}/pets"
        requestParameters: {integration.request.querystring.type: method.request.querystring.q1}
        responses: {"2\\\\d{2}": {statusCode: "200"}}
    post:
      x-amazon-apigateway-request-validator: all
      parameters:
        - {name: h1, in: header, required: true, type: string}
        - {name: pet, in: body, required: true, schema: {$ref: "#/definitions/NewPet"}}
      responses: {"200": {description: the pet}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: POST
        uri: "${backend}/pets"
        requestParameters: {integration.request.header.custom_h1: method.request.header.h1}
        responses: {"2\\\\d{2}": {statusCode: "200"}}
definitions:
  NewPet:
    type: object
    required: [type, name, price]
    properties:
      id: {type: integer}
      type: {type: string, enum: [dog, cat, fish]}
      name: {type: string}
      price: {$ref: "#/definitions/Price"}
  Price: {type: number, minimum: 25, maximum: 500}
`;

/** AWS: API Gateway Developer Guide, "Test basic request validation in API Gateway". */
test("request validation answers as in AWS's walk-through", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const result = importRestApi(Buffer.from(documentFor(backend.origin)), aNewRestApi(), {
    mode: "create",
    basepath: "ignore",
    ids: countingIds(),
    account: "000000000000",
    region: "us-east-1",
  });
  assert.ok(result.kind === "imported");
  gateway.deploy(result.definition, aStage());
  const host = `${result.definition.restApi.id}.execute-api.us-east-1.localhost`;
  const get = (query: string): Promise<Reply> => gateway.call(`/validation${query}`, { host });
  const post = (body: unknown, h1?: string): Promise<Reply> =>
    gateway.call("/validation", {
      host,
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...(h1 === undefined ? {} : { h1 }) },
    });

  assert.equal((await get("?q1=cat")).status, 200);
  assert.equal(backend.requests.at(-1)!.url, "/pets?type=cat");
  for (const query of ["", "?q1="]) {
    const reply = await get(query);
    assert.deepEqual(
      [reply.status, JSON.parse(reply.text)],
      [400, { message: "Missing required request parameters: [q1]" }],
    );
  }
  const pet = { name: "Marco", type: "dog", price: 260 };
  assert.equal((await post(pet, "v1")).text, `echo ${JSON.stringify(pet)}`);
  assert.equal(backend.requests.at(-1)!.headers["custom_h1"], "v1");
  for (const h1 of [undefined, ""]) {
    const reply = await post(pet, h1);
    assert.deepEqual(
      [reply.status, JSON.parse(reply.text)],
      [400, { message: "Missing required request parameters: [h1]" }],
    );
  }
  for (const wrong of [{ type: "bird" }, { price: 501 }, { price: 24.99 }, { name: 1 }, { id: 1.5 }]) {
    const reply = await post({ ...pet, ...wrong }, "v1");
    assert.deepEqual([reply.status, JSON.parse(reply.text)], [400, { message: "Invalid request body" }]);
  }
  assert.equal(backend.requests.length, 2);
});
