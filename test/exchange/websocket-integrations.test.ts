// What routes of WebSocket APIs do with messages: every type of integration, models, selection, templates, conversions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import type { IntegrationResponse } from "../../src/definition/http-api.ts";
import type { VpcLink } from "../../src/definition/vpc-link.ts";
import type { WebSocketIntegration } from "../../src/definition/websocket-api.ts";
import type { InvokeOutcome } from "../../src/functions/function-client.ts";
import { publicListener } from "../../src/http/listener.ts";
import { until } from "../until.ts";
import { functionArn } from "./a-rest-api.ts";
import { aWebSocketApi, aWebSocketStage, type WebSocketRouteOf } from "./a-websocket-api.ts";
import { isSignatureRight } from "./aws-signature.ts";
import { allowAll, FakeFunctions } from "./fake-functions.ts";
import { connect, type HandshakeRefused, host } from "./open-websocket.ts";
import { startBackend, startGateway, startRawBackend } from "./start-gateway.ts";

const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
const ok = { RequestTemplates: { $default: '{"statusCode": 200}' } };
const id = "[\\w-]{15}=";
const frame = (message: string): RegExp =>
  new RegExp(`^\\{"message": "${message}", "connectionId":"${id}", "requestId":"${id}"\\}$`);

function someFunctions(): FakeFunctions {
  const functions = new FakeFunctions();
  functions.facts = { functionArn, policy: allowAll.replace("abc123/*/*/*", "abc123/*/*"), policyRevision: "1" };
  return functions;
}

/** A MOCK that answers with what the template makes. */
const answering = (template: string, integration: Partial<WebSocketIntegration> = {}): WebSocketRouteOf => ({
  integration: { ...ok, ...integration },
  responses: [{ ResponseTemplates: { $default: template } }],
  isTwoWay: true,
});

test("a selection expression prints what it finds as Java does, once, and what it does not find is empty", async () => {
  await using gateway = await startGateway();
  const shown = answering("$context.routeKey");
  const cases: readonly (readonly [string, string, unknown])[] = [
    ["$request.body.action", "join", { action: "join" }],
    ["${request.body.action}", "join", { action: "join" }],
    ["${request.body.service}/${request.body.action}", "chat/join", { service: "chat", action: "join" }],
    ["${request.body.action}-${request.body.none}", "join-", { action: "join" }],
    ["$request.body.data.room", "room1234", { data: { room: "room1234" } }],
    ["$request.body.list", "[item1, item2]", { list: ["item1", "item2"] }],
    ["$request.body.list[1]", "item2", { list: ["item1", "item2"] }],
    ["$request.body..id", "[1, 2]", { a: { id: 1 }, b: { id: 2 } }],
    ["$request.body.n", "1", { n: 1 }],
    ["$request.body.n", "1.5", { n: 1.5 }],
    ["$request.body.yes", "true", { yes: true }],
    ["$request.body['a.b']", "c", { "a.b": "c" }],
    ["action", "action", {}],
    ["$request.body.action", "${request.body.other}", { action: "${request.body.other}", other: "x" }],
    ["$request.body.__proto__", "own", '{"__proto__": "own"}'],
    ["$request.body.action", "constructor", { action: "constructor" }],
  ];
  for (const [RouteSelectionExpression, key, message] of cases) {
    gateway.deployWebSocket(
      aWebSocketApi({ [key]: shown, $default: answering("default") }, { api: { RouteSelectionExpression } }),
    );
    const { ask, socket } = await connect(gateway);
    assert.equal(await ask(message), key, `${RouteSelectionExpression} of ${JSON.stringify(message)}`);
    socket.close();
  }
});

test("expressions that can't be evaluated, and keys that no route has, go to $default", async () => {
  await using gateway = await startGateway();
  gateway.deployWebSocket(
    aWebSocketApi({ known: answering("known"), $connect: {}, $default: answering("default") }, {}),
  );
  const { ask, socket } = await connect(gateway);
  const deep = `${'{"action":'.repeat(2_000)}"known"${"}".repeat(2_000)}`;
  for (const message of [
    deep,
    `{"action":"known"} x`,
    `{"action":"known"`,
    `{"action":{"action":"known"}}`,
    `{"action":null}`,
    `{"toString":"known"}`,
    `{"action":"toString"}`,
    `{"action":"hasOwnProperty"}`,
    `{"action":"${"a".repeat(31_000)}"}`,
  ]) {
    assert.equal(await ask(message), "default", message.slice(0, 60));
  }
  assert.equal(await ask('{"action":"known"}'), "known");
  socket.close();
});

