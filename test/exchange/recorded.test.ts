import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration, RestApiDefinition, Stage } from "../../src/definition/rest-api.ts";
import type { AwsServiceSettings } from "../../src/gateway/integrations/aws-services.ts";
import { aLambdaProxy, aMethod, aMock, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type CallOptions, type Reply, startBackend, startGateway } from "./start-gateway.ts";

// Answers that were recorded from AWS, a test for each row of docs/internals/aws-facts/recorded.md that is about one exchange
// and has no table or case file of its own. Rows 4 to 6 are in header-table.test.ts as well.

const textMock = (text: string): Integration => aMock(text);

const http = (uri: string, overrides: Partial<Integration> = {}): Integration => ({
  type: "HTTP",
  httpMethod: "POST",
  uri,
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});

/** A service whose endpoint is a backend of the test. */
const services = (origin: string): AwsServiceSettings => ({ endpoints: { "*": origin } });

test("1: routing backs out of a static node that lacks the verb", async () => {
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/test": { POST: aMethod(textMock("static")) },
      "/{proxy+}": { OPTIONS: aMethod(textMock("proxy")) },
      "/a/b": { GET: aMethod(textMock("a/b")) },
      "/a/{x}": { PUT: aMethod(textMock("a/x")) },
      "/a/{x}/{deep+}": { DELETE: aMethod(textMock("deep")) },
      "/a": { ANY: aMethod(textMock("any")) },
    }),
  );
  const served: readonly (readonly [verb: string, path: string, by: string])[] = [
    ["POST", "/test", "static"],
    ["OPTIONS", "/test", "proxy"],
    ["OPTIONS", "/test/", "proxy"],
    ["GET", "/a/b", "a/b"],
    ["PUT", "/a/b", "a/x"],
    ["OPTIONS", "/a/b", "proxy"],
    ["DELETE", "/a/b/c", "deep"],
    ["OPTIONS", "/a/b/c", "proxy"],
    ["OPTIONS", "/a", "any"],
  ];
  for (const [method, path, by] of served) {
    const reply = await gateway.call(path, { method });
    assert.deepEqual([reply.status, reply.text], [200, by], `${method} ${path}`);
  }
  const refused = await gateway.call("/test", { method: "GET" });
  assert.equal(refused.status, 403);
  assert.match(String(refused.headers["x-portico-hint"]), /\/test has no GET; it has POST/);
});

test("2: the greedy parameter has no slash at its end, and the path keeps it", async () => {
  const functions = new FakeFunctions();
  await using backend = await startBackend((_, outgoing) => outgoing.end());
  await using gateway = await startGateway({ functions });
  gateway.deploy(
    aRestApi({
      "/{proxy+}": { GET: aMethod(aLambdaProxy()) },
      "/http/{proxy+}": {
        GET: aMethod(
          anHttpProxy(`${backend.origin}/{proxy}`, {
            requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
          }),
        ),
      },
    }),
  );
  for (const [path, proxy] of [
    ["/proxy-value/", "proxy-value"],
    ["/proxy-value", "proxy-value"],
    ["/a/b//c//", "a/b//c"],
  ] as const) {
    await gateway.call(path);
    const event = functions.event();
    assert.deepEqual([event["pathParameters"], event["path"]], [{ proxy }, path]);
  }
  await gateway.call("/http/x/y/");
  assert.equal(backend.requests.at(-1)!.url, "/x/y");
});

test("3: an empty body is served whatever its Content-Encoding", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  gateway.deploy(
    aRestApi({
      "/lambda": { POST: aMethod(aLambdaProxy()) },
      "/proxy": { POST: aMethod(anHttpProxy(backend.origin)) },
      "/http": { POST: aMethod(http(backend.origin, { requestTemplates: { "application/json": "$input.body" } })) },
      "/mock": { POST: aMethod(textMock("ok")) },
    }),
  );
  for (const path of ["/lambda", "/proxy", "/http", "/mock"]) {
    for (const coding of ["deflate", "gzip", "br"]) {
      const head = `POST /prod${path} HTTP/1.1\r\nHost: abc123.execute-api.x\r\nConnection: close\r\nContent-Encoding: ${coding}\r\n`;
      for (const framed of ["Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]) {
        assert.match(await gateway.raw(head + framed), /^HTTP\/1.1 200 /, `${path} ${coding} ${framed}`);
      }
    }
  }
});

