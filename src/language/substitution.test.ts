import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMappingExpression } from "./mapping-expression.ts";
import { parseSubstitution, substituteStageVariables } from "./substitution.ts";

test("references are found in text, with and without braces", () => {
  assert.deepEqual(parseSubstitution("a $context.requestId. ${context.stage}$stageVariables.x-"), [
    "a ",
    { kind: "context", name: "requestId" },
    ". ",
    { kind: "context", name: "stage" },
    { kind: "stage-variable", name: "x" },
    "-",
  ]);
  assert.deepEqual(parseSubstitution("$contexts $context $ method.request.header.X-Y"), [
    "$contexts $context $ ",
    { kind: "request", place: "header", name: "X-Y", isMultiValue: false },
  ]);
  assert.deepEqual(parseSubstitution(""), []);
});

test("stage variables are filled in, and the unset ones named", () => {
  const filled = substituteStageVariables("http://${stageVariables.a}/${stageVariables.b}${stageVariables.toString}", {
    a: "x",
  });
  assert.deepEqual(filled, { text: "http://x/", unset: ["b", "toString"] });
});

test("mapping expressions have the documented forms only", () => {
  const forms: Record<string, unknown> = {
    "'it''s'": { kind: "literal", text: "it''s" },
    "''": { kind: "literal", text: "" },
    "method.request.path.id": { kind: "request", place: "path", name: "id", isMultiValue: false },
    "method.request.multivalueheader.a-b": { kind: "request", place: "header", name: "a-b", isMultiValue: true },
    "method.request.body": { kind: "request-body", jsonPath: undefined },
    "method.request.body.a[0].b": { kind: "request-body", jsonPath: "a[0].b" },
    "integration.response.header.X": { kind: "response-header", name: "X", isMultiValue: false },
    "integration.response.body.a": { kind: "response-body", jsonPath: "a" },
    "context.identity.sourceIp": { kind: "context", name: "identity.sourceIp" },
    "stageVariables.v": { kind: "stage-variable", name: "v" },
    "method.request.cookie.a": undefined,
    "method.request.header.": undefined,
    "": undefined,
    "'": undefined,
    literal: undefined,
  };
  for (const [text, expected] of Object.entries(forms)) assert.deepEqual(parseMappingExpression(text), expected, text);
});
