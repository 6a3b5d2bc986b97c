// Groups, broadcasts and lists of connections, beyond AWS: by plain calls, over all gateway threads.
import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { bounds } from "../../src/base/bounds.ts";
import { readConfig } from "../../src/server/config.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { RawClient } from "../raw-http.ts";
import { until } from "../until.ts";
import { send } from "./mock-api.ts";
import { connectMock, mockApi } from "./websocket-mock-api.ts";

const silent = makeLogger("silent", () => {});

async function start(flags: { beyondAws?: string[]; threads?: string }): Promise<RunningServer> {
  const all = { port: "0", threads: "3", memory: true, ...flags };
  return startServer(await readConfig({ flags: all, env: {}, cwd: "/nowhere" }), silent);
}

let server: RunningServer;
let apiId: string;
let base: string;
before(async () => {
  server = await start({ beyondAws: ["websocket-groups"] });
  apiId = await mockApi(server.url);
  base = `${server.url}/_aws/execute-api/${apiId}/prod`;
});
after(() => server.stop());

interface Client {
  readonly id: string;
  readonly socket: WebSocket;
  readonly texts: string[];
}

async function connect(t: TestContext, at = base): Promise<Client> {
  const { id, socket } = await connectMock(at.replace("http", "ws"));
  const texts: string[] = [];
  socket.onmessage = ({ data }) => void texts.push(String(data));
  t.after(() => socket.close());
  return { id, socket, texts };
}

/** Connections in each of three threads, as the kernel deals them out. */
async function connectToAll(t: TestContext, at = base): Promise<Client[]> {
  const clients: Client[] = [];
  while (new Set(clients.map(({ id }) => threadOf(id))).size < 3 || clients.length < 6)
    clients.push(await connect(t, at));
  return clients;
}

const threadOf = (id: string): number => Buffer.from(id, "base64url")[0]!;

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer has is what is tested.
  readonly body: any;
}

async function call(method: string, path: string, body?: string | Buffer, at = base): Promise<Answer> {
  const { status, text } = await send(`${at}${path}`, { method, ...(body !== undefined && { body }) });
  return { status, body: text === "" ? undefined : JSON.parse(text) };
}

const join = async (group: string, { id }: Client): Promise<void> => {
  assert.equal((await call("PUT", `/@groups/${encodeURIComponent(group)}/${id}`)).status, 204);
};

test("one call sends to a group in all threads, and to nobody else", async (t) => {
  const clients = await connectToAll(t);
  const members = clients.filter((_, index) => index % 2 === 0);
  for (const member of members) await join("room", member);
  assert.deepEqual(await call("POST", "/@groups/room", "héllo"), {
    status: 200,
    body: { sent: members.length, kept: 0, gone: 0, tooSlow: 0 },
  });
  const sender = members[0]!;
  const { body } = await call("POST", `/@groups/room?except=${encodeURIComponent(sender.id)}`, "but you");
  assert.equal(body.sent, members.length - 1);
  const all = await call("POST", "/@broadcast", "all");
  assert.equal(all.body.sent, clients.length);
  for (const client of clients) {
    await until(() => client.texts.includes("all"));
    const ofRoom = members.includes(client) ? ["héllo", ...(client === sender ? [] : ["but you"])] : [];
    assert.deepEqual(client.texts, [...ofRoom, "all"]);
  }
});

test("a connection leaves a group when it is told to, and all of them with its end", async (t) => {
  const [one, other] = [await connect(t), await connect(t)];
  await join("left", one);
  await join("left", one);
  await join("left", other);
  await join("left too", other);
  assert.equal((await call("DELETE", `/@groups/left/${one.id}`)).status, 204);
  assert.equal((await call("DELETE", `/@groups/left/${one.id}`)).status, 204);
  assert.deepEqual((await call("POST", "/@groups/left", "x")).body, { sent: 1, kept: 0, gone: 0, tooSlow: 0 });
  other.socket.close();
  await until(async () => (await call("POST", "/@groups/left", "x")).body.sent === 0);
  const { body } = await call("GET", "/@groups");
  assert.deepEqual(
    body.groups.filter(({ group }: { group: string }) => group.startsWith("left")),
    [],
  );
  assert.equal((await call("PUT", `/@groups/left/${other.id}`)).status, 410);
});

