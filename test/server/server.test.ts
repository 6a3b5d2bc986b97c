import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readConfig } from "../../src/server/config.ts";
import { startServer } from "../../src/server/start.ts";
import { type Portico, startPortico } from "../portico.ts";
import { until } from "../until.ts";
import { call, MockApi, send } from "./mock-api.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-server-test-"));
let portico: Portico;
let upstream: Server;
const upstreamRequests: IncomingMessage[] = [];

before(async () => {
  upstream = createServer((request, response) => {
    upstreamRequests.push(request);
    response.writeHead(207, { "X-Upstream": "yes", "Content-Type": "text/plain" });
    response.write(`${request.method} ${request.url} `);
    request.pipe(response);
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  const { port } = upstream.address() as AddressInfo;
  portico = await startPortico({
    args: ["--threads", "3", "--allow-origin", "http://app.example", "--upstream", `http://127.0.0.1:${port}`],
  });
});
after(async () => {
  assert.equal(await portico.stop(), 0);
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const signed = (service: string): Record<string, string> => ({
  Authorization: `AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`,
});

test("exactly one line is printed, when the server is ready", async () => {
  assert.match(portico.output(), /^[^\n]*http:\/\/localhost:\d+\n$/);
  assert.equal((await send(`${portico.url}/_portico/ready`)).status, 200);
  assert.deepEqual(JSON.parse((await send(`${portico.url}/_portico/health`)).text), { status: "ok" });
});

test("the operations endpoints answer for their methods only, and name each other", async () => {
  const { text } = await send(`${portico.url}/_portico/metrics`);
  assert.match(text, /^portico_management_requests_total \d+/m);
  for (const thread of ["control", "gateway-0", "gateway-1"])
    assert.match(text, new RegExp(`^portico_thread_busy_seconds_total{thread="${thread}"} [\\d.]+$`, "m"));
  assert.match(text, /^process_cpu_seconds_total [\d.]+$/m);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  assert.equal((await send(`${portico.url}/_portico/ready`, { method: "HEAD" })).status, 200);
  const wrong = await send(`${portico.url}/_portico/reset`);
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers["allow"], "POST");
  const none = await send(`${portico.url}/_portico/none`);
  assert.equal(none.status, 404);
  assert.match(none.text, /\/_portico\/ready/);
});

test("an acknowledged deployment is in effect in all threads at once", async () => {
  const api = await MockApi.create(portico.url);
  for (let version = 1; version <= 8; version++) {
    await api.deploy(`version ${version}`);
    const answers = await Promise.all(Array.from({ length: 16 }, () => api.get()));
    assert.deepEqual([...new Set(answers)], [`version ${version}`]);
  }
});

test("what is not deployed is not served, and the status tells it", async () => {
  const api = await MockApi.create(portico.url, "lagging");
  await api.deploy("before");
  const { items } = (await call(portico.url, "GET", `/restapis/${api.id}/resources`)) as { items?: { id: string }[] };
  const root = items?.[0]?.id ?? ((await call(portico.url, "GET", `/restapis/${api.id}`))["rootResourceId"] as string);
  const child = await call(portico.url, "POST", `/restapis/${api.id}/resources/${root}`, { pathPart: "later" });
  await call(portico.url, "PUT", `/restapis/${api.id}/resources/${child["id"]}/methods/GET`, {
    authorizationType: "NONE",
  });
  assert.equal((await send(`${portico.url}${api.path}later`)).status, 403);
  const status = (await call(portico.url, "GET", "/_portico/status")) as {
    stages: { apiId: string; differences: { name: string; change: string }[] }[];
  };
  const stage = status.stages.find(({ apiId }) => apiId === api.id);
  assert.deepEqual(
    stage?.differences.map(({ change, name }) => `${change} ${name}`),
    ["added GET /later"],
  );
});

test("management and operations answer to no foreign host and no foreign page", async () => {
  for (const path of ["/restapis", "/_portico/health", "/_portico/reset", "/"]) {
    const method = path === "/_portico/reset" ? "POST" : "GET";
    const rebound = await send(`${portico.url}${path}`, { method, headers: { Host: "evil.example" } });
    assert.equal(rebound.status, 403, path);
    assert.match(rebound.text, /--domain/);
    const foreign = await send(`${portico.url}${path}`, { method, headers: { Origin: "https://evil.example" } });
    assert.equal(foreign.status, 403, path);
    assert.match(foreign.text, /--allow-origin/);
    assert.equal(foreign.headers["access-control-allow-origin"], undefined);
  }
});

test("an origin that was allowed gets CORS, its preflight included", async () => {
  const headers = { Origin: "http://app.example" };
  const simple = await send(`${portico.url}/restapis`, { headers });
  assert.equal(simple.status, 200);
  assert.equal(simple.headers["access-control-allow-origin"], "http://app.example");
  const preflight = await send(`${portico.url}/restapis`, {
    method: "OPTIONS",
    headers: { ...headers, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x-amz-date" },
  });
  assert.equal(preflight.status, 204);
  assert.match(String(preflight.headers["access-control-allow-methods"]), /PATCH/);
  assert.equal(preflight.headers["access-control-allow-headers"], "x-amz-date");
});

test("a call of a service that Portico does not have goes to the upstream as it came, streamed", async () => {
  const body = Buffer.alloc(3_000_000, "x");
  const answer = await send(`${portico.url}/bucket/key?x=%2F`, {
    method: "PUT",
    headers: { ...signed("s3"), "X-Mine": "1", Host: "bucket.localhost:1234" },
    body,
  });
  assert.equal(answer.status, 207);
  assert.equal(answer.headers["x-upstream"], "yes");
  assert.equal(answer.text.slice(0, 20), "PUT /bucket/key?x=%2");
  assert.equal(answer.text.length, "PUT /bucket/key?x=%2F ".length + body.length);
  const passed = upstreamRequests.at(-1)?.headers ?? {};
  assert.equal(passed.host, "bucket.localhost:1234");
  assert.equal(passed["x-mine"], "1");
  assert.equal(passed["x-portico-peer"], undefined);
  assert.match(String(passed.authorization), /^AWS4-HMAC-SHA256 /);
});

test("what Portico has itself never goes to the upstream", async () => {
  const before = upstreamRequests.length;
  assert.equal((await send(`${portico.url}/restapis`, { headers: signed("apigateway") })).status, 200);
  assert.equal((await send(`${portico.url}/v2/apis`, { headers: signed("apigateway") })).status, 200);
  assert.equal((await send(`${portico.url}/_portico/none`)).status, 404);
  assert.equal(upstreamRequests.length, before);
});

test("the clock moves when it is told to, by a number only", async () => {
  const { now } = await call(portico.url, "POST", "/_portico/clock", { advanceMs: 0 });
  const later = await call(portico.url, "POST", "/_portico/clock", { advanceMs: 86_400_000 });
  assert.ok(Number(later["now"]) - Number(now) >= 86_400_000);
  // In every thread: this answer's date is the gateway's, which makes the text once a second.
  await until(async () => {
    const { date } = (await send(`${portico.url}/_aws/execute-api/none/none`)).headers;
    return Date.parse(String(date)) >= Number(now) + 86_000_000;
  });
  const api = await call(portico.url, "POST", "/restapis", { name: "tomorrow" });
  assert.ok(Number(api["createdDate"]) * 1000 >= Number(now) + 86_000_000);
  for (const body of [
    '{"advanceMs":-1}',
    '{"advanceMs":1.5}',
    '{"advanceMs":"1"}',
    "{}",
    "",
    "[",
    "null",
    '{"advanceMs":1e99}',
  ]) {
    assert.equal((await send(`${portico.url}/_portico/clock`, { method: "POST", body })).status, 400, body);
  }
});

test("a body beyond the bound is refused, and the connection's end is orderly", async () => {
  const answer = await send(`${portico.url}/restapis?mode=import`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: Buffer.alloc(7 * 1024 * 1024, " "),
  });
  assert.equal(answer.status, 413, answer.text);
});

test("a reset empties everything, in all threads", async () => {
  const api = await MockApi.create(portico.url);
  await api.deploy("there");
  assert.equal(await api.get(), "there");
  await call(portico.url, "POST", "/_portico/reset");
  const statuses = await Promise.all(
    Array.from({ length: 12 }, async () => (await send(`${portico.url}${api.path}`)).status),
  );
  assert.deepEqual([...new Set(statuses)], [403]);
  assert.equal(((await call(portico.url, "GET", "/restapis"))["item"] as unknown[] | undefined)?.length ?? 0, 0);
  assert.deepEqual((await call(portico.url, "GET", "/_portico/status"))["stages"], []);
});

test("without --upstream, a foreign service is refused by name; without --memory, reset and clock are, too", async () => {
  const data = join(folder, "kept");
  const kept = await startPortico({ args: ["--data", data, "--threads", "1"] });
  try {
    const foreign = await send(`${kept.url}/`, {
      method: "POST",
      headers: { ...signed("dynamodb"), "X-Amz-Target": "DynamoDB_20120810.ListTables" },
    });
    assert.equal(foreign.status, 501);
    assert.match(foreign.text, /dynamodb.*--upstream/i);
    assert.equal((await send(`${kept.url}/_portico/reset`, { method: "POST" })).status, 403);
    assert.equal((await send(`${kept.url}/_portico/clock`, { method: "POST", body: '{"advanceMs":1}' })).status, 403);

    await assert.rejects(startPortico({ args: ["--data", data] }), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`ended with 1 .*in use by another Portico.*Process ${kept.pid} .*${kept.url}`, "s"),
      );
      return true;
    });
    await assert.rejects(
      startPortico({ args: ["--port", `${kept.port}`] }),
      /Can't listen on 127\.0\.0\.1:\d+.*Another program/s,
    );
    await assert.rejects(startPortico({ args: ["--host", "0.0.0.0"] }), /--host 0\.0\.0\.0 needs --auth enforce/);
    await assert.rejects(startPortico({ args: ["--port", "many"] }), /whole number from 0 to 65535/);
  } finally {
    assert.equal(await kept.stop(), 0);
  }
  // What it held is free again.
  assert.equal(await (await startPortico({ args: ["--data", data, "--threads", "1"] })).stop(), 0);
});

