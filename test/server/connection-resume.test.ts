// Clients that come back to what they missed, beyond AWS: over all gateway threads, as the same caller of the same stage only.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { ApiGatewayV2Client, CreateAuthorizerCommand, UpdateRouteCommand } from "@aws-sdk/client-apigatewayv2";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { WebSocket as Client } from "ws";
import { readConfig } from "../../src/server/config.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { RawClient } from "../raw-http.ts";
import { until } from "../until.ts";
import { send } from "./mock-api.ts";
import { addConnectRoute, deploy, mockApi } from "./websocket-mock-api.ts";

const silent = makeLogger("silent", () => {});
const region = "us-east-1";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };

let server: RunningServer;
let apiId: string;
let base: string;
before(async () => {
  server = await start({ websocketResume: ["messages=5"] });
  apiId = await mockApi(server.url);
  base = `${server.url}/_aws/execute-api/${apiId}/prod`;
});
after(() => server.stop());

async function start(more: { websocketResume?: string[]; beyondAws?: string[] } = {}): Promise<RunningServer> {
  const beyondAws = ["websocket-groups", "websocket-resume", "websocket-wills"];
  const flags = { port: "0", threads: "3", memory: true, beyondAws, ...more };
  return startServer(await readConfig({ flags, env: {}, cwd: "/nowhere" }), silent);
}

interface Opening {
  readonly token: string;
  readonly isResumed: boolean;
  readonly reason?: string;
  readonly missed?: number;
  readonly lost?: number;
}

/** A client of the library ws, which can be cut off. */
class Visitor {
  readonly socket: Client;
  readonly frames: string[] = [];
  code: number | undefined = undefined;

  constructor(url: string) {
    this.socket = new Client(url.replace("http", "ws"));
    this.socket.on("message", (data) => this.frames.push(String(data)));
    this.socket.on("close", (code) => (this.code = code));
    this.socket.on("error", () => undefined);
  }

  static async open(t: TestContext, query: string, at = base): Promise<Visitor> {
    const visitor = new Visitor(`${at}${query}`);
    t.after(() => visitor.socket.terminate());
    await once(visitor.socket, "open");
    return visitor;
  }

  async opening(): Promise<Opening> {
    await until(() => this.frames.length > 0);
    return JSON.parse(this.frames[0]!).porticoResume;
  }

  /** The connection's id, which the route `$default` tells. */
  async id(): Promise<string> {
    const before = this.frames.length;
    this.socket.send("{}");
    await until(() => this.frames.length > before);
    return JSON.parse(this.frames.at(-1)!).id;
  }
}

async function cut(visitor: Visitor, id: string, at = base): Promise<void> {
  visitor.socket.terminate();
  await until(async () => (await send(`${at}/@connections/${id}`)).status === 410);
}

const post = async (id: string, body: string, at = base): Promise<number> =>
  (await send(`${at}/@connections/${id}`, { method: "POST", body })).status;

const threadOf = (id: string): number => Buffer.from(id, "base64url")[0]!;

/** A client that was lost, with its token and its id. */
async function aLostClient(t: TestContext, at = base, query = "") {
  const visitor = await Visitor.open(t, `?portico-resume=new${query}`, at);
  const { token, isResumed, reason } = await visitor.opening();
  assert.deepEqual([isResumed, reason], [false, undefined]);
  assert.match(token, /^[\w-]{43}$/);
  const id = await visitor.id();
  await cut(visitor, id, at);
  return { token, id };
}