test("connections are listed from all threads, by filters, page by page", async (t) => {
  const startedAt = new Date(Date.now() - 1).toISOString();
  const clients = await connectToAll(t);
  for (const client of clients) await join("listed", client);
  await join("also", clients[0]!);
  const ids = clients.map(({ id }) => id).sort();
  const seen: string[] = [];
  let path = "/@connections?group=listed&limit=2";
  for (let pages = 0; pages < 100; pages++) {
    const { status, body } = await call("GET", path);
    assert.equal(status, 200);
    assert.ok(body.connections.length <= 2);
    seen.push(...body.connections.map(({ connectionId }: { connectionId: string }) => connectionId));
    if (body.nextToken === undefined) break;
    path = `/@connections?group=listed&limit=2&nextToken=${body.nextToken}`;
  }
  assert.deepEqual(seen, ids);
  const [first] = (await call("GET", "/@groups/also")).body.connections;
  assert.deepEqual(
    { ...first, connectedAt: "", lastActiveAt: "", identity: { sourceIp: first.identity.sourceIp } },
    {
      connectionId: clients[0]!.id,
      connectedAt: "",
      lastActiveAt: "",
      identity: { sourceIp: "127.0.0.1" },
      groups: ["also", "listed"],
    },
  );
  const countOf = async (filter: string): Promise<number> =>
    (await call("GET", `/@groups/listed?${filter}`)).body.connections.length;
  assert.equal(await countOf(`connectedAfter=${startedAt}`), ids.length);
  assert.equal(await countOf(`connectedBefore=${startedAt}`), 0);
  assert.equal(await countOf("connectedBefore=2999-01-01T00:00:00Z"), ids.length);
  assert.equal(await countOf("sourceIp=127.0.0.1"), ids.length);
  assert.equal(await countOf("sourceIp=10.0.0.1"), 0);
  assert.equal(await countOf("principal=nobody"), 0);
  const { groups } = (await call("GET", "/@groups")).body;
  assert.deepEqual(
    groups.filter(({ group }: { group: string }) => group === "listed"),
    [{ group: "listed", connections: ids.length }],
  );
});

test("a group's name is any short text, and never a member of a prototype", async (t) => {
  const client = await connect(t);
  for (const group of ["__proto__", "constructor", "räume/1 ☃", "*", "%", "a%2fb", "@broadcast"]) {
    assert.equal((await call("POST", `/@groups/${encodeURIComponent(group)}`, "x")).body.sent, 0, group);
    await join(group, client);
    assert.equal((await call("POST", `/@groups/${encodeURIComponent(group)}`, "x")).body.sent, 1, group);
  }
  const { groups } = (await call("GET", "/@groups")).body;
  assert.ok(groups.some(({ group }: { group: string }) => group === "__proto__"));
});

test("what can't be meant is refused: names, ids, parameters, messages, verbs", async (t) => {
  const { id } = await connect(t);
  const long = "x".repeat(bounds.connectionGroupNameBytesMax.value + 1);
  const answers: [string, string, number, RegExp][] = [
    ["PUT", `/@groups/${long}/${id}`, 400, /1 to 128 bytes/],
    ["PUT", `/@groups/a%00b/${id}`, 400, /control characters/],
    ["PUT", `/@groups/%ff%/${id}`, 204, /^$/],
    ["PUT", `/@groups/${"x".repeat(9_000)}/${id}`, 400, /1 to 128 bytes/],
    ["PUT", `/@groups/${"x".repeat(1e6)}/${id}`, 414, /^/],
    ["PUT", "/@groups/room/nonsense", 400, /Invalid connectionId: nonsense/],
    ["PUT", "/@groups/room/Llf4ceE2NjMCF7w=", 410, /^$/],
    ["POST", `/@groups/room?except=${Array(17).fill("a").join(",")}`, 400, /16 connections/],
    ["POST", "/@groups/room?exempt=a", 400, /Unknown parameter exempt: there are except/],
    ["PUT", `/@groups/room/${id}?x=y`, 400, /there is none here/],
    ["GET", "/@connections?limit=0", 400, /limit is 1 to 1000/],
    ["GET", "/@connections?limit=1e3", 400, /limit/],
    ["GET", "/@connections?limit=1&limit=2", 400, /more than once/],
    ["GET", "/@connections?nextToken=%2F%2F", 400, /Invalid nextToken/],
    ["GET", "/@connections?connectedAfter=yesterday", 400, /are times/],
    ["GET", "/@connections?connectedAfter=2026-99-99T00:00Z", 400, /are times/],
    ["GET", `/@connections?group=${long}`, 400, /128 bytes/],
    ["PUT", "/@groups", 403, /Missing Authentication Token/],
    ["GET", "/@broadcast", 403, /Missing Authentication Token/],
    ["POST", "/@connections", 403, /Missing Authentication Token/],
    ["POST", "/@groups/a/b/c", 403, /Forbidden/],
    ["POST", "/@groups//", 403, /Forbidden/],
  ];
  for (const [method, path, status, text] of answers) {
    const answer = await send(`${base}${path}`, { method });
    assert.equal(answer.status, status, `${method} ${path} ${answer.text}`);
    assert.match(answer.text, text, `${method} ${path}`);
  }
  assert.equal((await call("POST", "/@broadcast", Buffer.from([0xff]))).status, 400);
  assert.equal((await call("POST", "/@broadcast", "x".repeat(131_073))).status, 413);
  const page = await send(`${base}/@broadcast`, { method: "POST", headers: { origin: "https://evil.example" } });
  assert.equal(page.status, 403);
});

