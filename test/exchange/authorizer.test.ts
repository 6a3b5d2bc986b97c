// Lambda authorizers in front of methods: who is let through, who is refused, and what function and integration are told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { Authorizer, Method, RestApi, Stage } from "../../src/definition/rest-api.ts";
import type { InvokeOutcome } from "../../src/functions/function-client.ts";
import { RawClient } from "../raw-http.ts";
import { until } from "../until.ts";
import {
  aLambdaProxy,
  aMethod,
  aMethodSetting,
  aMock,
  anHttpProxy,
  aRestApi,
  aStage,
  functionArn,
  type Routes,
} from "./a-rest-api.ts";
import { allowsAll, authorizerResult, callableByAnyone } from "./authorizer-function.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type ExecutionLogEntry, type GatewayUnderTest, startBackend, startGateway } from "./start-gateway.ts";

const arn = (path: string): string => `arn:aws:execute-api:us-east-1:000000000000:abc123/prod/${path}`;

const token: Authorizer = {
  id: "a1b2c3",
  name: "tokens",
  type: "TOKEN",
  authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  identitySource: "method.request.header.Authorization",
  authorizerResultTtlInSeconds: 0,
};

const guarded = (over: Partial<Method> = {}): Method =>
  aMethod(aMock("ok"), { authorizationType: "CUSTOM", authorizerId: token.id, ...over });

/** A function that says that one statement is true of the caller. */
function functionSaying(over: object = {}, said: object = {}): FakeFunctions {
  const functions = new FakeFunctions();
  functions.facts = { functionArn, policy: callableByAnyone, policyRevision: "1" };
  functions.answer = (event) => ("methodArn" in event ? authorizerResult(over, said) : { statusCode: 200, body: "ok" });
  return functions;
}

interface Setup {
  readonly authorizer?: Partial<Authorizer>;
  readonly routes?: Routes;
  readonly stage?: Partial<Stage>;
  readonly restApi?: Partial<RestApi>;
  readonly gatewayResponses?: Parameters<typeof aRestApi>[1] extends infer Over | undefined
    ? Over extends { gatewayResponses?: infer Responses }
      ? Responses
      : never
    : never;
}

function deploy(
  gateway: GatewayUnderTest,
  { authorizer = {}, routes, stage, restApi, gatewayResponses }: Setup = {},
): void {
  const definition = aRestApi(routes ?? { "/pets/{id}": { ANY: guarded() } }, {
    authorizers: [{ ...token, ...authorizer }],
    ...(restApi && { restApi }),
    ...(gatewayResponses && { gatewayResponses }),
  });
  gateway.deploy(definition, aStage(stage));
}

async function deployed(
  functions: FakeFunctions,
  setup: Setup = {},
  options: Parameters<typeof startGateway>[0] = {},
): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ functions, ...options });
  deploy(gateway, setup);
  return gateway;
}

const known = { headers: { Authorization: "secret-token" } };
const refusedWords = "User is not authorized to access this resource";

test("an Allow lets the request through; a TOKEN's function gets token and method ARN, byte for byte", async () => {
  const functions = functionSaying({}, { Resource: arn("GET/pets/*") });
  await using gateway = await deployed(functions);
  const reply = await gateway.call("/pets/1%20a?a=b", known);
  assert.deepEqual([reply.status, reply.text], [200, "ok"]);
  assert.equal(
    String(functions.requests[0]?.payload),
    `{"type":"TOKEN","methodArn":"${arn("GET/pets/1%20a")}","authorizationToken":"secret-token"}`,
  );
});

