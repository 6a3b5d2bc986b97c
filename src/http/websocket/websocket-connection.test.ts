import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { after, before, test } from "node:test";
import { RawClient } from "../../../test/raw-http.ts";
import { until } from "../../../test/until.ts";
import { awsLimits, clientFrame, WebSocketUnderTest } from "../../../test/websocket-under-test.ts";
import { ManualClock } from "../../base/clock.ts";
import { Http1Server } from "../http1/http1-server.ts";
import { defaultHttp1Limits } from "../http1/limits.ts";
import type { InboundExchange } from "../inbound.ts";
import { publicListener } from "../listener.ts";
import { createSocketServer } from "../socket-server.ts";
import { allowedHeaders } from "./handshake.ts";
import type { WebSocketPeer } from "./websocket.ts";
import type { WebSocketConnection } from "./websocket-connection.ts";

const clock = new ManualClock(Date.UTC(2026, 10, 20, 8, 0, 0));
const limits = awsLimits;

/** What happened to each WebSocket, in order. */
interface SeenEvents {
  readonly peer: WebSocketPeer;
  readonly texts: string[];
  readonly closes: unknown[][];
  drains: number;
  /** What `onText` answers. */
  isTaking: boolean;
}
const all: SeenEvents[] = [];
const errors: unknown[] = [];
let server: Server;
let http1: Http1Server;
let port = 0;

/** Echoes; some texts make it do something else. */
function accept(request: InboundExchange): void {
  if (request.webSocket !== "asked") {
    request.respond(400, [], typeof request.webSocket === "object" ? request.webSocket.problem : "none");
    return;
  }
  const peer = request.upgrade(["Sec-WebSocket-Protocol", request.header("sec-websocket-protocol") ?? ""], limits, {
    onText(message) {
      const text = message.toString();
      seen.texts.push(text);
      if (text === "throw") throw new Error("thrown");
      if (text === "close") peer!.close(4000, "as asked");
      else peer!.send(text);
      return seen.isTaking;
    },
    onClose: (...how) => void seen.closes.push(how),
    onDrain: () => void seen.drains++,
  });
  const seen: SeenEvents = { peer: peer!, texts: [], closes: [], drains: 0, isTaking: true };
  all.push(seen);
}

before(async () => {
  http1 = new Http1Server({
    limits: defaultHttp1Limits,
    clock,
    onRequest: accept,
    onError: (error) => errors.push(error),
  });
  server = createSocketServer((socket) => http1.accept(socket, publicListener));
  await once(server.listen(0, "127.0.0.1"), "listening");
  port = (server.address() as AddressInfo).port;
});
after(async () => {
  server.close();
  await http1.stop(0);
});

const handshake =
  "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const frame = clientFrame;
const mask = [1, 2, 3, 4];

/** A raw client behind its handshake. */
async function open(early = ""): Promise<{ readonly client: RawClient; readonly seen: SeenEvents }> {
  const before = all.length;
  const client = await RawClient.open(port);
  client.send(handshake + early);
  await client.until((text) => text.includes("\r\n\r\n"));
  client.received = client.received.slice(client.received.indexOf("\r\n\r\n") + 4);
  return { client, seen: all[before]! };
}

/** Sends bytes, and returns the code with which the server closes. */
async function closedBy(...frames: readonly Buffer[]): Promise<number> {
  const { client, seen } = await open();
  client.send(Buffer.concat(frames));
  await client.closed();
  const at = client.received.lastIndexOf("\x88");
  const code = (client.received.charCodeAt(at + 2) << 8) | client.received.charCodeAt(at + 3);
  if (client.received.charCodeAt(at + 1) > 0) assert.equal(seen.closes[0]?.[0], code);
  assert.equal(seen.closes.length, 1);
  return code;
}