/** One method of each integration type below `/{type}`. */
const everyType = (origin: string, parameters: Readonly<Record<string, string>>): RestApiDefinition =>
  aRestApi(
    Object.fromEntries(
      Object.entries({
        HTTP: http(origin),
        HTTP_PROXY: anHttpProxy(origin),
        MOCK: textMock("ok"),
        AWS_PROXY: aLambdaProxy(),
        AWS: aLambdaProxy({ type: "AWS", integrationResponses: { "200": { statusCode: "200" } } }),
        service: http("arn:aws:apigateway:us-east-1:sqs:path/q", {
          type: "AWS",
          credentials: "arn:aws:iam::000000000000:role/r",
        }),
      }).map(([type, integration]) => [
        `/${type}`,
        { POST: aMethod({ ...integration, requestParameters: parameters }, { httpMethod: "POST" }) },
      ]),
    ),
  );

test("4: mapping into a reserved request header is 500, by the integration's type", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway({ functions: new FakeFunctions(), services: services(backend.origin) });
  const ofServices = ["Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE"];
  for (const name of ["Content-Length", "Transfer-Encoding", "content-LENGTH", ...ofServices, "authorization"]) {
    gateway.deploy(everyType(backend.origin, { [`integration.request.header.${name}`]: "'x'" }));
    const isForServices = /^(authorization|connection|expect|proxy-authenticate|te)$/i.test(name);
    for (const type of ["HTTP", "HTTP_PROXY", "MOCK", "AWS_PROXY", "AWS", "service"]) {
      const reply = await gateway.call(`/${type}`, { method: "POST", body: "{}" });
      const isServed = isForServices && !/AWS|service/.test(type);
      assert.equal(reply.status, isServed ? 200 : 500, `${type} ${name}: ${reply.text}`);
      if (isServed) continue;
      assert.equal(reply.text, '{"message": "Internal server error"}');
      assert.match(String(reply.headers["x-portico-hint"]), new RegExp(`integration.request.header.${name}`));
    }
  }
});

test("4: overriding a reserved request header in a template is 500 as well", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway({ functions: new FakeFunctions(), services: services(backend.origin) });
  const overriding = (name: string): Partial<Integration> => ({
    requestTemplates: { "application/json": `#set($context.requestOverride.header["${name}"] = "x"){}` },
  });
  const custom = { integrationResponses: { "200": { statusCode: "200" } }, type: "AWS" } as const;
  const call = async (integration: Integration): Promise<number> => {
    gateway.deploy(aRestApi({ "/": { POST: aMethod(integration) } }));
    return (await gateway.call("/", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }))
      .status;
  };
  for (const [name, ofHttp] of [
    ["Content-Length", 500],
    ["transfer-encoding", 500],
    ["Authorization", 200],
    ["TE", 200],
  ] as const) {
    assert.equal(await call(http(backend.origin, overriding(name))), ofHttp, name);
    assert.equal(await call(aLambdaProxy({ ...custom, ...overriding(name) })), 500, name);
  }
});

test("5: these headers, mapped with static values, reach HTTP and HTTP_PROXY backends, and these do not", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway();
  const reaching = (
    "Accept,Accept-Charset,Accept-Encoding,Age,Authorization,Content-Encoding,Date,Host,Pragma,Range,Referer,User-Agent," +
    "Warn,Content-MD5,Server,Upgrade,Max-Forwards,Trailer,WWW-Authenticate"
  ).split(",");
  const kept = ["Connection", "Expect", "Proxy-Authenticate", "TE"];
  const parameters = Object.fromEntries(
    [...reaching, ...kept].map((name) => [`integration.request.header.${name}`, `'my-${name}'`]),
  );
  gateway.deploy(
    aRestApi({
      "/http": { POST: aMethod(http(backend.origin, { requestParameters: parameters })) },
      "/proxy": { POST: aMethod(anHttpProxy(backend.origin, { requestParameters: parameters })) },
    }),
  );
  for (const path of ["/http", "/proxy"]) {
    assert.equal((await gateway.call(path, { method: "POST", body: "x" })).status, 200, path);
    const { rawHeaders } = backend.requests.at(-1)!;
    for (const name of reaching) assert.ok(rawHeaders.includes(`my-${name}`), `${path} ${name}`);
    for (const name of kept) assert.ok(!rawHeaders.includes(`my-${name}`), `${path} ${name}`);
    const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
    assert.equal(hosts.length, 1, path);
  }
});

