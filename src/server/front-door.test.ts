import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { RawClient, statusOf, talk } from "../../test/raw-http.ts";
import { until } from "../../test/until.ts";
import { parseIpNetwork } from "../base/ip-address.ts";
import { Http1Server } from "../http/http1/http1-server.ts";
import { defaultHttp1Limits } from "../http/http1/limits.ts";
import { developmentListener } from "../http/listener.ts";
import { createSocketServer } from "../http/socket-server.ts";
import { makeLogger } from "../telemetry/logger.ts";
import { FrontDoor } from "./front-door.ts";

type Control = (request: IncomingMessage, response: ServerResponse) => void;

/** A front door before a control server; the port is the front door's. */
async function start(t: TestContext, control: Control | undefined, listener = developmentListener): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "portico-front-door-"));
  const controlSocket = join(folder, "control.sock");
  const far = createHttpServer(control);
  if (control !== undefined) await once(far.listen(controlSocket), "listening");
  const frontDoor = new FrontDoor({ controlSocket, logger: makeLogger("silent", () => {}) });
  const http1 = new Http1Server({
    limits: defaultHttp1Limits,
    clock: Date,
    onRequest: (inbound) => frontDoor.handOver(inbound),
    onError: (error) => assert.fail(String(error)),
  });
  const near = createSocketServer((socket) => http1.accept(socket, listener));
  await once(near.listen(0, "127.0.0.1"), "listening");
  t.after(async () => {
    near.close();
    await http1.stop(0);
    frontDoor.close();
    far.close();
    far.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return (near.address() as AddressInfo).port;
}

test("what the caller sent arrives; hop-by-hop headers and a forged peer do not", async (t) => {
  const port = await start(t, (incoming, response) => {
    response.end(JSON.stringify({ method: incoming.method, url: incoming.url, headers: incoming.headers }));
  });
  const client = await RawClient.open(port);
  client.send(
    "PUT /a%2Fb?c=d HTTP/1.1\r\nHost: Example.COM:1\r\nX-Portico-Peer: 1.2.3.4:5\r\nKeep-Alive: 5\r\nTE: trailers\r\n" +
      "Connection: close, X-Hop, Origin, Sec-Fetch-Site\r\nX-Hop: 1\r\nOrigin: http://evil\r\nSec-Fetch-Site: none\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
  );
  const peer = `127.0.0.1:${client.socket.localPort}`;
  const seen = JSON.parse(/\{.*\}/.exec(await client.closed())?.[0] ?? "");
  assert.deepEqual(seen, {
    method: "PUT",
    url: "/a%2Fb?c=d",
    headers: {
      host: "Example.COM:1",
      origin: "http://evil",
      "sec-fetch-site": "none",
      "content-length": "0",
      "x-portico-peer": peer,
      connection: "keep-alive",
    },
  });
});

test("who comes through a trusted proxy from another machine gets nothing of management", async (t) => {
  const trustedProxies = [parseIpNetwork("127.0.0.1")!];
  const port = await start(t, (_, response) => response.end("in"), { ...developmentListener, trustedProxies });
  const ask = async (forwardedFor: string): Promise<string> => {
    const client = await RawClient.open(port);
    const body = "Content-Length: 2\r\nConnection: close\r\n\r\n{}";
    client.send(`POST /restapis HTTP/1.1\r\nHost: localhost\r\n${forwardedFor}${body}`);
    return client.closed();
  };
  for (const address of ["203.0.113.7", "10.0.0.1", "127.0.0.1, 203.0.113.7", "2001:db8::1", "::ffff:10.0.0.1"]) {
    assert.match(await ask(`X-Forwarded-For: ${address}\r\n`), /^HTTP\/1\.1 403 .*this machine only/s, address);
  }
  for (const address of ["127.0.0.1", "127.0.0.9", "::1"]) {
    assert.match(await ask(`X-Forwarded-For: ${address}\r\n`), /^HTTP\/1\.1 200 .*in$/s, address);
  }
  assert.match(await ask(""), /^HTTP\/1\.1 200 /);
  const open = { ...developmentListener, trustedProxies, isManagementLocal: false };
  const client = await RawClient.open(await start(t, (_, response) => response.end("in"), open));
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n");
  assert.match(await client.closed(), /^HTTP\/1\.1 200 /);
});

test("20 MB go up and down whole, declared or chunked, to a slow reader", async (t) => {
  const port = await start(t, async (incoming, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    response.setHeader("x-sha", hash.digest("hex"));
    response.end(Buffer.alloc(bytes, "down"));
  });
  const up = Buffer.alloc(20_000_000, "upward");
  for (const headers of [{ "Content-Length": up.length }, { "Transfer-Encoding": "chunked" }]) {
    const outgoing = request({ port, method: "POST", headers });
    outgoing.end(up);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    assert.equal(answer.headers["x-sha"], createHash("sha256").update(up).digest("hex"));
    assert.ok(Buffer.concat(chunks).equals(Buffer.alloc(up.length, "down")));
  }
});

test("an answer that comes before the body is read is relayed", async (t) => {
  const port = await start(t, (incoming, response) => {
    response.writeHead(413).end("too much");
    // As the control server does: the rest is thrown away.
    response.on("finish", () => incoming.resume());
  });
  const outgoing = request({ port, method: "POST", headers: { "Content-Length": 50_000_000 } });
  outgoing.on("error", () => {});
  outgoing.write(Buffer.alloc(1_000_000));
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  assert.equal(answer.statusCode, 413);
  assert.equal(Buffer.concat(await answer.toArray()).toString(), "too much");
  outgoing.destroy();
});

test("HEAD, 204 and 304 have no body, and the connection goes on", async (t) => {
  const port = await start(t, (incoming, response) => {
    if (incoming.url === "/head") response.writeHead(200, { "Content-Length": "10" }).end();
    else response.writeHead(Number(incoming.url?.slice(1))).end();
  });
  const received = await talk(
    port,
    "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\nGET /204 HTTP/1.1\r\nHost: a\r\n\r\nGET /304 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  assert.deepEqual(received.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 204", "HTTP/1.1 304"]);
  assert.match(received, /Content-Length: 10\r\n/);
});

