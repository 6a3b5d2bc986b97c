// Lambda authorizers in front of routes of HTTP APIs: who is let through, who is refused, and what functions are told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { HttpAuthorizer, HttpIntegration, HttpStage, Route } from "../../src/definition/http-api.ts";
import type { InvokeOutcome } from "../../src/functions/function-client.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { stageKey } from "../../src/plan/plan.ts";
import { until } from "../until.ts";
import { functionArn } from "./a-rest-api.ts";
import { aFunction, anHttpApi, anHttpStage, host } from "./an-http-api.ts";
import { allowsAll, authorizerResult, callableByAnyone } from "./authorizer-function.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type CallOptions, type GatewayUnderTest, type Reply, startGateway } from "./start-gateway.ts";

const nowMs = Date.UTC(2020, 2, 10, 5, 16, 23) + 220;
const arn = (called: string): string => `arn:aws:execute-api:us-east-1:000000000000:http123/${called}`;

/** A function that is authorizer and integration; `say` returns what the authorizer says. */
function functionSaying(say: (event: Record<string, unknown>) => unknown): FakeFunctions {
  const functions = new FakeFunctions();
  functions.facts = { functionArn, policy: callableByAnyone, policyRevision: "1" };
  functions.answer = (event) => (isAsked(event) ? say(event) : { statusCode: 200, body: "ok" });
  return functions;
}

const isAsked = (event: object): boolean => "type" in event;
const asked = ({ requests }: FakeFunctions): Record<string, unknown>[] => eventsOf(requests).filter(isAsked);
const served = ({ requests }: FakeFunctions): Record<string, unknown>[] =>
  eventsOf(requests).filter((event) => !isAsked(event));
const eventsOf = (requests: FakeFunctions["requests"]): Record<string, unknown>[] =>
  requests.map(({ payload }) => JSON.parse(String(payload)) as Record<string, unknown>);

const request: HttpAuthorizer = {
  AuthorizerId: "a1b2c3",
  Name: "request",
  AuthorizerType: "REQUEST",
  AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  AuthorizerPayloadFormatVersion: "2.0",
  IdentitySource: ["$request.header.Authorization"],
};
const simple: Partial<HttpAuthorizer> = { EnableSimpleResponses: true };
const first: Partial<HttpAuthorizer> = { AuthorizerPayloadFormatVersion: "1.0" };

interface Setup {
  readonly authorizer?: Partial<HttpAuthorizer>;
  readonly integration?: Partial<HttpIntegration>;
  readonly route?: Partial<Route>;
  readonly stage?: Partial<HttpStage>;
}

function deploy(gateway: GatewayUnderTest, { authorizer, integration, route, stage }: Setup = {}): Plan {
  const target = {
    integration: aFunction(functionArn, integration),
    route: { AuthorizationType: "CUSTOM", AuthorizerId: request.AuthorizerId, ...route },
  };
  const routes = { "GET /pets/{id}": target, "POST /pets/{id}": target, $default: target };
  const definition = anHttpApi(routes, { authorizers: [{ ...request, ...authorizer }] });
  return gateway.deployHttp(definition, anHttpStage(stage)).plan;
}

async function start(
  functions: FakeFunctions,
  setup: Setup = {},
  options: Parameters<typeof startGateway>[0] = {},
): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ functions, nowMs, ...options });
  deploy(gateway, setup);
  return gateway;
}

const known = { headers: { Authorization: "secret-token" } };
const call = (gateway: GatewayUnderTest, path = "/pets/1", options: CallOptions = known): Promise<Reply> =>
  gateway.call(path, { host, isWhole: true, ...options });

const forbidden = [403, '{"message":"Forbidden"}'];
const unauthorized = [401, '{"message":"Unauthorized"}'];
const failed = [500, '{"message":"Internal Server Error"}'];
const answered = ({ status, text }: Reply): readonly [number, string] => [status, text];

