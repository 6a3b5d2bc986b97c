// Last wills of connections, and what the answer of $connect says of a connection: beyond AWS, over all gateway threads.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { readConfig } from "../../src/server/config.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { RawClient } from "../raw-http.ts";
import { until } from "../until.ts";
import { clientFrame } from "../websocket-under-test.ts";
import { send } from "./mock-api.ts";
import { addConnectRoute, connectMock, mockApi } from "./websocket-mock-api.ts";

const silent = makeLogger("silent", () => {});

let server: RunningServer;
let backend: Server;
/** What the backend of `$connect` says of the connection. */
let connectAnswer = "{}";
let apiId: string;
let base: string;
before(async () => {
  backend = createServer((_, response) => response.writeHead(200, { "X-Portico-Connection": connectAnswer }).end());
  await once(backend.listen(0, "127.0.0.1"), "listening");
  server = await start(["websocket-groups", "websocket-wills"]);
  apiId = await makeApi(server.url);
  base = `${server.url}/_aws/execute-api/${apiId}/prod`;
});
after(async () => {
  await server.stop();
  backend.close();
});

async function start(beyondAws: string[]): Promise<RunningServer> {
  return startServer(
    await readConfig({ flags: { port: "0", threads: "2", memory: true, beyondAws }, env: {}, cwd: "/nowhere" }),
    silent,
  );
}

async function makeApi(url: string): Promise<string> {
  const id = await mockApi(url);
  await addConnectRoute(url, id, `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`);
  return id;
}

async function connect(
  t: TestContext,
): Promise<{ readonly id: string; readonly socket: WebSocket; readonly texts: string[] }> {
  const { id, socket } = await connectMock(base.replace("http", "ws"));
  const texts: string[] = [];
  socket.onmessage = ({ data }) => void texts.push(String(data));
  t.after(() => socket.close());
  return { id, socket, texts };
}

/** A client whose network the test can cut. */
async function connectRaw(): Promise<{ readonly id: string; readonly raw: RawClient }> {
  const raw = await RawClient.open(server.port);
  raw.send(
    `GET /_aws/execute-api/${apiId}/prod HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await raw.until((text) => text.includes("\r\n\r\n"));
  raw.send(clientFrame(0x81, "{}"));
  const told = await raw.until((text) => /"id": "[^"]+"/.test(text));
  return { raw, id: /"id": "([^"]+)"/.exec(told)![1]! };
}

const keep = async (id: string, message: string, query = ""): Promise<void> => {
  const { status, text } = await send(`${base}/@wills/${id}${query}`, { method: "PUT", body: message });
  assert.equal(status, 204, text);
};

test("a connection that is lost leaves its message to its group, or to all", async (t) => {
  const [inGroup, other] = [await connect(t), await connect(t)];
  await send(`${base}/@groups/watchers/${inGroup.id}`, { method: "PUT" });
  const [one, two] = [await connectRaw(), await connectRaw()];
  await keep(one.id, "never sent");
  await keep(one.id, "one is lost", "?group=watchers");
  await keep(two.id, "two is lost");
  one.raw.socket.resetAndDestroy();
  await until(() => inGroup.texts.length === 1);
  two.raw.socket.destroy();
  await until(() => inGroup.texts.length === 2 && other.texts.length === 1);
  assert.deepEqual([inGroup.texts, other.texts], [["one is lost", "two is lost"], ["two is lost"]]);
});

test("a client that breaks the protocol leaves its message", async (t) => {
  const watcher = await connect(t);
  const { id, raw } = await connectRaw();
  await keep(id, "it spoke gibberish");
  raw.send(Buffer.from([0xff, 0xff]));
  await until(() => watcher.texts.length === 1);
  raw.close();
});

test("whom somebody closes leaves nothing: the client, a callback, or who takes the message back", async (t) => {
  const watcher = await connect(t);
  const clients = [await connectRaw(), await connectRaw(), await connectRaw(), await connectRaw()] as const;
  for (const { id } of clients) await keep(id, "closed");
  const [closing, closed, takenBack, lost] = clients;
  closing.raw.send(clientFrame(0x88, Buffer.from([0x03, 0xe8])));
  assert.equal((await send(`${base}/@connections/${closed.id}`, { method: "DELETE" })).status, 204);
  assert.equal((await send(`${base}/@wills/${takenBack.id}`, { method: "DELETE" })).status, 204);
  takenBack.raw.socket.destroy();
  const isGone = async (id: string): Promise<boolean> => (await send(`${base}/@connections/${id}`)).status === 410;
  for (const { id } of [closing, closed, takenBack]) await until(() => isGone(id));
  await keep(lost.id, "lost");
  lost.raw.socket.destroy();
  await until(() => watcher.texts.length > 0);
  assert.deepEqual(watcher.texts, ["lost"]);
  for (const { raw } of clients) raw.close();
});

test("what can't be left is refused", async (t) => {
  const { id } = await connect(t);
  const refusals: [string, string, string | Buffer, number][] = [
    ["PUT", `/@wills/${id}`, "x".repeat(8_193), 400],
    ["PUT", `/@wills/${id}`, Buffer.from([0xff]), 400],
    ["PUT", `/@wills/${id}?group=`, "x", 400],
    ["PUT", `/@wills/${id}?to=all`, "x", 400],
    ["PUT", "/@wills/nonsense", "x", 400],
    ["PUT", "/@wills/Llf4ceE2NjMCF7w=", "x", 410],
    ["GET", `/@wills/${id}`, "", 403],
    ["PUT", "/@wills", "x", 403],
  ];
  for (const [method, path, body, status] of refusals) {
    const answer = await send(`${base}${path}`, { method, ...(method !== "GET" && { body }) });
    assert.equal(answer.status, status, `${method} ${path} ${answer.text}`);
  }
});

test("the answer of $connect puts a connection into groups and gives it a will; the client does not see it", async (t) => {
  const watcher = await connect(t);
  connectAnswer = JSON.stringify({ groups: ["räume", "lobby"], will: { message: "ade" } }).replace("ä", "\\u00e4");
  const { raw, id } = await connectRaw();
  connectAnswer = "{}";
  assert.ok(!/x-portico-connection/i.test(raw.received));
  const { text } = await send(`${base}/@connections?group=lobby`);
  assert.deepEqual(
    JSON.parse(text).connections.map((found: { connectionId: string; groups: string[] }) => [
      found.connectionId,
      found.groups,
    ]),
    [[id, ["lobby", "räume"]]],
  );
  raw.socket.destroy();
  await until(() => watcher.texts.length === 1);
  assert.deepEqual(watcher.texts, ["ade"]);
});

test("nobody is let in by an answer that can't be read", async () => {
  connectAnswer = '{"groups": "lobby"}';
  const { status, headers, text } = await send(base, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  });
  connectAnswer = "{}";
  assert.deepEqual([status, JSON.parse(text).message], [502, "Internal server error"]);
  assert.match(String(headers["x-portico-hint"]), /groups of x-portico-connection/);
});

test("without its name there are no wills, and the header means nothing", async (t) => {
  const plain = await start([]);
  t.after(() => plain.stop());
  const at = `${plain.url}/_aws/execute-api/${await makeApi(plain.url)}/prod`;
  connectAnswer = '{"groups": "lobby"}';
  const { id, socket } = await connectMock(at.replace("http", "ws"));
  connectAnswer = "{}";
  const { status, text } = await send(`${at}/@wills/${id}`, { method: "PUT", body: "x" });
  assert.equal(status, 501);
  assert.match(text, /--beyond-aws websocket-wills/);
  socket.close();
});