test("connections of other APIs are in nobody's groups, lists and broadcasts", async (t) => {
  const other = await mockApi(server.url);
  const at = `${server.url}/_aws/execute-api/${other}/prod`;
  const [own, foreign] = [await connect(t), await connect(t, at)];
  await join("mine", own);
  assert.equal((await call("PUT", `/@groups/mine/${foreign.id}`)).status, 410);
  assert.equal((await call("PUT", `/@groups/mine/${own.id}`, "", at)).status, 410);
  assert.equal((await call("POST", "/@groups/mine", "x", at)).body.sent, 0);
  assert.equal((await call("POST", "/@broadcast", "x", at)).body.sent, 1);
  const { connections } = (await call("GET", "/@connections", undefined, at)).body;
  assert.deepEqual(
    connections.map(({ connectionId }: { connectionId: string }) => connectionId),
    [foreign.id],
  );
});

test("a connection has so many groups and no more", async (t) => {
  const client = await connect(t);
  const max = bounds.connectionGroupsMax.value;
  for (let index = 0; index < max; index++) await join(`many ${index}`, client);
  await join("many 0", client);
  assert.equal((await call("PUT", `/@groups/too-many/${client.id}`)).status, 429);
});

test("a client that does not read is too slow for broadcasts, and the others get them", async (t) => {
  const client = await connect(t);
  await join("slow", client);
  const raw = await RawClient.open(server.port);
  t.after(() => raw.close());
  raw.send(
    `GET /_aws/execute-api/${apiId}/prod HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await raw.until((text) => text.includes("\r\n\r\n"));
  raw.send(Buffer.from("818101020304".concat("7a"), "hex"));
  const told = await raw.until((text) => /"id": "[^"]+"/.test(text));
  const id = /"id": "([^"]+)"/.exec(told)![1]!;
  assert.equal((await call("PUT", `/@groups/slow/${id}`)).status, 204);
  raw.socket.pause();
  const body = "x".repeat(100_000);
  let posts = 0;
  for (let tooSlow = 0; tooSlow === 0 && posts < 2_000; posts++) {
    const answer = await call("POST", "/@groups/slow", body);
    assert.equal(answer.body.sent + answer.body.tooSlow, 2);
    tooSlow = answer.body.tooSlow;
  }
  assert.ok(posts < 2_000);
  await until(() => client.texts.length === posts);
});

test("connections that close during broadcasts are gone, and nothing else breaks", async (t) => {
  const clients = await Promise.all(Array.from({ length: 60 }, () => connect(t)));
  for (const client of clients) await join("closing", client);
  const [closing, staying] = [clients.slice(0, 30), clients.slice(30)];
  const answers = Array.from({ length: 20 }, (_, index) => {
    for (const { socket } of closing.slice(index, index + 2)) socket.close();
    return call("POST", "/@groups/closing", `${index}`);
  });
  for (const { status, body } of await Promise.all(answers)) {
    assert.equal(status, 200);
    assert.ok(body.sent >= 30 && body.sent + body.gone <= 60, JSON.stringify(body));
  }
  for (const { texts } of staying) {
    await until(() => texts.length === 20);
    assert.equal(new Set(texts).size, 20);
  }
});

test("a thread that dies takes its memberships along, and no others", async (t) => {
  const own = await start({ beyondAws: ["websocket-groups"] });
  t.after(() => own.stop());
  const at = `${own.url}/_aws/execute-api/${await mockApi(own.url)}/prod`;
  const clients = await connectToAll(t, at);
  for (const { id } of clients) assert.equal((await call("PUT", `/@groups/g/${id}`, undefined, at)).status, 204);
  await own.terminateThread(0);
  const left = clients.filter(({ id }) => threadOf(id) !== 0).length;
  // A connection to the thread that died may be what the call came by.
  const sentTo = (): Promise<number | undefined> =>
    call("POST", "/@groups/g", "x", at).then(
      ({ body }) => body?.sent,
      () => undefined,
    );
  await until(async () => (await sentTo()) === left);
  const { body } = await call("GET", "/@connections?group=g", undefined, at);
  assert.equal(body.connections.length, left);
});

test("without its name all is refused: AWS's own path as AWS does, and the others by a reason", async (t) => {
  const plain = await start({ threads: "1" });
  t.after(() => plain.stop());
  const at = `${plain.url}/_aws/execute-api/${await mockApi(plain.url)}/prod`;
  const { id } = await connect(t, at);
  assert.equal((await call("GET", "/@connections", undefined, at)).status, 403);
  for (const [method, path] of [
    ["PUT", `/@groups/g/${id}`],
    ["POST", "/@groups/g"],
    ["POST", "/@broadcast"],
    ["GET", "/@groups"],
  ] as const) {
    const { status, body } = await call(method, path, undefined, at);
    assert.equal(status, 501);
    assert.match(body.message, /--beyond-aws websocket-groups/);
  }
});