test("a stage whose route selection can't be read is closed, and its connections end", async () => {
  await using gateway = await startGateway();
  gateway.deployWebSocket(aWebSocketApi({ $default: answering("open") }));
  const { ask, closed } = await connect(gateway);
  assert.equal(await ask("x"), "open");
  gateway.deployWebSocket(
    aWebSocketApi({ $default: answering("open") }, { api: { RouteSelectionExpression: "$request.header.x" } }),
  );
  assert.deepEqual(await closed, [1001, "Going away"]);
  await assert.rejects(connect(gateway), /^Error: 501 .*RouteSelectionExpression/);
});

test("templates have WebSocket's variables and no others", async () => {
  await using gateway = await startGateway({ nowMs: 1_674_162_806_344 });
  const names = [
    "connectionId",
    "messageId",
    "requestId",
    "extendedRequestId",
    "eventType",
    "routeKey",
    "stage",
    "apiId",
  ];
  const more = [
    "domainName",
    "domainPrefix",
    "connectedAt",
    "requestTimeEpoch",
    "requestTime",
    "identity.sourceIp",
    "identity.userAgent",
    "status",
  ];
  const missing = ["httpMethod", "path", "resourcePath", "protocol", "accountId", "nothing"];
  const template = [...names, ...more, ...missing].map((name) => `$context.${name}`).join("|");
  gateway.deployWebSocket(
    aWebSocketApi({ hello: answering(`${template}|$stageVariables.k|$stageVariables['k']|$input.params()`) }),
    aWebSocketStage({ StageVariables: { k: "v" } }),
  );
  const { ask, socket } = await connect(gateway, { headers: { "User-Agent": "agent/1.0" } });
  const [connectionId, messageId, requestId, extended, ...rest] = (await ask({ action: "hello" })).split("|");
  for (const each of [connectionId, messageId, requestId]) assert.match(String(each), new RegExp(`^${id}$`));
  assert.equal(requestId, extended);
  assert.equal(new Set([connectionId, messageId, requestId]).size, 3);
  assert.deepEqual(rest, [
    ...["MESSAGE", "hello", "prod", "abc123", host, "abc123", "1674162806344", "1674162806344"],
    ...["19/Jan/2023:21:13:26 +0000", "127.0.0.1", "agent/1.0", "200"],
    ...missing.map(() => ""),
    ...["v", "v", "{path={}, querystring={}, header={}}"],
  ]);
  socket.close();
});

test("the message chooses the template, by its expression or $default; passthrough decides on the rest", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ listener: publicListener });
  const to = (integration: Partial<WebSocketIntegration>): WebSocketRouteOf => ({
    integration: {
      IntegrationType: "HTTP",
      IntegrationMethod: "POST",
      IntegrationUri: `${backend.origin}/x`,
      TemplateSelectionExpression: "${request.body.kind}",
      ...integration,
    },
    responses: [{}],
    isTwoWay: true,
  });
  gateway.deployWebSocket(
    aWebSocketApi({
      both: to({ RequestTemplates: { A: "upper $input.json('$.n')", a: "lower", $default: "other" } }),
      none: to({}),
      no: to({ RequestTemplates: { a: "lower" }, PassthroughBehavior: "NEVER" }),
      if: to({ RequestTemplates: { a: "lower" }, PassthroughBehavior: "WHEN_NO_TEMPLATES" }),
      old: to({ RequestTemplates: { "application/json": "old" }, TemplateSelectionExpression: undefined as never }),
    }),
  );
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask({ action: "both", kind: "A", n: [1] }), "echo upper [1]");
  assert.equal(await ask({ action: "both", kind: "a" }), "echo lower");
  assert.equal(await ask({ action: "both" }), "echo other");
  assert.equal(await ask({ action: "none" }), 'echo {"action":"none"}');
  assert.equal(await ask({ action: "if", kind: "a" }), "echo lower");
  assert.match(await ask({ action: "if" }), frame("Unsupported Media Type"));
  assert.match(await ask({ action: "no" }), frame("Unsupported Media Type"));
  assert.equal(await ask({ action: "old" }), "echo old");
  socket.close();
});

