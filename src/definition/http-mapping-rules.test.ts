import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHttpRequestMappings, checkHttpResponseMappings } from "./http-mapping-rules.ts";

test("the guide's examples are allowed", () => {
  assert.equal(
    checkHttpRequestMappings({
      "append:header.header2": "$request.header.header1",
      "remove:header.header1": "''",
      "overwrite:path": "$request.path",
      "overwrite:querystring.a": "$request.body.a",
      "append:header.host": "static",
    }),
    undefined,
  );
  assert.equal(
    checkHttpResponseMappings({
      500: { "append:header.header1": "$context.requestId", "overwrite:statuscode": "403" },
      404: { "append:header.error": "$stageVariables.environmentId" },
    }),
    undefined,
  );
});

const message = (problem: string): string =>
  `Invalid selection expression specified: Validation Result: warnings : [], errors : [${problem}]`;

test("no mapping goes into a reserved header, whatever its case", () => {
  for (const name of ["authorization", "Via", "X-Amz-Date", "x-amzn-trace-id", "Access-Control-Allow-Origin"]) {
    const problem = message(`Operations on header ${name} are restricted`);
    assert.equal(checkHttpRequestMappings({ [`overwrite:header.${name}`]: "x" }), problem);
    assert.equal(checkHttpResponseMappings({ 200: { [`remove:header.${name}`]: "''" } }), problem);
  }
});

test("a key or a value of another form is refused", () => {
  for (const key of [
    "header.a",
    "append:path",
    "overwrite:statuscode",
    "set:header.a",
    "append:header.a b",
    "append:header.a\r\nb",
  ]) {
    assert.equal(checkHttpRequestMappings({ [key]: "x" }), message(`Invalid destination: ${key}`));
  }
  for (const value of ["a\r\nb", "$request.body..a", "$request.body.a[?(@.b)]", "$response.header.a", "$request.foo"]) {
    const problem = message(`Invalid source: ${value} specified for destination: append:header.a`);
    assert.equal(checkHttpRequestMappings({ "append:header.a": value }), problem);
  }
  assert.notEqual(checkHttpResponseMappings({ 100: { "append:header.a": "x" } }), undefined);
  assert.notEqual(checkHttpResponseMappings({ 200: { "append:querystring.a": "x" } }), undefined);
  assert.notEqual(checkHttpResponseMappings({ 200: { "overwrite:statuscode": "99" } }), undefined);
  assert.notEqual(checkHttpResponseMappings({ 200: { "append:header.a": "$request.header.a" } }), undefined);
});