test("a request under way finishes while the server stops, and nobody new is let in", async () => {
  const stopping = await startPortico({ args: ["--threads", "1", "--drain", "5"] });
  let release: () => void = () => undefined;
  const backend = createServer((_request, response) => {
    release = () => response.end("slow but sure");
  });
  await once(backend.listen(0, "127.0.0.1"), "listening");
  try {
    const { port } = backend.address() as AddressInfo;
    const { id, rootResourceId } = await call(stopping.url, "POST", "/restapis", { name: "slow" });
    const method = `/restapis/${id}/resources/${rootResourceId}/methods/GET`;
    await call(stopping.url, "PUT", method, { authorizationType: "NONE" });
    const integration = { type: "HTTP_PROXY", httpMethod: "GET", uri: `http://127.0.0.1:${port}/` };
    await call(stopping.url, "PUT", `${method}/integration`, integration);
    await call(stopping.url, "POST", `/restapis/${id}/deployments`, { stageName: "prod" });
    const arrived = once(backend, "request");
    const slow = send(`${stopping.url}/_aws/execute-api/${id}/prod/`);
    await arrived;
    const stopped = stopping.stop();
    await until(async () => (await reachable(stopping.port)) === false);
    release();
    assert.equal((await slow).text, "slow but sure");
    assert.equal(await stopped, 0);
  } finally {
    await stopping.kill();
    backend.closeAllConnections();
    backend.close();
  }
});