test("7: HTTP without a body has no Content-Type, and HTTP_PROXY's answer no X-Amzn-Trace-Id", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/http": { ANY: aMethod(http(backend.origin)) },
      "/empty": { ANY: aMethod(http(backend.origin, { requestTemplates: { "application/json": "" } })) },
      "/proxy": { ANY: aMethod(anHttpProxy(backend.origin)) },
    }),
  );
  const typeOf = async (path: string, body?: string): Promise<[string | undefined, boolean]> => {
    const reply = await gateway.call(path, { method: "POST", ...(body === undefined ? {} : { body }) });
    assert.equal(reply.status, 200);
    return [backend.requests.at(-1)!.headers["content-type"], reply.headers["x-amzn-trace-id"] !== undefined];
  };
  assert.deepEqual(await typeOf("/http"), [undefined, true]);
  assert.deepEqual(await typeOf("/http", "{}"), ["application/json", true]);
  assert.deepEqual(await typeOf("/empty", "{}"), [undefined, true]);
  assert.deepEqual(await typeOf("/proxy"), [undefined, false]);
});

test("8: AWS_PROXY answers with the whole trace header, and makes what the client left out", async () => {
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aLambdaProxy()) } }));
  const root = "Root=1-5759e988-bd862e3fe1be46a994272793";
  const traceOf = async (sent?: string): Promise<string> => {
    const reply: Reply = await gateway.call("/", sent === undefined ? {} : { headers: { "X-Amzn-Trace-Id": sent } });
    assert.equal(functions.requests.at(-1)!.traceId, reply.headers["x-amzn-trace-id"], "the function sees the same");
    return String(reply.headers["x-amzn-trace-id"]);
  };
  const whole = `${root};Parent=53995c3f42cd8ad8;Sampled=1`;
  assert.equal(await traceOf(whole), whole);
  assert.match(await traceOf(`${root};Sampled=1`), new RegExp(`^${root};Parent=[0-9a-f]{16};Sampled=1$`));
  assert.match(await traceOf(root), new RegExp(`^${root};Parent=[0-9a-f]{16};Sampled=0$`));
  assert.match(await traceOf(), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
});

test("9: the front of an edge-optimized API writes known names of headers in its own case", async () => {
  const functions = new FakeFunctions();
  await using gateway = await startGateway({ functions });
  const sent = "authorization: a\r\naUThorization: b\r\nuser-Agent: c\r\nX-mIne: d\r\ncontent-type: e\r\n";
  for (const [type, names] of [
    ["EDGE", ["Authorization", "User-Agent", "X-mIne", "content-type"]],
    ["REGIONAL", ["authorization", "aUThorization", "user-Agent", "X-mIne", "content-type"]],
  ] as const) {
    gateway.deploy(
      aRestApi(
        {
          "/": { GET: aMethod(aLambdaProxy()) },
          "/params": {
            GET: aMethod(textMock("$input.params('Authorization') $input.params().header.get('User-Agent')")),
          },
        },
        { restApi: { endpointConfiguration: { types: [type] } } },
      ),
    );
    const head = (path: string): string =>
      `GET /prod${path} HTTP/1.1\r\nHost: abc123.execute-api.x\r\nConnection: close\r\n${sent}\r\n`;
    await gateway.raw(head("/"));
    const { headers, multiValueHeaders } = functions.event() as Record<string, Record<string, unknown>>;
    const own = Object.keys(headers!).filter((name) => !/^(Host|X-Amzn|X-Forwarded)/.test(name));
    assert.deepEqual(own, names);
    if (type === "EDGE") assert.deepEqual(multiValueHeaders!["Authorization"], ["a", "b"]);
    const params = await gateway.raw(head("/params").replace("content-type: e", "content-type: application/json"));
    assert.equal(params.endsWith("\r\n\r\nb c"), type === "EDGE", params);
  }
});

