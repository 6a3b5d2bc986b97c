import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { RawClient, statusOf, talk } from "../raw-http.ts";

// What a hostile, broken or slow client does to a really started server: management and data plane on one port.

let portico: Portico;
let host: string;
const backend = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const seen = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      bytes: Buffer.concat(chunks).length,
    };
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(seen));
  });
});

before(async () => {
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const backendPort = (backend.address() as AddressInfo).port;
  portico = await startPortico();
  const call = async (path: string, body: unknown): Promise<Record<string, string>> => {
    const answer = await fetch(`${portico.url}${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return (await answer.json()) as Record<string, string>;
  };
  const { id } = await call("/restapis?mode=import", {
    openapi: "3.0.1",
    info: { title: "hostile", version: "1" },
    paths: {
      "/mock": {
        get: {
          responses: { 200: { description: "ok" } },
          "x-amazon-apigateway-integration": {
            type: "mock",
            requestTemplates: { "application/json": '{"statusCode": 200}' },
            responses: { default: { statusCode: "200" } },
          },
        },
      },
      "/proxy/{path+}": {
        "x-amazon-apigateway-any-method": {
          parameters: [{ name: "path", in: "path", required: true, schema: { type: "string" } }],
          responses: {},
          "x-amazon-apigateway-integration": {
            type: "http_proxy",
            httpMethod: "ANY",
            uri: `http://127.0.0.1:${backendPort}/{path}`,
            requestParameters: { "integration.request.path.path": "method.request.path.path" },
          },
        },
      },
    },
  });
  await call(`/restapis/${id}/deployments`, { stageName: "dev" });
  host = `${id}.execute-api.us-east-1.localhost`;
});

after(async () => {
  assert.equal(await portico?.stop(), 0);
  backend.close();
  backend.closeAllConnections();
});

const send = (text: string): Promise<string> => talk(portico.port, text);
const management = "Host: localhost\r\nConnection: close\r\n";
const get = (path: string, headers = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`;

const isServing = async (): Promise<void> => {
  assert.equal(statusOf(await send(get("/dev/mock"))), 200, "the data plane serves on");
  assert.equal(statusOf(await send(`GET /restapis HTTP/1.1\r\n${management}\r\n`)), 200, "management serves on");
};

test("the server serves before any of it", isServing);

test("malformed requests are refused, and nothing of them reaches an API or the management", async () => {
  const smuggled = `GET /_portico/health HTTP/1.1\r\n${management}\r\n`;
  const cases: readonly (readonly [string, number])[] = [
    // What begins with 0x16 is TLS; this is its alert, which begins nothing.
    ["\x15\x03\x01\x00\x02\x02\x28", 400],
    ["SSH-2.0-OpenSSH_9.6\r\n", 400],
    ["GET /\r\n\r\n", 400],
    ["GET / HTTP/1.1\nHost: localhost\n\n", 400],
    [`GET / HTTP/1.1\r\n${management}A : b\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${management}A: b\r\n c\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${management}A: b\0\r\n\r\n`, 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", 400],
    [
      `POST / HTTP/1.1\r\n${management}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      400,
    ],
    [`POST / HTTP/1.1\r\n${management}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello${smuggled}`, 400],
    [`POST / HTTP/1.1\r\n${management}Content-Length: +5\r\n\r\nhello${smuggled}`, 400],
    [`POST / HTTP/1.1\r\n${management}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${smuggled}`, 400],
    [`POST / HTTP/1.1\r\n${management}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${smuggled}`, 400],
    [
      `POST /restapis HTTP/1.1\r\n${management}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n${smuggled}`,
      400,
    ],
    [`CONNECT localhost:22 HTTP/1.1\r\n${management}\r\n`, 405],
    [`TRACE / HTTP/1.1\r\n${management}\r\n`, 405],
    [`BREW / HTTP/1.1\r\n${management}\r\n`, 501],
    [`GET / HTTP/2.0\r\n${management}\r\n`, 505],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501],
  ];
  for (const [text, status] of cases) {
    const received = await send(text);
    assert.equal(statusOf(received), status, `${JSON.stringify(text)} → ${received}`);
    assert.equal(received.match(/HTTP\/1\.1 \d{3}/g)?.length, 1, `one answer to ${JSON.stringify(text)}`);
    assert.match(received, /Connection: close/);
  }
  await isServing();
});

test("headers and URLs beyond AWS's quotas", async () => {
  assert.equal(statusOf(await send(get("/dev/mock", `A: ${"b".repeat(100_000)}\r\n`))), 431);
  assert.equal(statusOf(await send(get("/dev/mock", "A: b\r\n".repeat(20_000)))), 431);
  assert.match(await send(get(`/dev/mock?${"a".repeat(20_000)}`)), /^HTTP\/1\.1 414 [\s\S]*Request URI too long$/);
  await isServing();
});

