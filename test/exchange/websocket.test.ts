// WebSocket APIs by Node's own WebSocket, on a gateway thread's data plane in this process.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../until.ts";
import { functionArn } from "./a-rest-api.ts";
import { aWebSocketApi, aWebSocketStage } from "./a-websocket-api.ts";
import { allowAll, FakeFunctions } from "./fake-functions.ts";
import { connect, host, type OpenClient } from "./open-websocket.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
const aFunction = { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", IntegrationUri: uri } as const;
const functionPolicy = allowAll.replace("abc123/*/*/*", "abc123/*/*");
/** Functions whose policy names routes as WebSocket APIs do: `{api}/{stage}/{routeKey}`. */
function makeFunctions(): FakeFunctions {
  const functions = new FakeFunctions();
  functions.facts = { functionArn, policy: functionPolicy, policyRevision: "1" };
  return functions;
}
const hello = {
  integration: { RequestTemplates: { $default: '{"statusCode": 200}' } },
  responses: [{ ResponseTemplates: { $default: '{"id": "$context.connectionId", "route": "$context.routeKey"}' } }],
  isTwoWay: true,
};

/** What a function is told of a connection. */
interface ConnectionEvent extends Readonly<Record<string, unknown>> {
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly requestContext: Readonly<Record<string, unknown>> & {
    readonly connectionId: string;
    readonly requestId: string;
    readonly messageId: string;
  };
}

const idPattern = /^[\w-]{15}=$/;

test("a connection without a route $connect is open, and a MOCK answers from $context", async () => {
  await using gateway = await startGateway();
  gateway.deployWebSocket(aWebSocketApi({ hello }));
  const { ask, socket } = await connect(gateway);
  const answer = JSON.parse(await ask({ action: "hello" })) as { id: string; route: string };
  assert.match(answer.id, idPattern);
  assert.equal(answer.route, "hello");
  socket.close();
});

test("a stage without a deployment lets nobody connect: what is deployed later asks nobody who is there", async () => {
  await using gateway = await startGateway();
  const { DeploymentId: _, ...undeployed } = aWebSocketStage();
  gateway.deployWebSocket(aWebSocketApi({}), undeployed);
  await assert.rejects(connect(gateway), /^Error: 403 \{"message":"Forbidden"\}$/);
  gateway.deployWebSocket(aWebSocketApi({ hello }));
  (await connect(gateway)).socket.close();
});

test("a MOCK's response template computes with the message", async () => {
  await using gateway = await startGateway();
  const sum = "#set($x = $input.path('$.x'))#set($y = $input.path('$.y')){\"sum\": #set($z = $x + $y)$z}";
  gateway.deployWebSocket(aWebSocketApi({ add: { ...hello, responses: [{ ResponseTemplates: { $default: sum } }] } }));
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask({ action: "add", x: 2, y: 40 }), '{"sum": 42}');
  socket.close();
});

test("a message goes to the route that its key names, and everything else to $default", async () => {
  await using gateway = await startGateway();
  gateway.deployWebSocket(aWebSocketApi({ hello, $default: hello, $connect: {}, $disconnect: hello }));
  const { ask, socket } = await connect(gateway);
  const routeOf = async (message: unknown): Promise<string> =>
    (JSON.parse(await ask(message)) as { route: string }).route;
  assert.equal(await routeOf({ action: "hello" }), "hello");
  for (const message of [
    "not JSON",
    "",
    "[1]",
    '"hello"',
    "null",
    { action: "other" },
    { action: "$connect" },
    { action: "$disconnect" },
    { action: "__proto__" },
    { action: ["hello"] },
    {},
    `${"[".repeat(20_000)}`,
  ]) {
    assert.equal(await routeOf(message), "$default", JSON.stringify(message).slice(0, 40));
  }
  socket.close();
});

test("without a route for a message its sender is told so, and the connection stays", async () => {
  await using gateway = await startGateway({
    listener: { ...(await import("../../src/http/listener.ts")).publicListener },
  });
  gateway.deployWebSocket(aWebSocketApi({ hello }));
  const { ask, socket } = await connect(gateway);
  const { id } = JSON.parse(await ask({ action: "hello" })) as { id: string };
  const refusal = await ask({ action: "nothing" });
  assert.match(
    refusal,
    new RegExp(`^\\{"message": "Forbidden", "connectionId":"${id}", "requestId":"[\\w-]{15}="\\}$`),
  );
  assert.equal(JSON.parse(await ask({ action: "hello" })).id, id);
  socket.close();
});