test("10: bodies of AWS integrations that are no binary type's are UTF-8, with U+FFFD for other bytes", async () => {
  const bytes = Buffer.from([0x22, 0xff, 0xc3, 0xa9, 0xc3, 0x22]);
  const decoded = Buffer.from('"\ufffdé\ufffd"');
  await using backend = await startBackend((_, outgoing) =>
    outgoing.writeHead(200, { "Content-Type": "image/png" }).end(bytes),
  );
  const functions = new FakeFunctions();
  functions.outcome = () => Promise.resolve({ kind: "ok", payload: bytes, requestId: "lambda-id" });
  await using gateway = await startGateway({ functions, services: services(backend.origin) });
  const responses = { integrationResponses: { "200": { statusCode: "200" } } };
  const deploy = (binaryMediaTypes: string[]): unknown =>
    gateway.deploy(
      aRestApi(
        {
          "/service": {
            POST: aMethod(
              http("arn:aws:apigateway:us-east-1:sqs:path/q", {
                type: "AWS",
                credentials: "arn:aws:iam::000000000000:role/r",
              }),
            ),
          },
          "/custom": { POST: aMethod(aLambdaProxy({ type: "AWS", ...responses })) },
          "/http": { POST: aMethod(http(backend.origin)) },
        },
        { restApi: { binaryMediaTypes } },
      ),
    );
  const send = async (path: string): Promise<Reply> =>
    gateway.call(path, { method: "POST", body: bytes, headers: { "content-type": "image/png", accept: "image/png" } });
  const sentTo = (path: string): Buffer =>
    path === "/custom" ? Buffer.from(functions.requests.at(-1)!.payload) : backend.requests.at(-1)!.bytes;
  // Undecided by what was recorded: HTTP passes bytes on.
  for (const [types, path, expected] of [
    [[], "/service", decoded],
    [[], "/custom", decoded],
    [[], "/http", bytes],
    [["image/gif"], "/service", decoded],
    [["image/png"], "/service", bytes],
  ] as const) {
    deploy([...types]);
    const reply = await send(path);
    const where = `${path} ${types.join()}`;
    assert.equal(reply.status, 200, where);
    assert.deepEqual(reply.body, expected, `${where}, answer`);
    assert.deepEqual(sentTo(path), expected, `${where}, request`);
    assert.equal(reply.headers["content-length"] ?? String(expected.length), String(expected.length));
  }
});

const rendered = async (template: string, options: CallOptions = {}, stage?: Partial<Stage>): Promise<string> => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/a/{id}": { ANY: aMethod(textMock(template)) } }), aStage(stage));
  const reply = await gateway.call("/a/1", options);
  assert.equal(reply.status, 200, `${reply.text} ${String(reply.headers["x-portico-hint"])}`);
  return reply.text;
};

/** What a request template makes of a body, as an HTTP backend gets it. */
async function sent(template: string, body: string): Promise<string> {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({ "/": { POST: aMethod(http(backend.origin, { requestTemplates: { "application/json": template } })) } }),
  );
  const reply = await gateway.call("/", { method: "POST", body, headers: { "content-type": "application/json" } });
  assert.equal(reply.status, 200, `${reply.text} ${String(reply.headers["x-portico-hint"])}`);
  return backend.requests[0]!.body;
}

test("12: what a path does not find, null and an empty list, in templates", async () => {
  const tell =
    '[$r|$r.nested|$r.nested.deeper|$r.get("x")|#if($r == $null)null#end|#if($r == "")empty#end|#if($r != "")not#end|' +
    "#if($r)true#end|#foreach($x in $r)$x#end]";
  const body = JSON.stringify({ null: null, list: [], map: { a: 1 }, text: "t" });
  const cases: readonly (readonly [value: string, printed: string])[] = [
    ["$input.path('$.missing')", "[||||null|empty|||]"],
    ["$input.path('$.missing.deeper')", "[||||null|empty|||]"],
    ["$input.path('$.null')", "[||||null|empty|||]"],
    ["$input.path('$.list')", "[[]||||||not|true|]"],
    ["$input.path('$').missing", "[||||null|empty|||]"],
    ["$input.path('$')['null']", "[||||null|empty|||]"],
    ["$input.path('$.map').a.b", "[||||null|empty|||]"],
    ["$input.path('$.text')", "[t||||||not|true|]"],
  ];
  for (const [value, printed] of cases) {
    // What stood in the variable before is gone.
    const template = `#set($r = "before")#set($r = ${value})${tell}`;
    assert.equal(await sent(template, body), printed, value);
  }
  assert.equal(await sent("[$input.body.x]", body), "[]");
  assert.equal(await sent('[#if($input.path("$.missing") == "")empty#end]', body), "[empty]");
  // A variable that was never set is another thing.
  assert.equal(await sent("[$r|#if($r == '')empty#end]", body), "[$r|]");
});

