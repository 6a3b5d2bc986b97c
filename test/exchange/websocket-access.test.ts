// Who may connect to a WebSocket API: authorizers, signatures, API keys and throttles in front of $connect.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Identity } from "../../src/access/principal.ts";
import type { WebSocketAuthorizer, WebSocketRoute, WebSocketStage } from "../../src/definition/websocket-api.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import { signWithSdk } from "../sdk-signer.ts";
import { functionArn } from "./a-rest-api.ts";
import { aWebSocketApi, aWebSocketStage } from "./a-websocket-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { addKey, aKeyTable, scope } from "./fake-keys.ts";
import { connect, host, type OpenClient } from "./open-websocket.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
const arn = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod";
const nowMs = Date.UTC(2026, 10, 21, 3);
const whoAmI = {
  integration: { RequestTemplates: { $default: '{"statusCode": 200}' } },
  responses: [
    {
      ResponseTemplates: {
        $default:
          "$context.authorizer.principalId $context.authorizer.level $!context.authorizer.keySet() $context.identity.userArn",
      },
    },
  ],
  isTwoWay: true,
};

const authorizer: WebSocketAuthorizer = {
  AuthorizerId: "auth1",
  Name: "auth",
  AuthorizerType: "REQUEST",
  AuthorizerUri: uri,
  IdentitySource: ["route.request.querystring.token"],
};

const allow = (resource = `${arn}/$connect`, effect = "Allow"): object => ({
  principalId: "ann",
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{ Action: "execute-api:Invoke", Effect: effect, Resource: resource }],
  },
  context: { level: 7 },
});

function somebody(): FakeFunctions {
  const functions = new FakeFunctions();
  functions.facts = {
    functionArn,
    policyRevision: "1",
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { Service: "apigateway.amazonaws.com" },
        Action: "lambda:InvokeFunction",
        Resource: functionArn,
      },
    }),
  };
  functions.answer = () => allow();
  return functions;
}

interface Setup {
  readonly route?: Partial<WebSocketRoute>;
  readonly authorizer?: Partial<WebSocketAuthorizer>;
  readonly stage?: Partial<WebSocketStage>;
}

function deploy(gateway: GatewayUnderTest, { route, authorizer: changes, stage }: Setup = {}): void {
  const definition = aWebSocketApi(
    { $connect: { route: { AuthorizationType: "CUSTOM", AuthorizerId: "auth1", ...route } }, $default: whoAmI },
    { authorizers: [{ ...authorizer, ...changes }] },
  );
  gateway.deployWebSocket(definition, aWebSocketStage(stage));
}

interface AuthorizerEvent extends Readonly<Record<string, unknown>> {
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly requestContext: Readonly<Record<string, unknown>> & { readonly connectionId: string };
}

test("an authorizer's function is asked with its own event, and what it says is known as long as the connection is", async () => {
  const functions = somebody();
  await using gateway = await startGateway({ functions, nowMs: 1_674_162_806_344 });
  deploy(gateway, { stage: { StageVariables: { k: "v" } } });
  const { ask, socket } = await connect(gateway, { path: "/prod?token=t1" });
  const { headers, multiValueHeaders, requestContext, ...event } = functions.event() as unknown as AuthorizerEvent;
  assert.deepEqual(event, {
    type: "REQUEST",
    methodArn: `${arn}/$connect`,
    queryStringParameters: { token: "t1" },
    multiValueQueryStringParameters: { token: ["t1"] },
    stageVariables: { k: "v" },
  });
  assert.deepEqual(Object.keys(headers), Object.keys(multiValueHeaders));
  assert.ok("Sec-WebSocket-Key" in headers);
  const ofHop = Object.entries(headers).filter(([name]) => /^(?:connection|content-length|upgrade)$/i.test(name));
  assert.deepEqual(Object.fromEntries(ofHop), { Connection: "upgrade", "content-length": "0", Upgrade: "websocket" });
  const { connectionId, requestId, extendedRequestId, ...context } = requestContext;
  assert.equal(requestId, extendedRequestId);
  assert.match(connectionId, /^[\w-]{15}=$/);
  assert.deepEqual(context, {
    routeKey: "$connect",
    eventType: "CONNECT",
    requestTime: "19/Jan/2023:21:13:26 +0000",
    messageDirection: "IN",
    stage: "prod",
    connectedAt: 1_674_162_806_344,
    requestTimeEpoch: 1_674_162_806_344,
    identity: { sourceIp: "127.0.0.1" },
    domainName: host,
    apiId: "abc123",
  });
  const asked = functions.requests.length;
  assert.match(await ask("who"), /^ann 7 \[level, principalId, integrationLatency\] /);
  assert.equal(functions.requests.length, asked);
  socket.close();
});

