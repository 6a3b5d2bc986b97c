// HTTP APIs: requests in, answers out.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpStage } from "../../src/definition/http-api.ts";
import { anHttpApi, anHttpStage, answeringKeys, aUrl, callHttpApi, host } from "./an-http-api.ts";
import type { GatewayUnderTest } from "./start-gateway.ts";
import { startGateway } from "./start-gateway.ts";

const backend = { integration: aUrl("https://backend.example/") };

/** Deploys routes that answer with their keys. */
function serve(gateway: GatewayUnderTest, keys: readonly string[], stage?: HttpStage): void {
  const routes = Object.fromEntries(keys.map((key) => [key, backend]));
  const { plan } = gateway.deployHttp(anHttpApi(routes, { integrations: [] }), stage);
  gateway.gateway.setPlan(`http123/${plan.stageName}`, answeringKeys(plan));
}

const notFound = '{"message":"Not Found"}';

test("a request that no route takes is answered with 404 and the request's id", async () => {
  await using gateway = await startGateway();
  gateway.deployHttp(anHttpApi({ "GET /pets": backend }));
  const reply = await callHttpApi(gateway, "/dogs");
  assert.deepEqual([reply.status, reply.text, reply.headers["content-type"]], [404, notFound, "application/json"]);
  assert.match(String(reply.headers["apigw-requestid"]), /^[\w-]{15}=$/);
});

test("routes have AWS's priorities", async () => {
  await using gateway = await startGateway();
  // The routes of the guide's example, and some more.
  serve(gateway, [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "ANY /any",
    "GET /any",
    "$default",
  ]);
  const cases: [string, string, string][] = [
    ["GET", "/pets/dog/1", "GET /pets/dog/1"],
    ["GET", "/pets/dog/2", "GET /pets/dog/{id}"],
    ["GET", "/pets/cat/1", "GET /pets/{proxy+}"],
    ["POST", "/test/5", "ANY /{proxy+}"],
    ["GET", "/", "$default"],
    ["DELETE", "/", "$default"],
    // The path is there with another verb: never 405.
    ["POST", "/pets/dog/1", "ANY /{proxy+}"],
    ["GET", "/any", "GET /any"],
    ["POST", "/any", "ANY /any"],
    ["HEAD", "/any", "ANY /any"],
    ["GET", "/any?x=1", "GET /any"],
    ["GET", "/?x=1", "$default"],
    ["GET", "/any/", "ANY /{proxy+}"],
    ["GET", "/Any", "ANY /{proxy+}"],
    ["GET", "/%61ny", "GET /any"],
    ["GET", "/pets/dog%2F1", "GET /pets/{proxy+}"],
    ["GET", "/pets/dog//1", "GET /pets/{proxy+}"],
    ["GET", "/pets/", "ANY /{proxy+}"],
    ["GET", "//", "$default"],
    ["GET", "/..", "ANY /{proxy+}"],
    ["GET", "/%zz", "ANY /{proxy+}"],
  ];
  for (const [method, path, key] of cases) {
    const reply = await callHttpApi(gateway, path, { method });
    assert.deepEqual([reply.status, reply.text], [200, method === "HEAD" ? "" : key], `${method} ${path}`);
  }
});

test("a path with another verb, a HEAD of a GET, and a verb that routes don't have are 404", async () => {
  await using gateway = await startGateway();
  serve(gateway, ["GET /pets", "GET /pets/{id}", "GET /files/{name+}"]);
  for (const [method, path] of [
    ["POST", "/pets"],
    ["HEAD", "/pets"],
    ["OPTIONS", "/pets"],
    ["GET", "/pets/"],
    ["GET", "/files"],
    ["GET", "/files/"],
    ["GET", "/"],
  ] as const) {
    const reply = await callHttpApi(gateway, path, { method });
    assert.deepEqual([reply.status, reply.text], [404, method === "HEAD" ? "" : notFound], `${method} ${path}`);
  }
  serve(gateway, ["ANY /pets", "$default"]);
  for (const method of ["PROPFIND", "PURGE", "LINK"]) {
    assert.equal((await callHttpApi(gateway, "/pets", { method })).text, notFound, method);
  }
  assert.equal(
    (await callHttpApi(gateway, "/pets", { headers: { "X-HTTP-Method-Override": "PUT" } })).text,
    "ANY /pets",
  );
});

test("two slashes lead past no route that takes all below its path", async () => {
  await using gateway = await startGateway();
  serve(gateway, ["ANY /admin/{proxy+}", "ANY /{proxy+}", "$default"]);
  for (const path of ["/admin//x", "/admin///x", "/%61dmin//x", "/admin//x//", "/admin/./x", "/admin/%2Fx"]) {
    assert.equal((await callHttpApi(gateway, path)).text, "ANY /admin/{proxy+}", path);
  }
});

test("the stage $default serves beside named stages, by host and by path", async () => {
  await using gateway = await startGateway();
  serve(gateway, ["GET /x", "GET /dev", "GET /", "ANY /$default/x"]);
  serve(gateway, ["GET /x", "GET /", "ANY /{proxy+}"], anHttpStage({ StageName: "dev" }));
  const cases: [string, string][] = [
    ["/x", "GET /x"],
    ["/", "GET /"],
    ["/?y", "GET /"],
    ["/dev", "GET /"],
    ["/dev/", "GET /"],
    ["/dev/x", "GET /x"],
    ["/dev/dev", "ANY /{proxy+}"],
    ["/dev//x", "ANY /{proxy+}"],
    ["/%64ev", "GET /dev"],
    ["/$default/x", "ANY /$default/x"],
    ["/Dev/x", notFound],
  ];
  for (const [path, text] of cases) {
    assert.equal((await callHttpApi(gateway, path)).text, text, path);
    if (path === "/$default/x") continue;
    const byPath = `/_aws/execute-api/http123${path}`;
    assert.equal((await callHttpApi(gateway, byPath, { host: "localhost" })).text, text, byPath);
  }
  const byName = await callHttpApi(gateway, "/_aws/execute-api/http123/$default/x", { host: "localhost" });
  assert.equal(byName.text, "GET /x");
});