test("the absolute form is routed by its own authority, whatever Host says", async () => {
  const absolute = `GET http://${host}/dev/mock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  assert.equal(statusOf(await send(absolute)), 200);
  const rebound = "GET http://evil.example/restapis HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  assert.equal(statusOf(await send(rebound)), 403);
});

test("encoded and doubled path separators do not leave the route", async () => {
  for (const path of [
    "/dev/mock/%2e%2e/mock",
    "/dev/../mock",
    "//dev/mock",
    "/dev//mock/%2e%2e/mock",
    "/dev%2Fmock",
    "/dev/mock%2F",
  ]) {
    const status = statusOf(await send(get(path)));
    assert.ok(status === 403 || status === 400, `${path}: ${status}`);
  }
  await isServing();
});

test("a path of a greedy parameter can't be turned into another request to the backend", async () => {
  for (const path of ["a%0d%0aX-Evil:%201", "a%20HTTP/1.1%0d%0aHost:%20evil", "a%00b", "%ff%fe", "a%E2%80%A8"]) {
    const received = await send(get(`/dev/proxy/${path}`));
    const status = statusOf(received);
    assert.ok(status === 200 || (status >= 400 && status < 600), `${path}: ${received}`);
    if (status !== 200) continue;
    const seen = JSON.parse(received.slice(received.indexOf("\r\n\r\n") + 4));
    assert.equal(seen.headers["x-evil"], undefined, path);
    assert.match(seen.headers.host, /^127\.0\.0\.1:\d+$/, path);
  }
});

test("an upgrade on a REST API is an ordinary request", async () => {
  const upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const text = `GET /dev/proxy/a HTTP/1.1\r\nHost: ${host}\r\nConnection: close, Upgrade\r\n${upgrade}\r\n`;
  const received = await send(text);
  assert.equal(statusOf(received), 200);
  assert.equal(JSON.parse(received.slice(received.indexOf("\r\n\r\n") + 4)).headers.upgrade, undefined);
});

test("management answers no foreign page and no rebound name", async () => {
  const foreign = `POST /restapis HTTP/1.1\r\n${management}Origin: https://evil.example\r\nContent-Length: 14\r\n\r\n{"name":"pwn"}`;
  assert.equal(statusOf(await send(foreign)), 403);
  // Named as hop-by-hop, Origin would be taken off on the way to control, and the guard see nothing.
  const hidden = foreign.replace("Connection: close", "Connection: close, Origin, Host");
  assert.equal(statusOf(await send(hidden)), 403);
  const rebound = "GET /restapis HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  assert.equal(statusOf(await send(rebound)), 403);
  assert.doesNotMatch(await send(`GET /restapis HTTP/1.1\r\n${management}\r\n`), /pwn/);
});

test("bodies that stop, or whose sender goes away, hold up nobody", async () => {
  const clients: RawClient[] = [];
  for (let i = 0; i < 100; i++) {
    const client = await RawClient.open(portico.port);
    const target =
      i % 2 === 0
        ? `POST /dev/proxy/a HTTP/1.1\r\nHost: ${host}\r\n`
        : "POST /restapis HTTP/1.1\r\nHost: localhost\r\n";
    client.send(`${target}Content-Length: 1000000\r\n\r\n${"x".repeat(i * 100)}`);
    clients.push(client);
  }
  await isServing();
  for (const client of clients) client.close();
  await isServing();
});

test("a client that sends a request byte by byte is answered", async () => {
  const client = await RawClient.open(portico.port);
  for (const byte of get("/dev/mock")) {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(statusOf(await client.closed()), 200);
});

test("a thousand pipelined requests of both planes are answered in order", async () => {
  const mock = `GET /dev/mock HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const health = "GET /_portico/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const missing = `GET /dev/none HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const received = await send((mock + health + missing).repeat(333) + get("/dev/mock"));
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1]);
  assert.deepEqual(statuses, [...Array.from({ length: 333 }, () => ["200", "200", "403"]).flat(), "200"]);
});

test("a thousand connections that send nothing, and a flood of broken ones", async () => {
  const silent: RawClient[] = [];
  for (let i = 0; i < 1_000; i++) silent.push(await RawClient.open(portico.port));
  await isServing();
  const broken = await Promise.all(Array.from({ length: 200 }, () => send("GET / HTTP/1.1\r\nA b\r\n\r\n")));
  for (const received of broken) assert.equal(statusOf(received), 400);
  for (const client of silent) client.close();
  await isServing();
  assert.doesNotMatch(portico.output(), /"level":"error"|ERROR/i, portico.output());
});
