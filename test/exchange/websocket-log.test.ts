// Access logs of WebSocket APIs: a line for each connect, message and end, with every variable of AWS's table.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { WebSocketApiDefinition } from "../../src/definition/websocket-api.ts";
import { until } from "../until.ts";
import { functionArn } from "./a-rest-api.ts";
import { aWebSocketApi, aWebSocketStage, type WebSocketRouteOf } from "./a-websocket-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { connect, type OpenClient } from "./open-websocket.ts";
import { type GatewayUnderTest, startBackend, startGateway } from "./start-gateway.ts";

const nowMs = Date.UTC(2026, 10, 21, 7, 30, 1);
const invocation = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
const integration = { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", IntegrationUri: invocation } as const;

interface Logging extends AsyncDisposable {
  readonly functions: FakeFunctions;
  readonly gateway: GatewayUnderTest;
  readonly clock: ManualClock;
  readonly lines: string[];
  /** Waits for the line after those that were seen before. */
  next(): Promise<string>;
  connect(path?: string): Promise<OpenClient>;
}

async function start(
  format: string,
  routes: Readonly<Record<string, WebSocketRouteOf>>,
  more: Partial<WebSocketApiDefinition> = {},
): Promise<Logging> {
  const lines: string[] = [];
  let seen = 0;
  const functions = new FakeFunctions();
  const statement = { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  functions.facts = { functionArn, policy, policyRevision: "1" };
  const clock = new ManualClock(nowMs);
  const gateway = await startGateway({ functions, clock, onLog: (_, line) => lines.push(line) });
  const DestinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
  const stage = aWebSocketStage({ AccessLogSettings: { DestinationArn, Format: format } });
  gateway.deployWebSocket(aWebSocketApi(routes, more), stage);
  return {
    functions,
    gateway,
    clock,
    lines,
    async next() {
      await until(() => lines.length > seen);
      return lines[seen++]!;
    },
    connect: (path = "/prod") => connect(gateway, { path, headers: { "User-Agent": "tests/1" } }),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

const milliseconds = /^\d+$/;
const id = /^[\w-]{15}=$/;
const connectionId = /^[\w-]{14,15}=$/;

type ExpectedValues = Readonly<Record<string, string | RegExp>>;

/**
 * What is in all lines of a connection that a Lambda authorizer has let in.
 * AWS: API Gateway Developer Guide, "Configure logging for WebSocket APIs in API Gateway".
 */
const always: ExpectedValues = {
  apiId: "abc123",
  "authorize.error": "-",
  "authenticate.error": "-",
  "authenticate.latency": "-",
  "authenticate.status": "-",
  "authorizer.error": "-",
  "authorizer.principalId": "ann",
  "authorizer.level": "7",
  "authorizer.unknown": "-",
  connectionId,
  domainPrefix: "abc123",
  domainName: /^abc123\.execute-api\.us-east-1\.localhost(:\d+)?$/,
  "error.message": "-",
  "error.messageString": "-",
  "error.responseType": "-",
  "error.validationErrorString": "-",
  extendedRequestId: id,
  "identity.accountId": "-",
  "identity.apiKey": "-",
  "identity.apiKeyId": "-",
  "identity.caller": "-",
  "identity.cognitoAuthenticationProvider": "-",
  "identity.cognitoAuthenticationType": "-",
  "identity.cognitoIdentityId": "-",
  "identity.cognitoIdentityPoolId": "-",
  "identity.principalOrgId": "-",
  "identity.sourceIp": "127.0.0.1",
  "identity.user": "-",
  "identity.userAgent": "tests/1",
  "identity.userArn": "-",
  "integration.error": "-",
  "integration.integrationStatus": "200",
  "integration.latency": milliseconds,
  "integration.requestId": /^[\w-]+$/,
  "integration.status": "200",
  integrationLatency: milliseconds,
  requestId: id,
  stage: "prod",
  status: "200",
  "waf.error": "-",
  "waf.latency": "-",
  "waf.status": "-",
};

/** The authorizer is asked when the client connects, and not again. */
const asked: ExpectedValues = {
  "authorize.latency": milliseconds,
  "authorize.status": "200",
  "authorizer.integrationLatency": milliseconds,
  "authorizer.integrationStatus": "200",
  "authorizer.latency": milliseconds,
  "authorizer.requestId": /^[\w-]+$/,
  "authorizer.status": "200",
};
const notAsked: ExpectedValues = Object.fromEntries(Object.keys(asked).map((name) => [name, "-"]));

/** Variables of REST and HTTP APIs, and of nobody. */
const foreign = [
  ...["accountId", "httpMethod", "path", "protocol", "resourceId", "resourcePath", "responseLength", "responseLatency"],
  ...["deploymentId", "dataProcessed", "isCanaryRequest", "xrayTraceId", "wafResponseCode", "webaclArn"],
  ...["identity.accessKey", "identity.vpceId", "integrationErrorMessage", "operationName", "none", "__proto__"],
];

const names = [
  ...[...Object.keys(always), ...Object.keys(asked), "connectedAt", "eventType", "messageId"],
  ...["requestTime", "requestTimeEpoch", "routeKey", ...foreign],
];

function check(line: string, own: ExpectedValues): Readonly<Record<string, string>> {
  const values = line.split("\t");
  const expectedOf = new Map(Object.entries({ ...always, ...own }));
  assert.equal(values.length, names.length);
  for (const [index, name] of names.entries()) {
    const expected = expectedOf.get(name) ?? "-";
    const what = `${name} of ${String(own["eventType"])}`;
    if (typeof expected === "string") assert.equal(values[index], expected, what);
    else assert.match(values[index]!, expected, what);
  }
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}

const door = {
  AuthorizerId: "auth1",
  Name: "auth",
  AuthorizerType: "REQUEST",
  AuthorizerUri: invocation,
  IdentitySource: ["route.request.querystring.token"],
} as const;

test("connect, message and end have a line each, with every variable of AWS's table", async () => {
  const format = names.map((name) => `$context.${name}`).join("\t");
  await using logging = await start(
    format,
    {
      $connect: { integration, route: { AuthorizationType: "CUSTOM", AuthorizerId: "auth1" } },
      $disconnect: { integration },
      join: { integration },
    },
    { authorizers: [door] },
  );
  logging.functions.answer = (event) =>
    "methodArn" in (event as object)
      ? {
          principalId: "ann",
          policyDocument: {
            Version: "2012-10-17",
            Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: "*" }],
          },
          context: { level: 7 },
        }
      : { statusCode: 200 };
  const { socket, closed } = await logging.connect("/prod?token=t");
  const first = check(await logging.next(), {
    ...asked,
    connectedAt: String(nowMs),
    eventType: "CONNECT",
    requestTime: "21/Nov/2026:07:30:01 +0000",
    requestTimeEpoch: String(nowMs),
    routeKey: "$connect",
  });
  logging.clock.advance(61_000);
  socket.send('{"action":"join"}');
  const later: ExpectedValues = {
    ...notAsked,
    connectionId: first["connectionId"]!,
    connectedAt: String(nowMs),
    requestTime: "21/Nov/2026:07:31:02 +0000",
    requestTimeEpoch: String(nowMs + 61_000),
  };
  const second = check(await logging.next(), { ...later, eventType: "MESSAGE", messageId: id, routeKey: "join" });
  socket.close(1000);
  await closed;
  const third = check(await logging.next(), { ...later, eventType: "DISCONNECT", routeKey: "$disconnect" });
  for (const values of [first, second, third]) assert.equal(values["extendedRequestId"], values["requestId"]);
  assert.equal(new Set([first, second, third].map((values) => values["requestId"])).size, 3);
  assert.equal(logging.lines.length, 3);
});

const outcome =
  "$context.eventType|$context.routeKey|$context.status|$context.error.message|$context.error.responseType|$context.integration.error";

test("a connection has its lines where no route takes its connect, its messages or its end", async () => {
  await using logging = await start(outcome, { join: {} });
  const { ask, socket, closed } = await logging.connect();
  assert.equal(await logging.next(), "CONNECT|$connect|200|-|-|-");
  await ask({ action: "none" });
  assert.equal(await logging.next(), "MESSAGE|-|403|Forbidden|RESOURCE_NOT_FOUND|-");
  socket.close(1000);
  await closed;
  assert.equal(await logging.next(), "DISCONNECT|$disconnect|200|-|-|-");
});

test("a connection that breaks off has the line of its end, and so has one that the server ends", async () => {
  await using logging = await start(outcome, { join: {} });
  const lost = await logging.connect();
  await logging.next();
  lost.socket.terminate();
  assert.equal(await logging.next(), "DISCONNECT|$disconnect|200|-|-|-");
  const wrong = await logging.connect();
  await logging.next();
  wrong.socket.send(Buffer.from([1, 2, 3]), { binary: true });
  await wrong.closed;
  assert.equal(await logging.next(), "DISCONNECT|$disconnect|200|-|-|-");
});

test("failures say why: a refused handshake, a refused and a failed message", async () => {
  await using logging = await start(
    outcome,
    { $connect: { integration, route: { AuthorizationType: "CUSTOM", AuthorizerId: "auth1" } }, join: { integration } },
    { authorizers: [door] },
  );
  const { functions } = logging;
  functions.answer = () => ({
    principalId: "ann",
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: "Deny", Resource: "*" }],
    },
  });
  await assert.rejects(logging.connect(), /401/);
  assert.equal(await logging.next(), "CONNECT|$connect|401|Unauthorized|UNAUTHORIZED|-");
  await assert.rejects(logging.connect("/prod?token=t"), /403/);
  assert.match(await logging.next(), /^CONNECT\|\$connect\|403\|.*\|ACCESS_DENIED\|-$/);
  assert.equal(logging.lines.length, 2);
});

