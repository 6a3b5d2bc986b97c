import assert from "node:assert/strict";
import { test } from "node:test";
import type { Method } from "../../src/definition/rest-api.ts";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { startGateway } from "./start-gateway.ts";

const named = (name: string): Method => aMethod(aMock(name));

test("addresses by host and by path lead to a stage", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: named("root") }, "/a": { GET: named("a") } }));
  const hosts = [
    "abc123.execute-api.localhost",
    "abc123.execute-api.eu-west-1.amazonaws.com",
    "ABC123.execute-api.x:4566",
  ];
  for (const host of hosts) {
    assert.equal((await gateway.call("/a", { host })).text, "a", host);
    assert.equal((await gateway.call("", { host })).text, "root", host);
  }
  const whole: [string, string][] = [
    ["/_aws/execute-api/abc123/prod/a?q=/x", "a"],
    ["/_aws/execute-api/abc123/prod", "root"],
    ["/_aws/execute-api/abc123/prod?x", "root"],
    ["/restapis/abc123/prod/_user_request_/a", "a"],
    ["/restapis/abc123/prod/_user_request_", "root"],
    ["/restapis/abc123/prod/_user_request_?x=1", "root"],
  ];
  for (const [path, text] of whole) {
    assert.equal((await gateway.call(path, { isWhole: true, host: "localhost:1" })).text, text, path);
  }
  for (const path of [
    "/restapis/abc123/stages/prod",
    "/restapis",
    "/",
    "/restapis/a/b/_user_request_x",
    "/x?/restapis/a/b/_user_request_/",
  ]) {
    assert.equal((await gateway.call(path, { isWhole: true, host: "localhost" })).status, 599, path);
  }
});

test("an unknown API or stage is 403 Forbidden", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: named("root") } }));
  const cases: [string, string][] = [
    ["/dev/", "abc123.execute-api.localhost"],
    ["/", "abc123.execute-api.localhost"],
    ["/prod/", "zzz.execute-api.localhost"],
    ["/_aws/execute-api/zzz/prod/", "localhost"],
    ["/_aws/execute-api/", "localhost"],
  ];
  for (const [path, host] of cases) {
    const reply = await gateway.call(path, { isWhole: true, host });
    assert.deepEqual([reply.status, reply.text], [403, '{"message":"Forbidden"}'], path);
    assert.equal(reply.headers["x-amzn-errortype"], "ForbiddenException");
  }
  const hint = (await gateway.call("/dev/", { isWhole: true })).headers["x-portico-hint"];
  assert.equal(hint, 'API abc123 has no deployed stage "dev"; it has prod');
  const stageless = (await gateway.call("/", { isWhole: true })).headers["x-portico-hint"];
  assert.equal(stageless, "API abc123 needs a stage in the path; it has prod");
  gateway.deploy(aRestApi({ "/": { GET: named("root") } }, { restApi: { disableExecuteApiEndpoint: true } }));
  assert.equal((await gateway.call("/")).text, '{"message":"Forbidden"}');
  gateway.gateway.setPlan("abc123/prod", null);
  assert.equal((await gateway.call("/")).status, 403);
});

test("routes have AWS's priorities", async () => {
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/": { GET: named("root") },
      "/pets": { GET: named("pets"), ANY: named("any pets") },
      "/pets/{id}": { GET: named("pet") },
      "/pets/mine": { GET: named("mine") },
      "/pets/mine/deep": { GET: named("deep") },
      "/pets/{id}/toys": { GET: named("toys") },
      "/bare": {},
      "/bare/x": { GET: named("bare x") },
      "/files/{proxy+}": { ANY: named("files") },
      "/{proxy+}": { ANY: named("proxy") },
      "/a b": { GET: named("space") },
      "/v1.0/x:y": { GET: named("colon") },
    }),
  );
  const cases: [string, string, string][] = [
    ["GET", "", "root"],
    ["GET", "/", "root"],
    ["GET", "/pets", "pets"],
    ["GET", "/pets/", "pets"],
    ["POST", "/pets", "any pets"],
    ["GET", "/pets/1", "pet"],
    ["GET", "/pets/mine", "mine"],
    ["GET", "/pets/mine/toys", "toys"],
    ["GET", "/pets/mine/deep", "deep"],
    ["GET", "/p%65ts", "pets"],
    ["GET", "/pets/a%2Fb", "pet"],
    ["GET", "/pets%2F1", "proxy"],
    ["GET", "/Pets", "proxy"],
    ["GET", "/a%20b", "space"],
    ["GET", "/v1.0/x%3Ay", "colon"],
    ["DELETE", "/files/a/b", "files"],
    ["GET", "/files", "proxy"],
    ["GET", "/files/", "proxy"],
    ["GET", "/pets//1", "proxy"],
    ["GET", "//", "root"],
    ["GET", "///pets/1", "pet"],
    ["GET", "/pets/1/none", "proxy"],
    ["GET", "/bare", "proxy"],
    ["GET", "/bare/x", "bare x"],
    ["GET", "/..", "proxy"],
    ["GET", "/pets/..", "pet"],
    ["GET", "/pets/%2e%2e", "pet"],
    ["GET", "/%zz", "proxy"],
    ["GET", "/__proto__", "proxy"],
    ["GET", "/pets?x=/y", "pets"],
  ];
  for (const [method, path, expected] of cases) {
    assert.equal((await gateway.call(path, { method })).text, expected, `${method} ${path}`);
  }
  // As recorded, the verb decides as well.
  assert.equal((await gateway.call("/pets/1", { method: "POST" })).text, "proxy", "falls through to the greedy route");
  const raw = await gateway.raw("GET /prod/pets/../files/x HTTP/1.1\r\nHost: abc123.execute-api.x\r\n\r\n", "proxy");
  assert.match(raw, /proxy$/, "dot segments are not resolved");
  assert.equal(
    (await gateway.call("/pets/1", { method: "POST", headers: { "X-HTTP-Method-Override": "get" } })).text,
    "pet",
  );
});