test("a REQUEST's function gets the request with all values, without a body, and empty maps as {}", async () => {
  const functions = functionSaying();
  const authorizer: Partial<Authorizer> = { type: "REQUEST", identitySource: "method.request.querystring.a" };
  await using gateway = await deployed(functions, { authorizer, stage: { variables: { v: "1" } } });
  const headers = {
    "X-Two": ["1", "2"],
    "x-api-key": "key",
    "X-Amzn-RequestId": "6d2e4a34-0f4a-4d4b-8f39-0d3b2a1c9e77",
  };
  assert.equal((await gateway.call("/pets/7?a=1&a=2", { method: "POST", headers, body: "secret" })).status, 200);
  const event = functions.event();
  assert.deepEqual(Object.keys(event), [
    ...["type", "methodArn", "resource", "path", "httpMethod", "headers", "multiValueHeaders"],
    ...["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"],
    "requestContext",
  ]);
  assert.deepEqual(
    [event["type"], event["methodArn"], event["resource"], event["path"], event["httpMethod"]],
    ["REQUEST", arn("POST/pets/7"), "/pets/{id}", "/pets/7", "POST"],
  );
  assert.equal((event["headers"] as Record<string, string>)["X-Two"], "2");
  assert.deepEqual((event["multiValueHeaders"] as Record<string, string[]>)["X-Two"], ["1", "2"]);
  assert.deepEqual(event["multiValueQueryStringParameters"], { a: ["1", "2"] });
  assert.deepEqual([event["pathParameters"], event["stageVariables"]], [{ id: "7" }, { v: "1" }]);
  const context = event["requestContext"] as Record<string, unknown>;
  assert.equal(context["requestId"], "6d2e4a34-0f4a-4d4b-8f39-0d3b2a1c9e77");
  assert.equal("authorizer" in context, false);
  assert.equal((context["identity"] as Record<string, unknown>)["apiKey"], "key");
});

test("a policy without an Allow, and one with a Deny, are answered with 403 in AWS's words", async () => {
  const rows: readonly [object, string][] = [
    [{ Resource: arn("GET/dogs/*") }, refusedWords],
    [{ Resource: arn("POST/pets/*") }, refusedWords],
    [{ Action: "execute-api:ManageConnections" }, refusedWords],
    [{ Effect: "Deny" }, `${refusedWords} with an explicit deny`],
    // Nobody here knows this key, so the statement allows nothing.
    [{ Condition: { StringEquals: { "aws:Nothing": "x" } } }, refusedWords],
    [{ Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } }, refusedWords],
  ];
  for (const [said, message] of rows) {
    await using gateway = await deployed(functionSaying({}, said));
    const reply = await gateway.call("/pets/1", known);
    assert.deepEqual([reply.status, reply.text], [403, JSON.stringify({ Message: message })]);
    assert.equal(reply.headers["x-amzn-errortype"], "AccessDeniedException");
  }
});

test("a Deny of a path holds for the other ways to write that path", async () => {
  const policyDocument = {
    Version: "2012-10-17",
    Statement: [allowsAll, { ...allowsAll, Effect: "Deny", Resource: arn("GET/pets/secret") }],
  };
  await using gateway = await deployed(functionSaying({ policyDocument }));
  assert.equal((await gateway.call("/pets/1", known)).status, 200);
  for (const path of ["/pets/secret", "/pets/secret/", "/pets/%73ecret", "/p%65ts/secret"]) {
    assert.equal((await gateway.call(path, known)).status, 403, path);
  }
});

test("a method whose authorizer is missing, of another type, or unreadable is closed, and no other", async () => {
  const rows: readonly [Partial<Authorizer>, Partial<Method>, string][] = [
    [{}, { authorizerId: "other" }, "authorizationType CUSTOM (its authorizer other is not there)"],
    [{ type: "COGNITO_USER_POOLS" }, {}, "authorizationType CUSTOM (its authorizer a1b2c3 is a COGNITO_USER_POOLS)"],
    [{ identityValidationExpression: "(?<=a)b" }, {}, "identityValidationExpression (?<=a)b"],
    [{ type: "REQUEST", identitySource: "method.request.body.x" }, {}, "mapping expression method.request.body.x"],
    [{ type: "REQUEST", identitySource: "method.request.path.x" }, {}, "mapping expression method.request.path.x"],
    [{ identitySource: "Authorization" }, {}, "mapping expression Authorization"],
    [{ authorizerCredentials: "arn:aws:iam::111111111111:role/x" }, {}, "integration credentials of another account"],
    [{}, { authorizationType: "custom" }, "authorizationType custom"],
  ];
  for (const [authorizer, method, reason] of rows) {
    const functions = functionSaying();
    const routes = { "/": { GET: guarded(method) }, "/open": { GET: aMethod(aMock("open")) } };
    await using gateway = await deployed(functions, { authorizer, routes });
    const reply = await gateway.call("/", known);
    assert.equal(reply.status, 501, reason);
    assert.ok(reply.text.includes(reason), reply.text);
    assert.equal(functions.requests.length, 0);
    assert.equal((await gateway.call("/open")).status, 200);
  }
});

