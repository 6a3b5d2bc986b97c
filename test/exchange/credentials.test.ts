// Integrations with `credentials`: a role that has to trust API Gateway, and whose policies have to allow the call.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RoleAccess } from "../../src/access/role-access.ts";
import { type KnownRole, noSurroundings } from "../../src/compiler/surroundings.ts";
import type { Integration, Method } from "../../src/definition/rest-api.ts";
import { aLambdaProxy, aLambdaStream, aMethod, aRestApi, functionArn } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type GatewayUnderTest, type Reply, startBackend, startGateway } from "./start-gateway.ts";

const arn = "arn:aws:iam::000000000000:role/api/invoker";
const policy = (...statements: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (Action: string | string[], Resource: string | string[] = "*", more = {}): string =>
  policy({ Effect: "Allow", Action, Resource, ...more });
const trusting = (Service: string, more = {}): string =>
  policy({ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole", ...more });
const trust = trusting("apigateway.amazonaws.com");

const aRole = (overrides: Partial<RoleAccess> = {}): KnownRole => ({
  role: {
    arn,
    id: "AROAEXAMPLE",
    tags: {},
    trustPolicy: trust,
    policies: [allow("lambda:InvokeFunction")],
    ...overrides,
  },
  isAccountHere: true,
});
const nowhere = (isAccountHere: boolean): KnownRole => ({ role: undefined, isAccountHere });

function deploy(gateway: GatewayUnderTest, integration: Integration, known: KnownRole | undefined, verb = "ANY"): void {
  const method: Method = { ...aMethod({ credentials: arn, ...integration }), httpMethod: verb };
  gateway.deploy(aRestApi({ "/{proxy+}": { [verb]: method } }), undefined, {
    ...noSurroundings,
    roles: known === undefined ? new Map() : new Map([[arn, known]]),
  });
}

const cannotAssume = `Execution failed due to configuration error: API Gateway does not have permission to assume the provided role ${arn}`;
const session = "arn:aws:sts::000000000000:assumed-role/invoker/BackplaneAssumeRoleSession";
const unauthorized = (action: string, resource: string, why: string): string =>
  `Execution failed due to configuration error: User: ${session} is not authorized to perform: ${action} on resource: ${resource} ${why}`;

function assertRefused(reply: Reply, hint: string): void {
  assert.equal(reply.status, 500, reply.text);
  assert.equal(reply.text, '{"message": "Internal server error"}');
  assert.ok(String(reply.headers["x-portico-hint"]).startsWith(hint), String(reply.headers["x-portico-hint"]));
}

const lambdas: readonly [string, Integration][] = [
  ["AWS_PROXY", aLambdaProxy()],
  ["AWS_PROXY, streamed", aLambdaStream()],
  ["AWS", aLambdaProxy({ type: "AWS", integrationResponses: { "200": { statusCode: "200" } } })],
];
for (const [name, integration] of lambdas) {
  test(`${name}: a role that may invoke the function needs no permission of the function's`, async () => {
    const functions = new FakeFunctions();
    functions.facts = { ...functions.facts!, policy: undefined };
    await using gateway = await startGateway({ functions });
    deploy(gateway, integration, aRole());
    await gateway.call("/x");
    assert.equal(functions.requests.length, 1);
    // Without a role, the function's policy counts.
    deploy(gateway, { ...integration, credentials: "" }, aRole());
    assertRefused(await gateway.call("/x"), "Execution failed due to configuration error: Invalid permissions");
    assert.equal(functions.requests.length, 1);
  });

  test(`${name}: a role that is nowhere, or that may not invoke the function, is AWS's 500, whatever the function allows`, async () => {
    const functions = new FakeFunctions();
    await using gateway = await startGateway({ functions });
    for (const known of [nowhere(true), nowhere(false), undefined]) {
      deploy(gateway, integration, known);
      const refused = await gateway.call("/x");
      assertRefused(refused, `${cannotAssume}. There is no such role; make it with: aws iam create-role --role-name`);
    }
    deploy(gateway, integration, aRole({ policies: [allow("lambda:GetFunction")] }));
    const because = "because no identity-based policy allows the lambda:InvokeFunction action";
    assertRefused(
      await gateway.call("/x"),
      `${unauthorized("lambda:InvokeFunction", functionArn, because)}. Allow it with: aws iam put-role-policy`,
    );
    assert.equal(functions.requests.length, 0);
  });
}

const source = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/{proxy+}";
const trusts: readonly [string, boolean][] = [
  [trust, true],
  [trusting("lambda.amazonaws.com"), false],
  [policy({ Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "sts:AssumeRole" }), false],
  [policy({ Effect: "Allow", Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:TagSession" }), false],
  [
    trusting("apigateway.amazonaws.com", {
      Condition: { ArnLike: { "aws:SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc123/*" } },
    }),
    true,
  ],
  [
    trusting("apigateway.amazonaws.com", {
      Condition: { ArnLike: { "aws:SourceArn": source.replace("abc123", "x") } },
    }),
    false,
  ],
  [
    trusting("apigateway.amazonaws.com", { Condition: { StringEquals: { "aws:SourceAccount": "000000000000" } } }),
    true,
  ],
  [
    trusting("apigateway.amazonaws.com", { Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } } }),
    false,
  ],
  // What can't be evaluated allows nothing.
  [trusting("apigateway.amazonaws.com", { Condition: { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } } }), false],
  ["{}", false],
  ["no policy", false],
];
test("a role's trust policy has to let API Gateway assume it", async () => {
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  for (const [trustPolicy, isTrusted] of trusts) {
    deploy(gateway, aLambdaProxy(), aRole({ trustPolicy }), "GET");
    const reply = await gateway.call("/x");
    if (isTrusted) assert.equal(reply.status, 200, trustPolicy);
    else assertRefused(reply, `${cannotAssume}. Its trust policy does not let API Gateway: aws iam update-assume-role`);
  }
});

const decisions: readonly [string, Partial<RoleAccess>, string | undefined][] = [
  [
    "a pattern",
    { policies: [allow("lambda:Invoke*", "arn:aws:lambda:us-east-1:000000000000:function:he*")] },
    undefined,
  ],
  ["several policies", { policies: [allow("s3:*"), allow("lambda:InvokeFunction")] }, undefined],
  [
    "NotAction, NotResource",
    { policies: [policy({ Effect: "Allow", NotAction: "s3:*", NotResource: "arn:aws:s3:::*" })] },
    undefined,
  ],
  ["no policy", { policies: [] }, "because no identity-based policy allows the lambda:InvokeFunction action"],
  [
    "another function",
    { policies: [allow("lambda:InvokeFunction", `${functionArn}2`)] },
    "because no identity-based policy",
  ],
  [
    "a version of it",
    { policies: [allow("lambda:InvokeFunction", `${functionArn}:*`)] },
    "because no identity-based policy",
  ],
  [
    "a deny in another policy",
    { policies: [allow("*"), policy({ Effect: "Deny", Action: "lambda:*", Resource: "*" })] },
    "with an explicit deny in an identity-based policy",
  ],
  [
    "an unknown condition",
    { policies: [allow("*", "*", { Condition: { NumericLessThan: { "aws:MultiFactorAuthAge": "1" } } })] },
    "because no identity-based policy",
  ],
  [
    "an unknown condition of a deny",
    {
      policies: [allow("*"), policy({ Effect: "Deny", Action: "*", Resource: "*", Condition: { Bool2: { a: "b" } } })],
    },
    "with an explicit deny",
  ],
  [
    "a variable",
    { policies: [allow("*", "arn:aws:lambda:*:*:function:${aws:username}")] },
    "because no identity-based policy",
  ],
  ["what is no policy", { policies: [allow("*"), "["] }, "with an explicit deny"],
  ["a boundary that allows it", { permissionsBoundary: allow("lambda:*") }, undefined],
  [
    "a boundary that does not",
    { permissionsBoundary: allow("s3:*") },
    "because no permissions boundary allows the lambda:InvokeFunction action",
  ],
];
test("a role's policies and boundary are evaluated as on AWS, and what is not understood denies", async () => {
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  for (const [name, role, problem] of decisions) {
    deploy(gateway, aLambdaProxy(), aRole(role));
    const reply = await gateway.call("/x");
    if (problem === undefined) assert.equal(reply.status, 200, name);
    else assertRefused(reply, unauthorized("lambda:InvokeFunction", functionArn, problem));
  }
});

test("a role of another account than the function's, and other forms of the caller's credentials, close the method", async () => {
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  for (const credentials of [arn.replace("000000000000", "111111111111"), "arn:aws:iam::*:role/*"]) {
    deploy(gateway, aLambdaProxy({ credentials }), aRole());
    const reply = await gateway.call("/x");
    assert.equal(reply.status, 501);
    assert.match(reply.text, /integration credentials of (another account|the caller)/);
  }
  assert.equal(functions.requests.length, 0);
});

test("the caller's own credentials are AWS's 500 for a method that does not know its callers", async () => {
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  deploy(gateway, aLambdaProxy({ credentials: "arn:aws:iam::*:user/*" }), aRole());
  const reply = await gateway.call("/x");
  assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}']);
  assert.match(
    String(reply.headers["x-portico-hint"]),
    /the caller's credentials, and the method does not know its callers/,
  );
  assert.equal(functions.requests.length, 0);
});

test("a function that is not there is Lambda's refusal, after the role's", async () => {
  const functions = new FakeFunctions();
  functions.facts = undefined;
  functions.outcome = () =>
    Promise.resolve({
      kind: "service-error",
      code: "ResourceNotFoundException",
      status: 404,
      message: `Function not found: ${functionArn}`,
      requestId: "r",
    });
  await using gateway = await startGateway({ functions });
  deploy(gateway, aLambdaProxy(), aRole());
  const reply = await gateway.call("/x");
  assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}']);
});

const aService = (target: string, overrides: Partial<Integration> = {}): Integration => ({
  type: "AWS",
  httpMethod: "POST",
  uri: `arn:aws:apigateway:us-east-1:${target}`,
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});
const template = (text: string): Partial<Integration> => ({ requestTemplates: { "application/json": text } });
const queue = "arn:aws:sqs:us-east-1:000000000000:orders";
const sqs = "sqs:path/000000000000/orders";
const target = { "integration.request.header.X-Amz-Target": "'AmazonSQS.SendMessage'" };

/** An integration, the verb, what the role may do, and what it is refused for. */
const calls: readonly [Integration, string, string, string | undefined][] = [
  [
    aService("dynamodb:action/PutItem"),
    "POST",
    allow("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/pets"),
    undefined,
  ],
  [aService("dynamodb:action/PutItem"), "POST", allow("dynamodb:GetItem"), "dynamodb:PutItem"],
  [aService("dynamodb:action/ExecuteStatement"), "POST", allow("dynamodb:PartiQLSelect"), undefined],
  [aService("states:action/StartExecution"), "POST", allow("states:*"), undefined],
  [aService("states:action/StartExecution"), "POST", allow("sqs:*"), "states:StartExecution"],
  [aService(sqs, template("Action=SendMessage&MessageBody=x")), "POST", allow("sqs:SendMessage", queue), undefined],
  [aService(sqs, template("Action=SendMessageBatch&x=y")), "POST", allow("sqs:SendMessage", queue), undefined],
  [aService(sqs, template("Action=SendMessage")), "POST", allow("sqs:SendMessage", `${queue}2`), "sqs:SendMessage"],
  [aService(sqs, { requestParameters: target }), "POST", allow("sqs:ReceiveMessage"), "sqs:SendMessage"],
  // What it calls shows in the request only.
  [aService(sqs, template("$input.body")), "POST", allow("s3:*"), undefined],
  [
    aService("s3:path/photos/{key}", { httpMethod: "GET" }),
    "GET",
    allow("s3:GetObject", "arn:aws:s3:::photos/*"),
    undefined,
  ],
  [
    aService("s3:path/photos/{key}", { httpMethod: "PUT" }),
    "GET",
    allow("s3:GetObject", "arn:aws:s3:::photos/*"),
    "s3:PutObject",
  ],
  [
    aService("s3:path/photos/{key}", { httpMethod: "GET" }),
    "GET",
    allow("s3:GetObject", "arn:aws:s3:::other/*"),
    "s3:GetObject",
  ],
  [aService("s3:path/photos", { httpMethod: "GET" }), "GET", allow("s3:ListBucket", "arn:aws:s3:::photos"), undefined],
  [
    aService("s3:path/photos/cat.png", { httpMethod: "ANY" }),
    "DELETE",
    allow("s3:*", "arn:aws:s3:::photos/dog.png"),
    "s3:DeleteObject",
  ],
];
test("calls of AWS services are evaluated as far as address, verb and mappings say what they are", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  for (const [index, [integration, verb, allowed, denied]] of calls.entries()) {
    const requestParameters = integration.uri?.includes("{key}")
      ? { "integration.request.path.key": "'cat.png'" }
      : undefined;
    deploy(
      gateway,
      { ...integration, ...(requestParameters && { requestParameters }) },
      aRole({ policies: [allowed] }),
      verb,
    );
    const before = backend.requests.length;
    const reply = await gateway.call("/x", { method: verb });
    if (denied === undefined)
      assert.deepEqual([reply.status, backend.requests.length], [200, before + 1], `call ${index}`);
    else {
      assertRefused(
        reply,
        `Execution failed due to configuration error: User: ${session} is not authorized to perform: ${denied} on`,
      );
      assert.equal(backend.requests.length, before);
    }
  }
});

