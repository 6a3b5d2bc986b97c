import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHttpMappingValue } from "./http-mapping-expression.ts";

test("each documented source is read, with and without braces", () => {
  const sources: Readonly<Record<string, unknown>> = {
    "request.header.X-Id": { kind: "request", place: "header", name: "X-Id" },
    "request.querystring.a[b]": { kind: "request", place: "querystring", name: "a[b]" },
    "request.path": { kind: "request-path" },
    "request.path.petId": { kind: "request", place: "path", name: "petId" },
    "request.body": { kind: "request-body", jsonPath: undefined },
    "request.body.a.b[0]": { kind: "request-body", jsonPath: "$.a.b[0]" },
    "request.body[0].a": { kind: "request-body", jsonPath: "$[0].a" },
    "response.header.ETag": { kind: "response-header", name: "ETag" },
    "response.body.x": { kind: "response-body", jsonPath: "$.x" },
    "context.authorizer.claims.sub": { kind: "context", name: "authorizer.claims.sub" },
    "stageVariables.env": { kind: "stage-variable", name: "env" },
  };
  for (const [text, source] of Object.entries(sources)) {
    assert.deepEqual(parseHttpMappingValue(`$${text}`), [source], text);
    assert.deepEqual(parseHttpMappingValue(`\${${text}}`), [source], text);
  }
});

test("sources stand in other text; all else is static", () => {
  assert.deepEqual(parseHttpMappingValue("/v1/$request.path.proxy+/$context.a-b."), [
    "/v1/",
    { kind: "request", place: "path", name: "proxy" },
    "+/",
    { kind: "context", name: "a-b" },
    ".",
  ]);
  assert.deepEqual(parseHttpMappingValue(`\${request.path.name}-\${context.stage}!`), [
    { kind: "request", place: "path", name: "name" },
    "-",
    { kind: "context", name: "stage" },
    "!",
  ]);
  assert.deepEqual(parseHttpMappingValue("price $5, $requests, {a}"), ["price $5, $requests, {a}"]);
  assert.deepEqual(parseHttpMappingValue(""), []);
});

test("what begins like a source and is none is refused", () => {
  for (const text of [
    "$request",
    "$request.cookie.a",
    "$request.header.",
    "$context.",
    "a $request.cookie.b",
    "/$request",
    `a \${request.x} b`,
    `\${nothing}`,
    "$stageVariables.a-b",
  ]) {
    assert.equal(parseHttpMappingValue(text), undefined, text);
  }
});