test("a caller without the identity that is asked for gets 401, and the function is not called", async () => {
  const several = "method.request.header.A,method.request.querystring.b,stageVariables.c,context.identity.sourceIp";
  const all = { headers: { A: "1" } };
  const rows: readonly [Partial<Authorizer>, string, Parameters<GatewayUnderTest["call"]>[1], number][] = [
    [{}, "", {}, 401],
    [{}, "", { headers: { Authorization: "" } }, 401],
    [{}, "", { headers: { "X-Authorization": "secret" } }, 401],
    [{ identityValidationExpression: "^Bearer [a-z]+$" }, "", { headers: { Authorization: "bearer abc" } }, 401],
    [{ identityValidationExpression: "Bearer [a-z]+" }, "", { headers: { Authorization: "Bearer abc1" } }, 401],
    [{ identityValidationExpression: "Bearer [a-z]+" }, "", { headers: { Authorization: "Bearer abc" } }, 200],
    // Of two different tokens none counts.
    [{}, "", { headers: { Authorization: ["abc", "1"] } }, 401],
    [{}, "", { headers: { Authorization: ["abc", ""] } }, 401],
    [{}, "", { headers: { Authorization: ["abc", "abc"] } }, 200],
    [{ type: "REQUEST", identitySource: several, authorizerResultTtlInSeconds: 60 }, "?b=1", all, 200],
    [{ type: "REQUEST", identitySource: several, authorizerResultTtlInSeconds: 60 }, "", all, 401],
    [{ type: "REQUEST", identitySource: several, authorizerResultTtlInSeconds: 60 }, "?b=", all, 401],
    [{ type: "REQUEST", identitySource: several, authorizerResultTtlInSeconds: 60 }, "?b=1", {}, 401],
    [{ type: "REQUEST", identitySource: "stageVariables.none", authorizerResultTtlInSeconds: 60 }, "", all, 401],
    // AWS: without caching the function is asked whatever is there.
    [{ type: "REQUEST", identitySource: several }, "", {}, 200],
  ];
  for (const [authorizer, query, call, status] of rows) {
    const functions = functionSaying();
    await using gateway = await deployed(functions, { authorizer, stage: { variables: { c: "3" } } });
    const reply = await gateway.call(`/pets/1${query}`, call);
    const what = JSON.stringify([authorizer, query, call]);
    assert.equal(reply.status, status, what);
    assert.equal(functions.requests.length, status === 200 ? 1 : 0, what);
    if (status !== 200) {
      assert.equal(reply.text, '{"message":"Unauthorized"}');
      assert.equal(reply.headers["x-amzn-errortype"], "UnauthorizedException");
    }
  }
});

const answering = (payload: string) => (): Promise<InvokeOutcome> =>
  Promise.resolve({ kind: "ok", payload: Buffer.from(payload), requestId: "r" });
const failing =
  (errorMessage: string, payload = JSON.stringify({ errorMessage })) =>
  (): Promise<InvokeOutcome> =>
    Promise.resolve({ kind: "function-error", errorMessage, payload: Buffer.from(payload), requestId: "r" });