test("an address without a stage is 404 for an HTTP API, whether it has stages or not, and 403 for what nobody knows", async () => {
  await using gateway = await startGateway();
  serve(gateway, ["GET /x"], anHttpStage({ StageName: "dev" }));
  const unknown = await callHttpApi(gateway, "/none/x");
  assert.deepEqual([unknown.status, unknown.text], [404, notFound]);
  assert.match(String(unknown.headers["apigw-requestid"]), /^[\w-]{15}=$/);
  assert.equal(unknown.headers["x-amzn-requestid"], undefined);
  assert.equal(unknown.headers["x-portico-hint"], 'API http123 has no deployed stage "none"; it has dev');
  gateway.gateway.setPlan("http123/dev", null);
  assert.equal((await callHttpApi(gateway, "/dev/x")).status, 404);
  gateway.gateway.setApiKind("http123", null);
  const gone = await callHttpApi(gateway, "/dev/x");
  assert.deepEqual([gone.status, gone.text], [403, '{"message":"Forbidden"}']);
});

test("a disabled default endpoint is 404 on every stage", async () => {
  await using gateway = await startGateway();
  const api = { DisableExecuteApiEndpoint: true };
  gateway.deployHttp(anHttpApi({ $default: backend }, { api }));
  const reply = await callHttpApi(gateway, "/");
  assert.deepEqual([reply.status, reply.text], [404, notFound]);
  assert.match(String(reply.headers["x-portico-hint"]), /disableExecuteApiEndpoint/);
});

test("request line and headers together may have 10,240 bytes", async () => {
  await using gateway = await startGateway();
  serve(gateway, ["$default"]);
  const request = (path: string, filler: number): string =>
    `GET /${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nX-Filler: ${"x".repeat(filler)}\r\n\r\n`;
  const bytes = request("p", 0).length;
  const answerTo = async (text: string): Promise<string> => {
    const answer = await gateway.raw(text);
    assert.match(answer, /\r\napigw-requestid: [\w-]{15}=/);
    return `${answer.slice(9, 12)} ${answer.slice(answer.indexOf("\r\n\r\n") + 4)}`;
  };
  assert.equal(await answerTo(request("p", 10_240 - bytes)), "200 $default");
  assert.equal(await answerTo(request("p", 10_241 - bytes)), '431 {"message":"Request Header Fields Too Large"}');
  assert.equal(await answerTo(request("p".repeat(9_000), 1_300)), '431 {"message":"Request Header Fields Too Large"}');
  assert.equal(await answerTo(request("p".repeat(10_239), 0)), '414 {"message":"Request URI Too Large"}');
});

test("a route without a target is 500", async () => {
  await using gateway = await startGateway();
  const api = anHttpApi({ "GET /x": backend });
  const routes = api.routes.map(({ Target: _, ...route }) => route);
  gateway.deployHttp({ ...api, routes });
  const reply = await callHttpApi(gateway, "/x");
  assert.deepEqual([reply.status, reply.text], [500, '{"message":"Internal Server Error"}']);
  assert.match(String(reply.headers["x-portico-hint"]), /The route GET \/x has no integration/);
});

test("a browser that opens a stage by path is sent to its own host, the stage $default to its root", async () => {
  await using gateway = await startGateway();
  serve(gateway, ["$default"]);
  serve(gateway, ["$default"], anHttpStage({ StageName: "dev" }));
  for (const [path, location] of [
    ["/_aws/execute-api/http123/dev/x?y=1", "/dev/x?y=1"],
    ["/_aws/execute-api/http123/$default/x", "/x"],
    ["/_aws/execute-api/http123/$default", "/"],
    ["/_aws/execute-api/http123/x", "/x"],
  ] as const) {
    const reply = await callHttpApi(gateway, path, {
      host: "localhost:4566",
      headers: { "Sec-Fetch-Dest": "document" },
    });
    const origin = "http://http123.execute-api.us-east-1.localhost:4566";
    assert.deepEqual([reply.status, reply.headers["location"]], [307, `${origin}${location}`], path);
  }
});

test("hints name near routes, and routes that wait for a deployment", async () => {
  await using gateway = await startGateway();
  serve(gateway, ["GET /pets", "GET /pets/{id}"]);
  gateway.gateway.setUndeployed("http123/$default", ["POST /pets", "GET /dogs/"]);
  for (const [method, path, hint] of [
    ["GET", "/pest", "no route matches /pest; the nearest are GET /pets"],
    ["DELETE", "/pets", "/pets has no DELETE; it has GET"],
    ["GET", "/pets/", "no route matches /pets/; the nearest are GET /pets/{id}, GET /pets"],
    [
      "POST",
      "/pets",
      "POST /pets exists in the definition but is not deployed: run aws apigatewayv2 create-deployment --api-id http123 --stage-name '$default'",
    ],
  ] as const) {
    assert.equal((await callHttpApi(gateway, path, { method })).headers["x-portico-hint"], hint, `${method} ${path}`);
  }
});