test("a selection expression joins several values and text", async () => {
  await using gateway = await startGateway();
  const api = { RouteSelectionExpression: "${request.body.service}/${request.body.actions[1].name}" };
  gateway.deployWebSocket(aWebSocketApi({ "chat/join": hello }, { api }));
  const { ask, socket } = await connect(gateway);
  const answer = await ask({ service: "chat", actions: [{}, { name: "join" }] });
  assert.equal((JSON.parse(answer) as { route: string }).route, "chat/join");
  socket.close();
});

test("a function sees the connection's three events, as AWS writes them", async () => {
  const functions = makeFunctions();
  await using gateway = await startGateway({ functions, nowMs: 1_674_162_806_344 });
  const route = { integration: aFunction };
  gateway.deployWebSocket(
    aWebSocketApi({ $connect: route, $default: { ...route, isTwoWay: true }, $disconnect: route }),
    aWebSocketStage({ StageVariables: { k: "v" } }),
  );
  functions.answer = ({ body }) => ({ statusCode: 200, body: `heard ${body}` });
  const { ask, socket } = await connect(gateway, {
    path: "/prod?token=t1",
    headers: { "User-Agent": "agent/1.0", "X-Amzn-Trace-Id": "Root=1-5e3b1c2d-0123456789abcdef01234567" },
  });
  const { headers, multiValueHeaders, requestContext, ...connected } = functions.event() as unknown as ConnectionEvent;
  assert.deepEqual(connected, {
    queryStringParameters: { token: "t1" },
    multiValueQueryStringParameters: { token: ["t1"] },
    stageVariables: { k: "v" },
    isBase64Encoded: false,
  });
  assert.deepEqual(Object.keys(headers).sort(), Object.keys(multiValueHeaders).sort());
  assert.deepEqual(
    [headers["Host"] ?? headers["host"], headers["User-Agent"], headers["Connection"], headers["Upgrade"]],
    [host, "agent/1.0", undefined, undefined],
  );
  const { connectionId, requestId, extendedRequestId, ...context } = requestContext;
  assert.match(connectionId, idPattern);
  assert.match(requestId, idPattern);
  assert.equal(requestId, extendedRequestId);
  const common = {
    requestTime: "19/Jan/2023:21:13:26 +0000",
    messageDirection: "IN",
    stage: "prod",
    connectedAt: 1_674_162_806_344,
    requestTimeEpoch: 1_674_162_806_344,
    identity: { userAgent: "agent/1.0", sourceIp: "127.0.0.1" },
    domainName: host,
    apiId: "abc123",
  };
  assert.deepEqual(context, { routeKey: "$connect", eventType: "CONNECT", ...common });
  assert.equal(await ask('{"a": 1}'), 'heard {"a": 1}');
  const { requestContext: ofMessage, ...message } = functions.event() as unknown as ConnectionEvent;
  assert.deepEqual(message, { stageVariables: { k: "v" }, body: '{"a": 1}', isBase64Encoded: false });
  const { messageId, requestId: _, extendedRequestId: __, ...messageContext } = ofMessage;
  assert.match(messageId, idPattern);
  assert.deepEqual(messageContext, { routeKey: "$default", eventType: "MESSAGE", connectionId, ...common });
  socket.close(1000);
  await until(() => functions.requests.length === 3);
  const { requestContext: ofEnd, ...end } = functions.event() as unknown as ConnectionEvent;
  const empty = { "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" };
  assert.deepEqual(end["headers"], { Host: host, ...empty });
  assert.deepEqual(
    [
      ofEnd["routeKey"],
      ofEnd["eventType"],
      ofEnd["disconnectStatusCode"],
      ofEnd["disconnectReason"],
      ofEnd["connectionId"],
    ],
    ["$disconnect", "DISCONNECT", 1000, "Connection Closed Normally", connectionId],
  );
});

test("$disconnect runs however a connection ends", async () => {
  const functions = makeFunctions();
  await using gateway = await startGateway({ functions });
  const route = { integration: aFunction };
  gateway.deployWebSocket(aWebSocketApi({ $disconnect: route, hello }));
  const ends: readonly (readonly [(client: OpenClient) => void, number, string])[] = [
    [({ socket }) => socket.close(4321, "enough"), 4321, "enough"],
    [({ socket }) => socket.close(), 1005, "Client-side close frame status not set"],
    [({ socket }) => socket.terminate(), 1006, "Client disconnected abruptly"],
    [({ socket }) => socket.send(Buffer.from([1])), 1003, "Binary is not supported"],
    [({ socket }) => socket.send("x".repeat(40_000)), 1009, "Message too big"],
  ];
  for (const [index, [end, code, reason]] of ends.entries()) {
    const client = await connect(gateway);
    end(client);
    await until(() => functions.requests.length === index + 1);
    const { disconnectStatusCode, disconnectReason } = functions.event()["requestContext"] as Record<string, unknown>;
    assert.deepEqual([disconnectStatusCode, disconnectReason], [code, reason]);
  }
});