/** Every way in which a function can fail to say that the caller may call. */
const refusals: Readonly<Record<string, readonly [() => Promise<InvokeOutcome>, number, string]>> = {
  "fails with Unauthorized": [failing("Unauthorized"), 401, "UnauthorizedException"],
  "fails with other words": [failing("unauthorized"), 500, "AuthorizerConfigurationException"],
  "fails with a result": [failing("x", JSON.stringify(authorizerResult())), 500, "AuthorizerConfigurationException"],
  "is throttled": [
    () =>
      Promise.resolve({
        kind: "service-error",
        code: "TooManyRequestsException",
        status: 429,
        message: "Rate Exceeded.",
        requestId: "r",
      }),
    500,
    "AuthorizerConfigurationException",
  ],
  "is unreachable": [() => Promise.reject(new Error("no function")), 500, "InternalServerErrorException"],
  "throws at once": [
    () => {
      throw new Error("no function");
    },
    500,
    "InternalServerErrorException",
  ],
  "answers null": [answering("null"), 500, "AuthorizerConfigurationException"],
  "answers nothing": [answering(""), 500, "AuthorizerConfigurationException"],
  "answers true": [answering("true"), 500, "AuthorizerConfigurationException"],
  "answers garbage": [answering("\0\xff{"), 500, "AuthorizerConfigurationException"],
  "answers 1 MB": [
    answering(JSON.stringify(authorizerResult({ context: { a: "x".repeat(1_000_000) } }))),
    500,
    "AuthorizerConfigurationException",
  ],
  "answers deep JSON": [answering("[".repeat(200_000)), 500, "AuthorizerConfigurationException"],
  "answers a deep policy": [
    answering(`{"principalId":"a","policyDocument":${'{"a":'.repeat(30_000)}1${"}".repeat(30_001)}`),
    500,
    "AuthorizerConfigurationException",
  ],
  "answers as HTTP APIs do": [answering('{"isAuthorized":true}'), 500, "AuthorizerConfigurationException"],
  "leaves the principal out": [
    answering(JSON.stringify({ ...authorizerResult(), principalId: undefined })),
    500,
    "AuthorizerConfigurationException",
  ],
  "leaves the policy out": [answering('{"principalId":"me"}'), 500, "AuthorizerConfigurationException"],
  "misspells the policy": [
    answering(JSON.stringify({ principalId: "me", policydocument: {} })),
    500,
    "AuthorizerConfigurationException",
  ],
  "misspells an effect": [
    answering(JSON.stringify(authorizerResult({}, { Effect: "allow" }))),
    500,
    "AuthorizerConfigurationException",
  ],
  "misspells a condition": [
    answering(JSON.stringify(authorizerResult({}, { Conditions: {} }))),
    500,
    "AuthorizerConfigurationException",
  ],
  "answers a nested context": [
    answering(JSON.stringify(authorizerResult({ context: { a: [] } }))),
    500,
    "AuthorizerConfigurationException",
  ],
  "says two things at once": [
    answering(
      JSON.stringify(authorizerResult({}, { Effect: "Deny" })).replace(
        '"Effect":"Deny"',
        '"Effect":"Deny","Effect":"Allow"',
      ),
    ),
    500,
    "AuthorizerConfigurationException",
  ],
  "says a number is the policy": [
    answering(JSON.stringify({ principalId: "me", policyDocument: 1 })),
    500,
    "AuthorizerConfigurationException",
  ],
};

for (const [name, [outcome, status, errorType]] of Object.entries(refusals)) {
  test(`a function that ${name} lets nobody through, and is asked again by the next`, async () => {
    const functions = functionSaying();
    functions.outcome = outcome;
    await using gateway = await deployed(functions, { authorizer: { authorizerResultTtlInSeconds: 300 } });
    for (const count of [1, 2]) {
      const reply = await gateway.call("/pets/1", known);
      assert.deepEqual([reply.status, reply.headers["x-amzn-errortype"]], [status, errorType]);
      if (errorType.startsWith("Authorizer")) assert.equal(reply.text, '{"message":null}');
      assert.equal(functions.requests.length, count);
    }
    functions.outcome = undefined;
    assert.equal((await gateway.call("/pets/1", known)).status, 200);
  });
}

test("a function that API Gateway may not invoke is not invoked: 500, at once when the permission goes", async () => {
  const policyFor = (sourceArn: string, principal: unknown = { Service: "apigateway.amazonaws.com" }): string =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: principal,
        Action: "lambda:InvokeFunction",
        Resource: functionArn,
        Condition: { ArnLike: { "AWS:SourceArn": sourceArn } },
      },
    });
  const authorizerArn = "arn:aws:execute-api:us-east-1:000000000000:abc123/authorizers/a1b2c3";
  const functions = functionSaying();
  await using gateway = await deployed(functions);
  const call = async (policy: string | undefined, revision: string): Promise<[number, string, number]> => {
    functions.facts = {
      functionArn,
      policyRevision: revision,
      ...(policy !== undefined && { policy }),
    } as FakeFunctions["facts"];
    functions.requests.length = 0;
    const reply = await gateway.call("/pets/1", known);
    return [reply.status, reply.text, functions.requests.length];
  };
  const refused: [number, string, number] = [500, '{"message":null}', 0];
  assert.deepEqual(await call(policyFor(authorizerArn), "1"), [200, "ok", 1]);
  assert.deepEqual(await call(undefined, "2"), refused);
  assert.deepEqual(await call(policyFor(arn("GET/pets/*")), "3"), refused);
  assert.deepEqual(await call(policyFor(`${authorizerArn}x`), "4"), refused);
  assert.deepEqual(
    await call(policyFor("arn:aws:execute-api:us-east-1:111111111111:abc123/authorizers/a1b2c3"), "5"),
    refused,
  );
  assert.deepEqual(await call(policyFor(authorizerArn, { AWS: "000000000000" }), "6"), refused);
  assert.deepEqual(await call("{", "7"), refused);
  assert.deepEqual(await call(policyFor(authorizerArn.replace("a1b2c3", "*")), "8"), [200, "ok", 1]);
  functions.facts = undefined;
  assert.equal((await gateway.call("/pets/1", known)).status, 500);
});