test("Node's own WebSocket connects, agrees on a protocol, talks, and closes", async () => {
  const before = all.length;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, "chat");
  await once(socket, "open");
  assert.equal(socket.protocol, "chat");
  const texts = ["hello", "", "€".repeat(10_000), "x".repeat(32_768)];
  const got: string[] = [];
  socket.onmessage = ({ data }) => void got.push(String(data));
  for (const text of texts) socket.send(text);
  await until(() => got.length === texts.length);
  assert.deepEqual(got, texts);
  socket.close(4321, "enough");
  const [event] = (await once(socket, "close")) as [CloseEvent];
  assert.deepEqual([event.code, event.wasClean], [4321, true]);
  await until(() => all[before]!.closes.length > 0);
  assert.deepEqual(all[before]!.closes, [[4321, "enough", "client"]]);
});

test("a request that asks wrongly is answered by HTTP, and the connection goes on", async () => {
  const client = await RawClient.open(port);
  client.send(handshake.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 7"));
  assert.match(await client.until((text) => text.endsWith("is not 13")), /^HTTP\/1\.1 400 /);
  client.received = "";
  client.send(handshake);
  await client.until((text) => text.startsWith("HTTP/1.1 101 Switching Protocols\r\n") && text.endsWith("\r\n\r\n"));
  client.close();
});

test("frames that were sent with the handshake are read after it", async () => {
  const { client } = await open(frame(0x81, "early").toString("latin1"));
  await client.until((text) => text.includes("\x81\x05early"));
  client.close();
});

test("a message in parts is joined, with pings in between, wherever the bytes are cut", async () => {
  const { client, seen } = await open();
  const bytes = Buffer.concat([
    frame(0x01, "a€"),
    frame(0x89, "p"),
    frame(0x00, ""),
    frame(0x80, "😀z"),
    frame(0x81, "next"),
  ]);
  for (const byte of bytes) {
    client.send(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await client.until((text) => text.endsWith("next"));
  assert.deepEqual(seen.texts, ["a€😀z", "next"]);
  assert.ok(client.received.includes("\x8a\x01p"), "the ping is answered");
  client.close();
  await until(() => seen.closes.length === 1);
  assert.deepEqual(seen.closes, [[1006, "", "lost"]]);
});

test("what breaks the protocol closes with its code", async () => {
  const big = Buffer.alloc(32_768, 0x61);
  const cases: readonly (readonly [string, number, ...Buffer[]])[] = [
    ["binary", 1003, frame(0x82, "x")],
    ["a reserved bit", 1002, frame(0xc1, "x")],
    ["an unknown opcode", 1002, frame(0x83, "x")],
    ["an unknown control opcode", 1002, frame(0x8b, "")],
    ["no mask", 1002, Buffer.from([0x81, 0x01, 0x61])],
    ["a ping in parts", 1002, frame(0x09, "x")],
    ["a long ping", 1002, frame(0x89, "x".repeat(126))],
    ["nothing to continue", 1002, frame(0x80, "x")],
    ["a message in a message", 1002, frame(0x01, "x"), frame(0x81, "y")],
    ["a length of too many bytes", 1002, Buffer.from([0x81, 0xfe, 0, 1, ...mask, 0])],
    ["a length of eight bytes for one", 1002, Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, ...mask, 0])],
    ["an impossible length", 1002, Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, ...mask])],
    ["a frame over 32 KB", 1009, frame(0x81, "", 32_769)],
    ["a frame of terabytes", 1009, Buffer.from([0x81, 0xff, 0, 0, 0x7f, 0, 0, 0, 0, 0, ...mask])],
    ["a message over 128 KB", 1009, frame(0x01, big), ...Array.from({ length: 4 }, () => frame(0x00, big))],
    ["invalid UTF-8", 1007, frame(0x81, Buffer.from([0xff]))],
    ["invalid UTF-8 in a first part", 1007, frame(0x01, Buffer.from([0xed, 0xa0]))],
    ["half a character at the end", 1007, frame(0x01, "x"), frame(0x80, Buffer.from([0xc3]))],
    ["a close of one byte", 1002, frame(0x88, "x")],
    ["a close code that is none", 1002, frame(0x88, Buffer.from([0x03, 0xed]))],
    ["a reason that is no UTF-8", 1007, frame(0x88, Buffer.from([0x03, 0xe8, 0xff]))],
    ["a close", 1000, frame(0x88, Buffer.from([0x03, 0xe8, 0x61]))],
  ];
  for (const [what, code, ...frames] of cases) assert.equal(await closedBy(...frames), code, what);
});