test("a service is called with a role that its own IAM may know, unless the account's roles are here", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { "*": backend.origin } } });
  const integration = aService("states:action/StartExecution");
  for (const known of [undefined, nowhere(false)]) {
    deploy(gateway, integration, known);
    assert.equal((await gateway.call("/x", { method: "POST" })).status, 200);
  }
  deploy(gateway, integration, nowhere(true));
  assertRefused(await gateway.call("/x", { method: "POST" }), cannotAssume);
  deploy(gateway, integration, aRole({ trustPolicy: trusting("lambda.amazonaws.com"), policies: [allow("*")] }));
  assertRefused(await gateway.call("/x", { method: "POST" }), cannotAssume);
  assert.equal(backend.requests.length, 2);
});

test("policies of wildcards that try to explode are decided and do not hang the compiler", async () => {
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  const hostile = `${"*a".repeat(2_000)}*b`;
  const policies = Array.from({ length: 10 }, () => allow([hostile, hostile], [`arn:aws:lambda:${hostile}`]));
  deploy(gateway, aLambdaProxy(), aRole({ policies }));
  assertRefused(await gateway.call("/x"), unauthorized("lambda:InvokeFunction", functionArn, "because no identity"));
});

test("the commands of a hint do nothing else in a shell, whatever is in the ARNs", async () => {
  await using gateway = await startGateway();
  const hostile = "arn:aws:iam::000000000000:role/$(touch)/';id;'/invoker";
  deploy(gateway, aLambdaProxy({ credentials: hostile }), undefined);
  const path = String((await gateway.call("/x")).headers["x-portico-hint"]);
  assert.ok(path.includes(`--path '/$(touch)/'\\'';id;'\\''/' --assume`), path);
  deploy(gateway, aService("s3:path/photos/';id;'", { httpMethod: "GET" }), aRole({ policies: [] }), "GET");
  const resource = String((await gateway.call("/x")).headers["x-portico-hint"]);
  assert.ok(resource.includes(`"Resource":"arn:aws:s3:::photos/'\\'';id;'\\''"`), resource);
});

test("a role of another account than the API's is closed, whatever its policies and the function's say", async () => {
  const foreign = "arn:aws:iam::111111111111:role/gateway";
  const role = { arn: foreign, id: "AROAEXAMPLE", tags: {}, trustPolicy: trust, policies: [allow("*")] };
  const surroundings = { ...noSurroundings, roles: new Map([[foreign, { role, isAccountHere: true }]]) };
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  const theirs = aLambdaProxy().uri!.replace("000000000000", "111111111111");
  const queue: Integration = {
    type: "AWS",
    httpMethod: "POST",
    uri: "arn:aws:apigateway:us-east-1:sqs:path/111111111111/orders",
  };
  for (const integration of [aLambdaProxy(), aLambdaProxy({ uri: theirs }), aLambdaStream(), queue]) {
    const method = aMethod({ ...integration, credentials: foreign }, { httpMethod: "GET" });
    gateway.deploy(aRestApi({ "/x": { GET: method } }), undefined, surroundings);
    const reply = await gateway.call("/x");
    assert.equal(reply.status, 501, reply.text);
    assert.match(reply.text, /integration credentials of another account/);
  }
  assert.equal(functions.requests.length, 0);
});
