import assert from "node:assert/strict";
import { test } from "node:test";
import { isHttpApiDocument, listFunctionReferences, listOperations, routeKey } from "./api-operations.ts";

const proxy = { type: "http_proxy", uri: "https://x" };
const document = (integration: object, more: object = {}) => ({
  openapi: "3.0.1",
  paths: { "/a": { get: { "x-amazon-apigateway-integration": integration } } },
  ...more,
});

test("a document is for an HTTP API if it has what only these have, and nothing that they lack", () => {
  const cors = { "x-amazon-apigateway-cors": {} };
  for (const one of [
    document({ ...proxy, payloadFormatVersion: "1.0" }),
    document({ type: "aws_proxy", integrationSubtype: "SQS-SendMessage" }),
    document(proxy, cors),
    document(
      { $ref: "#/components/x-amazon-apigateway-integrations/a" },
      {
        components: { "x-amazon-apigateway-integrations": { a: proxy } },
      },
    ),
    document(proxy, { components: { securitySchemes: { a: { "x-amazon-apigateway-authorizer": { type: "jwt" } } } } }),
  ])
    assert.equal(isHttpApiDocument(one), true, JSON.stringify(one));
  for (const one of [
    document(proxy),
    document({ type: "mock" }, cors),
    document({ type: "aws" }, cors),
    { swagger: "2.0", ...cors },
    { ...document(proxy, cors), openapi: undefined },
    "text",
    null,
  ])
    assert.equal(isHttpApiDocument(one), false, JSON.stringify(one));
});

test("the default route has its own key, and a function's ARN alone names the function", () => {
  const uri = "arn:aws:lambda:us-east-1:000000000000:function:f:live";
  const [operation] = listOperations({
    paths: { "/$default": { "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": { uri } } } },
  });
  assert.equal(routeKey(operation!), "$default");
  const [reference] = listFunctionReferences(document({ type: "aws_proxy", uri }), {});
  assert.deepEqual([reference?.name, reference?.qualifier], ["f", "live"]);
});
