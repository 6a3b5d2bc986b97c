import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { until } from "../../test/until.ts";
import type { ManagementRequest, ManagementResponse } from "../protocol/operation.ts";
import { CommitRecorder } from "../store/commit-recorder.ts";
import { makeLogger } from "../telemetry/logger.ts";
import { makeControlServer } from "./control-server.ts";

const bodyBytesMax = 1_000;

interface TestServer {
  readonly socketPath: string;
  readonly handled: ManagementRequest[];
  readonly logged: string[];
}

/** A control server whose management does what the test says. */
async function start(
  t: TestContext,
  handle: (request: ManagementRequest) => Promise<ManagementResponse>,
  inEffect: (commits: readonly number[]) => Promise<void> = async () => undefined,
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "portico-control-"));
  const handled: ManagementRequest[] = [];
  const logged: string[] = [];
  const control = makeControlServer({
    management: {
      owns: () => ({ kind: "unknown" }),
      handle: (whole) => {
        handled.push(whole);
        return handle(whole);
      },
    },
    upstream: undefined,
    gate: undefined,
    guard: { domains: [], allowedOrigins: [] },
    facts: {
      code: async () => undefined,
      isReady: () => true,
      metrics: () => Buffer.from(""),
      accountThrottle: { ratePerSecond: 1, burst: 1 },
      beyondAws: [],
      status: async () => [],
      reference: async () => ({ status: 404, headers: {}, body: "" }),
      portal: async () => ({ status: 404, headers: {}, body: "" }),
      deployments: async () => undefined,
      canary: async () => ({}),
      explain: async () => ({ kind: "refused", status: 500, message: "" }),
      reset: undefined,
      clock: undefined,
    },
    bodyBytesMax,
    inEffect,
    logger: makeLogger("warn", (_level, message) => logged.push(message)),
  });
  const socketPath = join(folder, "control");
  await control.listen(socketPath);
  t.after(async () => {
    await control.close(0);
    rmSync(folder, { recursive: true, force: true });
  });
  return { socketPath, handled, logged };
}

const ok = async (): Promise<ManagementResponse> => ({ status: 200, headers: { "X-Mine": "1" }, body: "done" });

function send(
  socketPath: string,
  method: string,
  body?: Buffer,
  headers: Record<string, string | string[]> = {},
  path = "/x?a=%20b",
): Promise<{ status: number; headers: IncomingMessage["headers"]; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers: { Host: "localhost", ...headers } }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Sends half of a body and waits until control has it; answers what breaks it off. */
async function sendHalf(socketPath: string, body: Buffer, peer = "127.0.0.1:1"): Promise<() => void> {
  const outgoing = request({
    socketPath,
    method: "POST",
    headers: { Host: "localhost", "Content-Length": body.length * 2, "X-Portico-Peer": peer },
  });
  outgoing.on("error", () => undefined);
  await new Promise<void>((resolve) => outgoing.write(body, () => resolve()));
  return () => outgoing.destroy();
}

test("a request arrives whole: target as sent, repeated headers joined", async (t) => {
  const { socketPath, handled } = await start(t, ok);
  const answer = await send(socketPath, "POST", Buffer.from("héllo"), { "X-Twice": ["a", "b"] });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["x-mine"], "1");
  assert.equal(answer.text, "done");
  const [whole] = handled;
  assert.equal(whole?.target, "/x?a=%20b");
  assert.equal(whole?.method, "POST");
  assert.equal(whole?.headers["x-twice"], "a, b");
  assert.equal(whole?.body.toString("utf8"), "héllo");
});

test("a call is answered when its own commits are in effect; one that committed nothing is not kept waiting, whatever its verb", async (t) => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const waitedFor: (readonly number[])[] = [];
  let revision = 0;
  const handle = async ({ headers }: ManagementRequest): Promise<ManagementResponse> => {
    // As a store reports it, after some turns of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    if (headers["x-commits"] !== undefined) for (const _ of "ab") CommitRecorder.report(++revision);
    return { status: 400, headers: {}, body: "" };
  };
  const { socketPath } = await start(t, handle, (commits) => {
    waitedFor.push(commits);
    return gate;
  });
  await Promise.all(["GET", "POST", "PUT"].map((method) => send(socketPath, method)));
  assert.deepEqual(waitedFor, []);
  let answered = 0;
  const answers = ["PUT", "GET"].map(async (method) => {
    await send(socketPath, method, undefined, { "X-Commits": "yes" });
    answered++;
  });
  await until(() => waitedFor.length === 2);
  assert.deepEqual(waitedFor, [
    [1, 2],
    [3, 4],
  ]);
  assert.equal(answered, 0);
  open();
  await Promise.all(answers);
});