const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

test("without control it is a 503, in words", async (t) => {
  const port = await start(t, undefined);
  assert.match(await talk(port, get), /^HTTP\/1\.1 503 [\s\S]*\{"message":"Portico's management is not ready\./);
});

test("control that breaks off is a 502 before its answer, and a cut after", async (t) => {
  const port = await start(t, (incoming, response) => {
    if (incoming.url === "/") incoming.socket.destroy();
    else {
      response.writeHead(200, { "Content-Length": "10" });
      response.write("12345", () => incoming.socket.destroy());
    }
  });
  assert.match(await talk(port, get), /^HTTP\/1\.1 502 [\s\S]*broke off before it answered/);
  const cut = await talk(port, get.replace("/", "/cut"));
  assert.equal(statusOf(cut), 200);
  assert.match(cut, /Content-Length: 10\r\n[\s\S]*\r\n\r\n(12345)?$/);
});

/** A call of a megabyte of which only a part comes. */
const half = (bytes: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(bytes)}`;

test("a body is held until it is whole, and calls that are sent by half take nobody's place", async (t) => {
  let calls = 0;
  const port = await start(t, (incoming, response) => {
    calls++;
    incoming.resume().on("end", () => response.end("done"));
  });
  const clients: RawClient[] = [];
  for (let count = 0; count < 300; count++) {
    const client = await RawClient.open(port);
    client.send(half(count));
    clients.push(client);
  }
  assert.match(await talk(port, get), /done$/);
  assert.equal(calls, 1);
  clients[7]!.send("x".repeat(1_000_000 - 7));
  await until(() => calls === 2);
  assert.match(
    await talk(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxx"),
    /done$/,
  );
  for (const client of clients) client.close();
});

test("of calls whose long bodies stop half-way, only so many are under way, and half of them of one client", async (t) => {
  let calls = 0;
  let ended = 0;
  const port = await start(t, (incoming, response) => {
    calls++;
    response.on("close", () => ended++);
    incoming.resume().on("end", () => response.end("done"));
  });
  const clients: RawClient[] = [];
  const send = async (address: string): Promise<RawClient> => {
    const client = await RawClient.open(port, address);
    client.send(half(600_000));
    clients.push(client);
    return client;
  };
  const refusedOf = async (address: string): Promise<void> => {
    await (await send(address)).until((received) => received.includes("Too many management requests"));
  };
  for (let count = 0; count < 32; count++) await send("127.0.0.1");
  await until(() => calls === 32);
  await refusedOf("127.0.0.1");
  // Whoever comes from elsewhere is still served.
  for (let count = 0; count < 32; count++) await send("127.0.0.2");
  await until(() => calls === 64);
  await refusedOf("127.0.0.3");
  assert.match(await talk(port, get), /done$/);
  const before = ended;
  clients[0]!.close();
  await until(() => ended > before);
  const other = await RawClient.open(port);
  other.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\nConnection: close\r\n\r\n${"x".repeat(600_000)}`);
  assert.match(await other.closed(), /done$/);
  for (const client of clients) client.close();
});

test("bodies that are held half-way fill no more than one client's share", async (t) => {
  const port = await start(t, (incoming, response) => {
    incoming.resume().on("end", () => response.end("done"));
  });
  const whole = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxx";
  const clients: RawClient[] = [];
  const fill = async (address: string): Promise<RawClient> => {
    const client = await RawClient.open(port, address);
    client.send(half(500_000));
    clients.push(client);
    return client;
  };
  // A share is 16 MiB.
  for (let count = 0; count < 33; count++) await fill("127.0.0.1");
  await (await fill("127.0.0.1")).until((received) => received.includes("Too many management requests"));
  const other = await RawClient.open(port, "127.0.0.2");
  other.send(whole);
  assert.match(await other.closed(), /done$/);
  for (const client of clients) client.close();
  await until(async () => (await talk(port, whole)).endsWith("done"));
});

test("a caller that goes away ends its call", async (t) => {
  const events: string[] = [];
  const port = await start(t, (incoming, response) => {
    events.push("begun");
    response.on("close", () => events.push("closed"));
    incoming.resume();
  });
  for (const text of [get, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx", half(600_000)]) {
    events.length = 0;
    const client = await RawClient.open(port);
    client.send(text);
    await until(() => events.includes("begun"));
    client.close();
    await until(() => events.includes("closed"));
  }
});

test("calls beyond the limit are refused, and later ones are not", async (t) => {
  const waiting: ServerResponse[] = [];
  const port = await start(t, (_incoming, response) => waiting.push(response));
  const clients: RawClient[] = [];
  for (let i = 0; i < 256; i++) {
    const client = await RawClient.open(port);
    client.send(get);
    clients.push(client);
  }
  await until(() => waiting.length === 256);
  assert.match(await talk(port, get), /^HTTP\/1\.1 503 [\s\S]*Too many management requests/);
  for (const response of waiting.splice(0)) response.end("x");
  for (const client of clients) assert.equal(statusOf(await client.closed()), 200);
  const late = talk(port, get);
  await until(() => waiting.length === 1);
  waiting[0]?.end("late");
  assert.match(await late, /late$/);
});