test("an authorizer of format 2.0 gets AWS's event, whole", async () => {
  const functions = functionSaying(() => authorizerResult());
  const authorizer = { IdentitySource: ["$request.header.Authorization", "$request.querystring.q"] };
  await using gateway = await start(functions, { authorizer, stage: { StageName: "dev", StageVariables: { v: "1" } } });
  const headers = { Authorization: "secret", Cookie: "c=1", "User-Agent": "curl/8.0", "Content-Type": "text/plain" };
  const reply = await call(gateway, "/dev/pets/a%20b?q=1&q=2", { method: "POST", headers, body: "secret" });
  assert.deepEqual(answered(reply), [200, "ok"]);
  const { headers: seen = {} } = asked(functions)[0]! as { headers?: Record<string, string> };
  const expected = {
    version: "2.0",
    type: "REQUEST",
    routeArn: arn("dev/POST/pets/a%20b"),
    identitySource: ["secret", "1,2"],
    routeKey: "POST /pets/{id}",
    rawPath: "/dev/pets/a b",
    rawQueryString: "q=1&q=2",
    cookies: ["c=1"],
    headers: {
      authorization: "secret",
      "content-length": "6",
      "content-type": "text/plain",
      host,
      "user-agent": "curl/8.0",
      "x-amzn-trace-id": seen["x-amzn-trace-id"],
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-port": String(gateway.port),
      "x-forwarded-proto": "http",
    },
    queryStringParameters: { q: "1,2" },
    requestContext: {
      accountId: "000000000000",
      apiId: "http123",
      domainName: host,
      domainPrefix: "http123",
      http: {
        method: "POST",
        path: "/dev/pets/a b",
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: "curl/8.0",
      },
      requestId: reply.headers["apigw-requestid"],
      routeKey: "POST /pets/{id}",
      stage: "dev",
      time: "10/Mar/2020:05:16:23 +0000",
      timeEpoch: nowMs,
    },
    pathParameters: { id: "a b" },
    stageVariables: { v: "1" },
  };
  assert.equal(String(functions.requests[0]?.payload), JSON.stringify(expected));
});

test("an authorizer of format 1.0 gets AWS's event, whole", async () => {
  const functions = functionSaying(() => authorizerResult());
  const authorizer = { ...first, IdentitySource: ["$request.header.user", "$request.header.number"] };
  await using gateway = await start(functions, { authorizer });
  const reply = await call(gateway, "/pets/1?a=1&a=2", {
    headers: { User: "user1", Number: "123", "X-Two": ["1", "2"] },
  });
  assert.deepEqual(answered(reply), [200, "ok"]);
  const { headers: seen = {} } = asked(functions)[0]! as { headers?: Record<string, string> };
  const expected = {
    version: "1.0",
    type: "REQUEST",
    methodArn: arn("$default/GET/pets/1"),
    identitySource: "user1,123",
    authorizationToken: "user1,123",
    resource: "/pets/{id}",
    path: "/pets/1",
    httpMethod: "GET",
    headers: {
      "Content-Length": "0",
      Host: host,
      "X-Amzn-Trace-Id": seen["X-Amzn-Trace-Id"],
      "X-Forwarded-For": "127.0.0.1",
      "X-Forwarded-Port": String(gateway.port),
      "X-Forwarded-Proto": "http",
      number: "123",
      user: "user1",
      "x-two": "2",
    },
    queryStringParameters: { a: "2" },
    pathParameters: { id: "1" },
    stageVariables: {},
    requestContext: {
      path: "/pets/1",
      accountId: "000000000000",
      resourceId: "GET /pets/{id}",
      stage: "$default",
      requestId: reply.headers["apigw-requestid"],
      identity: { apiKey: null, sourceIp: "127.0.0.1" },
      resourcePath: "/pets/{id}",
      httpMethod: "GET",
      apiId: "http123",
    },
  };
  assert.equal(String(functions.requests[0]?.payload), JSON.stringify(expected));
});

test("an authorizer without identity sources is asked about every request", async () => {
  const functions = functionSaying(() => authorizerResult());
  for (const over of [{}, first]) {
    await using gateway = await start(functions, { authorizer: { ...over, IdentitySource: [] } });
    for (let n = 0; n < 2; n++) assert.equal((await call(gateway, "/pets/1", {})).status, 200);
    assert.equal(asked(functions).at(-1)?.["identitySource"], null);
  }
  assert.equal(asked(functions).length, 4);
});