test("nothing is read after a close, and an empty close is one without a code", async () => {
  const { client, seen } = await open();
  client.send(Buffer.concat([frame(0x88, ""), frame(0x81, "late")]));
  await client.closed();
  assert.equal(client.received, "\x88\x00");
  assert.deepEqual([seen.texts, seen.closes], [[], [[1005, "", "client"]]]);
});

test("the server's close has its code and reason, and sends nothing more", async () => {
  const { client, seen } = await open();
  client.send(Buffer.concat([frame(0x81, "close"), frame(0x81, "late")]));
  await client.closed();
  assert.equal(client.received, "\x88\x0a\x0f\xa0as asked");
  assert.deepEqual([seen.texts, seen.closes], [["close"], [[4000, "as asked", "server"]]]);
  assert.equal(seen.peer.send("x"), false);
});

test("an exception of the receiver closes that WebSocket only", async () => {
  assert.equal(await closedBy(frame(0x81, "throw")), 1011);
  assert.match(String(errors.pop()), /thrown/);
});

test("a receiver that takes no more is given nothing until it resumes", async () => {
  const { client, seen } = await open();
  seen.isTaking = false;
  client.send(Buffer.concat([frame(0x81, "1"), frame(0x81, "2"), frame(0x81, "3")]));
  await until(() => seen.texts.length > 0);
  client.send(frame(0x81, "4"));
  await new Promise(setImmediate);
  assert.deepEqual(seen.texts, ["1"]);
  seen.peer.resume();
  assert.deepEqual(seen.texts, ["1", "2"]);
  seen.isTaking = true;
  seen.peer.resume();
  await until(() => seen.texts.length === 4);
  client.close();
});

test("a client that sends without a pause is read a little in each turn of the loop, and to its end", async () => {
  const { client, seen } = await open();
  const count = 200;
  client.send(Buffer.concat(Array.from({ length: count }, () => frame(0x81, "x".repeat(30_000)))));
  let most = 0;
  for (let before = 0; before < count; ) {
    await new Promise((resolve) => void setImmediate(resolve));
    most = Math.max(most, seen.texts.length - before);
    before = seen.texts.length;
  }
  assert.ok(most <= 7, `${most} messages in one turn`);
  assert.deepEqual(seen.closes, []);
  client.close();
});

test("what waits for a client that doesn't read is bounded, and it is told when there is room", async () => {
  const { client, seen } = await open();
  client.socket.pause();
  const text = "x".repeat(60_000);
  let sent = 0;
  while (seen.peer.send(text)) {
    sent++;
    assert.ok(sent < 10_000, "the client's system takes no end");
    await new Promise(setImmediate);
  }
  assert.ok(seen.peer.unsentBytes <= limits.unsentBytesMax + text.length + 10);
  client.socket.resume();
  await until(() => seen.drains === 1);
  assert.equal(seen.peer.send("more"), true);
  client.close();
});

test("an idle WebSocket is closed with 1001, and so is one that has lived long enough", async () => {
  const { client } = await open();
  clock.advance(limits.idleMs);
  await client.closed();
  assert.equal(client.received, "\x88\x0c\x03\xe9Going away");
  const old = await open();
  for (let ms = 0; ms < limits.lifeMs; ms += limits.idleMs / 2) {
    clock.advance(limits.idleMs / 2);
    if (old.client.isClosed) break;
    old.client.received = "";
    old.client.send(frame(0x89, ""));
    await old.client.until((text) => text !== "");
  }
  await old.client.closed();
  assert.match(old.client.received, /Going away$/);
});