const isUnknown = ({ isResumed, reason }: Opening): void => {
  assert.equal(isResumed, false);
  assert.match(reason ?? "", /expired, of another stage, or somebody else's/);
};

test("a client that comes back, to whichever thread, gets what was sent meanwhile, and goes on", async (t) => {
  const threads = new Set<string>();
  for (let round = 0; round < 12 || threads.size < 2; round++) {
    assert.ok(round < 200);
    const { token, id } = await aLostClient(t);
    assert.equal((await send(`${base}/@groups/away/${id}`, { method: "PUT" })).status, 204);
    assert.equal(await post(id, "one"), 200);
    const { text } = await send(`${base}/@groups/away`, { method: "POST", body: "two" });
    assert.deepEqual(JSON.parse(text), { sent: 0, kept: 1, gone: 0, tooSlow: 0 });
    const listed = await send(`${base}/@connections?group=away`);
    assert.deepEqual(JSON.parse(listed.text).connections, [], "who is away is not connected");
    const back = await Visitor.open(t, `?portico-resume=${token}`);
    assert.deepEqual(await back.opening(), { token, isResumed: true, missed: 2, lost: 0 });
    await until(() => back.frames.length === 3);
    assert.deepEqual(back.frames.slice(1), ["one", "two"]);
    const newId = await back.id();
    threads.add(`${threadOf(id)} ${threadOf(newId)}`);
    assert.equal(await post(id, "to the old one"), 410);
    const toGroup = await send(`${base}/@groups/away`, { method: "POST", body: "three" });
    assert.deepEqual(JSON.parse(toGroup.text), { sent: 1, kept: 0, gone: 0, tooSlow: 0 });
    await until(() => back.frames.at(-1) === "three");
    back.socket.close(1000);
    await until(() => back.code !== undefined);
  }
});

test("a client that counts gets what the network lost, and a connection that it left open is closed", async (t) => {
  const first = await Visitor.open(t, "?portico-resume=new");
  const { token } = await first.opening();
  const id = await first.id();
  for (const text of ["a", "b", "c"]) assert.equal(await post(id, text), 200);
  const back = await Visitor.open(t, `?portico-resume=${token}&portico-received=2`);
  assert.deepEqual(await back.opening(), { token, isResumed: true, missed: 2, lost: 0 });
  await until(() => back.frames.length === 3);
  assert.deepEqual(back.frames.slice(1), ["b", "c"]);
  await until(() => first.code !== undefined);
  assert.equal(first.code, 4000);
});

test("so many messages are kept, and the others are told of as lost", async (t) => {
  const { token, id } = await aLostClient(t);
  for (let index = 0; index < 9; index++) assert.equal(await post(id, String(index)), 200);
  const back = await Visitor.open(t, `?portico-resume=${token}`);
  assert.deepEqual(await back.opening(), { token, isResumed: true, missed: 5, lost: 4 });
  await until(() => back.frames.length === 6);
  assert.deepEqual(back.frames.slice(1), ["4", "5", "6", "7", "8"]);
});

test("a token is good for one client: forged, used twice at once, of another stage, or of one who closed, it is unknown", async (t) => {
  for (const forged of ["x".repeat(43), "x", "__proto__", "", "new%00", "x".repeat(3_000)]) {
    const visitor = await Visitor.open(t, `?portico-resume=${forged}`);
    const opening = await visitor.opening();
    isUnknown(opening);
    assert.notEqual(opening.token, forged);
  }
  const { token, id } = await aLostClient(t);
  const other = `${server.url}/_aws/execute-api/${await mockApi(server.url)}/prod`;
  const stranger = await Visitor.open(t, `?portico-resume=${token}`, other);
  isUnknown(await stranger.opening());
  assert.equal(await post(id, "x"), 200);
  const twins = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const visitor = await Visitor.open(t, `?portico-resume=${token}`);
      return { visitor, opening: await visitor.opening() };
    }),
  );
  // One after another takes the client over; the message is sent once.
  const got = twins.flatMap(({ visitor }) => visitor.frames.slice(1));
  assert.ok(got.filter((text) => text === "x").length <= 1 && twins.some(({ opening }) => opening.isResumed));
  for (const { visitor } of twins) visitor.socket.close(1000);
  await until(() => twins.every(({ visitor }) => visitor.code !== undefined));
  await until(async () => {
    const late = await Visitor.open(t, `?portico-resume=${token}`);
    return !(await late.opening()).isResumed;
  });
});

