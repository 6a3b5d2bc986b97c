import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAuthorizerResult } from "./authorizer-result.ts";

const statement = { Action: "execute-api:Invoke", Effect: "Allow", Resource: "*" };
const policyDocument = { Version: "2012-10-17", Statement: [statement] };
const whole = { principalId: "me", policyDocument };
const parse = (over: object): ReturnType<typeof parseAuthorizerResult> =>
  parseAuthorizerResult(JSON.stringify({ ...whole, ...over }));
const problemOf = (result: ReturnType<typeof parseAuthorizerResult>): string =>
  "problem" in result ? result.problem : "";

test("a result has a principal and a policy; its context's values become texts", () => {
  const result = parse({ context: { n: 1.5, b: true, t: "x", none: null }, usageIdentifierKey: "key" });
  assert.ok(!("problem" in result));
  assert.deepEqual(result.context, { n: "1.5", b: "true", t: "x" });
  assert.deepEqual([result.principalId, result.usageIdentifierKey], ["me", "key"]);
  assert.equal(result.policyText, JSON.stringify(policyDocument));
  const request = { action: "execute-api:Invoke", resource: "arn", context: () => undefined };
  assert.equal(result.policy.decide(request).kind, "allowed");
  const bare = parse({ principalId: "", context: null, usageIdentifierKey: null });
  assert.ok(!("problem" in bare));
  assert.deepEqual([bare.principalId, bare.context, bare.usageIdentifierKey], ["", {}, undefined]);
});

test("what is no such result is refused, in the words of AWS's log", () => {
  const cannot = (type: string, token: string): string =>
    `Invalid JSON in response: Can not deserialize instance of ${type} out of ${token} token`;
  const cases: [object, string][] = [
    [{ errorType: "Error" }, 'Invalid JSON in response: Unrecognized field "errorType" , not marked as ignorable'],
    [{ principalId: undefined }, "Authorizer result has no principalId"],
    [{ principalId: null }, "Authorizer result has no principalId"],
    [{ principalId: { a: 1 } }, cannot("java.lang.String", "START_OBJECT")],
    [{ usageIdentifierKey: [] }, cannot("java.lang.String", "START_ARRAY")],
    [{ context: [1] }, cannot("java.util.LinkedHashMap", "START_ARRAY")],
    [{ context: "x" }, cannot("java.util.LinkedHashMap", "VALUE_STRING")],
    [{ context: { a: { b: 1 } } }, cannot("java.lang.String", "START_OBJECT")],
    [{ policyDocument: null }, "Could not parse policy"],
    [{ policyDocument: "{}" }, "Unable to parse given policy"],
    [{ policyDocument: {} }, "Unable to parse given policy"],
    [{ policyDocument: { ...policyDocument, Version: "2020-01-01" } }, "Unable to parse given policy"],
    [{ policyDocument: { statement: [statement] } }, "Unable to parse given policy"],
  ];
  for (const [over, problem] of cases) assert.equal(problemOf(parse(over)), problem);
  const empty = parse({ policyDocument: {} });
  assert.ok("hint" in empty);
  assert.equal(empty.hint, "the policyDocument of the authorizer's result: a statement is no object");
  for (const over of [
    { Effect: "allow" },
    { Action: undefined },
    { Resource: undefined },
    { Resource: [1] },
    { Resource: ["*", "a".repeat(513)] },
    { Condition: "none" },
  ]) {
    const wrong = parse({ policyDocument: { ...policyDocument, Statement: [statement, { ...statement, ...over }] } });
    assert.equal(problemOf(wrong), "Unable to parse given policy", JSON.stringify(over));
  }
});

test("a policy whose statement names a principal is refused, unless that is everybody", () => {
  const naming = (over: object): ReturnType<typeof parse> =>
    parse({ policyDocument: { ...policyDocument, Statement: { ...statement, ...over } } });
  for (const over of [
    { Principal: { AWS: "arn:aws:iam::000000000000:user/bob" } },
    { Principal: { AWS: [] } },
    { Principal: { AWS: "*", Service: "x.amazonaws.com" } },
    { Principal: "bob" },
    { Principal: null },
    { NotPrincipal: "*" },
  ]) {
    assert.equal(problemOf(naming(over)), "Unable to parse given policy", JSON.stringify(over));
  }
  for (const over of [{ Principal: "*" }, { Principal: { AWS: "*" } }]) assert.equal(problemOf(naming(over)), "");
});

test("whatever a function answers, it is read without an exception", () => {
  assert.equal(problemOf(parseAuthorizerResult("null")), "Could not parse policy");
  assert.match(problemOf(parseAuthorizerResult("")), /^Invalid JSON in response: /);
  assert.match(problemOf(parseAuthorizerResult('"allow"')), /out of VALUE_STRING token$/);
  assert.match(problemOf(parseAuthorizerResult("[]")), /out of START_ARRAY token$/);
  assert.match(problemOf(parseAuthorizerResult(" ".repeat(262_145))), /longer than 262144 characters/);
  const result = (document: string): string => `{"principalId":"me","policyDocument":${document}}`;
  const deep = `${'{"1":'.repeat(40_000)}1${"}".repeat(40_000)}`;
  assert.equal(
    problemOf(parseAuthorizerResult(result(`{"Statement":[],"x":${deep}}`))),
    "Unable to parse given policy",
  );
  const lists = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const statements = `{"Statement":{"Effect":"Allow","Action":"*","Resource":${lists}}}`;
  assert.equal(problemOf(parseAuthorizerResult(result(statements))), "Unable to parse given policy");
});