test("a second signal quits at once", async () => {
  const busy = await startPortico({ args: ["--threads", "1", "--drain", "60"] });
  const backend = createServer(() => undefined);
  await once(backend.listen(0, "127.0.0.1"), "listening");
  try {
    const { port } = backend.address() as AddressInfo;
    const { id, rootResourceId } = await call(busy.url, "POST", "/restapis", { name: "stuck" });
    const method = `/restapis/${id}/resources/${rootResourceId}/methods/GET`;
    await call(busy.url, "PUT", method, { authorizationType: "NONE" });
    const integration = { type: "HTTP_PROXY", httpMethod: "GET", uri: `http://127.0.0.1:${port}/` };
    await call(busy.url, "PUT", `${method}/integration`, integration);
    await call(busy.url, "POST", `/restapis/${id}/deployments`, { stageName: "prod" });
    const arrived = once(backend, "request");
    const stuck = assert.rejects(send(`${busy.url}/_aws/execute-api/${id}/prod/`));
    await arrived;
    const stopped = busy.stop();
    await until(async () => (await reachable(busy.port)) === false);
    // One key may come as two signals; only a later one is meant as a second.
    // tidy-allow: time – the server tells a second signal from one that came twice by the time between them
    await new Promise((resolve) => setTimeout(resolve, 400));
    process.kill(busy.pid, "SIGTERM");
    assert.equal(await stopped, 143);
    await stuck;
  } finally {
    await busy.kill();
    backend.closeAllConnections();
    backend.close();
  }
});