test("events have the authorizer's context, as texts", async () => {
  const functions = somebody();
  await using gateway = await startGateway({ functions });
  const integration = { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", IntegrationUri: uri } as const;
  const definition = aWebSocketApi(
    {
      $connect: { route: { AuthorizationType: "CUSTOM", AuthorizerId: "auth1" }, integration },
      $default: { integration, isTwoWay: true },
    },
    { authorizers: [authorizer] },
  );
  gateway.deployWebSocket(definition);
  functions.answer = (event) => (event["type"] === "REQUEST" ? allow() : { statusCode: 200, body: "ok" });
  const { ask, socket } = await connect(gateway, { path: "/prod?token=t" });
  const grantOf = (): unknown => {
    const { authorizer: grant } = functions.event()["requestContext"] as { authorizer: Record<string, unknown> };
    assert.deepEqual(Object.keys(grant), ["principalId", "level", "integrationLatency"]);
    assert.equal(typeof grant["integrationLatency"], "number");
    return [grant["principalId"], grant["level"]];
  };
  assert.deepEqual(grantOf(), ["ann", "7"]);
  await ask("x");
  assert.deepEqual(grantOf(), ["ann", "7"]);
  socket.close();
});

test("without its identity nobody is asked; who is refused, and a function that fails, get AWS's statuses", async () => {
  const functions = somebody();
  await using gateway = await startGateway({ functions });
  deploy(gateway);
  await assert.rejects(connect(gateway), /^Error: 401 \{"message":"Unauthorized"\}$/);
  await assert.rejects(connect(gateway, { path: "/prod?token=" }), /^Error: 401 /);
  assert.equal(functions.requests.length, 0);
  const refusedWith = async (answer: unknown, what: RegExp): Promise<void> => {
    functions.answer = () => answer;
    await assert.rejects(connect(gateway, { path: "/prod?token=t" }), what);
  };
  await refusedWith(
    allow(`${arn}/$connect`, "Deny"),
    /^Error: 403 \{"Message":"User is not authorized to access this resource with an explicit deny"\}$/,
  );
  await refusedWith(allow(`${arn}/*/*`), /^Error: 403 \{"Message":"User is not authorized to access this resource"\}$/);
  await refusedWith(allow(`${arn}/other`), /^Error: 403 /);
  await refusedWith({ isAuthorized: true }, /^Error: 500 /);
  await refusedWith("allow", /^Error: 500 /);
  functions.outcome = () =>
    Promise.resolve({
      kind: "function-error",
      errorMessage: "Unauthorized",
      payload: Buffer.from('{"errorMessage":"Unauthorized"}'),
      requestId: "id",
    });
  await assert.rejects(connect(gateway, { path: "/prod?token=t" }), /^Error: 401 \{"message":"Unauthorized"\}$/);
  functions.outcome = () => Promise.reject(new Error("down"));
  await assert.rejects(connect(gateway, { path: "/prod?token=t" }), /^Error: 500 /);
});

test("an authorizer is asked at each connect, whatever it said before", async () => {
  const functions = somebody();
  await using gateway = await startGateway({ functions });
  deploy(gateway);
  const first = await connect(gateway, { path: "/prod?token=t" });
  functions.answer = () => allow(`${arn}/$connect`, "Deny");
  await assert.rejects(connect(gateway, { path: "/prod?token=t" }), /^Error: 403 /);
  assert.match(await first.ask("still"), /^ann /);
  first.socket.close();
});

test("an authorizer's result of more than 8 KB lets nobody in", async () => {
  const functions = somebody();
  await using gateway = await startGateway({ functions });
  deploy(gateway);
  const answer = (bytes: number): void => {
    functions.answer = () => {
      const result = allow(`${arn}/$connect`) as { context?: object };
      const length = Buffer.byteLength(JSON.stringify({ ...result, context: { filler: "" } }));
      return { ...result, context: { filler: "x".repeat(bytes - length) } };
    };
  };
  answer(8_193);
  await assert.rejects(connect(gateway, { path: "/prod?token=t" }), /^Error: 500 .*Internal server error/);
  answer(8_192);
  (await connect(gateway, { path: "/prod?token=t" })).socket.close();
});

test("an authorizer that is gone, or of no kind that WebSocket APIs have, closes $connect", async () => {
  const functions = somebody();
  await using gateway = await startGateway({ functions });
  const closed = async (setup: Setup): Promise<void> => {
    deploy(gateway, setup);
    await assert.rejects(connect(gateway, { path: "/prod?token=t" }), /^Error: 501 .*Portico does not do this yet/);
  };
  await closed({ route: { AuthorizerId: "other" } });
  await closed({ route: { AuthorizationType: "JWT" } });
  await closed({ route: { AuthorizationType: "custom" } });
  await closed({ authorizer: { AuthorizerType: "JWT" as "REQUEST" } });
  await closed({ authorizer: { IdentitySource: ["$request.header.Authorization"] } });
  await closed({ route: { AuthorizationType: "NONE", ApiKeyRequired: "yes" as unknown as boolean } });
  assert.equal(functions.requests.length, 0);
});

const ann: Identity = {
  kind: "user",
  account: "000000000000",
  arn: "arn:aws:iam::000000000000:user/ann",
  id: "AIDAEXAMPLE",
  name: "ann",
  path: "/",
  tags: {},
  policies: [],
};
const keys = { accessKeyId: "AKIAANN", secretAccessKey: "ann's secret" };

function introduce({ gateway }: GatewayUnderTest, resource: string): void {
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: resource }],
  });
  gateway.callers.setIdentity("user/ann", { ...ann, policies: [{ name: "own", document }] });
  gateway.callers.setAccessKey(keys.accessKeyId, { secret: keys.secretAccessKey, isActive: true, ownerArn: ann.arn });
}

