import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diffDefinitions, routesOf } from "./diff.ts";
import type { Method, RestApiDefinition } from "./rest-api.ts";

const aMethod = (uri: string): Method => ({
  httpMethod: "GET",
  authorizationType: "NONE",
  apiKeyRequired: false,
  methodIntegration: { type: "HTTP_PROXY", httpMethod: "GET", uri },
});
const aDefinition = (routes: Readonly<Record<string, Method>>): RestApiDefinition => ({
  restApi: {
    id: "abc",
    name: "pets",
    createdDate: 0,
    apiKeySource: "HEADER",
    endpointConfiguration: { types: ["REGIONAL"] },
    disableExecuteApiEndpoint: false,
    rootResourceId: "root",
  },
  resources: Object.entries(routes).map(([path, method]) => ({
    id: path,
    path,
    resourceMethods: { [method.httpMethod]: method },
  })),
  models: [],
  requestValidators: [],
  gatewayResponses: [],
  authorizers: [],
});

describe("the difference of two definitions", () => {
  it("is nothing between equal ones, whatever the order of their members", () => {
    const one = aDefinition({ "/pets": aMethod("http://a") });
    const { httpMethod, ...rest } = aMethod("http://a");
    assert.deepEqual(diffDefinitions(one, aDefinition({ "/pets": { ...rest, httpMethod } })), []);
  });
  it("names routes that came, went and changed", () => {
    const deployed = aDefinition({ "/pets": aMethod("http://a"), "/old": aMethod("http://a") });
    const current = aDefinition({ "/pets": aMethod("http://b"), "/new": aMethod("http://a") });
    assert.deepEqual(diffDefinitions(deployed, current), [
      {
        what: "route",
        change: "changed",
        name: "GET /pets",
        members: ["methodIntegration.uri"],
        sentence: "The route GET /pets has changed: methodIntegration.uri.",
      },
      { what: "route", change: "removed", name: "GET /old", members: [], sentence: "The route GET /old is gone." },
      { what: "route", change: "added", name: "GET /new", members: [], sentence: "The route GET /new is new." },
    ]);
  });
  it("sees models, validators, gateway responses, authorizers and settings", () => {
    const deployed = aDefinition({});
    const current: RestApiDefinition = {
      ...deployed,
      restApi: { ...deployed.restApi, name: "renamed", binaryMediaTypes: ["image/png"] },
      models: [{ id: "m", name: "Pet", contentType: "application/json", schema: "{}" }],
      requestValidators: [{ id: "v", name: "all", validateRequestBody: true, validateRequestParameters: true }],
      gatewayResponses: [{ responseType: "THROTTLED", statusCode: "420" }],
      authorizers: [{ id: "a", name: "token", type: "TOKEN" }],
    };
    const sentences = diffDefinitions(deployed, current).map((difference) => difference.sentence);
    assert.deepEqual(sentences, [
      "The model Pet is new.",
      "The request validator all is new.",
      "The gateway response THROTTLED is new.",
      "The authorizer token is new.",
      "The API's setting binaryMediaTypes is new.",
    ]);
    assert.equal(
      diffDefinitions(current, { ...current, models: [{ ...current.models[0]!, id: "other", schema: "[]" }] })[0]
        ?.sentence,
      "The model Pet has changed: schema.",
    );
  });
  it("lists routes", () => {
    assert.deepEqual(routesOf(aDefinition({ "/": aMethod("http://a"), "/x": aMethod("http://a") })), [
      "GET /",
      "GET /x",
    ]);
  });
});