test("a role that can't be assumed, and a URI that is none, are 500 for whoever has a token, and 401 for others", async () => {
  for (const authorizer of [
    { authorizerCredentials: "arn:aws:iam::000000000000:role/none" },
    { authorizerUri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations" },
  ]) {
    const functions = functionSaying();
    await using gateway = await deployed(functions, { authorizer });
    const reply = await gateway.call("/pets/1", known);
    assert.deepEqual([reply.status, reply.text], [500, '{"message":null}']);
    assert.equal(reply.headers["x-amzn-errortype"], "AuthorizerConfigurationException");
    assert.equal((await gateway.call("/pets/1")).status, 401);
    assert.equal(functions.requests.length, 0);
  }
});

test("the API's resource policy and the authorizer's decide together, by AWS's table", async () => {
  const said = { allow: "Allow", deny: "Deny", silent: undefined };
  const rows: readonly [keyof typeof said, keyof typeof said, number, number][] = [
    ["allow", "allow", 200, 1],
    ["allow", "silent", 200, 1],
    ["allow", "deny", 403, 0],
    ["silent", "allow", 200, 1],
    ["silent", "silent", 403, 1],
    ["silent", "deny", 403, 0],
    ["deny", "allow", 403, 1],
    ["deny", "silent", 403, 1],
    ["deny", "deny", 403, 0],
  ];
  for (const [own, resource, status, calls] of rows) {
    const functions = functionSaying({}, said[own] === undefined ? { Resource: "none" } : { Effect: said[own] });
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: said[resource] ?? "Allow",
        Principal: "*",
        Action: "execute-api:Invoke",
        Resource: said[resource] === undefined ? arn("GET/other") : "*",
      },
    });
    await using gateway = await deployed(functions, { restApi: { policy } });
    const reply = await gateway.call("/pets/1", known);
    assert.deepEqual([reply.status, functions.requests.length], [status, calls], `${own}, ${resource}: ${reply.text}`);
  }
});

const cached = { authorizer: { authorizerResultTtlInSeconds: 300 } };

test("a result is remembered for its time, by the clock; a policy is asked for every request", async () => {
  const functions = functionSaying({}, { Resource: arn("GET/pets/1") });
  const clock = new ManualClock(1_000_000_000_000);
  await using gateway = await deployed(functions, cached, { clock });
  assert.equal((await gateway.call("/pets/1", known)).status, 200);
  assert.equal((await gateway.call("/pets/1", known)).status, 200);
  // The trap that AWS documents: what was said for one method counts for all.
  assert.equal((await gateway.call("/pets/2", known)).status, 403);
  assert.equal((await gateway.call("/pets/1", { ...known, method: "POST" })).status, 403);
  assert.equal(functions.requests.length, 1);
  assert.equal((await gateway.call("/pets/1", { headers: { Authorization: "other" } })).status, 200);
  assert.equal(functions.requests.length, 2);
  clock.advance(299_999);
  assert.equal((await gateway.call("/pets/1", known)).status, 200);
  assert.equal(functions.requests.length, 2);
  functions.answer = () => authorizerResult({}, { Effect: "Deny" });
  clock.advance(1);
  assert.equal((await gateway.call("/pets/1", known)).status, 403);
  assert.equal(functions.requests.length, 3);
});

test("a REQUEST's result is remembered by all values of all sources, and no two identities are one", async () => {
  const functions = functionSaying();
  const authorizer: Partial<Authorizer> = {
    type: "REQUEST",
    identitySource: "method.request.header.A,method.request.header.B,method.request.querystring.c",
    authorizerResultTtlInSeconds: 300,
  };
  await using gateway = await deployed(functions, { authorizer });
  const identities: readonly [Record<string, string | string[]>, string][] = [
    [{ A: "1", B: "2" }, "c=3"],
    [{ A: "12", B: "2" }, "c=3"],
    [{ A: "1", B: "22" }, "c=3"],
    [{ A: "1", B: ["2", "2"] }, "c=3"],
    [{ A: "1", B: ["1", "2"] }, "c=3"],
    [{ A: ["1", "1:2"], B: "2" }, "c=3"],
    [{ A: "1", B: "2" }, "c=1&c=3"],
    [{ A: "1,2", B: "2" }, "c=3"],
  ];
  for (const round of [1, 2]) {
    for (const [headers, query] of identities) {
      assert.equal((await gateway.call(`/pets/1?${query}`, { headers })).status, 200);
    }
    assert.equal(functions.requests.length, identities.length, `round ${round}`);
  }
});