test("a client that goes while it comes back can come back again, to all that it does not have", async (t) => {
  const { token, id } = await aLostClient(t);
  assert.equal(await post(id, "one"), 200);
  const handshake =
    `GET /_aws/execute-api/${apiId}/prod?portico-resume=${token} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n` +
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  for (let round = 0; round < 30; round++) {
    const raw = await RawClient.open(server.port);
    raw.send(handshake);
    if (round % 3 === 1) await raw.until((text) => text.includes("\r\n"));
    if (round % 3 === 2) await new Promise((resolve) => setImmediate(resolve));
    raw.socket.resetAndDestroy();
  }
  // One of those may be on its way still.
  let opening: Opening | undefined;
  let back: Visitor | undefined;
  await until(async () => {
    back = await Visitor.open(t, `?portico-resume=${token}&portico-received=1`);
    opening = await back.opening();
    if (!opening.isResumed) back.socket.close(1000);
    return opening.isResumed;
  });
  // The first message was the answer that told the id.
  assert.deepEqual(opening, { token, isResumed: true, missed: 1, lost: 0 });
  await until(() => back!.frames.length === 2);
  assert.equal(back!.frames[1], "one");
});

test("what a client that a callback closes, or ends while it is away, has missed is gone", async (t) => {
  const { token, id } = await aLostClient(t);
  assert.equal(await post(id, "x"), 200);
  assert.equal((await send(`${base}/@connections/${id}`, { method: "DELETE" })).status, 204);
  assert.equal(await post(id, "x"), 410);
  isUnknown(await (await Visitor.open(t, `?portico-resume=${token}`)).opening());
  const open = await Visitor.open(t, "?portico-resume=new");
  const { token: second } = await open.opening();
  assert.equal((await send(`${base}/@connections/${await open.id()}`, { method: "DELETE" })).status, 204);
  isUnknown(await (await Visitor.open(t, `?portico-resume=${second}`)).opening());
});

test("a client that asks for nothing gets AWS's frames only, and nothing is kept for it", async (t) => {
  const visitor = await Visitor.open(t, "");
  const id = await visitor.id();
  assert.equal(visitor.frames.length, 1);
  await cut(visitor, id);
  assert.equal(await post(id, "x"), 410);
});

test("nobody comes back to a stage that was removed and made again", async (t) => {
  const id = await mockApi(server.url);
  const at = `${server.url}/_aws/execute-api/${id}/prod`;
  const lost = await aLostClient(t, at);
  const open = await Visitor.open(t, "?portico-resume=new", at);
  const { token } = await open.opening();
  assert.equal((await send(`${server.url}/v2/apis/${id}/stages/prod`, { method: "DELETE" })).status, 204);
  await until(() => open.code === 1001);
  const body = JSON.stringify({ stageName: "prod" });
  assert.equal((await send(`${server.url}/v2/apis/${id}/stages`, { method: "POST", body })).status, 201);
  await deploy(server.url, id);
  assert.equal(await post(lost.id, "x", at), 410);
  for (const old of [token, lost.token])
    isUnknown(await (await Visitor.open(t, `?portico-resume=${old}`, at)).opening());
});

test("what was kept too long is gone", async (t) => {
  const own = await start({ websocketResume: ["seconds=1"] });
  t.after(() => own.stop());
  const id = await mockApi(own.url);
  const at = `${own.url}/_aws/execute-api/${id}/prod`;
  const lost = await aLostClient(t, at);
  await until(async () => (await post(lost.id, "x", at)) === 410);
  isUnknown(await (await Visitor.open(t, `?portico-resume=${lost.token}`, at)).opening());
});

test("a thread that dies takes what it kept along", async (t) => {
  const own = await start();
  t.after(() => own.stop());
  const at = `${own.url}/_aws/execute-api/${await mockApi(own.url)}/prod`;
  let lost = await aLostClient(t, at);
  for (let tries = 0; threadOf(lost.id) !== 1 && tries < 100; tries++) lost = await aLostClient(t, at);
  await own.terminateThread(1);
  await until(async () => (await post(lost.id, "x", at).catch(() => 0)) === 410);
  isUnknown(await (await Visitor.open(t, `?portico-resume=${lost.token}`, at)).opening());
});