test("each kind of identity source has to have a value", async () => {
  const rows: readonly [string, string, CallOptions, readonly [string] | undefined][] = [
    ["$request.header.X-A", "", { headers: { "x-a": "1" } }, ["1"]],
    ["$request.header.X-A", "", { headers: { "x-a": ["1", "2"] } }, ["1,2"]],
    ["$request.header.X-A", "", { headers: { "x-a": "" } }, undefined],
    ["$request.header.X-A", "", { headers: { "x-a": ["", ""] } }, undefined],
    ["$request.header.X-A", "", {}, undefined],
    ["$request.querystring.q", "?q=1", {}, ["1"]],
    ["$request.querystring.q", "?Q=1", {}, undefined],
    ["$request.querystring.q", "?q=", {}, undefined],
    ["$stageVariables.v", "", {}, ["blue"]],
    ["$stageVariables.w", "", {}, undefined],
    ["$context.routeKey", "", {}, ["GET /pets/{id}"]],
    ["$context.identity.sourceIp", "", {}, ["127.0.0.1"]],
    ["$context.authorizer.sub", "", {}, undefined],
    ["$context.nothing", "", {}, undefined],
  ];
  for (const [source, query, options, value] of rows) {
    for (const AuthorizerResultTtlInSeconds of [0, 60]) {
      const functions = functionSaying(() => authorizerResult());
      const authorizer = { IdentitySource: [source], AuthorizerResultTtlInSeconds };
      await using gateway = await start(functions, { authorizer, stage: { StageVariables: { v: "blue" } } });
      const reply = await call(gateway, `/pets/1${query}`, options);
      const what = JSON.stringify([source, query, options]);
      assert.deepEqual(answered(reply), value === undefined ? unauthorized : [200, "ok"], what);
      assert.deepEqual(asked(functions)[0]?.["identitySource"], value, what);
    }
  }
});

test("one identity source without a value of several is enough for 401", async () => {
  const functions = functionSaying(() => authorizerResult());
  const IdentitySource = ["$request.header.a", "$request.header.b"];
  await using gateway = await start(functions, { authorizer: { IdentitySource } });
  assert.deepEqual(answered(await call(gateway, "/pets/1", { headers: { a: "1" } })), unauthorized);
  assert.deepEqual(answered(await call(gateway, "/pets/1", { headers: { b: "1" } })), unauthorized);
  assert.equal(functions.requests.length, 0);
  assert.equal((await call(gateway, "/pets/1", { headers: { a: "1", b: "1" } })).status, 200);
});

test("a policy decides about the route that is called", async () => {
  const rows: readonly [object, string, boolean][] = [
    [{ Resource: arn("$default/GET/pets/1") }, "/pets/1", true],
    [{ Resource: arn("$default/GET/pets/2") }, "/pets/1", false],
    [{ Resource: arn("$default/POST/pets/*") }, "/pets/1", false],
    [{ Resource: arn("dev/GET/pets/*") }, "/pets/1", false],
    [{ Resource: arn("$default/$default") }, "/other", true],
    [{ Resource: arn("$default/GET/other") }, "/other", false],
    [{ Effect: "Deny" }, "/pets/1", false],
    [{ Action: "execute-api:ManageConnections" }, "/pets/1", false],
  ];
  for (const [said, path, isAllowed] of rows) {
    for (const over of [{}, first]) {
      const functions = functionSaying(() => authorizerResult({}, said));
      await using gateway = await start(functions, { authorizer: over });
      const reply = await call(gateway, path);
      assert.deepEqual(answered(reply), isAllowed ? [200, "ok"] : forbidden, JSON.stringify(said));
    }
  }
});

test("a simple response lets through or refuses", async () => {
  for (const isAuthorized of [true, false]) {
    const functions = functionSaying(() => ({ isAuthorized, context: { a: 1 } }));
    await using gateway = await start(functions, { authorizer: simple });
    assert.deepEqual(answered(await call(gateway)), isAuthorized ? [200, "ok"] : forbidden);
    assert.equal(served(functions).length, isAuthorized ? 1 : 0);
  }
});

const context = {
  text: "value",
  number: 1.5,
  truth: true,
  nothing: null,
  list: ["a", 1, null],
  map: { a: { b: false } },
  __proto__: undefined,
};
/** A member `__proto__` can be written as text alone. */
const contextText = JSON.stringify(context).replace(/}$/, ',"__proto__":{"isAdmin":true},"constructor":"c"}');