test("what a REQUEST's function says where the stage has other variables is another result; a TOKEN's is not told them", async () => {
  const functions = functionSaying();
  for (const [type, calls] of Object.entries({ TOKEN: 1, REQUEST: 2 })) {
    const authorizer = { ...cached.authorizer, type, identitySource: "method.request.header.Authorization" };
    const setup = { authorizer } as Setup;
    await using gateway = await deployed(functions, { ...setup, stage: { variables: { who: "partners" } } });
    const before = functions.requests.length;
    assert.equal((await gateway.call("/pets/1", known)).status, 200);
    deploy(gateway, { ...setup, stage: { variables: { who: "staff" } } });
    assert.equal((await gateway.call("/pets/1", known)).status, 200);
    assert.equal(functions.requests.length - before, calls, type);
  }
});

test("without identity sources nothing is remembered: all callers would be one", async () => {
  const functions = functionSaying();
  await using gateway = await deployed(functions, {
    authorizer: { type: "REQUEST", identitySource: "", authorizerResultTtlInSeconds: 300 },
  });
  for (const count of [1, 2]) {
    assert.equal((await gateway.call("/pets/1")).status, 200);
    assert.equal(functions.requests.length, count);
  }
});

test("a deployment keeps what an unchanged authorizer said; a changed one, a flush and a deleted stage forget it", async () => {
  const functions = functionSaying();
  await using gateway = await deployed(functions, cached);
  let calls = 0;
  const calledAgain = async (): Promise<boolean> => {
    assert.equal((await gateway.call("/pets/1", known)).status, 200);
    const before = calls;
    calls = functions.requests.length;
    return calls > before;
  };
  assert.equal(await calledAgain(), true);
  deploy(gateway, { ...cached, stage: { deploymentId: "dep2" } });
  assert.equal(await calledAgain(), false);
  deploy(gateway, { authorizer: { ...cached.authorizer, identityValidationExpression: ".*" } });
  assert.equal(await calledAgain(), true);
  deploy(gateway, cached);
  assert.equal(await calledAgain(), true);
  deploy(gateway, { ...cached, stage: { authorizerFlushes: 1 } });
  assert.equal(await calledAgain(), true);
  gateway.gateway.setPlan("abc123/prod", null);
  deploy(gateway, { ...cached, stage: { authorizerFlushes: 1 } });
  assert.equal(await calledAgain(), true);
});

test("a stage that is made anew finds nothing that the deleted one remembered, though a request of that is under way", async () => {
  const functions = functionSaying();
  const answer = Promise.withResolvers<void>();
  await using gateway = await deployed(functions, { ...cached, stage: { birthId: "first" } });
  assert.equal((await gateway.call("/pets/1", known)).status, 200);
  functions.outcome = async () => {
    await answer.promise;
    return { kind: "ok", payload: Buffer.from(JSON.stringify(authorizerResult())), requestId: "r" };
  };
  const underWay = gateway.call("/pets/1", { headers: { Authorization: "another-token" } });
  await until(() => functions.requests.length === 2);
  functions.outcome = undefined;
  gateway.gateway.setPlan("abc123/prod", null);
  deploy(gateway, { ...cached, stage: { birthId: "second" } });
  assert.equal((await gateway.call("/pets/1", known)).status, 200);
  assert.equal(functions.requests.length, 3, "the new stage asks");
  answer.resolve();
  await underWay;
});

test("requests with one identity wait for one call, though the first of them goes away", async () => {
  const functions = functionSaying();
  const answer = Promise.withResolvers<void>();
  functions.outcome = async () => {
    await answer.promise;
    return { kind: "ok", payload: Buffer.from(JSON.stringify(authorizerResult())), requestId: "r" };
  };
  const statuses: string[] = [];
  const accessLogSettings = { destinationArn: "arn:aws:logs:us-east-1:0:log-group:access", format: "$context.status" };
  await using gateway = await deployed(
    functions,
    { ...cached, stage: { accessLogSettings } },
    { onLog: (_, line) => statuses.push(line.trim()) },
  );
  const first = await RawClient.open(gateway.port);
  const request =
    "GET /prod/pets/1 HTTP/1.1\r\nHost: abc123.execute-api.us-east-1.localhost\r\nAuthorization: secret-token\r\n\r\n";
  first.send(request);
  await until(() => functions.requests.length === 1);
  const others = [gateway.call("/pets/1", known), gateway.call("/pets/2", known)];
  first.close();
  await until(() => statuses.length === 1);
  assert.deepEqual(statuses, ["499"]);
  answer.resolve();
  assert.deepEqual(
    (await Promise.all(others)).map(({ status }) => status),
    [200, 200],
  );
  assert.equal(functions.requests.length, 1);
  assert.equal((await gateway.call("/pets/1", known)).status, 200);
  assert.equal(functions.requests.length, 1);
});

