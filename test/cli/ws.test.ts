// `portico ws` against a WebSocket server that is not Portico's own.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { WebSocketServer } from "ws";
import { type Ran, run } from "../tool.ts";

const program = join(import.meta.dirname, "../../bin/portico.js");
let server: WebSocketServer;
let url = "";

before(async () => {
  server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    handleProtocols: (protocols) => [...protocols][1] ?? false,
    verifyClient: ({ req }, answer) => {
      if (req.url !== "/shut") answer(true);
      else answer(false, 403, '{"message":"Forbidden"}', { "x-portico-hint": "no such stage" });
    },
  });
  server.on("connection", (socket, { headers }) => {
    socket.send(
      `color ${headers["x-color"]}, signed ${headers.authorization?.startsWith("AWS4-HMAC-SHA256") ?? false}`,
    );
    socket.on("message", (message) => {
      socket.send(`echo ${message}`);
      if (String(message) === "crash") socket.close(1011, "told so");
      if (String(message) === "bye") socket.close(1000);
    });
  });
  await once(server, "listening");
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
after(() => void server.close());

const portico = (input: string, ...args: readonly string[]): Promise<Ran> =>
  run(process.execPath, [program, "ws", ...args], {
    env: { NO_COLOR: "1", AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" },
    input,
  });

test("each line of the input is a message, and each message that comes is a line", async () => {
  const { stdout, stderr, status } = await portico('{"a":1}\n\nbye\n', url, "-H", "X-Color: red");
  assert.equal(stdout, 'color red, signed false\necho {"a":1}\necho bye\n');
  assert.deepEqual([stderr, status], ["Connected.\nClosed: 1000.\n", 0]);
});

test("what a terminal would obey is made harmless", async () => {
  const { stdout } = await portico("\x1b]0;title\x07\nbye\n", url);
  assert.match(stdout, /^echo \u{fffd}\]0;title\u{fffd}$/mu);
});

test("with --json, each event is a line, with its time", async () => {
  const { stdout, status } = await portico(
    "crash\n",
    url,
    "--json",
    "--protocol",
    "one",
    "--protocol",
    "two",
    "--sign",
  );
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { time?: string });
  for (const event of events) {
    assert.equal(new Date(event.time ?? "").toISOString(), event.time);
    delete event.time;
  }
  assert.deepEqual(events, [
    { event: "open", protocol: "two" },
    { event: "message", message: "color undefined, signed true" },
    { event: "message", message: "echo crash" },
    { event: "close", code: 1011, reason: "told so" },
  ]);
  assert.equal(status, 1);
});

test("a refused handshake shows the status, the body and the server's hint", async () => {
  const { stderr, status } = await portico("", `${url}shut`);
  assert.match(stderr, /refuses the connection: 403 \{"message":"Forbidden"\}\n {2}no such stage\n/);
  assert.equal(status, 1);
});

test("with --resume, a server that lets nobody come back is named as such, once", async () => {
  for (const input of ["a\nbye\n", "bye\n"]) {
    const { stderr } = await portico(input, url, "--resume");
    assert.match(stderr, /^Connected\.\nThe server keeps nothing .*--beyond-aws websocket-resume\.\nClosed: 1000\.\n$/);
  }
});

test("a server that keeps the connection of a refused handshake keeps nobody", async () => {
  const keeper = createServer({ keepAliveTimeout: 0 });
  keeper.on("upgrade", (_, socket) =>
    socket.write("HTTP/1.1 401 Unauthorized\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nno"),
  );
  await once(keeper.listen(0, "127.0.0.1"), "listening");
  try {
    const { stderr, status } = await portico("", `ws://127.0.0.1:${(keeper.address() as AddressInfo).port}/`);
    assert.match(stderr, /refuses the connection: 401 no\n/);
    assert.equal(status, 1);
  } finally {
    keeper.close();
  }
});

test("an address that nobody answers at, and what is none, are told apart", async () => {
  const unreachable = await portico("", "ws://127.0.0.1:1/");
  assert.match(unreachable.stderr, /^error {2}ws:\/\/127\.0\.0\.1:1\/ can't be reached\.\n {2}.*ECONNREFUSED/);
  assert.equal(unreachable.status, 1);
  const none = await portico("", "ws://[x/");
  assert.match(none.stderr, /is not a URL/);
  assert.equal(none.status, 2);
});
