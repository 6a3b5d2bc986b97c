// What the response cache keeps of integrations' answers, and whom it gives them to: no caller gets an answer that was made for
// another one.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Integration, Method, MethodSetting } from "../../src/definition/rest-api.ts";
import { allocateCache, cacheBytesMin } from "../../src/response-cache/cache-memory.ts";
import { aMethod, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import {
  type CallOptions,
  type GatewayUnderTest,
  startBackend,
  startGateway,
  startRawBackend,
} from "./start-gateway.ts";

/** Deploys one cached GET method. */
function deploy(gateway: GatewayUnderTest, integration: Integration, method: Partial<Method> = {}): void {
  gateway.gateway.setResponseCache("abc123/prod", allocateCache(cacheBytesMin, randomBytes));
  gateway.deploy(
    aRestApi({ "/": { GET: aMethod(integration, method) } }),
    aStage({
      cacheClusterEnabled: true,
      methodSettings: { "*/*": { cachingEnabled: true, cacheTtlInSeconds: 300 } as MethodSetting },
    }),
  );
}

const get = async (gateway: GatewayUnderTest, headers: CallOptions["headers"] = {}): Promise<string> =>
  (await gateway.call("/", { headers })).text;

/** A backend that tells what it got, and says that it varies. */
const startVaryingBackend = (vary: string) => {
  let count = 0;
  return startBackend(({ headers }, outgoing) => {
    const name = vary.toLowerCase();
    outgoing.writeHead(200, { "Content-Type": "text/plain", Vary: vary }).end(`${++count} ${headers[name]}`);
  });
};

test("an answer that varies is for the requests whose backend gets the same headers, mapped ones too", async () => {
  await using backend = await startVaryingBackend("X-User");
  await using gateway = await startGateway();
  const mapped = anHttpProxy(`${backend.origin}/`, {
    requestParameters: { "integration.request.header.X-User": "method.request.querystring.user" },
  });
  deploy(gateway, mapped, { requestParameters: { "method.request.querystring.user": false } });
  const of = async (user: string) => (await gateway.call(`/?user=${user}`)).text;
  assert.equal(await of("a"), "1 a");
  assert.equal(await of("a"), "1 a");
  assert.equal(await of("b"), "2 b", "the client's own header is the same");
  assert.deepEqual(gateway.errors, []);
});

test("what the gateway's front writes into headers has a say", async () => {
  await using backend = await startVaryingBackend("X-Forwarded-For");
  await using gateway = await startGateway();
  deploy(gateway, anHttpProxy(`${backend.origin}/`));
  const first = await get(gateway);
  assert.equal(await get(gateway), first);
  assert.notEqual(await get(gateway, { "X-Forwarded-For": "1.2.3.4" }), first);
});

test("mappings that leave out Vary change nothing of it; a body that is mapped to such a header is not kept", async () => {
  await using backend = await startVaryingBackend("X-Language");
  await using gateway = await startGateway();
  const custom = (source: string): Integration => ({
    ...anHttpProxy(`${backend.origin}/`),
    type: "HTTP",
    requestParameters: { "integration.request.header.X-Language": source },
    integrationResponses: { "200": { statusCode: "200" } },
  });
  const method = {
    requestParameters: { "method.request.header.X-Language": false },
    methodResponses: { "200": { statusCode: "200" } },
  };
  deploy(gateway, custom("method.request.header.X-Language"), method);
  const german = await get(gateway, { "X-Language": "de" });
  assert.equal(await get(gateway, { "X-Language": "de" }), german);
  assert.match(await get(gateway, { "X-Language": "en" }), / en$/);
  deploy(gateway, custom("method.request.body.language"), method);
  assert.notEqual(await get(gateway), await get(gateway));
  assert.deepEqual(gateway.errors, []);
});

test("a request that takes headers away from the backend fills no other request's entry", async () => {
  let count = 0;
  await using backend = await startBackend(({ headers }, outgoing) => {
    outgoing.end(`${++count} ${headers["x-tenant"]}`);
  });
  await using gateway = await startGateway();
  deploy(gateway, anHttpProxy(`${backend.origin}/`, { cacheKeyParameters: ["method.request.header.X-Tenant"] }), {
    requestParameters: { "method.request.header.X-Tenant": false },
  });
  const tenant = { "X-Tenant": "a" };
  assert.equal(await get(gateway, { ...tenant, Connection: "close, X-Tenant" }), "1 undefined");
  assert.equal(await get(gateway, tenant), "2 a");
  assert.equal(await get(gateway, { ...tenant, Connection: "close" }), "2 a");
  assert.equal(await get(gateway, { ...tenant, Connection: "Upgrade, HTTP2-Settings" }), "2 a");
});

test("a compressed answer whose backend says no Vary is only for who takes its coding", async () => {
  await using backend = await startBackend(({ headers }, outgoing) => {
    const isZipped = String(headers["accept-encoding"]).includes("gzip");
    outgoing.writeHead(200, isZipped ? { "Content-Encoding": "gzip" } : {});
    outgoing.end(isZipped ? gzipSync("hello") : "hello");
  });
  await using gateway = await startGateway();
  deploy(gateway, anHttpProxy(`${backend.origin}/`));
  const codingFor = async (accepted: string) =>
    (await gateway.call("/", { headers: accepted === "" ? {} : { "Accept-Encoding": accepted } })).headers[
      "content-encoding"
    ];
  assert.equal(await codingFor("gzip"), "gzip");
  assert.equal(await codingFor("br, GZIP;q=0.5"), "gzip");
  assert.equal(await codingFor("*"), "gzip");
  assert.equal(await codingFor("*, gzip;q=0"), "gzip", "this backend does not read weights; its answer is its own");
  assert.equal(await codingFor(""), undefined);
  assert.equal(await codingFor("gzip"), undefined, "what is not coded is for everybody");
});

test("an answer that is not as long as it said, or breaks off, or is too long, is not kept", async () => {
  let count = 0;
  let bytes = (_: number): string | Buffer => "";
  await using backend = await startRawBackend((socket) => socket.end(bytes(++count)));
  await using gateway = await startGateway();
  deploy(gateway, anHttpProxy(`${backend.origin}/`));
  const reached = async (answer: (call: number) => string | Buffer): Promise<number> => {
    bytes = answer;
    const before = count;
    for (let call = 0; call < 2; call++) await gateway.call("/").catch(() => undefined);
    return count - before;
  };
  const head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
  assert.equal(await reached((call) => `${head}Content-Length: 100\r\n\r\nshort ${call}`), 2, "promised more");
  assert.equal(await reached((call) => `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhel${call}`), 2, "in a chunk");
  assert.equal(await reached((call) => `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhell${call}\r\n`), 2, "no end");
  assert.equal(await reached(() => `${head}Content-Length: 1, 2\r\n\r\nab`), 2, "two lengths");
  const most = 1_048_576;
  const long = (length: number) =>
    Buffer.concat([Buffer.from(`${head}Content-Length: ${length}\r\n\r\n`), Buffer.alloc(length, 97)]);
  assert.equal(await reached(() => long(most + 1)), 2, "a byte too long");
  const chunks = `${head}Transfer-Encoding: chunked\r\n\r\n${(most + 1).toString(16)}\r\n${"a".repeat(most + 1)}\r\n0\r\n\r\n`;
  assert.equal(await reached(() => chunks), 2, "a byte too long, in chunks");
  assert.equal(await reached(() => long(most)), 1, "just right");
  assert.equal((await gateway.call("/")).body.length, most);
});

test("a caller whose header the backend does not take closes the method to nobody else; other errors are kept", async () => {
  let count = 0;
  await using backend = await startBackend(({ headers }, outgoing) => {
    outgoing.writeHead(Number(headers["x-status"] ?? "200")).end(String(++count));
  });
  await using gateway = await startGateway();
  for (const status of [408, 413, 414, 417, 431, 206, 304, 412, 416]) {
    deploy(gateway, anHttpProxy(`${backend.origin}/`));
    await get(gateway, { "X-Status": String(status) });
    assert.equal((await gateway.call("/")).status, 200, String(status));
  }
  for (const status of [400, 404, 410, 429, 500, 503]) {
    deploy(gateway, anHttpProxy(`${backend.origin}/`));
    await get(gateway, { "X-Status": String(status) });
    assert.equal((await gateway.call("/")).status, status);
  }
});

test("a key that nothing is mapped to leaves the method without a cache", async () => {
  await using backend = await startVaryingBackend("X-Other");
  await using gateway = await startGateway();
  deploy(gateway, anHttpProxy(`${backend.origin}/`, { cacheKeyParameters: ["integration.request.header.X-User"] }));
  assert.notEqual(await get(gateway), await get(gateway));
});