test("the route $connect and its backend see no token; without the name they see what was sent, as on AWS", async (t) => {
  const seen: string[] = [];
  const backend: Server = createServer((request, response) => {
    seen.push(`${request.url}`);
    response.end();
  });
  await once(backend.listen(0, "127.0.0.1"), "listening");
  t.after(() => backend.close());
  const uri = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`;
  const judged = await mockApi(server.url);
  await addConnectRoute(server.url, judged, uri);
  const at = `${server.url}/_aws/execute-api/${judged}/prod`;
  const { token } = await (await Visitor.open(t, "?a=1&portico-resume=new", at)).opening();
  await (await Visitor.open(t, `?a=2&portico-resume=${token}&portico-received=0`, at)).opening();
  const plain = await start({ beyondAws: [] });
  t.after(() => plain.stop());
  const plainApi = await mockApi(plain.url);
  await addConnectRoute(plain.url, plainApi, uri);
  const visitor = await Visitor.open(t, "?portico-resume=new", `${plain.url}/_aws/execute-api/${plainApi}/prod`);
  await visitor.id();
  assert.equal(visitor.frames.length, 1);
  assert.ok(
    seen.slice(0, 2).every((url) => !url.includes("portico")),
    seen.join(" "),
  );
  assert.equal(seen.length, 3);
});

test("a client comes back as the one that an authorizer knew, or to nothing", async (t) => {
  const guarded = await mockApi(server.url);
  const lambda = new LambdaClient({ endpoint: server.url, region, credentials });
  const v2 = new ApiGatewayV2Client({ endpoint: server.url, region, credentials });
  t.after(() => {
    lambda.destroy();
    v2.destroy();
  });
  const code = `export const handler = async ({ methodArn, queryStringParameters: { user, ...others } }) => {
    if (JSON.stringify(others).includes("portico")) throw new Error("it sees the token");
    const Statement = [{ Effect: user === "nobody" ? "Deny" : "Allow", Action: "execute-api:Invoke", Resource: methodArn }];
    return { principalId: user, policyDocument: { Version: "2012-10-17", Statement } };
  };`;
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "judge",
      Runtime: "nodejs22.x",
      Role: "arn:aws:iam::000000000000:role/f",
      Handler: "index.handler",
      Code: { ZipFile: zipSync({ "index.mjs": strToU8(code) }) },
    }),
  );
  await send(`${server.url}/2015-03-31/functions/judge/policy`, {
    method: "POST",
    body: JSON.stringify({
      StatementId: "api",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
    }),
  });
  const { AuthorizerId } = await v2.send(
    new CreateAuthorizerCommand({
      ApiId: guarded,
      Name: "judge",
      AuthorizerType: "REQUEST",
      AuthorizerUri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
      IdentitySource: ["route.request.querystring.user"],
    }),
  );
  const backend = createServer((_, response) => response.end());
  await once(backend.listen(0, "127.0.0.1"), "listening");
  t.after(() => backend.close());
  const RouteId = await addConnectRoute(
    server.url,
    guarded,
    `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`,
  );
  await v2.send(new UpdateRouteCommand({ ApiId: guarded, RouteId, AuthorizationType: "CUSTOM", AuthorizerId }));
  await deploy(server.url, guarded);
  const at = `${server.url}/_aws/execute-api/${guarded}/prod`;
  const { token, id } = await aLostClient(t, at, "&user=ann");
  assert.equal(await post(id, "for ann", at), 200);
  const bob = await Visitor.open(t, `?user=bob&portico-resume=${token}`, at);
  isUnknown(await bob.opening());
  const nobody = new Visitor(`${at}?user=nobody&portico-resume=${token}`);
  await until(() => nobody.code !== undefined);
  assert.deepEqual(nobody.frames, []);
  const ann = await Visitor.open(t, `?user=ann&portico-resume=${token}`, at);
  assert.deepEqual(await ann.opening(), { token, isResumed: true, missed: 1, lost: 0 });
  await until(() => ann.frames.length === 2);
  assert.deepEqual([ann.frames[1], bob.frames.length], ["for ann", 1]);
  const { connections } = JSON.parse((await send(`${at}/@connections?principal=ann`)).text);
  assert.equal(connections.length, 1);
});
