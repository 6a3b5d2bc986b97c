// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables are written like template strings.
// HTTP_PROXY of HTTP APIs: what reaches the backend, what reaches the client, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { parseIpNetwork } from "../../src/base/ip-address.ts";
import type { HttpIntegration, Route } from "../../src/definition/http-api.ts";
import { developmentListener } from "../../src/http/listener.ts";
import { stageKey } from "../../src/plan/plan.ts";
import { anHttpApi, anHttpStage, aUrl, callHttpApi, host } from "./an-http-api.ts";
import { type GatewayUnderTest, type Reply, startBackend, startGateway, startRawBackend } from "./start-gateway.ts";

const deploy = (
  gateway: GatewayUnderTest,
  routes: Readonly<Record<string, HttpIntegration>>,
  {
    variables = {},
    stageName = "$default",
    route = {},
  }: { variables?: Record<string, string>; stageName?: string; route?: Partial<Route> } = {},
): void => {
  const of = Object.fromEntries(Object.entries(routes).map(([key, integration]) => [key, { integration, route }]));
  gateway.deployHttp(anHttpApi(of), anHttpStage({ StageName: stageName, StageVariables: variables }));
};

test("a request goes to the backend with its method, query, headers and body, and the answer comes back as it is", async () => {
  await using backend = await startBackend((_, outgoing, body) =>
    outgoing
      .writeHead(201, [
        ...["Content-Type", "text/plain", "WWW-Authenticate", "Basic", "Server", "theirs", "X-Two", "1", "X-Two", "2"],
        ...["x-amzn-RequestId", "theirs", "apigw-requestid", "theirs", "Connection", "keep-alive, X-Hop", "X-Hop", "1"],
      ])
      .end(`got ${body}`),
  );
  await using gateway = await startGateway();
  deploy(gateway, { "ANY /store/{proxy+}": aUrl(`${backend.origin}/base/{proxy}?fixed=1`) });
  const reply = await callHttpApi(gateway, "/store/a%2Fb/c?x=1&x=2&y=%20z", {
    method: "POST",
    body: "hello",
    headers: {
      "X-Mine": "1",
      "Content-MD5": "md5",
      Te: "trailers",
      Via: "1.1 theirs",
      Forwarded: "for=1.2.3.4",
      "X-Forwarded-For": "1.2.3.4",
      "X-Amz-Meta": "m",
      Authorization: "Bearer t",
      Connection: "keep-alive, X-Gone",
      "X-Gone": "1",
    },
  });
  assert.equal(reply.status, 201);
  assert.equal(reply.text, "got hello");
  assert.equal(reply.headers["content-type"], "text/plain");
  assert.equal(reply.headers["www-authenticate"], "Basic");
  assert.equal(reply.headers["server"], "theirs");
  assert.equal(reply.headers["x-two"], "1, 2");
  assert.equal(reply.headers["x-amzn-requestid"], "theirs");
  assert.equal(reply.headers["x-hop"], undefined);
  assert.match(String(reply.headers["apigw-requestid"]), /^[\w-]{15}=$/);
  assert.deepEqual(
    Object.keys(reply.headers).filter((name) => name.startsWith("x-amzn-remapped")),
    [],
  );
  const [seen] = backend.requests;
  assert.equal(seen?.method, "POST");
  assert.equal(seen?.url, "/base/a%2Fb/c?fixed=1&x=1&x=2&y=%20z");
  assert.equal(seen?.body, "hello");
  const { headers } = seen!;
  assert.equal(headers.host, backend.origin.slice("http://".length));
  assert.equal(headers["x-mine"], "1");
  assert.equal(headers["content-md5"], "md5");
  assert.equal(headers["x-amz-meta"], "m");
  assert.equal(headers.authorization, "Bearer t");
  assert.equal(headers.te, undefined);
  assert.equal(headers["x-gone"], undefined);
  assert.equal(headers["x-forwarded-for"], undefined);
  assert.equal(headers["x-amzn-apigateway-api-id"], undefined);
  assert.equal(headers.forwarded, `by=_gateway;for=127.0.0.1;host=${host};proto=http`);
  assert.equal(headers.via, "1.1 theirs, HTTP/1.1 AmazonAPIGateway");
  assert.match(String(headers["x-amzn-trace-id"]), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  assert.deepEqual(gateway.errors, []);
});

test("the route $default appends the whole path to the URI's; other routes send the URI's own path", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  deploy(gateway, {
    $default: aUrl(`${backend.origin}/base/?k=1`),
    "GET /pets/{id}": aUrl(`${backend.origin}/v1/{id}/x?of={id}`),
    "GET /plain": aUrl(backend.origin),
  });
  for (const path of ["/", "/store/checkout?a=b", "/pets/7?q", "/pets/a%26b%3Fc", "/plain?x"])
    await callHttpApi(gateway, path);
  assert.deepEqual(
    backend.requests.map(({ url }) => url),
    ["/base/?k=1", "/base/store/checkout?k=1&a=b", "/v1/7/x?of=7&q", "/v1/a%26b%3Fc/x?of=a%26b%3Fc", "/?x"],
  );
  assert.deepEqual(gateway.errors, []);
});

