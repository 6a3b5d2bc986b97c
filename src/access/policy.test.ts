import assert from "node:assert/strict";
import { test } from "node:test";
import { makeConditionContext } from "./condition-keys.ts";
import { type PolicyDecision, type PolicyRequest, parsePolicy } from "./policy.ts";

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
  const open = allows("*", "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*");
  assert.equal(identity(open).decide(partly).kind, "not-allowed");
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

test("a policy with a member that stands twice, or of an unknown version, is unreadable", () => {
  const statement = '"Effect":"Allow","Action":"*","Resource":"*"';
  const texts = [
    `{"Statement":{${statement},"Effect":"Allow"}}`,
    `{"Statement":{${statement},"\\u0041ction":"s3:GetObject"}}`,
    `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}],"Statement":[{${statement}}]}`,
    `{"Statement":{${statement},"Condition":{"Bool":{"a":"true"},"Bool":{}}}}`,
    `{"Statement":{${statement},"Condition":{"Bool":{"a":"true"},"bool":{}}}}`,
    `{"Statement":{${statement},"Condition":{"Bool":{"aws:x":"true","AWS:X":"false"}}}}`,
    `{"Version":"2012-10-18","Statement":{${statement}}}`,
  ];
  for (const text of texts) assert.equal(parsePolicy(text, "identity").decide(request()).kind, "unreadable", text);
});

test("variables are read in Version 2012-10-17 only, and in the last part of a resource's ARN only", () => {
  const context = (key: string) => (key === "aws:username" ? "ann" : null);
  const decide = (Version: string | undefined, Resource: string, resource: string): PolicyDecision["kind"] =>
    parsePolicy(JSON.stringify({ Version, Statement: allows("*", Resource) }), "identity").decide(
      request({ resource, context }),
    ).kind;
  const pattern = "arn:aws:s3:::home/${aws:username}/*";
  assert.equal(decide("2012-10-17", pattern, "arn:aws:s3:::home/ann/x"), "allowed");
  assert.equal(decide("2012-10-17", pattern, "arn:aws:s3:::home/bob/x"), "not-allowed");
  assert.equal(decide(undefined, pattern, "arn:aws:s3:::home/ann/x"), "not-allowed");
  assert.equal(decide("2008-10-17", pattern, pattern), "allowed");
  assert.equal(decide("2012-10-17", "arn:aws:${aws:username}:::x", "arn:aws:ann:::x"), "not-allowed");
});

test("NotPrincipal allows everybody else, and spares from a Deny only whom it names in full", () => {
  const account = "000000000000";
  const role = `arn:aws:iam::${account}:role/r`;
  const session = `arn:aws:sts::${account}:assumed-role/r/s`;
  const awsPrincipal = { account, arns: [session, role] };
  const decide = (Effect: string, NotPrincipal: unknown, caller: Partial<PolicyRequest>): PolicyDecision["kind"] => {
    const all = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };
    const statement = { Effect, NotPrincipal, Action: "*", Resource: "*" };
    const statements = Effect === "Deny" ? [all, statement] : [statement];
    return parsePolicy(JSON.stringify({ Statement: statements })).decide(request(caller)).kind;
  };
  assert.equal(decide("Deny", { AWS: [session, role, account] }, { awsPrincipal }), "allowed");
  assert.equal(decide("Deny", { AWS: [role, account] }, { awsPrincipal }), "denied");
  assert.equal(decide("Deny", { AWS: [session, role] }, { awsPrincipal }), "denied");
  assert.equal(decide("Deny", { AWS: account }, {}), "denied");
  assert.equal(decide("Deny", "*", {}), "allowed");
  assert.equal(decide("Deny", { Service: "a.amazonaws.com" }, { servicePrincipal: "a.amazonaws.com" }), "allowed");
  assert.equal(decide("Deny", { Service: "a.amazonaws.com" }, { servicePrincipal: "b.amazonaws.com" }), "denied");
  assert.equal(decide("Allow", { AWS: role }, { awsPrincipal }), "not-allowed");
  assert.equal(decide("Allow", { AWS: account }, { awsPrincipal }), "not-allowed");
  assert.equal(decide("Allow", { AWS: "111111111111" }, { awsPrincipal }), "allowed");
  assert.equal(decide("Allow", { AWS: role }, {}), "allowed");
});