test("a context of format 2.0 keeps its types in events of format 2.0, and has texts in those of 1.0 and in logs", async () => {
  const rows: readonly [Partial<HttpAuthorizer>, string][] = [
    [simple, `{"isAuthorized":true,"context":${contextText}}`],
    [{}, JSON.stringify(authorizerResult()).replace(/}$/, `,"context":${contextText}}`)],
  ];
  for (const [authorizer, payload] of rows) {
    const functions = functionSaying(() => undefined);
    functions.outcome = () => {
      const isQuestion = isAsked(JSON.parse(String(functions.requests.at(-1)?.payload)) as object);
      const answer = isQuestion ? payload : '{"statusCode":200,"body":"ok"}';
      return Promise.resolve({ kind: "ok", payload: Buffer.from(answer), requestId: "r" });
    };
    await using second = await start(functions, { authorizer });
    assert.equal((await call(second)).status, 200);
    const text = String(functions.requests[1]?.payload);
    assert.ok(text.includes(`"authorizer":{"lambda":${contextText}}`), text);
    const lines: string[] = [];
    const integration = { PayloadFormatVersion: "1.0" };
    const AccessLogSettings = {
      DestinationArn: "arn:aws:logs:us-east-1:0:log-group:access",
      Format: "$context.authorizer.number $context.authorizer.truth $context.authorizer.nothing",
    };
    await using firstOne = await start(
      functions,
      { authorizer, integration, stage: { AccessLogSettings } },
      { onLog: (_, line) => lines.push(line) },
    );
    assert.equal((await call(firstOne)).status, 200);
    const { authorizer: seen } = served(functions)[1]!["requestContext"] as { authorizer: Record<string, unknown> };
    assert.deepEqual([seen["number"], seen["truth"], seen["list"]], ["1.5", "true", '["a",1,null]']);
    assert.equal(seen["principalId"], authorizer === simple ? undefined : "me");
    assert.equal(typeof seen["integrationLatency"], "number");
    await until(() => lines.length > 0);
    assert.equal(lines[0], "1.5 true -");
    assert.equal(({} as Record<string, unknown>)["isAdmin"], undefined);
  }
});

test("a context of format 1.0 has texts, and a result without one is null in events", async () => {
  const functions = functionSaying(() => authorizerResult({ context: { a: 1, b: true } }));
  await using gateway = await start(functions, { authorizer: first });
  assert.equal((await call(gateway)).status, 200);
  assert.deepEqual((served(functions)[0]!["requestContext"] as Record<string, unknown>)["authorizer"], {
    lambda: { a: "1", b: "true" },
  });
  for (const [over, result] of [
    [first, authorizerResult()],
    [{}, authorizerResult()],
    [simple, { isAuthorized: true }],
  ] as const) {
    const silent = functionSaying(() => result);
    await using another = await start(silent, { authorizer: over });
    assert.equal((await call(another)).status, 200);
    assert.deepEqual((served(silent)[0]!["requestContext"] as Record<string, unknown>)["authorizer"], { lambda: null });
  }
});

test("a result is remembered by the identity, for all routes, and a policy is asked about each", async () => {
  const clock = new ManualClock(nowMs);
  const functions = functionSaying(() => authorizerResult({}, { Resource: arn("$default/GET/*") }));
  const authorizer = { AuthorizerResultTtlInSeconds: 60 };
  await using gateway = await start(functions, { authorizer }, { clock });
  assert.equal((await call(gateway)).status, 200);
  assert.equal((await call(gateway, "/pets/2")).status, 200);
  assert.deepEqual(answered(await call(gateway, "/pets/2", { ...known, method: "POST" })), forbidden);
  assert.equal(asked(functions).length, 1);
  assert.equal((await call(gateway, "/pets/1", { headers: { Authorization: "another" } })).status, 200);
  assert.equal(asked(functions).length, 2);
  clock.advance(60_000);
  assert.equal((await call(gateway)).status, 200);
  assert.equal(asked(functions).length, 3);
});

test("a simple response is remembered for all routes, whichever it was about", async () => {
  for (const isAuthorized of [true, false]) {
    const functions = functionSaying(() => ({ isAuthorized }));
    await using gateway = await start(functions, { authorizer: { ...simple, AuthorizerResultTtlInSeconds: 60 } });
    for (const path of ["/pets/1", "/pets/2", "/other"]) {
      assert.deepEqual(answered(await call(gateway, path)), isAuthorized ? [200, "ok"] : forbidden);
    }
    assert.equal(asked(functions).length, 1);
  }
});