test("below a named stage the backend's path has no stage", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  deploy(gateway, { $default: aUrl(backend.origin) }, { stageName: "dev" });
  await callHttpApi(gateway, "/dev/pets/1?a=b");
  assert.equal(backend.requests[0]?.url, "/pets/1?a=b");
});

test("the integration's method is sent; ANY is the client's own", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  deploy(gateway, {
    "ANY /any": aUrl(backend.origin),
    "ANY /put": aUrl(backend.origin, { IntegrationMethod: "PUT" }),
    "GET /head": aUrl(backend.origin, { IntegrationMethod: "HEAD" }),
  });
  await callHttpApi(gateway, "/any", { method: "PATCH", body: "x" });
  await callHttpApi(gateway, "/put", { method: "POST", body: "x" });
  const head = await callHttpApi(gateway, "/any", { method: "HEAD" });
  const reply = await callHttpApi(gateway, "/head");
  assert.deepEqual(
    backend.requests.map(({ method }) => method),
    ["PATCH", "PUT", "HEAD", "HEAD"],
  );
  assert.deepEqual([head.status, head.text, reply.status, reply.text], [200, "", 200, ""]);
});

test("stage variables are filled into host, path and query; one that would end a line is no address", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const uri = "http://${stageVariables.host}/${stageVariables.path}?k=${stageVariables.query}";
  const address = backend.origin.slice("http://".length);
  const ask = async (variables: Record<string, string>): Promise<Reply> => {
    deploy(gateway, { "GET /": aUrl(uri) }, { variables });
    return callHttpApi(gateway, "/");
  };
  assert.equal((await ask({ host: address, path: "a/b", query: "c" })).status, 200);
  assert.equal(backend.requests[0]?.url, "/a/b?k=c");
  const bad = [
    { path: "a/b", query: "c" },
    { host: address, path: "a\r\nX-Evil: 1", query: "c" },
    { host: `${address}\r\nX-Evil: 1`, path: "a", query: "c" },
    { host: `user@${address}`, path: "a", query: "c" },
    { host: address, path: "a", query: "c d" },
  ];
  for (const variables of bad) {
    const reply = await ask(variables);
    assert.deepEqual(
      [reply.status, reply.text],
      [500, '{"message":"Internal Server Error"}'],
      JSON.stringify(variables),
    );
  }
  assert.equal(backend.requests.length, 1);
});

test("no path leads out of the part of the backend that the URI opens", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  deploy(gateway, {
    $default: aUrl(`${backend.origin}/public`),
    "GET /v/{id}": aUrl(`${backend.origin}/v1/{id}/x`),
    "GET /p/{proxy+}": aUrl(`${backend.origin}/v1/{proxy}`),
    "GET /mapped/{proxy+}": aUrl(`${backend.origin}/`, {
      RequestParameters: { "overwrite:path": "/safe/$request.path" },
    }),
    "GET /m/{proxy+}": aUrl(`${backend.origin}/`, {
      RequestParameters: { "overwrite:path": "/safe/${request.path.proxy}/${request.header.x}" },
    }),
  });
  const outside = [
    ...["/../admin", "/a/..;/admin", "/a/%2e%2e/admin", "/a/..%2fadmin", "/a/..%5cadmin", "/a/.%2E;x=1/b"],
    ...[
      "/v/..",
      "/v/%2e%2e",
      "/v/..;a",
      "/p/../admin",
      "/p/a/..;/..;/admin",
      "/m/../admin",
      "/m/%252e%252e/x",
      "/mapped/..",
    ],
  ];
  for (const path of outside) {
    const reply = await callHttpApi(gateway, path);
    assert.deepEqual([reply.status, reply.text], [400, '{"message":"Bad Request"}'], path);
  }
  const reply = await callHttpApi(gateway, "/m/a", { headers: { x: "..;/..;/admin" } });
  assert.equal(reply.status, 400);
  assert.deepEqual(backend.requests, []);
  assert.deepEqual(gateway.errors, []);
});

