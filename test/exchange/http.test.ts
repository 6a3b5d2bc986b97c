import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration } from "../../src/definition/rest-api.ts";
import { aMethod, aRestApi } from "./a-rest-api.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

const anHttp = (uri: string, overrides: Partial<Integration> = {}): Integration => ({
  type: "HTTP",
  httpMethod: "POST",
  uri,
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});

test("an HTTP integration sends what is mapped and maps the answer by its status", async () => {
  await using backend = await startBackend((incoming, outgoing, body) => {
    const status = Number(incoming.url?.slice(1, 4));
    outgoing.writeHead(status, { "X-From": "backend", "Content-Type": "text/plain" }).end(`got ${body}`);
  });
  await using gateway = await startGateway();
  const integration = anHttp(`${backend.origin}/{code}`, {
    requestParameters: {
      "integration.request.path.code": "method.request.querystring.code",
      "integration.request.header.X-Mapped": "method.request.header.X-In",
    },
    integrationResponses: {
      "200": {
        statusCode: "200",
        responseParameters: { "method.response.header.X-Out": "integration.response.header.x-from" },
      },
      "404": { statusCode: "404", selectionPattern: "404", responseTemplates: { "application/json": '{"gone":true}' } },
      "500": { statusCode: "500", selectionPattern: "5\\d\\d" },
    },
  });
  gateway.deploy(
    aRestApi({
      "/": {
        POST: aMethod(integration, {
          methodResponses: { "200": { statusCode: "200" }, "404": { statusCode: "404" } },
        }),
      },
    }),
  );
  const ask = (code: number): ReturnType<typeof gateway.call> =>
    gateway.call(`/?code=${code}`, { method: "POST", body: "hi", headers: { "X-In": "in", "X-Other": "no" } });
  const ok = await ask(201);
  assert.deepEqual([ok.status, ok.text, ok.headers["x-out"]], [200, "got hi", "backend"]);
  assert.equal(ok.headers["x-from"], undefined);
  assert.equal(ok.headers["content-type"], "application/json");
  const seen = backend.requests[0]!;
  assert.equal(seen.url, "/201");
  assert.equal(seen.headers["x-mapped"], "in");
  assert.equal(seen.headers["x-other"], undefined);
  assert.equal(seen.headers["user-agent"], "AmazonAPIGateway_abc123");
  assert.equal(seen.headers.accept, "application/json");
  assert.equal(seen.headers["x-amzn-apigateway-api-id"], "abc123");
  const gone = await ask(404);
  assert.deepEqual([gone.status, gone.text], [404, '{"gone":true}']);
  const undeclared = await ask(503);
  assert.deepEqual([undeclared.status, undeclared.text], [500, '{"message": "Internal server error"}']);
  assert.match(String(undeclared.headers["x-portico-hint"]), /invalid method response: 500/);
});

test("a literal request template is the backend's body", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const requestTemplates = { "application/json": '{"fixed":1}' };
  gateway.deploy(aRestApi({ "/": { POST: aMethod(anHttp(backend.origin, { requestTemplates })) } }));
  assert.equal((await gateway.call("/", { method: "POST", body: "x" })).text, 'echo {"fixed":1}');
  const text = { "content-type": "text/plain" };
  assert.equal((await gateway.call("/", { method: "POST", body: "x", headers: text })).text, "echo x");
});

test("a HEAD backend's length is not promised to a GET client", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.writeHead(200, { "Content-Length": "50" }).end());
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttp(backend.origin, { httpMethod: "HEAD" })) } }));
  const reply = await gateway.call("/");
  assert.deepEqual([reply.status, reply.text, reply.headers["content-length"]], [200, "", "0"]);
});

test("no parameters make a segment `..` of a backend's path, not even together, and a query's are no path", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const requestParameters = {
    "integration.request.path.a": "method.request.querystring.a",
    "integration.request.path.b": "method.request.querystring.b",
  };
  gateway.deploy(
    aRestApi({ "/": { POST: aMethod(anHttp(`${backend.origin}/up/../x/{a}{b}?q={b}`, { requestParameters })) } }),
  );
  const ask = async (query: string): Promise<number> => (await gateway.call(`/?${query}`, { method: "POST" })).status;
  for (const query of ["a=.&b=.", "a=..&b=", "a=%252e&b=.", "a=x/..&b=/y", "a=..\\\\&b=y"]) {
    assert.equal(await ask(query), query === "a=%252e&b=." ? 200 : 400, query);
  }
  assert.equal(await ask("a=x&b=/y"), 200);
  assert.equal(backend.requests.at(-1)!.url, "/up/../x/x%2Fy?q=%2Fy");
});