test("13: put sets an override, and the response template reads what the request template set", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway();
  const template = [
    '$context.requestOverride.querystring.put("q", "1")',
    '#set($_ = $context.requestOverride.header.put("X-H", "2"))',
    '$context.requestOverride.path.put("p", "3")',
    '$context.requestOverride.querystring.putAll({"r": "4"})',
    '$context.responseOverride.header.put("X-R", "5")',
    '#set($context.responseOverride.custom = "mine")',
    '#set($context.requestOverride.other = {"deep": 6})',
    "$context.requestOverride.querystring.keySet() $context.requestOverride.querystring.get('q')",
    "$context.requestOverride.header.containsKey('X-H') $context.requestOverride.keySet()",
  ].join("");
  const response =
    "$context.responseOverride.custom $context.requestOverride.other.deep $context.responseOverride.other";
  const uri = `${backend.origin}/{p}`;
  const integrationResponses = {
    "200": { statusCode: "200", responseTemplates: { "application/json": response } },
  };
  gateway.deploy(
    aRestApi({
      "/": { POST: aMethod(http(uri, { requestTemplates: { "application/json": template }, integrationResponses })) },
    }),
  );
  const reply = await gateway.call("/", {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  assert.deepEqual([reply.status, reply.text, reply.headers["x-r"]], [200, "mine 6 ", "5"]);
  const [seen] = backend.requests;
  assert.deepEqual([seen!.url, seen!.headers["x-h"]], ["/3?q=1&r=4", "2"]);
  assert.equal(seen!.body, "[q, r] 1true [path, header, querystring, other]");
});

test("14: the names of $context, of its identity and of its overrides", async () => {
  assert.equal(
    await rendered("$context.keySet()"),
    "[resourceId, resourcePath, httpMethod, extendedRequestId, requestTime, path, accountId, protocol, requestOverride, " +
      "stage, domainPrefix, requestTimeEpoch, requestId, identity, domainName, deploymentId, responseOverride, apiId]",
  );
  assert.equal(
    await rendered("$context.identity.keySet()"),
    "[cognitoIdentityPoolId, accountId, cognitoIdentityId, caller, sourceIp, principalOrgId, accessKey, " +
      "cognitoAuthenticationType, cognitoAuthenticationProvider, userArn, userAgent, user]",
  );
  assert.equal(await rendered("$context.requestOverride.keySet()"), "[path, header, querystring]");
  assert.equal(
    await rendered('[$context.identity.caller|#if($context.identity.caller == "")empty#end]$context.size()'),
    "[|empty]18",
  );
  assert.equal(
    await rendered(
      "#foreach($k in $context.keySet())#if($context.containsKey($k) && $context.get($k))1#{else}0#end#end",
    ),
    "1".repeat(18),
  );
});

test("15: missing required parameters are named headers first, then path, then query", async () => {
  await using gateway = await startGateway();
  const requestParameters = Object.fromEntries(
    ["querystring.qs1", "querystring.a", "path.issuer", "header.x-header-param"].map((name) => [
      `method.request.${name}`,
      true,
    ]),
  );
  gateway.deploy(
    aRestApi(
      { "/": { GET: aMethod(textMock("ok"), { requestParameters, requestValidatorId: "v" }) } },
      {
        requestValidators: [{ id: "v", name: "v", validateRequestBody: false, validateRequestParameters: true }],
      },
    ),
  );
  assert.equal(
    (await gateway.call("/")).text,
    '{"message": "Missing required request parameters: [x-header-param, issuer, a, qs1]"}',
  );
});

test("41: on a stage with a canary $context.isCanaryRequest is there, also at 0 %", async () => {
  const canarySettings = { percentTraffic: 0, deploymentId: "dep2" };
  const template = "[$context.isCanaryRequest]#foreach($k in $context.keySet())#if($k.startsWith('is'))$k#end#end";
  assert.equal(await rendered(template, {}, { canarySettings }), "[false]isCanaryRequest");
  assert.equal(await rendered(template), "[]");
});