test("a signature is verified, and the caller's policies are asked for $connect", async () => {
  await using gateway = await startGateway({ nowMs });
  deploy(gateway, { route: { AuthorizationType: "AWS_IAM" } });
  introduce(gateway, `${arn}/$connect`);
  await assert.rejects(connect(gateway), /^Error: 403 \{"message":"Missing Authentication Token"\}$/);
  const handshake = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const refused = await gateway.call("", {
    headers: { ...handshake, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" },
  });
  assert.match(String(refused.headers["x-portico-hint"]), /portico ws --sign/);
  const signed = (form: "header" | "query", of = keys): Promise<OpenClient> =>
    signWithSdk(
      { method: "GET", host, path: "/prod" },
      { credentials: of, nowMs, ...(form === "query" ? { expiresIn: 60 } : {}) },
    ).then(({ target, headers }) => {
      const { host: _, ...rest } = headers;
      return connect(gateway, { path: target, headers: rest });
    });
  const { ask, socket } = await signed("header");
  assert.match(await ask("who"), /arn:aws:iam::000000000000:user\/ann$/);
  socket.close();
  // A browser can set no headers.
  const other = await signed("query");
  assert.match(await other.ask("who"), /user\/ann$/);
  other.socket.close();
  await assert.rejects(signed("header", { ...keys, secretAccessKey: "another" }), /^Error: 403 .*signature/);
  introduce(gateway, `${arn}/*/*`);
  await assert.rejects(
    signed("header"),
    /^Error: 403 \{"Message":"User: .* is not authorized to perform: execute-api:Invoke/,
  );
});

test("a key of a usage plan with the stage is needed where $connect wants one", async () => {
  const table = aKeyTable();
  const memory = allocateThrottles(nowMs);
  const throttles = openThrottles(memory, { ratePerSecond: 1e9, burst: 1e9 });
  await using gateway = await startGateway({ nowMs, apiKeys: table, throttles: memory });
  gateway.gateway.setUsagePlan("000000000000/us-east-1/plan", {
    slot: table.planSlot(scope, "plan"),
    ...scope,
    id: "plan",
    stages: [{ apiId: "abc123", stageName: "prod", throttles: {} }],
  });
  addKey(table, { id: "key", value: "goodKeyOfTwentyOrMore1", plans: ["plan"] }, throttles.clients);
  deploy(gateway, { route: { AuthorizationType: "NONE", ApiKeyRequired: true } });
  await assert.rejects(connect(gateway), /^Error: 403 \{"message":"Forbidden"\}$/);
  await assert.rejects(
    connect(gateway, { headers: { "x-api-key": "wrong" } }),
    /^Error: 403 \{"message":"Forbidden"\}$/,
  );
  (await connect(gateway, { headers: { "x-api-key": "goodKeyOfTwentyOrMore1" } })).socket.close();
});

test("throttles refuse a handshake with 429, and a message with an error on a connection that stays", async () => {
  await using gateway = await startGateway({ nowMs });
  const one = { ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 1 };
  const route = { AuthorizationType: "NONE" };
  deploy(gateway, { route, stage: { RouteSettings: { $connect: one, $default: one } } });
  const { ask, socket } = await connect(gateway);
  await assert.rejects(connect(gateway), /^Error: 429 \{"message":"Too Many Requests"\}$/);
  await ask("first");
  assert.match(await ask("second"), /^\{"message": "Too Many Requests", "connectionId":/);
  assert.match(await ask("third"), /^\{"message": "Too Many Requests", "connectionId":/);
  socket.close();
});