test("the integration's status, headers and the message choose the answer's template", async () => {
  await using backend = await startBackend((incoming, outgoing, body) =>
    outgoing.writeHead(Number(body) || 200, { "X-Kind": incoming.url === "/k" ? "special" : "plain" }).end("body"),
  );
  await using gateway = await startGateway();
  const to = (TemplateSelectionExpression: string, path = "/"): WebSocketRouteOf => ({
    integration: {
      IntegrationType: "HTTP",
      IntegrationMethod: "POST",
      IntegrationUri: `${backend.origin}${path}`,
      RequestTemplates: { $default: "$input.json('$.status')" },
    },
    responses: [
      {
        IntegrationResponseKey: "/2\\d\\d/",
        TemplateSelectionExpression,
        ResponseTemplates: { "201": "created $input.body", special: "special", mine: "mine", $default: "other" },
      },
      {
        IntegrationResponseKey: "/4\\d\\d/",
        ResponseTemplates: { $default: "refused", "application/json": "by its type" },
      },
      { IntegrationResponseKey: "/3\\d\\d/", ResponseTemplates: { "application/json": "moved", "300": "300" } },
    ],
    isTwoWay: true,
  });
  gateway.deployWebSocket(
    aWebSocketApi({
      status: to("${integration.response.statuscode}"),
      header: to("${integration.response.header.X-Kind}", "/k"),
      body: to("${request.body.as}"),
    }),
  );
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask({ action: "status", status: 201 }), "created body");
  assert.equal(await ask({ action: "status", status: 200 }), "other");
  assert.equal(await ask({ action: "header", status: 200 }), "special");
  assert.equal(await ask({ action: "body", status: 200, as: "mine" }), "mine");
  assert.equal(await ask({ action: "body", status: 404 }), "refused");
  assert.equal(await ask({ action: "body", status: 300 }), "moved");
  assert.match(await ask({ action: "body", status: 500 }), /^\{"message": "Internal server error"/);
  socket.close();
});

