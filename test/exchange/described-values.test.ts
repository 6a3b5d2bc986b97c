import assert from "node:assert/strict";
import { test } from "node:test";
import { compileValue } from "../../src/compiler/compile-values.ts";
import { describeValue } from "../../src/gateway/values.ts";

test("a value is described as its mapping expression says it", () => {
  const variables = { color: "blue" };
  const ofRequest = [
    "'text'",
    "context.stage",
    "stageVariables.color",
    "method.request.path.id",
    "method.request.querystring.q",
    "method.request.multivaluequerystring.q",
    "method.request.multivalueheader.X-H",
    "method.request.body",
    "method.request.body.name",
    "method.request.body.$.pets[0].name",
  ];
  const ofResponse = ["integration.response.header.ETag", "integration.response.body", "integration.response.body.id"];
  for (const [side, expressions] of [
    ["request", ofRequest],
    ["response", ofResponse],
  ] as const) {
    for (const expression of expressions) {
      assert.equal(describeValue(compileValue(expression, { side, variables })!), expression);
    }
  }
});