test("with the route's key among the identity sources, each route has results of its own", async () => {
  const functions = functionSaying((event) => ({ isAuthorized: event["routeKey"] === "GET /pets/{id}" }));
  const authorizer = {
    ...simple,
    AuthorizerResultTtlInSeconds: 60,
    IdentitySource: ["$request.header.Authorization", "$context.routeKey"],
  };
  await using gateway = await start(functions, { authorizer });
  for (let n = 0; n < 2; n++) {
    assert.deepEqual(answered(await call(gateway)), [200, "ok"]);
    assert.deepEqual(answered(await call(gateway, "/pets/1", { ...known, method: "POST" })), forbidden);
  }
  assert.equal(asked(functions).length, 2);
});

test("different identities are never taken for one another", async () => {
  const functions = functionSaying(({ identitySource }) => ({
    isAuthorized: JSON.stringify(identitySource) === '["a,b","c"]',
  }));
  const authorizer = {
    ...simple,
    AuthorizerResultTtlInSeconds: 60,
    IdentitySource: ["$request.header.one", "$request.header.two"],
  };
  await using gateway = await start(functions, { authorizer });
  const rows: readonly [Record<string, string | string[]>, number][] = [
    [{ one: "a,b", two: "c" }, 200],
    [{ one: "a", two: "b,c" }, 403],
    [{ one: "a,b,c", two: "c" }, 403],
  ];
  for (const [headers, status] of rows) assert.equal((await call(gateway, "/pets/1", { headers })).status, status);
});

test("ResetAuthorizersCache forgets what was remembered, and an ordinary deployment does not", async () => {
  const functions = functionSaying(() => authorizerResult());
  const authorizer = { AuthorizerResultTtlInSeconds: 60 };
  await using gateway = await start(functions, { authorizer });
  assert.equal((await call(gateway)).status, 200);
  deploy(gateway, { authorizer });
  assert.equal((await call(gateway)).status, 200);
  assert.equal(asked(functions).length, 1);
  deploy(gateway, { authorizer, stage: { authorizerFlushes: 1 } });
  assert.equal((await call(gateway)).status, 200);
  assert.equal(asked(functions).length, 2);
});

test("requests with one identity wait for one call", async () => {
  const functions = functionSaying(() => authorizerResult());
  const waiting = Promise.withResolvers<InvokeOutcome>();
  functions.outcome = () => waiting.promise;
  await using gateway = await start(functions, { authorizer: { AuthorizerResultTtlInSeconds: 60 } });
  const replies = [call(gateway)];
  await until(() => functions.requests.length === 1);
  // Whoever were asked now would be answered at once.
  functions.outcome = undefined;
  replies.push(call(gateway, "/pets/2"), call(gateway, "/other"));
  waiting.resolve({ kind: "ok", payload: Buffer.from(JSON.stringify(authorizerResult())), requestId: "r" });
  for (const reply of await Promise.all(replies)) assert.equal(reply.status, 200);
  assert.equal(asked(functions).length, 1);
});

const ok = (payload: string) => (): Promise<InvokeOutcome> =>
  Promise.resolve({ kind: "ok", payload: Buffer.from(payload), requestId: "r" });
const failing =
  (errorMessage: string, payload = JSON.stringify({ errorMessage })) =>
  (): Promise<InvokeOutcome> =>
    Promise.resolve({ kind: "function-error", errorMessage, payload: Buffer.from(payload), requestId: "r" });
const refused = (code: string, status: number) => (): Promise<InvokeOutcome> =>
  Promise.resolve({ kind: "service-error", code, status, message: code, requestId: "r" });

