import assert from "node:assert/strict";
import { once } from "node:events";
import { request as plainRequest } from "node:http";
import { request } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { until } from "../../test/until.ts";
import { ManualClock } from "../base/clock.ts";
import { parseIpNetwork } from "../base/ip-address.ts";
import { Http1Server } from "../http/http1/http1-server.ts";
import { defaultHttp1Limits } from "../http/http1/limits.ts";
import { developmentListener, type Listener } from "../http/listener.ts";
import { createSocketServer } from "../http/socket-server.ts";
import { makeServerAuthority } from "./server-authority.ts";
import { ServerCertificates } from "./server-certificates.ts";

const authority = makeServerAuthority(Date.now());
const { certificate: ca } = authority;
const proxied: Listener = {
  ...developmentListener,
  hasProxyProtocol: true,
  trustedProxies: [parseIpNetwork("127.0.0.0/8")!],
};

const limits = {
  frameBytesMax: 32_768,
  messageBytesMax: 131_072,
  idleMs: 60_000,
  lifeMs: 60_000,
  unsentBytesMax: 300_000,
};
/** How WebSockets ended. */
const ends: unknown[] = [];
let server: Server;
let behindProxy: Server;
let http1: Http1Server;

before(async () => {
  const certificates = new ServerCertificates({
    authority,
    nowMs: Date.now,
    domains: ["example.test"],
    isCustomDomain: (name) => name === "ws.example.com",
  });
  http1 = new Http1Server({
    limits: { ...defaultHttp1Limits, headerTimeoutMs: 100 },
    clock: new ManualClock(Date.UTC(2026, 10, 20)),
    onRequest: (exchange) => {
      const { client, host } = exchange;
      if (exchange.webSocket === "asked") {
        const peer = exchange.upgrade([], limits, {
          onText: (message) => peer!.send(Buffer.from(message)),
          onClose: (code, reason, by) => void ends.push([code, reason, by]),
          onDrain: () => undefined,
        });
        return;
      }
      exchange.respond(200, [], JSON.stringify({ host, address: client.address, isEncrypted: client.isEncrypted }));
    },
    onError: (error) => assert.fail(String(error)),
    secure: (socket) => certificates.secure(socket),
  });
  const listen = (listener: Listener): Server =>
    createSocketServer((socket) => http1.accept(socket, listener)).listen(0, "127.0.0.1");
  server = listen(developmentListener);
  behindProxy = listen(proxied);
  await Promise.all([server, behindProxy].map((each) => each.listening || once(each, "listening")));
});
after(async () => {
  server.close();
  behindProxy.close();
  await http1.stop(0);
});

const portOf = (of: Server): number => (of.address() as AddressInfo).port;

/** The answer of a call of `host` by TLS, or why there is none. */
async function call(host: string, options: object = {}): Promise<unknown> {
  const outgoing = request({
    host: "127.0.0.1",
    servername: host,
    port: portOf(server),
    ca,
    headers: { host },
    ...options,
  });
  outgoing.end();
  const [answer] = await once(outgoing, "response");
  return JSON.parse((await answer.toArray()).join(""));
}

const here = { address: "127.0.0.1", isEncrypted: true };

test("one port answers HTTP with and without TLS", async () => {
  const plain = plainRequest({ port: portOf(server), host: "127.0.0.1", headers: { host: "localhost" } });
  plain.end();
  const [answer] = await once(plain, "response");
  assert.deepEqual(JSON.parse((await answer.toArray()).join("")), { host: "localhost", ...here, isEncrypted: false });
  assert.deepEqual(await call("localhost"), { host: "localhost", ...here });
});

test("each name that is served has a certificate: APIs' hosts, --domain and what is below it, custom domain names", async () => {
  for (const host of [
    "a1b2c3d4e5.execute-api.us-east-1.localhost",
    "a1b2c3d4e5.execute-api.localhost",
    "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
    "a.b.example.test",
    "ws.example.com",
    `${"a".repeat(63)}.execute-api.us-east-1.localhost`,
  ])
    assert.deepEqual(await call(host), { host, ...here });
});

test("no other name has one", async () => {
  for (const host of ["example.com", "other.example.com", "localhost.example.com"])
    await assert.rejects(call(host), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
});

test("a client that names no host gets a certificate of this machine's names and addresses", async () => {
  const socket = connectTls({ port: portOf(server), host: "127.0.0.1", ca });
  await once(socket, "secureConnect");
  assert.match(socket.getPeerCertificate().subjectaltname ?? "", /DNS:localhost, .*IP Address:127\.0\.0\.1/);
  socket.destroy();
});

test("who doesn't trust this server's authority refuses it", async () => {
  const { certificate: other } = makeServerAuthority(Date.now());
  await assert.rejects(call("localhost", { ca: other }), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
});

test("a WebSocket lives inside of TLS: messages of all sizes both ways, and ends that are told", async () => {
  const open = async () => {
    const socket = connectTls({ port: portOf(server), host: "127.0.0.1", servername: "localhost", ca });
    socket.write(
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
    await until(() => received.includes("\r\n\r\n"));
    received = Buffer.alloc(0);
    return { socket, received: () => received };
  };
  const { socket, received } = await open();
  // Masked with zeros.
  socket.write(Buffer.concat([Buffer.of(0x81, 0x82, 0, 0, 0, 0), Buffer.from("hi")]));
  await until(() => received().length === 4);
  assert.equal(received().subarray(2).toString(), "hi");
  const part = Buffer.concat([Buffer.of(0, 0xfe, 0x80, 0, 0, 0, 0, 0), Buffer.alloc(32_768, "x")]);
  const frames = [0x01, 0x00, 0x00, 0x80].map((first) => Buffer.concat([Buffer.of(first), part.subarray(1)]));
  socket.write(Buffer.concat(frames));
  await until(() => received().length === 4 + 10 + 131_072);
  socket.write(Buffer.of(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8));
  await once(socket, "close");
  const lost = await open();
  lost.socket.destroy();
  await until(() => ends.length === 2);
  assert.deepEqual(ends, [
    [1000, "", "client"],
    [1006, "", "lost"],
  ]);
});

test("a PROXY header in front of TLS says who calls", async () => {
  const socket = connect(portOf(behindProxy), "127.0.0.1");
  socket.write("PROXY TCP4 192.0.2.7 127.0.0.1 1234 443\r\n");
  const inside = connectTls({ socket, servername: "localhost", ca });
  inside.end("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const text = (await inside.toArray()).join("");
  assert.match(text, /\{"host":"localhost","address":"192\.0\.2\.7","isEncrypted":true\}$/);
});

test("a handshake that is broken, stops half-way, comes late or inside of another one ends its connection only", async () => {
  const hello = Buffer.from("160301020001000", "hex");
  for (const bytes of [hello, Buffer.concat([hello, Buffer.alloc(600, 0xff)]), Buffer.from("1603", "hex")]) {
    const socket = connect(portOf(server), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(bytes);
    await once(socket.resume(), "close");
  }
  const late = connect(portOf(server), "127.0.0.1");
  late.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(late, "data");
  late.end(hello);
  assert.match((await late.toArray()).join(""), /^HTTP\/1\.1 400 /);
  const inside = connectTls({ port: portOf(server), host: "127.0.0.1", servername: "localhost", ca });
  inside.end(Buffer.concat([hello, Buffer.from("\r\n\r\n")]));
  assert.match((await inside.toArray()).join(""), /^HTTP\/1\.1 400 /);
  assert.deepEqual(await call("localhost"), { host: "localhost", ...here });
});