test("a failing function is the integration's error, of connects and of messages", async () => {
  await using logging = await start(outcome, { join: { integration }, $disconnect: { integration } });
  const { functions } = logging;
  functions.outcome = () =>
    Promise.resolve({ kind: "function-error", errorMessage: "x", payload: Buffer.from("{}"), requestId: "r" });
  const { ask, socket } = await logging.connect();
  await logging.next();
  assert.match(await ask({ action: "join" }), /Internal server error/);
  const line = await logging.next();
  assert.match(line, /^MESSAGE\|join\|50\d\|Internal server error\|[A-Z0-9_]+\|/);
  socket.close();
  assert.match(await logging.next(), /^DISCONNECT\|\$disconnect\|50\d\|/);
});

test("an answer that can't be sent is the integration's failure, also where its head said otherwise", async () => {
  await using backend = await startBackend((incoming, outgoing) => {
    if (incoming.url === "/long") outgoing.end("x".repeat(200_000));
    else {
      outgoing.writeHead(200, { "Content-Length": "100" }).write("cut");
      outgoing.flushHeaders();
      setImmediate(() => incoming.socket.destroy());
    }
  });
  const proxy = (path: string): WebSocketRouteOf => ({
    integration: {
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "GET",
      IntegrationUri: `${backend.origin}${path}`,
    },
    isTwoWay: true,
  });
  await using logging = await start(outcome, {
    call: { integration, isTwoWay: true },
    long: proxy("/long"),
    cut: proxy("/cut"),
  });
  logging.functions.answer = () => ({ statusCode: 200, body: "x".repeat(131_073) });
  const { ask, socket } = await logging.connect();
  await logging.next();
  const why = {
    call: /answered more than the 131072 bytes/,
    long: /answered more than the 131072 bytes/,
    cut: /closed/,
  };
  for (const [action, error] of Object.entries(why)) {
    assert.match(await ask({ action }), /^\{"message": "Internal server error"/);
    const line = await logging.next();
    assert.ok(line.startsWith(`MESSAGE|${action}|502|Internal server error|INTEGRATION_FAILURE|`), line);
    assert.match(line, error);
  }
  socket.close();
});