test("messages are validated with the model that they select", async () => {
  await using gateway = await startGateway({ listener: publicListener });
  const model = (Name: string, Schema: object) => ({ ModelId: Name, Name, Schema: JSON.stringify(Schema) });
  const models = [
    model("Move", { type: "object", required: ["x"], properties: { x: { type: "integer" } } }),
    model("Say", { type: "object", required: ["text"] }),
  ];
  const route = { ModelSelectionExpression: "$request.body.kind", RequestModels: { move: "Move", say: "Say" } };
  gateway.deployWebSocket(
    aWebSocketApi(
      {
        strict: { ...answering("valid"), route },
        lenient: {
          ...answering("valid"),
          route: { ...route, RequestModels: { ...route.RequestModels, $default: "Say" } },
        },
        bare: { ...answering("valid"), route: { ModelSelectionExpression: route.ModelSelectionExpression } },
        unasked: { ...answering("valid"), route: { RequestModels: route.RequestModels } },
        gone: { ...answering("valid"), route: { ...route, RequestModels: { move: "None" } } },
        $default: { ...answering("valid"), route },
      },
      { models },
    ),
  );
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask({ action: "strict", kind: "move", x: 1 }), "valid");
  assert.match(await ask({ action: "strict", kind: "move", x: "1" }), frame("Bad request body"));
  assert.match(await ask({ action: "strict", kind: "say" }), frame("Bad request body"));
  assert.match(await ask({ action: "strict", kind: "other" }), frame("Bad request body"));
  assert.match(await ask({ action: "strict" }), frame("Bad request body"));
  assert.equal(await ask({ action: "lenient", text: "" }), "valid");
  assert.match(await ask({ action: "lenient" }), frame("Bad request body"));
  assert.match(await ask({ action: "bare", kind: "move", x: 1 }), frame("Bad request body"));
  assert.equal(await ask({ action: "unasked" }), "valid");
  assert.match(await ask({ action: "gone", kind: "move" }), /^\{"message": "Portico does not do this yet: model None/);
  assert.match(await ask("no JSON"), frame("Bad request body"));
  assert.equal(await ask({ action: "strict", kind: "move", x: 1 }), "valid");
  socket.close();
});

test("base64 becomes bytes for the backend, and a backend's bytes become base64", async () => {
  await using backend = await startBackend((incoming, outgoing, body) =>
    outgoing.end(incoming.url === "/bytes" ? Buffer.from([0xff, 0x00, 0x41]) : `got ${body}`),
  );
  await using gateway = await startGateway();
  const to = (
    IntegrationType: "HTTP" | "HTTP_PROXY",
    path: string,
    ContentHandlingStrategy?: "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT",
  ): Partial<WebSocketIntegration> => ({
    IntegrationType,
    IntegrationMethod: "POST",
    IntegrationUri: `${backend.origin}${path}`,
    ...(ContentHandlingStrategy && { ContentHandlingStrategy }),
  });
  const deploy = (integration: Partial<WebSocketIntegration>, response: Partial<IntegrationResponse> = {}): void => {
    gateway.deployWebSocket(aWebSocketApi({ $default: { integration, responses: [response], isTwoWay: true } }));
  };
  deploy(to("HTTP", "/bytes"));
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask("x"), "\ufffd\0A");
  deploy(to("HTTP", "/bytes"), { ContentHandlingStrategy: "CONVERT_TO_TEXT" });
  assert.equal(await ask("x"), "/wBB");
  deploy(to("HTTP", "/bytes"), {
    ContentHandlingStrategy: "CONVERT_TO_TEXT",
    ResponseTemplates: { $default: "base64 $input.body" },
  });
  assert.equal(await ask("x"), "base64 /wBB");
  deploy(to("HTTP_PROXY", "/", "CONVERT_TO_BINARY"));
  assert.equal(await ask("aGVsbG8="), "got hello");
  assert.match(await ask("no base64!"), /^\{"message": "Internal server error"/);
  deploy(to("HTTP", "/", "CONVERT_TO_BINARY"));
  assert.equal(await ask("aGVsbG8="), "got hello");
  deploy(to("HTTP", "/", "CONVERT_TO_TEXT"));
  assert.equal(await ask("hello"), "got hello");
  socket.close();
});

test("a function of the type AWS gets what the template makes, and its error chooses the answer", async () => {
  const functions = someFunctions();
  await using gateway = await startGateway({ functions });
  gateway.deployWebSocket(
    aWebSocketApi({
      add: {
        integration: {
          IntegrationType: "AWS",
          IntegrationMethod: "POST",
          IntegrationUri: uri,
          RequestTemplates: { $default: '{"sum": $input.json(\'$.of\'), "by": "$context.connectionId"}' },
        },
        responses: [
          {
            IntegrationResponseKey: "/.*too big.*/",
            ResponseTemplates: { $default: "sorry: $input.path('$.errorMessage')" },
          },
          { IntegrationResponseKey: "$default", ResponseTemplates: { $default: "it is $input.path('$.result')" } },
        ],
        isTwoWay: true,
      },
    }),
  );
  const { ask, socket } = await connect(gateway);
  functions.answer = (event) => ({ result: (event["sum"] as number[]).reduce((a, b) => a + b) });
  assert.equal(await ask({ action: "add", of: [1, 2] }), "it is 3");
  assert.match(String(functions.event()["by"]), new RegExp(`^${id}$`));
  functions.outcome = () => Promise.resolve(failed("it is too big"));
  assert.equal(await ask({ action: "add", of: [1] }), "sorry: it is too big");
  socket.close();
});

const failed = (errorMessage: string): InvokeOutcome => ({
  kind: "function-error",
  errorMessage,
  payload: Buffer.from(JSON.stringify({ errorMessage })),
  requestId: "id",
});

test("an action of a service is called with the role's credentials", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end('{"MessageId":"m1"}'));
  await using gateway = await startGateway({ services: { endpoints: { sqs: backend.origin } } });
  gateway.deployWebSocket(
    aWebSocketApi({
      send: {
        integration: {
          IntegrationType: "AWS",
          IntegrationMethod: "POST",
          IntegrationUri: "arn:aws:apigateway:eu-west-1:sqs:path/000000000000/orders",
          CredentialsArn: "arn:aws:iam::000000000000:role/gateway",
          RequestParameters: {
            "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
            "integration.request.querystring.room": "route.request.body.room",
          },
          RequestTemplates: { $default: "Action=SendMessage&MessageBody=$util.urlEncode($input.json('$.text'))" },
        },
        responses: [{ ResponseTemplates: { $default: "sent $input.path('$.MessageId')" } }],
        isTwoWay: true,
      },
    }),
  );
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask({ action: "send", text: "hi", room: "r1" }), "sent m1");
  const [seen] = backend.requests;
  assert.equal(seen?.url, "/000000000000/orders?room=r1");
  assert.equal(seen?.body, "Action=SendMessage&MessageBody=%22hi%22");
  assert.ok(isSignatureRight(seen!, { service: "sqs", secretAccessKey: "portico" }));
  socket.close();
});