test("principals are named by unique ids and by identity providers; a wildcard within a name closes a Deny only", () => {
  const role = "arn:aws:iam::000000000000:role/r";
  const awsPrincipal = { account: "000000000000", arns: [role], ids: ["AROAEXAMPLE"] };
  const federated = { federatedPrincipal: "accounts.google.com" };
  const decide = (Effect: string, Principal: unknown, caller: Partial<PolicyRequest>): PolicyDecision["kind"] => {
    const all = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };
    const statements = [{ ...all, Effect, Principal }, ...(Effect === "Deny" ? [all] : [])];
    return parsePolicy(JSON.stringify({ Statement: statements })).decide(request(caller)).kind;
  };
  assert.equal(decide("Allow", { AWS: "AROAEXAMPLE" }, { awsPrincipal }), "allowed");
  assert.equal(decide("Allow", { AWS: "AROAOTHER" }, { awsPrincipal }), "not-allowed");
  assert.equal(decide("Allow", { Federated: "accounts.google.com" }, federated), "allowed");
  assert.equal(decide("Allow", { Federated: "*" }, federated), "not-allowed");
  assert.equal(decide("Deny", { Federated: "*" }, federated), "denied");
  assert.equal(decide("Deny", { Federated: "other" }, federated), "allowed");
  assert.equal(decide("Allow", { AWS: "000000000000" }, federated), "not-allowed");
  assert.equal(decide("Allow", { AWS: "arn:aws:iam::000000000000:role/*" }, { awsPrincipal }), "not-allowed");
  assert.equal(decide("Deny", { AWS: "arn:aws:iam::000000000000:role/*" }, { awsPrincipal }), "denied");
  assert.equal(decide("Deny", { AWS: "arn:aws:iam::000000000000:user/*" }, { awsPrincipal }), "allowed");
  assert.equal(decide("Allow", { CanonicalUser: "a".repeat(64) }, { awsPrincipal }), "not-allowed");
  assert.equal(decide("Deny", { CanonicalUser: "a".repeat(64) }, { awsPrincipal }), "denied");
  assert.equal(decide("Deny", { CanonicalUser: "a".repeat(64) }, {}), "allowed");
  assert.equal(decide("Allow", { AWS: [] }, { awsPrincipal }), "unreadable");
});

test("a report says what each element of each statement makes of a call", () => {
  const policy = identity(
    { ...allows("s3:Put*"), Sid: "put" },
    { ...allows("*", "*", { Condition: { Bool: { "aws:SecureTransport": "false" } } }), Effect: "Deny" },
  );
  const reports = policy.report(request());
  assert.deepEqual(
    reports.map(({ statement, sid, effect, match }) => [statement, sid, effect, match]),
    [
      [0, "put", "Allow", "no"],
      [1, undefined, "Deny", "no"],
    ],
  );
  assert.deepEqual(
    reports[1]!.elements.map(({ element, values, match }) => [element, values, match]),
    [
      ["Action", ["*"], "yes"],
      ["Resource", ["*"], "yes"],
      ["Condition Bool aws:SecureTransport", ["false"], "no"],
    ],
  );
  const keys = parsePolicy(
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        allows("*", "arn:aws:s3:::${aws:username}", {
          Condition: { Null: { "AWS:UserName": "true", "s3:prefix": "x" } },
        }),
        allows("*", "*", { Condition: { StringLike: { "s3:Prefix": "${aws:PrincipalTag/team, 'x'}" } } }),
      ],
    }),
    "identity",
  ).conditionKeys;
  assert.deepEqual(keys, ["aws:username", "s3:prefix", "aws:PrincipalTag/team"]);
});

test("of several statements that allow, the one that names the caller most closely counts", () => {
  const role = "arn:aws:iam::000000000000:role/r";
  const session = "arn:aws:sts::000000000000:assumed-role/r/s";
  const awsPrincipal = { account: "000000000000", arns: [session, role] };
  const principals = [{ AWS: "000000000000" }, { AWS: role }, "*", { AWS: role }];
  const statements = principals.map((Principal) => ({ Effect: "Allow", Principal, Action: "*", Resource: "*" }));
  const decide = (count: number) => {
    const policy = parsePolicy(JSON.stringify({ Statement: statements.slice(0, count) }));
    const decision = policy.decide(request({ awsPrincipal }));
    return decision.kind === "allowed" && [decision.grantee, decision.statement];
  };
  assert.deepEqual([1, 2, 3, 4].map(decide), [
    ["account", 0],
    ["principal", 1],
    ["caller", 2],
    ["caller", 2],
  ]);
});