test("a flood of empty frames in one message ends, and a flood of pings holds no more than one answer", () => {
  const endless = new WebSocketUnderTest();
  endless.receive(frame(0x01, "a"));
  const flood = Buffer.concat(Array.from({ length: 1_000 }, () => frame(0x00, "")));
  let frames = 1;
  for (; endless.closes.length === 0 && frames < 1_000_000; frames += 1_000) endless.receive(flood);
  assert.deepEqual([endless.closes, frames < 20_000], [["1009 by server"], true]);

  const unread = new WebSocketUnderTest();
  unread.socket.isClientReading = false;
  const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(0x89, "x".repeat(125))));
  for (let round = 0; round < 100; round++) unread.receive(pings);
  assert.ok(unread.socket.writableLength < 70_000, String(unread.socket.writableLength));
  unread.receive(frame(0x89, "latest"));
  unread.socket.writableLength = 0;
  const before = unread.frames.length;
  unread.connection.drained();
  assert.deepEqual(unread.frames.slice(before), ["pong:latest"]);
});

test("messages in parts take memory of a common reserve, give it back, and come to an end", () => {
  const webSocket = new WebSocketUnderTest();
  webSocket.receive(frame(0x01, "x".repeat(3_000)));
  assert.equal(webSocket.reservedBytes, 6_000);
  webSocket.receive(frame(0x80, "y"));
  assert.deepEqual([webSocket.reservedBytes, webSocket.messages.length], [0, 1]);

  webSocket.reservedBytesMax = 10_000;
  webSocket.receive(Buffer.concat([frame(0x01, "x".repeat(3_000)), frame(0x00, "x".repeat(4_000))]));
  assert.deepEqual(webSocket.closes, ["1013 by server"]);

  const slow = new WebSocketUnderTest();
  slow.receive(frame(0x01, "a"));
  slow.host.nowMs = 100_000;
  slow.receive(frame(0x00, "b"));
  slow.connection.sweep();
  assert.deepEqual(slow.closes, []);
  slow.host.nowMs = 120_000;
  slow.connection.sweep();
  assert.deepEqual([slow.closes, slow.reservedBytes], [["1008 by server"], 0]);
});

test("what is sent is UTF-8, whatever a handler gives", () => {
  const webSocket = new WebSocketUnderTest();
  webSocket.connection.send(Buffer.from([0x61, 0xff]));
  webSocket.connection.send("\ud800");
  assert.deepEqual(webSocket.frames, ["text:a\ufffd", "text:\ufffd"]);
});

test("headers that would agree on an extension, or break the handshake, are left out of the answer", () => {
  const headers = ["Sec-WebSocket-Extensions", "permessage-deflate", "X-A", "b", "sec-websocket-accept", "x"];
  assert.deepEqual(allowedHeaders(headers), ["X-A", "b"]);
});

test("a client that reads nothing is cut off when its time is over", async () => {
  const { client, seen } = await open();
  client.socket.pause();
  await until(() => !seen.peer.send("x".repeat(60_000)));
  for (let ticks = 0; seen.closes.length === 0 && ticks < 1_000; ticks++) {
    // The sweep follows real time; it is called here as often as a minute and a half has of it.
    (http1 as unknown as { tick: number }).tick++;
    (seen.peer as WebSocketConnection).sweep();
  }
  assert.deepEqual(seen.closes, [[1006, "The client does not read", "lost"]]);
  client.close();
});

test("a server that stops closes its WebSockets with 1001", async () => {
  const { client } = await open();
  void http1.stop(1_000);
  await client.closed();
  assert.equal(client.received, "\x88\x0c\x03\xe9Going away");
});

test("who closes for want of traffic says so, and who closes for age does not", () => {
  const idle = new WebSocketUnderTest({ ...awsLimits, idleMs: 1_000, lifeMs: 5_000 });
  idle.host.nowMs = 1_000;
  idle.connection.sweep();
  const old = new WebSocketUnderTest({ ...awsLimits, idleMs: 1_000, lifeMs: 5_000 });
  old.host.nowMs = 5_000;
  old.receive(clientFrame(0x89, ""));
  old.connection.sweep();
  assert.deepEqual([idle.closes, old.closes], [["1001 by idle"], ["1001 by server"]]);
});