test("a compressed body reaches the backend as it was sent", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  deploy(gateway, { "POST /": aUrl(backend.origin) });
  const bytes = gzipSync("x".repeat(1_000));
  await callHttpApi(gateway, "/", { method: "POST", body: bytes, headers: { "content-encoding": "gzip" } });
  assert.deepEqual(backend.requests[0]?.bytes, bytes);
  assert.equal(backend.requests[0]?.headers["content-encoding"], "gzip");
});

test("bodies over 10 MB are refused both ways", async () => {
  const long = "x".repeat(10 * 1024 * 1024 + 1);
  await using backend = await startBackend((_, outgoing) =>
    outgoing.writeHead(200, { "Content-Length": long.length }).end(long),
  );
  await using gateway = await startGateway();
  deploy(gateway, { "ANY /": aUrl(backend.origin) });
  const sent = await callHttpApi(gateway, "/", { method: "POST", body: long });
  assert.deepEqual([sent.status, sent.text], [413, '{"message":"Request Entity Too Large"}']);
  const got = await callHttpApi(gateway, "/");
  assert.deepEqual([got.status, got.text], [500, '{"message":"Internal Server Error"}']);
});

test("a backend that is not there or too slow is a 503, one that speaks no HTTP a 502", async () => {
  await using slow = await startBackend(() => undefined);
  await using liar = await startRawBackend((socket) => socket.write("SSH-2.0-none\r\n\r\n"));
  await using resetting = await startRawBackend((socket) => socket.destroy());
  await using smuggler = await startRawBackend((socket) =>
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\nabcde"),
  );
  const gone = await startBackend();
  await gone[Symbol.asyncDispose]();
  await using gateway = await startGateway();
  deploy(gateway, {
    "GET /slow": aUrl(slow.origin, { TimeoutInMillis: 50 }),
    "GET /gone": aUrl(gone.origin),
    "GET /liar": aUrl(liar.origin),
    "GET /reset": aUrl(resetting.origin),
    "GET /smuggler": aUrl(smuggler.origin),
  });
  const unavailable = [503, '{"message":"Service Unavailable"}'];
  const bad = [502, '{"message":"Bad Gateway"}'];
  const expected = {
    "/slow": unavailable,
    "/gone": unavailable,
    "/reset": unavailable,
    "/liar": bad,
    "/smuggler": bad,
  };
  for (const [path, answer] of Object.entries(expected)) {
    const reply = await callHttpApi(gateway, path);
    assert.deepEqual([reply.status, reply.text], answer, path);
  }
  assert.deepEqual(gateway.errors, []);
});

test("credentials and addresses that can't be used close or fail the route", async () => {
  await using gateway = await startGateway();
  deploy(gateway, {
    "GET /role": aUrl("http://backend.example/", { CredentialsArn: "arn:aws:iam::000000000000:role/r" }),
    "GET /host": aUrl("http://{id}.example/"),
    "GET /unknown": aUrl("http://backend.example/{id}"),
    "GET /ftp": aUrl("ftp://backend.example/"),
    "GET /reserved": aUrl("http://backend.example/", { RequestParameters: { "append:header.Via": "x" } }),
    "GET /unread": aUrl("http://backend.example/", { RequestParameters: { "append:header.a": "$request.cookie.a" } }),
    "GET /status": aUrl("http://backend.example/", { ResponseParameters: { "2xx": { "append:header.a": "b" } } }),
  });
  const statuses: Record<string, number> = {};
  for (const path of ["/role", "/host", "/unknown", "/ftp", "/reserved", "/unread", "/status"]) {
    statuses[path] = (await callHttpApi(gateway, path)).status;
  }
  assert.deepEqual(statuses, {
    "/role": 501,
    "/host": 501,
    "/unknown": 500,
    "/ftp": 500,
    "/reserved": 501,
    "/unread": 501,
    "/status": 501,
  });
});

