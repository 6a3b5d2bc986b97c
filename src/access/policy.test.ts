import assert from "node:assert/strict";
import { test } from "node:test";
import { joinPolicies, matchesWildcards, type PolicyDecision, type PolicyRequest, parsePolicy } from "./policy.ts";

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

const identity = (...statements: object[]) => parsePolicy(JSON.stringify({ Statement: statements }), "identity");
const allows = (Action: unknown, Resource: unknown = "*", more = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
const request = (more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  action: "s3:GetObject",
  resource: "arn:aws:s3:::photos/cat.png",
  context: { "aws:principalarn": "arn:aws:iam::000000000000:role/r" },
  ...more,
});

test("an identity's policy has no principal, and NotAction and NotResource turn around", () => {
  const cases: [object, PolicyDecision["kind"]][] = [
    [allows("s3:Get*"), "allowed"],
    [allows("S3:GETOBJECT"), "allowed"],
    [allows(["sqs:*", "s3:PutObject"]), "not-allowed"],
    [{ Effect: "Allow", NotAction: "s3:PutObject", Resource: "*" }, "allowed"],
    [{ Effect: "Allow", NotAction: "s3:*", Resource: "*" }, "not-allowed"],
    [{ Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::photos/*" }, "not-allowed"],
    [allows("*", "arn:aws:s3:::PHOTOS/*"), "not-allowed"],
    [allows("*", "arn:aws:s3:::${aws:username}/*"), "not-allowed"],
    [{ ...allows("*", "arn:aws:s3:::${aws:username}/*"), Effect: "Deny" }, "denied"],
    [allows("*", "*", { Condition: { Bool: { "aws:SecureTransport": "true" } } }), "not-allowed"],
    [allows("*", "*", { Condition: { BoolIfExists: { "aws:SecureTransport": "true" } } }), "allowed"],
    [allows("*", "*", { Condition: { Null: { "aws:TokenIssueTime": "true" } } }), "allowed"],
    [allows("*", "*", { Condition: { Null: { "aws:PrincipalArn": "true" } } }), "not-allowed"],
    [allows("*", "*", { Condition: { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/r" } } }), "allowed"],
    [allows("*", "*", { Condition: { StringLike: { "aws:PrincipalArn": "${x}*" } } }), "not-allowed"],
    [{ Effect: "Allow", Action: "*" }, "unreadable"],
  ];
  for (const [statement, expected] of cases)
    assert.equal(identity(statement).decide(request()).kind, expected, JSON.stringify(statement));
});

test("of several policies whatever denies counts before whatever allows", () => {
  const allow = identity(allows("*"));
  const deny = identity({ ...allows("s3:*"), Effect: "Deny" });
  const broken = parsePolicy("[", "identity");
  assert.equal(joinPolicies([]).decide(request()).kind, "not-allowed");
  assert.equal(joinPolicies([identity(allows("sqs:*")), allow]).decide(request()).kind, "allowed");
  assert.equal(joinPolicies([allow, deny]).decide(request()).kind, "denied");
  assert.equal(joinPolicies([deny, allow]).decide(request()).kind, "denied");
  assert.equal(joinPolicies([allow, broken]).decide(request()).kind, "unreadable");
});

test("of a resource whose end is not known, what may be allowed is, and what may be denied is", () => {
  const partly = request({ resource: "arn:aws:s3:::photos/", isResourcePrefix: true });
  const cases: [string, PolicyDecision["kind"], PolicyDecision["kind"]][] = [
    ["*", "allowed", "denied"],
    ["arn:aws:s3:::photos/*", "allowed", "denied"],
    ["arn:aws:s3:::photos/cat.png", "allowed", "denied"],
    ["arn:aws:s3:::p*", "allowed", "denied"],
    ["arn:aws:s3:::?hotos/cat.png", "allowed", "denied"],
    ["arn:aws:s3:::photo", "not-allowed", "allowed"],
    ["arn:aws:s3:::others/*", "not-allowed", "allowed"],
  ];
  for (const [pattern, ifAllowed, ifDenied] of cases) {
    assert.equal(identity(allows("*", pattern)).decide(partly).kind, ifAllowed, pattern);
    const denies = identity(allows("*"), { ...allows("*", pattern), Effect: "Deny" });
    assert.equal(denies.decide(partly).kind, ifDenied, pattern);
  }
  const except = { Effect: "Allow", Action: "*", NotResource: "*" };
  assert.equal(identity(except).decide(partly).kind, "not-allowed");
});

test("a trust policy names accounts, roles and services", () => {
  const role = "arn:aws:iam::000000000000:role/r";
  const cases: [object | string, PolicyDecision["kind"]][] = [
    [{ AWS: "000000000000" }, "allowed"],
    [{ AWS: "arn:aws:iam::000000000000:root" }, "allowed"],
    [{ AWS: ["111111111111", role] }, "allowed"],
    [{ AWS: "*" }, "allowed"],
    ["*", "allowed"],
    [{ AWS: "111111111111" }, "not-allowed"],
    [{ AWS: "arn:aws:iam::000000000000:role/R" }, "not-allowed"],
    [{ AWS: "arn:aws:iam::000000000000:role/*" }, "not-allowed"],
    [{ Service: "apigateway.amazonaws.com" }, "not-allowed"],
  ];
  for (const [Principal, expected] of cases) {
    const statement = { Effect: "Allow", Action: "sts:AssumeRole", Principal };
    const policy = parsePolicy(JSON.stringify({ Statement: statement }), "trust");
    const awsPrincipal = { account: "000000000000", arns: [role] };
    const decision = policy.decide({ action: "sts:AssumeRole", resource: "", awsPrincipal, context: {} });
    assert.equal(decision.kind, expected, JSON.stringify(Principal));
  }
});
