import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCollection } from "./postman-collection.ts";

test("an export becomes a collection with a request for each method", () => {
  const sigv4 = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };
  const collection = makeCollection(
    {
      info: { title: "Pets", description: "all of them" },
      paths: {
        "/": { options: {}, "x-amazon-apigateway-any-method": {} },
        "/pets/{id}/{rest+}": {
          put: {
            operationId: "putPet",
            parameters: [
              { name: "id", in: "path", required: true },
              { name: "dry", in: "query", required: true },
              { name: "page", in: "query" },
              { name: "X-Trace", in: "header" },
            ],
            requestBody: { content: { "application/json": {} } },
            security: [{ sigv4: [] }, { api_key: [] }],
          },
        },
      },
      components: { securitySchemes: { sigv4, api_key: { type: "apiKey", name: "x-api-key", in: "header" } } },
    },
    { url: "http://localhost:4566/_aws/execute-api/a/dev", region: "eu-west-1" },
  );
  assert.deepEqual(collection, {
    info: {
      name: "Pets",
      description: "all of them",
      schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    item: [
      {
        name: "GET /",
        request: {
          method: "GET",
          header: [],
          url: { raw: "{{baseUrl}}/", host: ["{{baseUrl}}"], path: [""], query: [], variable: [] },
        },
      },
      {
        name: "putPet",
        request: {
          method: "PUT",
          header: [
            { key: "X-Trace", value: "", disabled: true },
            { key: "x-api-key", value: "{{apiKey}}" },
            { key: "Content-Type", value: "application/json" },
          ],
          body: { mode: "raw", raw: "{}" },
          auth: {
            type: "awsv4",
            awsv4: [
              { key: "accessKey", value: "{{accessKey}}" },
              { key: "secretKey", value: "{{secretKey}}" },
              { key: "sessionToken", value: "{{sessionToken}}" },
              { key: "region", value: "{{region}}" },
              { key: "service", value: "execute-api" },
            ],
          },
          url: {
            raw: "{{baseUrl}}/pets/:id/:rest?dry=",
            host: ["{{baseUrl}}"],
            path: ["pets", ":id", ":rest"],
            query: [
              { key: "dry", value: "" },
              { key: "page", value: "", disabled: true },
            ],
            variable: [
              { key: "id", value: "" },
              { key: "rest", value: "" },
            ],
          },
        },
      },
    ],
    variable: [
      { key: "baseUrl", value: "http://localhost:4566/_aws/execute-api/a/dev" },
      { key: "region", value: "eu-west-1" },
      { key: "accessKey", value: "" },
      { key: "secretKey", value: "" },
      { key: "sessionToken", value: "" },
      { key: "apiKey", value: "" },
    ],
  });
});