test("a private integration goes where the VPC link leads", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const link: VpcLink = { id: "link12", name: "private", targetArns: [], status: "AVAILABLE", statusMessage: "" };
  const integration = {
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "POST",
    IntegrationUri: "http://orders.internal/orders",
    ConnectionType: "VPC_LINK",
    ConnectionId: "${stageVariables.link}",
  } as const;
  const stage = aWebSocketStage({ StageVariables: { link: "link12" } });
  const { plan } = gateway.deployWebSocket(aWebSocketApi({ $default: { integration, isTwoWay: true } }), stage, {
    ...noSurroundings,
    vpcLinks: new Map([["link12", link]]),
    vpcLinkAddresses: { link12: [backend.origin.slice("http://".length)] },
  });
  assert.deepEqual(plan.vpcLinks, ["link12"]);
  const { ask, socket } = await connect(gateway);
  assert.equal(await ask("hello"), "echo hello");
  assert.deepEqual([backend.requests[0]?.url, backend.requests[0]?.headers.host], ["/orders", "orders.internal"]);
  socket.close();
});

test("what goes to a backend with a message is no header of the handshake", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const integration = {
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "ANY",
    IntegrationUri: backend.origin,
  } as const;
  gateway.deployWebSocket(aWebSocketApi({ $connect: { integration }, $default: { integration, isTwoWay: true } }));
  const { ask, socket } = await connect(gateway, { path: "/prod?token=t", headers: { cookie: "secret=1" } });
  assert.equal(await ask("hello"), "echo hello");
  const [connected, sent] = backend.requests;
  assert.deepEqual([connected?.method, connected?.url, connected?.headers.cookie], ["GET", "/?token=t", "secret=1"]);
  assert.deepEqual([sent?.method, sent?.url, sent?.headers.cookie], ["POST", "/", undefined]);
  assert.equal(sent?.headers["sec-websocket-key"], undefined);
  socket.close();
});