test("what the authorizer said reaches events, mappings, templates, logs and gateway responses", async () => {
  const context = { text: "a", number: 1.5, big: 12345678901234567890n, yes: true, none: null };
  const functions = functionSaying();
  functions.outcome = undefined;
  functions.answer = (event) => ("methodArn" in event ? {} : { statusCode: 200, body: "ok" });
  const payload = JSON.stringify(authorizerResult()).replace(
    /}$/,
    `,"context":{"text":"a","number":1.50,"big":${context.big},"yes":true,"none":null}}`,
  );
  functions.outcome = async () =>
    String(functions.requests.at(-1)?.payload).includes('"methodArn"')
      ? { kind: "ok", payload: Buffer.from(payload), requestId: "auth-id" }
      : { kind: "ok", payload: Buffer.from('{"statusCode":200,"body":"ok"}'), requestId: "r" };
  const lines: string[] = [];
  const names = [
    "principalId",
    "text",
    "number",
    "big",
    "yes",
    "none",
    "status",
    "error",
    "integrationStatus",
    "requestId",
  ];
  const format = `${names.map((name) => `$context.authorizer.${name}`).join(" ")} $context.authorize.status $context.requestId`;
  const template = aMock(
    "$context.authorizer.principalId $context.authorizer.text $context.authorizer.number $context.authorizer.get('yes')",
  );
  await using gateway = await deployed(
    functions,
    {
      routes: {
        "/event": { GET: guarded({ methodIntegration: aLambdaProxy() }) },
        "/template": { GET: guarded({ methodIntegration: template }) },
      },
      stage: { accessLogSettings: { destinationArn: "arn:aws:logs:us-east-1:0:log-group:access", format } },
    },
    { onLog: (_, line) => lines.push(line) },
  );
  assert.equal((await gateway.call("/event", known)).status, 200);
  const { authorizer } = functions.event()["requestContext"] as Record<string, Record<string, unknown>>;
  const { integrationLatency, ...rest } = authorizer!;
  assert.equal(typeof integrationLatency, "number");
  assert.deepEqual(rest, { principalId: "me", text: "a", number: "1.50", big: "12345678901234567890", yes: "true" });
  assert.equal((await gateway.call("/template", known)).text, "me a 1.50 true");
  await until(() => lines.length === 2);
  assert.match(lines[0]!, /^me a 1\.50 12345678901234567890 true - 200 - 200 auth-id 200 [0-9a-f-]+$/);
});

test("a gateway response of ACCESS_DENIED sees the context, and one of UNAUTHORIZED none", async () => {
  const functions = functionSaying({ context: { reason: "no pets" } }, { Effect: "Deny" });
  const responseTemplates = { "application/json": "$context.authorizer.reason, $context.error.message" };
  await using gateway = await deployed(functions, {
    gatewayResponses: [
      { responseType: "ACCESS_DENIED", responseTemplates, responseParameters: {} },
      { responseType: "UNAUTHORIZED", responseTemplates, responseParameters: {} },
    ] as never,
  });
  assert.equal((await gateway.call("/pets/1", known)).text, `no pets, ${refusedWords} with an explicit deny`);
  assert.equal((await gateway.call("/pets/1")).text, ", Unauthorized");
});

test("a path whose method ARN is longer than 1,600 bytes is 414, and nobody is asked", async () => {
  const functions = functionSaying();
  await using gateway = await deployed(functions);
  const rest = 1_600 - arn("GET/pets/").length;
  assert.equal((await gateway.call(`/pets/${"x".repeat(rest)}`, known)).status, 200);
  const reply = await gateway.call(`/pets/${"x".repeat(rest + 1)}`, known);
  assert.deepEqual([reply.status, reply.text], [414, '{"message":"Request URI too long"}']);
  assert.equal(functions.requests.length, 1);
});