test("$connect's integration decides on the handshake", async () => {
  const functions = makeFunctions();
  await using gateway = await startGateway({ functions });
  gateway.deployWebSocket(aWebSocketApi({ $connect: { integration: aFunction } }));
  functions.answer = () => ({ statusCode: 200, headers: { "Sec-WebSocket-Protocol": "chat" } });
  const { socket } = await connect(gateway, { protocols: ["other", "chat"] });
  assert.equal(socket.protocol, "chat");
  socket.close();
  functions.answer = () => ({ statusCode: 418, body: "no tea" });
  await assert.rejects(connect(gateway), /^Error: 418 no tea$/);
  functions.answer = () => "no object";
  await assert.rejects(
    connect(gateway),
    /^Error: 502 \{"message": "Internal server error", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="\}$/,
  );
  functions.facts = undefined;
  await assert.rejects(connect(gateway), /^Error: 500 \{"message": "Internal server error"/);
});

test("a one-way route answers nothing but the gateway's own errors", async () => {
  const functions = makeFunctions();
  await using gateway = await startGateway({ functions });
  gateway.deployWebSocket(aWebSocketApi({ silent: { integration: aFunction }, hello }));
  const { ask, socket, messages } = await connect(gateway);
  socket.send('{"action": "silent"}');
  await until(() => functions.requests.length === 1);
  await ask({ action: "hello" });
  assert.equal(messages.length, 1);
  functions.answer = () => "no object";
  assert.match(await ask({ action: "silent" }), /^\{"message": "Internal server error", "connectionId":/);
  socket.close();
});

test("an HTTP backend gets the message and its answer is sent; the response's key chooses the template", async () => {
  await using backend = await startBackend((incoming, outgoing, body) =>
    outgoing.writeHead(incoming.url === "/bad" ? 404 : 200).end(`got ${body}`),
  );
  await using gateway = await startGateway();
  const url = (IntegrationType: "HTTP" | "HTTP_PROXY", path: string) => ({
    IntegrationType,
    IntegrationMethod: "POST",
    IntegrationUri: `${backend.origin}${path}`,
  });
  gateway.deployWebSocket(
    aWebSocketApi({
      proxy: {
        integration: {
          ...url("HTTP_PROXY", "/proxy"),
          RequestParameters: { "integration.request.header.connectionId": "context.connectionId" },
        },
        isTwoWay: true,
      },
      custom: {
        integration: {
          ...url("HTTP", "/bad"),
          TemplateSelectionExpression: "${request.body.kind}",
          RequestTemplates: { big: "BIG $input.path('$.n')", $default: "small" },
        },
        responses: [
          { IntegrationResponseKey: "/4\\d\\d/", ResponseTemplates: { $default: "failed: $input.body" } },
          { IntegrationResponseKey: "$default" },
        ],
        isTwoWay: true,
      },
      exact: {
        integration: url("HTTP", "/bad"),
        responses: [
          { IntegrationResponseKey: "404", ResponseTemplates: { $default: "status $context.status" } },
          { IntegrationResponseKey: "40", ResponseTemplates: { $default: "a part" } },
          { IntegrationResponseKey: "$default" },
        ],
        isTwoWay: true,
      },
    }),
  );
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask({ action: "exact" }), "status 404");
  backend.requests.length = 0;
  const message = '{"action":"proxy"}';
  assert.equal(await ask(message), `got ${message}`);
  assert.match(String(backend.requests[0]?.headers["connectionid"]), idPattern);
  assert.equal(await ask({ action: "custom", kind: "big", n: 7 }), "failed: got BIG 7");
  assert.equal(await ask({ action: "custom" }), "failed: got small");
  socket.close();
});

test("a message is served by what is deployed when it comes, and a stage that goes takes its connections along", async () => {
  await using gateway = await startGateway();
  gateway.deployWebSocket(aWebSocketApi({ hello }));
  const { ask, closed } = await connect(gateway);
  gateway.deployWebSocket(aWebSocketApi({ $default: hello }));
  assert.match(await ask({ action: "hello" }), /\$default/);
  gateway.gateway.setPlan("abc123/prod", null);
  assert.deepEqual(await closed, [1001, "Going away"]);
});

test("a stage that is removed while $connect runs takes the connection along, even if it is there again", async () => {
  const functions = makeFunctions();
  await using gateway = await startGateway({ functions });
  const open = { $connect: { integration: aFunction }, $disconnect: { integration: aFunction }, hello };
  const guarded = { $connect: { route: { AuthorizationType: "AWS_IAM" } }, hello };
  for (const next of [undefined, guarded]) {
    gateway.deployWebSocket(aWebSocketApi(open));
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    functions.outcome = async () => {
      await answered;
      return { kind: "ok", payload: Buffer.from('{"statusCode":200}'), requestId: "id" };
    };
    const before = functions.requests.length;
    const connecting = connect(gateway);
    await until(() => functions.requests.length === before + 1);
    gateway.gateway.setPlan("abc123/prod", null);
    if (next !== undefined) gateway.deployWebSocket(aWebSocketApi(next));
    answer();
    assert.deepEqual(await (await connecting).closed, [1001, "Going away"]);
    assert.equal(functions.requests.length, before + 1);
  }
});

test("what is no handshake is refused by HTTP, and no other kind of API upgrades", async () => {
  await using gateway = await startGateway();
  gateway.deployWebSocket(aWebSocketApi({ hello }));
  assert.equal((await gateway.call("")).status, 426);
  const wrong = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "8" };
  const refused = await gateway.call("", { headers: wrong });
  assert.deepEqual([refused.status, refused.text], [400, '{"message":"Bad Request"}']);
  assert.match(String(refused.headers["x-portico-hint"]), /Sec-WebSocket-Version is not 13/);
  await assert.rejects(connect(gateway, { path: "/prod/below" }), /^Error: 403 \{"message":"Forbidden"\}$/);
  await assert.rejects(connect(gateway, { path: "/other" }), /^Error: 403 \{"message":"Forbidden"\}$/);
  await assert.rejects(connect(gateway, { path: `/prod?${"x".repeat(4_100)}` }), /^Error: 414 /);
});

test("what guards $connect and can't be enforced closes it", async () => {
  await using gateway = await startGateway();
  for (const route of [{ AuthorizationType: "CUSTOM" }, { AuthorizationType: "custom" }, { ApiKeyRequired: true }]) {
    gateway.deployWebSocket(aWebSocketApi({ $connect: { route }, hello }));
    await assert.rejects(connect(gateway), /^Error: (?:501|40[13]) /);
  }
});

test("a required parameter that is missing refuses the handshake", async () => {
  await using gateway = await startGateway();
  const RequestParameters = { "route.request.querystring.token": { Required: true } };
  gateway.deployWebSocket(aWebSocketApi({ $connect: { route: { RequestParameters } }, hello }));
  await assert.rejects(connect(gateway), /^Error: 400 /);
  (await connect(gateway, { path: "/prod?token=1" })).socket.close();
});

test("large messages that are under way are bounded by their bytes, and keep their order with short ones", async () => {
  const functions = makeFunctions();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  functions.outcome = async () => {
    await opened;
    return { kind: "ok", payload: Buffer.from('{"statusCode":200,"body":"done"}'), requestId: "id" };
  };
  await using gateway = await startGateway({ functions });
  gateway.deployWebSocket(aWebSocketApi({ $default: { integration: aFunction, isTwoWay: true } }));
  const { socket, messages } = await connect(gateway);
  const large = (mark: string): void => {
    for (let part = 0; part < 4; part++) socket.send(mark.repeat(30_000), { fin: part === 3 });
  };
  for (const mark of ["a", "b", "c"]) {
    large(mark);
    socket.send(mark);
  }
  large("d");
  // Two large ones and the third make more than 256 KB.
  await until(() => functions.requests.length === 5);
  open();
  await until(() => messages.length === 7);
  const bodies = functions.requests.map(({ payload }) => (JSON.parse(String(payload)) as { body: string }).body);
  assert.deepEqual(
    bodies.map((body) => `${body[0]}${body.length}`),
    ["a120000", "a1", "b120000", "b1", "c120000", "c1", "d120000"],
  );
  socket.close();
});

test("messages that are under way are bounded; further ones wait and none is lost", async () => {
  const functions = makeFunctions();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  functions.outcome = async () => {
    await opened;
    return { kind: "ok", payload: Buffer.from('{"statusCode":200,"body":"done"}'), requestId: "id" };
  };
  await using gateway = await startGateway({ functions });
  gateway.deployWebSocket(aWebSocketApi({ $default: { integration: aFunction, isTwoWay: true } }));
  const { socket, messages } = await connect(gateway);
  for (let index = 0; index < 100; index++) socket.send("x");
  await until(() => functions.requests.length === 32);
  open();
  await until(() => messages.length === 100);
  assert.ok(messages.every((message) => message === "done"));
  socket.close();
});