test("errors are AWS's messages, and the connection stays", async () => {
  const functions = someFunctions();
  await using dead = await startRawBackend((connection) => connection.destroy());
  await using silent = await startRawBackend(() => {});
  await using gateway = await startGateway({ functions, listener: publicListener });
  const url = (IntegrationUri: string, more: Partial<WebSocketIntegration> = {}): WebSocketRouteOf => ({
    integration: { IntegrationType: "HTTP_PROXY", IntegrationMethod: "POST", IntegrationUri, ...more },
  });
  gateway.deployWebSocket(
    aWebSocketApi({
      dead: url(dead.origin),
      slow: url(silent.origin, { TimeoutInMillis: 50 }),
      broken: answering("$input.json($nothing)"),
      unmatched: { integration: ok, responses: [{ IntegrationResponseKey: "/4\\d\\d/" }], isTwoWay: true },
      statusless: { ...answering("x"), integration: { RequestTemplates: { $default: "{}" } } },
      untargeted: { isTwoWay: true },
      function: { integration: { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", IntegrationUri: uri } },
      long: { ...answering("x"), responses: [{ ResponseTemplates: { $default: "é".repeat(65_600) } }] },
    }),
  );
  const { ask, socket } = await connect(gateway);
  const of = (action: string): Promise<string> => ask({ action });
  assert.match(await of("dead"), frame("Internal server error"));
  assert.match(await of("slow"), frame("Endpoint request timed out"));
  assert.match(await of("broken"), frame("Internal server error"));
  assert.match(await of("unmatched"), frame("Internal server error"));
  assert.match(await of("statusless"), frame("Internal server error"));
  assert.match(await of("untargeted"), frame("Forbidden"));
  assert.match(await of("none"), frame("Forbidden"));
  assert.match(await of("long"), frame("Internal server error"));
  functions.outcome = () => Promise.resolve(failed("thrown"));
  assert.match(await of("function"), frame("Internal server error"));
  functions.outcome = () => Promise.reject(new Error("a bug"));
  assert.match(await of("function"), frame("Internal server error"));
  functions.facts = undefined;
  assert.match(await of("function"), frame("Internal server error"));
  socket.close();
});

test("a two-way function's answer is sent whatever its status, and without a body it is empty", async () => {
  const functions = someFunctions();
  await using gateway = await startGateway({ functions });
  const integration = { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", IntegrationUri: uri } as const;
  gateway.deployWebSocket(aWebSocketApi({ $default: { integration, isTwoWay: true } }));
  const { ask, socket } = await connect(gateway);
  functions.answer = () => ({ statusCode: 500, body: "bad luck" });
  assert.equal(await ask("x"), "bad luck");
  functions.answer = () => ({ statusCode: 200 });
  assert.equal(await ask("x"), "");
  functions.answer = () => ({ statusCode: 200, body: "aGk=", isBase64Encoded: true });
  assert.equal(await ask("x"), "aGk=");
  socket.close();
});

test("a MOCK's status, a backend's and a failing function decide on the handshake", async () => {
  const functions = someFunctions();
  await using backend = await startBackend((incoming, outgoing) =>
    outgoing.writeHead(incoming.url?.includes("no") === true ? 403 : 200, { "X-Why": "because" }).end("why not"),
  );
  await using gateway = await startGateway({ functions });
  const refuses = async (route: WebSocketRouteOf, what: RegExp, path = "/prod"): Promise<void> => {
    gateway.deployWebSocket(aWebSocketApi({ $connect: route, $default: answering("x") }));
    await assert.rejects(connect(gateway, { path }), what);
  };
  const accepts = async (route: WebSocketRouteOf, path = "/prod", protocols: string[] = []): Promise<string> => {
    gateway.deployWebSocket(aWebSocketApi({ $connect: route, $default: answering("x") }));
    const { socket } = await connect(gateway, { path, protocols });
    socket.close();
    return socket.protocol;
  };
  const mock = (statusCode: number): Partial<WebSocketIntegration> => ({
    RequestTemplates: { $default: `{"statusCode": ${statusCode}}` },
  });
  await accepts({ integration: mock(204) });
  await refuses({ integration: mock(401) }, /^Error: 401 /);
  await refuses(
    { integration: mock(403), responses: [{ ResponseTemplates: { $default: "go away" } }] },
    /^Error: 403 go away$/,
  );
  // The key of a template is no media type.
  await assert.rejects(connect(gateway), ({ headers }: HandshakeRefused) => {
    assert.equal(headers["content-type"], "application/json");
    return true;
  });
  await refuses({ integration: mock(302) }, /^Error: 302 /);
  const url = (IntegrationType: "HTTP" | "HTTP_PROXY"): Partial<WebSocketIntegration> => ({
    IntegrationType,
    IntegrationMethod: "GET",
    IntegrationUri: backend.origin,
    RequestParameters: { "integration.request.querystring.q": "route.request.querystring.q" },
  });
  await accepts({ integration: url("HTTP_PROXY") });
  await refuses({ integration: url("HTTP_PROXY") }, /^Error: 403 why not$/, "/prod?q=no");
  await accepts({ integration: url("HTTP") });
  await refuses({ integration: url("HTTP") }, /^Error: 403 why not$/, "/prod?q=no");
  const protocol = await accepts(
    {
      integration: url("HTTP"),
      responses: [{ ResponseParameters: { "method.response.header.Sec-WebSocket-Protocol": "'chat'" } }],
    },
    "/prod",
    ["soap", "chat"],
  );
  assert.equal(protocol, "chat");
  functions.answer = () => ({ ok: true });
  const custom: Partial<WebSocketIntegration> = {
    IntegrationType: "AWS",
    IntegrationMethod: "POST",
    IntegrationUri: uri,
  };
  await accepts({ integration: custom });
  functions.outcome = () => Promise.resolve(failed("no"));
  await refuses({ integration: custom }, /^Error: 500 /);
});

test("an answer that is longer than a message is an error, which says so, and nothing where nobody is told it", async () => {
  await using backend = await startBackend((incoming, outgoing) =>
    outgoing.end(incoming.url === "/long" ? "x".repeat(200_000) : "short"),
  );
  const route = (path: string, isTwoWay: boolean): WebSocketRouteOf => ({
    integration: {
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "GET",
      IntegrationUri: `${backend.origin}${path}`,
    },
    isTwoWay,
  });
  await using gateway = await startGateway();
  gateway.deployWebSocket(
    aWebSocketApi({ heard: route("/long", true), unheard: route("/long", false), short: route("/", true) }),
  );
  const { ask, socket, messages } = await connect(gateway);
  const error = await ask({ action: "heard" });
  assert.match(
    error,
    /^\{"message": "Internal server error".*"hint":"the integration answered more than the 131072 bytes/,
  );
  socket.send(JSON.stringify({ action: "unheard" }));
  await until(() => backend.requests.length === 2);
  await until(async () => (await ask({ action: "short" })) === "short");
  assert.deepEqual(messages.slice(1), Array(messages.length - 1).fill("short"));
  socket.close();
});

test("an integration without responses serves where nobody is told what it answers", async () => {
  const functions = someFunctions();
  await using gateway = await startGateway({ functions });
  const integration = { IntegrationType: "AWS", IntegrationMethod: "POST", IntegrationUri: uri } as const;
  gateway.deployWebSocket(
    aWebSocketApi({ quiet: { integration }, loud: { integration, isTwoWay: true }, hello: answering("hello") }),
  );
  const { ask, socket, messages } = await connect(gateway);
  socket.send('{"action":"quiet"}');
  await until(() => functions.requests.length === 1);
  assert.equal(await ask({ action: "hello" }), "hello");
  assert.match(await ask({ action: "loud" }), /^\{"message": "Internal server error"/);
  assert.equal(messages.length, 2);
  socket.close();
});

test("a message that came is worked on, although its sender is gone", async () => {
  const functions = someFunctions();
  await using gateway = await startGateway({ functions });
  const integration = { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", IntegrationUri: uri } as const;
  gateway.deployWebSocket(aWebSocketApi({ $default: { integration, isTwoWay: true }, $disconnect: { integration } }));
  const { socket } = await connect(gateway);
  socket.send("last words");
  socket.close();
  await until(() => functions.requests.length === 2);
  const events = functions.requests.map(({ payload }) => (JSON.parse(String(payload)) as { body?: string }).body);
  assert.deepEqual(events, ["last words", undefined]);
  assert.deepEqual(gateway.errors, []);
});

test("an execution log tells of messages, where the route or the stage has one", async () => {
  const logs: string[] = [];
  await using gateway = await startGateway({ onExecutionLog: ({ lines }) => logs.push(JSON.stringify(lines)) });
  gateway.deployWebSocket(
    aWebSocketApi({ hello: answering("hi"), quiet: answering("shh") }),
    aWebSocketStage({
      DefaultRouteSettings: { LoggingLevel: "INFO", DataTraceEnabled: true },
      RouteSettings: { quiet: { LoggingLevel: "OFF" } },
    }),
  );
  const { ask, socket } = await connect(gateway);
  await ask({ action: "quiet" });
  assert.equal(logs.length, 0);
  await ask({ action: "hello" });
  await until(() => logs.length > 0);
  assert.match(logs.join(), /action.*hello[\s\S]*hi/);
  socket.close();
});

test("an execution log says which parameter a handshake lacks, and clients are not told", async () => {
  const logs: string[] = [];
  await using gateway = await startGateway({ onExecutionLog: ({ lines }) => logs.push(JSON.stringify(lines)) });
  const route = { RequestParameters: { "route.request.querystring.room": { Required: true } } };
  const stage = aWebSocketStage({ DefaultRouteSettings: { LoggingLevel: "ERROR" } });
  gateway.deployWebSocket(aWebSocketApi({ $connect: { route } }), stage);
  await assert.rejects(connect(gateway), /^Error: 400 \{"message":"Bad Request"\}$/);
  await until(() => logs.length > 0);
  assert.match(logs.join(), /Execution failed: Missing required request parameters: \[room\]/);
  const gone = {
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "GET",
    IntegrationUri: "http://127.0.0.1:1",
  } as const;
  gateway.deployWebSocket(aWebSocketApi({ gone: { integration: gone } }), stage);
  const { ask, socket } = await connect(gateway);
  await ask({ action: "gone" });
  await until(() => logs.length > 1);
  assert.match(logs.join(), /Execution failed due to a network error communicating with endpoint: /);
  socket.close();
});