const reachable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });

test("a bucket of a throttle keeps what it has when threads die", async () => {
  const config = await readConfig({
    flags: { memory: true, port: "0", threads: "2", logLevel: "silent" },
    env: {},
    cwd: folder,
  });
  const server = await startServer(config);
  try {
    const api = await MockApi.create(server.url);
    await api.deploy("served");
    // So slow that the test's own time brings nothing.
    const patchOperations = [
      { op: "replace", path: "/*/*/throttling/rateLimit", value: "0.0001" },
      { op: "replace", path: "/*/*/throttling/burstLimit", value: "12" },
    ];
    await call(server.url, "PATCH", `/restapis/${api.id}/stages/prod`, { patchOperations });
    const served = async (calls: number): Promise<number> => {
      const answers = await Promise.all(
        Array.from({ length: calls }, () => send(`${server.url}/_aws/execute-api/${api.id}/prod`)),
      );
      return answers.filter(({ status }) => status === 200).length;
    };
    for (const index of [0, 1]) {
      assert.equal(await served(4), 4);
      await server.terminateThread(index);
      await until(async () => (await send(`${server.url}/_portico/ready`).catch(() => undefined))?.status === 200);
    }
    assert.equal(await served(12), 4);
  } finally {
    await server.stop();
  }
});

test("a gateway thread that dies is replaced by one that serves everything; ready says so", async () => {
  const config = await readConfig({
    flags: { memory: true, port: "0", threads: "2", logLevel: "silent" },
    env: {},
    cwd: folder,
  });
  const server = await startServer(config);
  try {
    const api = await MockApi.create(server.url);
    await api.deploy("still here");
    for (const index of [0, 1, 0]) {
      await server.terminateThread(index);
      // The other thread may be asked at any time; the kernel deals new connections to those that listen.
      await until(async () => (await send(`${server.url}/_portico/ready`).catch(() => undefined))?.status === 200);
      const answers = await Promise.all(Array.from({ length: 12 }, () => api.get()));
      assert.deepEqual([...new Set(answers)], ["still here"]);
    }
    await api.deploy("and changes");
    const answers = await Promise.all(Array.from({ length: 12 }, () => api.get()));
    assert.deepEqual([...new Set(answers)], ["and changes"]);
  } finally {
    await server.stop();
  }
});