test("what matches no route is Missing Authentication Token, with a hint", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/pets": { GET: named("x"), POST: named("x") }, "/pets/{id}": { GET: named("x") } }));
  gateway.gateway.setUndeployed("abc123/prod", ["GET /owners", "ANY /owners/{id}"]);
  const hints: [string, string, RegExp][] = [
    ["DELETE", "/pets", /^\/pets has no DELETE; it has GET, POST$/],
    ["OPTIONS", "/pets", /^\/pets has no OPTIONS; it has GET, POST\. For browsers: portico cors abc123 --deploy prod$/],
    ["GET", "/pest", /^no route matches \/pest; the nearest are GET\|POST \/pets/],
    [
      "GET",
      "/owners",
      /^GET \/owners exists in the definition but is not deployed: run aws apigateway create-deployment/,
    ],
    ["PUT", "/owners/1", /^PUT \/owners\/1 exists in the definition/],
    ["GET", "/zzzzzzzzzzzz/y/z/w", /^no route matches/],
  ];
  for (const [method, path, hint] of hints) {
    const reply = await gateway.call(path, { method });
    assert.deepEqual([reply.status, reply.text], [403, '{"message":"Missing Authentication Token"}']);
    assert.equal(reply.headers["x-amzn-errortype"], "MissingAuthenticationTokenException");
    assert.match(String(reply.headers["x-portico-hint"]), hint);
  }
  const authorizations: [string, RegExp][] = [
    [
      "Bearer abc.def",
      /^\{"message":"Invalid key=value pair \(missing equal-sign\) in Authorization header \(hashed with SHA-256 and encoded with Base64\): '[A-Za-z0-9+/=]{44}'\."\}$/,
    ],
    ["a=b", /^\{"message":"Authorization header requires 'Credential' parameter\. /],
    ["AWS4-HMAC-SHA256 Credential=x", /^\{"message":"Missing Authentication Token"\}$/],
  ];
  for (const [authorization, body] of authorizations) {
    const reply = await gateway.call("/none", { headers: { authorization } });
    assert.equal(reply.status, 403);
    assert.match(reply.text, body);
  }
});

test("what can't be enforced yet is 501 with its reason", async () => {
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/link": {
        GET: aMethod(
          anHttpProxy("http://a/", { connectionType: "VPC_LINK", connectionId: "v", integrationTarget: "t" }),
        ),
      },
      "/open": { GET: named("open") },
    }),
  );
  const closed = await gateway.call("/link");
  assert.equal(closed.status, 501);
  assert.match(closed.text, /integrationTarget/);
  assert.match(String(closed.headers["x-portico-hint"]), /integrationTarget/);
  assert.equal((await gateway.call("/open")).text, "open");
  gateway.deploy(aRestApi({ "/open": { GET: named("open") } }, { restApi: { policy: "{}" } }));
  const stage = await gateway.call("/open");
  assert.equal(stage.status, 501);
  assert.match(stage.text, /resource policy/);
  assert.equal((await gateway.call("/none")).status, 501);
  gateway.deploy(aRestApi({ "/open": { GET: named("open") } }), aStage({ canarySettings: { percentTraffic: 101 } }));
  assert.match((await gateway.call("/open")).text, /canarySettings/);
});

test("a client may choose the request id if it is a UUID", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: named("x") } }));
  const id = "00000000-1111-2222-3333-444444444444";
  assert.equal((await gateway.call("/", { headers: { "x-amzn-RequestId": id } })).headers["x-amzn-requestid"], id);
  const bad = await gateway.call("/", { headers: { "x-amzn-RequestId": "nope" } });
  assert.match(
    String(bad.headers["x-amzn-requestid"]),
    /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}_REPLACED_INVALID_REQUEST_ID$/,
  );
});

test("a large API serves all of its methods, those too that are linked by their first request", async () => {
  await using gateway = await startGateway();
  const paths = Array.from({ length: 300 }, (_, index) => `/p${index}`);
  gateway.deploy(aRestApi(Object.fromEntries(paths.map((path) => [path, { GET: named(path) }]))));
  for (const path of ["/p0", "/p299", "/p299", "/p250"]) assert.equal((await gateway.call(path)).text, path);
});

test("URLs of an edge-optimized API have 8,192 bytes at most, those of a Regional one 10,240", async () => {
  for (const [type, bytesMax] of [
    ["EDGE", 8_192],
    ["REGIONAL", 10_240],
  ] as const) {
    await using gateway = await startGateway();
    const restApi = { endpointConfiguration: { types: [type] } };
    gateway.deploy(aRestApi({ "/a": { GET: named("a") } }, { restApi }));
    const call = (bytes: number) => gateway.call(`/prod/a?${"q".repeat(bytes - "/prod/a?".length)}`, { isWhole: true });
    assert.equal((await call(bytesMax)).text, "a", type);
    const reply = await call(bytesMax + 1);
    assert.equal(reply.status, 414, type);
    assert.match(reply.text, /Request URI too long/);
  }
});