test("the execution log has AWS's lines in AWS's order: the authorizer first, then the method, if it is let in", async () => {
  const functions = functionSaying({}, { Resource: arn("GET/*") });
  const entries: string[][] = [];
  const mask = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").split(/[:{]/, 1)[0]!;
  await using gateway = await deployed(
    functions,
    { stage: { methodSettings: { "*/*": { loggingLevel: "INFO", dataTraceEnabled: false } as never } } },
    { onExecutionLog: ({ lines }) => entries.push(lines.map(({ text }) => mask(text))) },
  );
  await gateway.call("/pets/1", known);
  await gateway.call("/pets/1", { ...known, method: "POST" });
  await gateway.call("/pets/1");
  await until(() => entries.length === 3);
  const asked = ["Extended Request Id", "Starting authorizer", "Sending request to https"];
  const granted = [
    ...asked,
    "Using valid authorizer policy for principal",
    "Successfully completed authorizer execution",
  ];
  assert.deepEqual(entries[0]!.slice(0, granted.length + 1), [...granted, "Verifying Usage Plan for request"]);
  assert.equal(entries[0]!.includes("Starting execution for request"), true);
  assert.deepEqual(entries[1], [
    ...granted,
    "The client is not authorized to perform this operation.",
    "Method completed with status",
  ]);
  assert.deepEqual(entries[2], [
    "Extended Request Id",
    "Starting authorizer",
    "Unauthorized request",
    "Method completed with status",
  ]);
});

test("a body that comes while the function is asked reaches the backend whole, and none of a refused request does", async () => {
  await using backend = await startBackend();
  const functions = functionSaying();
  const answer = Promise.withResolvers<void>();
  functions.outcome = async () => {
    await answer.promise;
    return { kind: "ok", payload: Buffer.from(JSON.stringify(authorizerResult())), requestId: "r" };
  };
  const routes = { "/pets/{id}": { ANY: guarded({ methodIntegration: anHttpProxy(`${backend.origin}/`) }) } };
  await using gateway = await deployed(functions, { routes });
  const body = "x".repeat(1_000_000);
  const reply = gateway.call("/pets/1", { ...known, method: "POST", body });
  await until(() => functions.requests.length === 1);
  assert.equal(backend.requests.length, 0);
  answer.resolve();
  assert.equal((await reply).status, 200);
  assert.deepEqual([backend.requests[0]?.method, backend.requests[0]?.body], ["POST", body]);
  functions.outcome = failing("Unauthorized");
  assert.equal((await gateway.call("/pets/1", { ...known, method: "POST", body: "short" })).status, 401);
  assert.equal(backend.requests.length, 1);
});

test("logs mask an identity whatever its header is called, and what sounds secret in the context", async () => {
  const functions = functionSaying({ context: { sessionToken: "the-session-of-me", tier: "gold-customer" } });
  const entries: ExecutionLogEntry[] = [];
  const authorizer: Partial<Authorizer> = {
    type: "REQUEST",
    identitySource: "method.request.header.X-Ident, method.request.querystring.who",
  };
  const setting = aMethodSetting({ loggingLevel: "INFO", dataTraceEnabled: true });
  await using gateway = await deployed(
    functions,
    { authorizer, stage: { methodSettings: { "*/*": setting } } },
    { onExecutionLog: (entry) => entries.push(entry) },
  );
  const linesOf = async (ident: string): Promise<string> => {
    entries.length = 0;
    assert.equal((await gateway.call("/pets/1?who=ann-the-admin", { headers: { "X-Ident": ident } })).status, 200);
    return entries.flatMap((entry) => entry.lines.map(({ text }) => text)).join("\n");
  };
  const lines = await linesOf("the-ident-of-ann");
  for (const secret of ["the-ident-of-ann", "ann-the-admin", "the-session-of-me"]) assert.ok(!lines.includes(secret));
  assert.ok(lines.includes("gold-customer"));
  // A short one is masked in its place.
  assert.match(await linesOf("pin7"), /Method request headers: \{X-Ident=\*\*\*7/);
});

test("an identity that takes too long to compare with its expression is none, and the function is not called", async () => {
  const functions = functionSaying();
  const authorizer = { identityValidationExpression: ".*".repeat(300) };
  await using gateway = await deployed(functions, { authorizer });
  const statusOf = async (length: number): Promise<number> =>
    (await gateway.call("/pets/1", { headers: { Authorization: "a".repeat(length) } })).status;
  assert.equal(await statusOf(100), 200);
  assert.equal(functions.requests.length, 1);
  assert.equal(await statusOf(7_000), 401);
  assert.equal(functions.requests.length, 1);
});