test("of a body beyond the bound only so much is read as shows that it is too long", async (t) => {
  const { socketPath, handled } = await start(t, async ({ body }) => ({
    status: 413,
    headers: {},
    body: `${body.length}`,
  }));
  const answer = await send(socketPath, "POST", Buffer.alloc(500_000, "x"));
  assert.equal(answer.status, 413);
  assert.equal(handled[0]?.body.length, bodyBytesMax + 1);
});

test("requests that are broken off are never handled, and what they held is free again", async (t) => {
  const { socketPath, handled } = await start(t, ok);
  // Together these hold more than all requests may hold at a time.
  for (let n = 0; n < 20; n++) {
    const breakOff = await sendHalf(socketPath, Buffer.alloc(900, "x"));
    breakOff();
  }
  await until(async () => (await send(socketPath, "POST", Buffer.alloc(1_000, "y"))).status === 200);
  assert.ok(handled.every(({ body }) => body[0] === "y".charCodeAt(0)));
});

test("when many large bodies are held at a time, of one client or of all, more are refused for now, and later taken", async (t) => {
  const { socketPath } = await start(t, ok);
  const post = async (peer: string): Promise<number> =>
    (await send(socketPath, "POST", Buffer.alloc(100, "y"), { "X-Portico-Peer": peer })).status;
  const holdFour = (peer: string) =>
    Promise.all(Array.from({ length: 4 }, () => sendHalf(socketPath, Buffer.alloc(1_000, "x"), peer)));
  const held = await holdFour("127.0.0.1:1");
  await until(async () => (await post("127.0.0.1:2")) === 503);
  // One client takes no more than half of what all may hold.
  assert.equal(await post("[::1]:1"), 200);
  held.push(...(await holdFour("127.0.0.2:1")));
  await until(async () => (await post("[::1]:1")) === 503);
  // Small questions are still answered.
  assert.equal((await send(socketPath, "GET")).status, 200);
  for (const breakOff of held) breakOff();
  await until(async () => (await send(socketPath, "POST", Buffer.alloc(100, "y"))).status === 200);
});

test("a bug in a call is a 500 and a line in the log; the next call is served", async (t) => {
  let isBroken = true;
  const { socketPath, logged } = await start(t, async () => {
    if (isBroken) throw new Error("a bug");
    return ok();
  });
  assert.equal((await send(socketPath, "POST", Buffer.from("x"))).status, 500);
  assert.deepEqual(logged, ["A management request failed."]);
  isBroken = false;
  assert.equal((await send(socketPath, "POST", Buffer.from("x"))).status, 200);
});

test("a foreign host is refused", async (t) => {
  const { socketPath, handled } = await start(t, ok);
  const foreign = await send(socketPath, "GET", undefined, { Host: "other.example.com" });
  assert.equal(foreign.status, 403);
  assert.match(foreign.text, /does not answer management calls for the host .*other\.example\.com/);
  assert.equal(handled.length, 0);
});

test("a browser at / is led to the pages; whatever else asks there is management's", async (t) => {
  const { socketPath, handled } = await start(t, ok);
  const html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  const browser = await send(socketPath, "GET", undefined, { Host: "localhost", Accept: html }, "/");
  assert.deepEqual([browser.status, browser.headers.location, handled.length], [302, "/_portico/docs", 0]);
  for (const headers of [
    { Host: "localhost" },
    { Host: "localhost", Accept: "*/*" },
    { Host: "localhost", Accept: "application/json" },
    { Host: "localhost", Accept: html, Authorization: "AWS4-HMAC-SHA256 Credential=a" },
  ])
    assert.equal((await send(socketPath, "GET", undefined, headers, "/")).status, 200);
  assert.equal((await send(socketPath, "POST", undefined, { Host: "localhost", Accept: html }, "/")).status, 200);
  assert.equal((await send(socketPath, "GET", undefined, { Host: "localhost", Accept: html }, "/?x")).status, 200);
  assert.equal(handled.length, 6);
  // A page that fetches it is refused before.
  const fetched = { Host: "localhost", Accept: html, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" };
  assert.equal((await send(socketPath, "GET", undefined, fetched, "/")).status, 403);
});