/** Answers that are no result, whatever the authorizer is. */
const never: Readonly<Record<string, () => Promise<InvokeOutcome>>> = {
  "fails with other words": failing("unauthorized"),
  "fails with a result": failing("x", JSON.stringify(authorizerResult())),
  "fails with a simple response": failing("x", '{"isAuthorized":true}'),
  "is throttled": refused("TooManyRequestsException", 429),
  "is gone": refused("ResourceNotFoundException", 404),
  "is unreachable": () => Promise.reject(new Error("no function")),
  "throws at once": () => {
    throw new Error("no function");
  },
  "answers nothing": ok(""),
  "answers null": ok("null"),
  "answers true": ok("true"),
  "answers a text": ok('"true"'),
  "answers a list": ok('[{"isAuthorized":true}]'),
  "answers garbage": ok("\0\xff{"),
  "answers half a result": ok('{"isAuthorized":true'),
  "answers 1 MB": ok(`{"isAuthorized":true,"context":{"a":"${"x".repeat(1_000_000)}"}}`),
  "answers a member twice": ok('{"isAuthorized":false,"isAuthorized":true}'),
  "answers a policy twice": ok(
    JSON.stringify(authorizerResult()).replace(/}$/, `,"policyDocument":${JSON.stringify({ Statement: allowsAll })}}`),
  ),
  "answers what an integration does": ok('{"statusCode":200,"body":"ok"}'),
  "answers an empty object": ok("{}"),
};
const notSimple: Readonly<Record<string, string>> = {
  "a policy": JSON.stringify(authorizerResult()),
  "a text": '{"isAuthorized":"true"}',
  "a number": '{"isAuthorized":1}',
  null: '{"isAuthorized":null}',
  "a list": '{"isAuthorized":[true]}',
  "an inherited one": '{"__proto__":{"isAuthorized":true}}',
  "a policy beside it": JSON.stringify({ isAuthorized: true, ...authorizerResult() }),
  "another case": '{"IsAuthorized":true}',
  "a context that is a text": '{"isAuthorized":true,"context":"a"}',
  "a context that is a list": '{"isAuthorized":true,"context":["a"]}',
};
const notPolicies: Readonly<Record<string, string>> = {
  "a simple response": '{"isAuthorized":true}',
  "no principal": JSON.stringify({ ...authorizerResult(), principalId: undefined }),
  "no policy": '{"principalId":"me"}',
  "a policy as text": JSON.stringify(authorizerResult({ policyDocument: JSON.stringify(allowsAll) })),
  "a statement without effect": JSON.stringify(authorizerResult({}, { Effect: undefined })),
  "an unknown effect": JSON.stringify(authorizerResult({}, { Effect: "allow" })),
  "a foreign member": JSON.stringify(authorizerResult({ isAuthorized: true })),
  "an inherited policy": JSON.stringify({ principalId: "me" }).replace(/}$/, ',"__proto__":{"policyDocument":{}}}'),
};

const texts = (rows: Readonly<Record<string, string>>): [string, () => Promise<InvokeOutcome>][] =>
  Object.entries(rows).map(([name, payload]) => [`answers ${name}`, ok(payload)]);

test("an authorizer that says nothing that is understood lets nobody through, and is asked again", async () => {
  const kinds: readonly [string, Partial<HttpAuthorizer>, [string, () => Promise<InvokeOutcome>][]][] = [
    ["simple", simple, [...Object.entries(never), ...texts(notSimple)]],
    ["2.0", {}, [...Object.entries(never), ...texts(notPolicies)]],
    ["1.0", first, [...Object.entries(never), ...texts(notPolicies)]],
  ];
  for (const [kind, over, rows] of kinds) {
    const functions = functionSaying(() => undefined);
    await using gateway = await start(functions, { authorizer: { ...over, AuthorizerResultTtlInSeconds: 60 } });
    for (const [name, outcome] of rows) {
      functions.outcome = outcome;
      for (let n = 0; n < 2; n++) {
        const before = functions.requests.length;
        assert.deepEqual(answered(await call(gateway)), failed, `${kind} ${name}`);
        assert.equal(functions.requests.length, before + 1, `${kind} ${name}`);
      }
    }
    functions.outcome = undefined;
    assert.equal(served(functions).length, 0);
  }
});

test("Unauthorized as an error is 401, and is not remembered", async () => {
  for (const over of [{}, first, simple]) {
    const functions = functionSaying(() => undefined);
    functions.outcome = failing("Unauthorized");
    await using gateway = await start(functions, { authorizer: { ...over, AuthorizerResultTtlInSeconds: 60 } });
    for (let n = 0; n < 2; n++) assert.deepEqual(answered(await call(gateway)), unauthorized);
    assert.equal(functions.requests.length, 2);
  }
});

