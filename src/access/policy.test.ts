import assert from "node:assert/strict";
import { test } from "node:test";
import { makeConditionContext } from "./condition-keys.ts";
import { joinPolicies, type PolicyDecision, type PolicyRequest, parsePolicy } from "./policy.ts";

const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:hello";

const serviceContext = (sourceArn: string) =>
  makeConditionContext({ kind: "service", sourceArn, sourceAccount: "000000000000", resource: functionArn });
const sessionContext = makeConditionContext({
  kind: "session",
  roleArn: "arn:aws:iam::000000000000:role/r",
  userId: "AROAEXAMPLE:BackplaneAssumeRoleSession",
  roleTags: { Team: "blue" },
  resource: "arn:aws:s3:::photos/cat.png",
  isResourcePrefix: false,
  region: "us-east-1",
});

function decideFor(statement: Record<string, unknown>, sourceArn: string): PolicyDecision["kind"] {
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
  return policy.decide({
    action: "lambda:InvokeFunction",
    resource: functionArn,
    servicePrincipal: "apigateway.amazonaws.com",
    context: serviceContext(sourceArn),
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
      context: serviceContext(source),
    }),
    { kind: "denied", sid: "no", statement: 1 },
  );
  const strange = { NumericEqual: { "aws:x": "1" } };
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

const identity = (...statements: object[]) =>
  parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "identity");
const allows = (Action: unknown, Resource: unknown = "*", more = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
const request = (more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  action: "s3:GetObject",
  resource: "arn:aws:s3:::photos/cat.png",
  context: sessionContext,
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
    [allows("*", "*", { Condition: { Bool: { "aws:SecureTransport": "true" } } }), "allowed"],
    [allows("*", "*", { Condition: { Bool: { "aws:SecureTransport": "false" } } }), "not-allowed"],
    [allows("*", "*", { Condition: { BoolIfExists: { "aws:MultiFactorAuthAge": "true" } } }), "allowed"],
    [allows("*", "*", { Condition: { Null: { "aws:TokenIssueTime": "true" } } }), "not-allowed"],
    [allows("*", "*", { Condition: { Null: { "aws:UserName": "true" } } }), "allowed"],
    [allows("*", "*", { Condition: { Null: { "aws:UserName": "TRUE" } } }), "allowed"],
    [allows("*", "*", { Condition: { Null: { "aws:UserName": "yes" } } }), "not-allowed"],
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
    const decision = policy.decide({
      action: "sts:AssumeRole",
      resource: "",
      awsPrincipal,
      context: serviceContext(source),
    });
    assert.equal(decision.kind, expected, JSON.stringify(Principal));
  }
});

test("a key that nobody here knows never lets a statement allow, and lets it deny, under every operator", () => {
  const operators = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnNotLike", "Bool", "Null"];
  const all = [
    ...operators,
    ...operators.map((operator) => `${operator}IfExists`),
    ...operators.map((operator) => `ForAllValues:${operator}`),
    ...operators.map((operator) => `ForAnyValue:${operator}`),
  ];
  for (const key of ["aws:SourceIp", "aws:PrincipalOrgID", "aws:CurrentTime", "s3:prefix", "aws:RequestTag/x", "x"]) {
    for (const operator of all) {
      for (const value of ["true", "false", "*"]) {
        const statement = allows("*", "*", { Condition: { [operator]: { [key]: value } } });
        const asked = `${operator} ${key} ${value}`;
        assert.equal(identity(statement).decide(request()).kind, "not-allowed", asked);
        assert.equal(identity(allows("*"), { ...statement, Effect: "Deny" }).decide(request()).kind, "denied", asked);
      }
    }
  }
});

test("keys that a service, a session and a caller of AssumeRole have are computed", () => {
  const decideSession = (Condition: object) => identity(allows("*", "*", { Condition })).decide(request()).kind;
  const cases: [object, PolicyDecision["kind"]][] = [
    [{ StringEquals: { "aws:RequestedRegion": "us-east-1" } }, "allowed"],
    [{ StringNotEquals: { "aws:RequestedRegion": "us-east-1" } }, "not-allowed"],
    [{ StringEquals: { "aws:PrincipalType": "AssumedRole" } }, "allowed"],
    [{ StringLike: { "aws:userid": "AROAEXAMPLE:*" } }, "allowed"],
    [{ StringNotEquals: { "aws:userid": "AROAEXAMPLE:BackplaneAssumeRoleSession" } }, "not-allowed"],
    [{ Bool: { "aws:ViaAWSService": "false" } }, "allowed"],
    [{ StringEquals: { "aws:PrincipalTag/team": "blue" } }, "allowed"],
    [{ StringNotEquals: { "aws:PrincipalTag/Team": "blue" } }, "not-allowed"],
    [{ Null: { "aws:PrincipalTag/other": "true" } }, "allowed"],
    // A bucket's ARN has no account.
    [{ StringEquals: { "aws:ResourceAccount": "000000000000" } }, "not-allowed"],
    [{ StringNotEquals: { "aws:ResourceAccount": "000000000000" } }, "not-allowed"],
  ];
  for (const [condition, expected] of cases)
    assert.equal(decideSession(condition), expected, JSON.stringify(condition));
  const service: [object, PolicyDecision["kind"]][] = [
    [{ StringEquals: { "aws:ResourceAccount": "000000000000" } }, "allowed"],
    [{ StringEquals: { "aws:RequestedRegion": "eu-west-1" } }, "not-allowed"],
    [{ StringNotEquals: { "aws:RequestedRegion": "eu-west-1" } }, "allowed"],
    [{ Bool: { "aws:PrincipalIsAWSService": "true" } }, "allowed"],
    [{ StringNotEquals: { "aws:PrincipalType": "User" } }, "not-allowed"],
    [{ StringEquals: { "lambda:FunctionUrlAuthType": "NONE" } }, "not-allowed"],
  ];
  for (const [Condition, expected] of service) {
    assert.equal(decideFor({ ...permission(undefined), Condition }, source), expected, JSON.stringify(Condition));
  }
});

test("a Deny whose principal nobody here can read denies, or makes the policy unreadable", () => {
  const allow = permission(undefined);
  const decide = (principal: unknown): PolicyDecision["kind"] => {
    const statements = [allow, { ...allow, Effect: "Deny", Principal: principal }];
    const call = { action: "lambda:InvokeFunction", resource: functionArn, context: serviceContext(source) };
    return parsePolicy(JSON.stringify({ Statement: statements })).decide({
      ...call,
      servicePrincipal: "apigateway.amazonaws.com",
    }).kind;
  };
  for (const principal of [{ service: "*" }, {}, { AWS: "*", Services: "*" }]) {
    assert.equal(decide(principal), "unreadable", JSON.stringify(principal));
  }
  assert.equal(decide({ Service: "*" }), "denied");
  assert.equal(decideFor({ ...allow, Principal: { Service: "*" } }, source), "not-allowed");
});

test("a statement with a misspelt, doubled or nested element is unreadable, and allows nothing", () => {
  for (const more of [
    { Conditions: {} },
    { condition: {} },
    { NotAction: "x:y" },
    { Action: [["*"]] },
    { Action: {} },
  ]) {
    assert.equal(identity({ ...allows("*"), ...more }).decide(request()).kind, "unreadable", JSON.stringify(more));
  }
  assert.equal(parsePolicy('{"Statement":[],"Statements":[]}', "identity").decide(request()).kind, "unreadable");
});