const begun = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n";
const mapped = { ResponseParameters: { 200: { "append:header.a": "$response.body.a" } } };
const phases: Readonly<
  Record<string, { readonly sends: string; readonly integration?: Partial<HttpIntegration>; readonly isTls?: true }>
> = {
  "in the TLS handshake": { sends: "", isTls: true },
  "before the answer": { sends: "" },
  "in the answer's head": { sends: "HTTP/1.1 200 OK\r\nContent-Ty" },
  "after an interim answer": { sends: "HTTP/1.1 103 Early Hints\r\n\r\n" },
  "before a body that is mapped": { sends: begun, integration: mapped },
  "in a body that is mapped": { sends: `${begun}{"a":`, integration: mapped },
};

for (const [phase, { sends, integration, isTls }] of Object.entries(phases)) {
  test(`a backend that stalls ${phase} is a 503`, async () => {
    await using backend = await startRawBackend((socket) => socket.write(sends));
    await using gateway = await startGateway();
    const uri = isTls === true ? backend.origin.replace("http:", "https:") : backend.origin;
    deploy(gateway, { "GET /": aUrl(uri, { TimeoutInMillis: 300, ...integration }) });
    const reply = await callHttpApi(gateway, "/");
    assert.deepEqual([reply.status, reply.text], [503, '{"message":"Service Unavailable"}']);
    assert.match(String(reply.headers["x-portico-hint"]), /did not answer within 300 ms/);
    assert.deepEqual(gateway.errors, []);
  });
}

test("a signature for the gateway goes no further than the gateway, in headers or in the query", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const definition = anHttpApi({
    "GET /": { integration: aUrl(backend.origin), route: { AuthorizationType: "AWS_IAM" } },
  });
  const { plan } = gateway.deployHttp(definition);
  const [route] = plan.methods;
  // Without the gate, so that the request needs no caller: what is looked at here comes after it.
  gateway.gateway.setPlan(stageKey(plan.apiId, plan.stageName), {
    ...plan,
    methods: [{ ...route!, steps: route!.steps.filter(({ kind }) => kind === "http-api-proxy") }],
  } as typeof plan);
  const reply = await callHttpApi(gateway, "/?a=1&X-Amz-Signature=s&X-Amz-Security-Token=t&X-Amz-Other=kept", {
    headers: {
      Authorization: "AWS4-HMAC-SHA256 Credential=a",
      "X-Amz-Date": "d",
      "X-Amz-Security-Token": "t",
      "X-Amz-Content-Sha256": "h",
      "X-Amz-Meta": "kept",
    },
  });
  assert.equal(reply.status, 200);
  const { url, headers } = backend.requests[0]!;
  assert.equal(url, "/?a=1&X-Amz-Other=kept");
  assert.deepEqual(
    Object.keys(headers).filter((name) => /^(?:authorization|x-amz-)/.test(name)),
    ["x-amz-meta"],
  );
});

test("what a trusted proxy says of the client is passed on; without one nobody's word is", async () => {
  await using backend = await startBackend();
  const headers = {
    "X-Forwarded-For": "1.1.1.1, 203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
    Forwarded: "for=8.8.8.8",
  };
  const toldBehind = async (networks: string): Promise<readonly unknown[]> => {
    const listener = { ...developmentListener, trustedProxies: [parseIpNetwork(networks)!] };
    await using gateway = await startGateway({ listener });
    deploy(gateway, { "GET /": aUrl(backend.origin) });
    await callHttpApi(gateway, "/", { headers });
    const told = backend.requests.at(-1)!.headers;
    return ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"].map((name) => told[name]);
  };
  const by = (client: string, scheme: string): string => `by=_gateway;for=${client};host=${host};proto=${scheme}`;
  assert.deepEqual(await toldBehind("127.0.0.1"), [
    "1.1.1.1, 203.0.113.7",
    "https",
    "shop.example",
    by("203.0.113.7", "https"),
  ]);
  assert.deepEqual(await toldBehind("10.0.0.0/8"), [undefined, undefined, undefined, by("127.0.0.1", "http")]);
});
