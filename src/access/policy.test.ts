import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesWildcards, type PolicyDecision, parsePolicy } from "./policy.ts";

const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:hello";

function decideFor(statement: Record<string, unknown>, sourceArn: string): PolicyDecision["kind"] {
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
  return policy.decide({
    action: "lambda:InvokeFunction",
    resource: functionArn,
    servicePrincipal: "apigateway.amazonaws.com",
    context: { "aws:sourcearn": sourceArn, "aws:sourceaccount": "000000000000" },
  }).kind;
}

const permission = (sourceArn: string | undefined): Record<string, unknown> => ({
  Sid: "api",
  Effect: "Allow",
  Principal: { Service: "apigateway.amazonaws.com" },
  Action: "lambda:InvokeFunction",
  Resource: functionArn,
  ...(sourceArn === undefined ? {} : { Condition: { ArnLike: { "AWS:SourceArn": sourceArn } } }),
});
const source = "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/pets/{petId}";

test("AddPermission's source patterns match API, stage, verb and path", () => {
  const api = "arn:aws:execute-api:us-east-1:000000000000:abc";
  const cases: [string | undefined, PolicyDecision["kind"]][] = [
    [undefined, "allowed"],
    [`${api}/*`, "allowed"],
    [`${api}/*/*/*`, "allowed"],
    [`${api}/prod/GET/pets/*`, "allowed"],
    [`${api}/*/GET/pets/{petId}`, "allowed"],
    [`${api}/prod/POST/pets/*`, "not-allowed"],
    [`${api}/dev/*/*`, "not-allowed"],
    ["arn:aws:execute-api:us-east-1:000000000000:other/*", "not-allowed"],
    ["arn:aws:execute-api:*:000000000000:abc/*", "allowed"],
    ["arn:aws:execute-api:us-east-1:*", "not-allowed"],
    ["*", "allowed"],
  ];
  for (const [pattern, expected] of cases)
    assert.equal(decideFor(permission(pattern), source), expected, pattern ?? "any source");
});

test("a deny wins, and what is not understood never allows", () => {
  const allow = permission(undefined);
  const policy = parsePolicy(JSON.stringify({ Statement: [allow, { ...allow, Effect: "Deny", Sid: "no" }] }));
  assert.equal(decideFor({ ...allow, Effect: "Deny" }, source), "denied");
  assert.deepEqual(
    policy.decide({
      action: "lambda:InvokeFunction",
      resource: functionArn,
      servicePrincipal: "apigateway.amazonaws.com",
      context: {},
    }),
    { kind: "denied", sid: "no" },
  );
  const strange = { NumericEquals: { "aws:x": "1" } };
  assert.equal(decideFor({ ...allow, Condition: strange }, source), "not-allowed");
  assert.equal(decideFor({ ...allow, Effect: "Deny", Condition: strange }, source), "denied");
  assert.equal(decideFor({ ...allow, Principal: { Service: "events.amazonaws.com" } }, source), "not-allowed");
  assert.equal(decideFor({ ...allow, Action: "lambda:*" }, source), "allowed");
  assert.equal(
    decideFor({ ...allow, Condition: { StringEquals: { "aws:SourceAccount": "1" } } }, source),
    "not-allowed",
  );
  assert.equal(parsePolicy("{").decide({} as never).kind, "unreadable");
  assert.equal(parsePolicy('{"Statement":[{"Effect":"Maybe"}]}').decide({} as never).kind, "unreadable");
});

test("wildcards match in time linear in the text", () => {
  assert.equal(matchesWildcards("a*b?c", "axxbyc"), true);
  assert.equal(matchesWildcards("a*b?c", "axxbc"), false);
  assert.equal(matchesWildcards("*", ""), true);
  assert.equal(matchesWildcards("", "a"), false);
  assert.equal(matchesWildcards(`${"*a".repeat(50)}b`, "a".repeat(5_000)), false);
});