test("an authorizer that hangs is given up, on AWS after ten seconds", async () => {
  const functions = functionSaying(() => undefined);
  functions.outcome = () => new Promise(() => undefined);
  await using gateway = await startGateway({ functions, nowMs });
  const plan = deploy(gateway);
  const authorizer = plan.authorizers?.[request.AuthorizerId];
  assert.ok(authorizer?.kind === "http-api-request");
  assert.equal(authorizer.timeoutMs, 10_000);
  const late = { ...plan, authorizers: { [authorizer.id]: { ...authorizer, timeoutMs: 1 } } };
  gateway.gateway.setPlan(stageKey(plan.apiId, plan.stageName), late);
  assert.deepEqual(answered(await call(gateway)), failed);
});

test("an authorizer's function needs a permission for the authorizer, and the log says if it has none", async () => {
  const rows: readonly [string, boolean][] = [
    [arn("authorizers/a1b2c3"), true],
    [arn("authorizers/*"), true],
    [arn("authorizers/other"), false],
    [arn("*/*/pets/*"), false],
  ];
  for (const [sourceArn, isAllowed] of rows) {
    const functions = functionSaying(() => authorizerResult({}, { Effect: "Deny" }));
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { Service: "apigateway.amazonaws.com" },
        Action: "lambda:InvokeFunction",
        Resource: functionArn,
        Condition: { ArnLike: { "AWS:SourceArn": sourceArn } },
      },
    });
    functions.facts = { functionArn, policy, policyRevision: "1" };
    const lines: string[] = [];
    const DestinationArn = "arn:aws:logs:us-east-1:0:log-group:access";
    const AccessLogSettings = { DestinationArn, Format: "$context.authorizer.error" };
    await using gateway = await start(
      functions,
      { stage: { AccessLogSettings } },
      { onLog: (_, line) => lines.push(line) },
    );
    assert.deepEqual(answered(await call(gateway)), isAllowed ? forbidden : failed, sourceArn);
    assert.equal(functions.requests.length, isAllowed ? 1 : 0);
    await until(() => lines.length > 0);
    const words =
      "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. " +
      "Check the permissions and try again.";
    if (!isAllowed) assert.equal(lines[0], words);
  }
});

test("a route whose authorizer is missing, of another type, or unreadable is closed", async () => {
  const rows: readonly [Partial<HttpAuthorizer>, Partial<Route>, string][] = [
    [{}, { AuthorizerId: "other" }, "its authorizer other is not there"],
    [{ AuthorizerType: "JWT" }, {}, "its authorizer a1b2c3 is a JWT"],
    [{ AuthorizerPayloadFormatVersion: "3.0" }, {}, "payloadFormatVersion 3.0"],
    [{ ...first, ...simple }, {}, "enableSimpleResponses with the payload format 1.0"],
    [{ IdentitySource: ["$request.path.id"] }, {}, "mapping expression $request.path.id"],
    [{ IdentitySource: ["$request.body.a"] }, {}, "mapping expression $request.body.a"],
    [{ IdentitySource: ["method.request.header.a"] }, {}, "mapping expression method.request.header.a"],
    [{ IdentitySource: ["Authorization"] }, {}, "mapping expression Authorization"],
    [
      { AuthorizerCredentialsArn: "arn:aws:iam::111111111111:role/x" },
      {},
      "integration credentials of another account",
    ],
    [{}, { AuthorizationType: "custom" }, "AuthorizationType custom"],
  ];
  for (const [authorizer, route, reason] of rows) {
    const functions = functionSaying(() => authorizerResult());
    await using gateway = await start(functions, { authorizer, route });
    const reply = await call(gateway);
    assert.equal(reply.status, 501, reason);
    assert.ok(reply.text.includes(reason), reply.text);
    assert.equal(functions.requests.length, 0);
  }
});

test("an authorizer without a function that can be called is AWS's 500, after the identity was looked for", async () => {
  for (const over of [
    { AuthorizerUri: "nonsense" },
    { AuthorizerUri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${stageVariables.x}/invocations" },
    { AuthorizerCredentialsArn: "arn:aws:iam::000000000000:role/none" },
  ]) {
    const functions = functionSaying(() => authorizerResult());
    await using gateway = await start(functions, { authorizer: over });
    assert.deepEqual(answered(await call(gateway)), failed);
    assert.deepEqual(answered(await call(gateway, "/pets/1", {})), unauthorized);
    assert.equal(functions.requests.length, 0);
  }
});
