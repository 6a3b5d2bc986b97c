import assert from "node:assert/strict";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { runHere } from "../../src/base/job.ts";
import { Alarms } from "../../src/server/alarms.ts";
import { CanaryGuards } from "../../src/server/canaries/canary-guards.ts";
import { makeCompilers } from "../../src/server/compile-job.ts";
import { readConfig } from "../../src/server/config.ts";
import { DataPlane } from "../../src/server/data-plane.ts";
import { makeFunctionRuntime } from "../../src/server/function-runtime.ts";
import { openGround } from "../../src/server/ground.ts";
import { ManagementServer } from "../../src/server/management-server.ts";
import { makeServerTelemetry } from "../../src/server/server-telemetry.ts";
import { AccessKeyUses } from "../../src/services/iam/access-key-uses.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  readonly body: any;
}

interface TestServer {
  call(line: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  readonly dataPlane: DataPlane;
}

/** A server's parts over threads that only keep the protocol, called at control's own socket. */
async function start(t: TestContext, before: (call: TestServer["call"]) => Promise<void>): Promise<TestServer> {
  const config = await readConfig({ flags: { memory: true, port: "0", logLevel: "silent" }, env: {}, cwd: "/" });
  const logger = makeLogger("silent", () => undefined);
  const threadCount = 2;
  const parts = new AsyncDisposableStack();
  t.after(() => parts.disposeAsync());
  const part = <P extends { close(): unknown }>(made: P): P =>
    parts.adopt(made, async (each) => void (await each.close()));
  const ground = part(await openGround(config, logger));
  const telemetry = part(makeServerTelemetry({ config, ground, threadCount, logger }));
  const functions = part(makeFunctionRuntime({ config, ground, telemetry, logger }));
  const compileSettings = {
    compilers: makeCompilers(runHere),
    vpcLinkAddresses: {},
    hasVpcEndpoints: false,
    beyondAws: [],
  };
  const accessKeyUses = part(new AccessKeyUses(ground.store, ground.clock));
  const below = { config, ground, telemetry, functions, compileSettings, geoFiles: {}, accessKeyUses, logger };
  const entry = new URL("./fake-thread.ts", import.meta.url);
  const dataPlane = part(new DataPlane({ ...below, entry, threadCount }));
  const alarms = part(new Alarms(below));
  const { store, clock } = ground;
  const counts = dataPlane.canaryCounts;
  const guards = part(new CanaryGuards({ store, clock, counts, metrics: telemetry.cloudwatch, logger }));
  const management = part(new ManagementServer({ ...below, dataPlane, alarms, guards, run: runHere }));
  await functions.start();
  await management.start();
  const call: TestServer["call"] = (line, body, headers = {}) => send(ground.controlSocket, line, body, headers);
  await before(call);
  dataPlane.start();
  await dataPlane.serve();
  return { call, dataPlane };
}

function send(socketPath: string, line: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  const [method = "", path = ""] = line.split(" ", 2);
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers: { Host: "localhost", ...headers } }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      incoming.on("end", () =>
        resolve({ status: incoming.statusCode ?? 0, body: text === "" ? "" : JSON.parse(text) }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const document = {
  openapi: "3.0.1",
  info: { title: "acknowledged", version: "1" },
  paths: { "/": { get: { responses: {}, "x-amazon-apigateway-integration": { type: "mock" } } } },
};
const slow = `exports.handler = (event) => new Promise((resolve) => setTimeout(resolve, 100, "slow"));`;

test("with a thread that hangs, a call that changes what is served waits, and those that change nothing do not", async (t) => {
  const { call, dataPlane } = await start(t, async (early) => {
    const created = await early("POST /2015-03-31/functions", {
      FunctionName: "slow",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/r",
      Code: { ZipFile: Buffer.from(zipSync({ "index.js": strToU8(slow) })).toString("base64") },
    });
    assert.equal(created.status, 201);
  });
  const { id } = (await call("POST /restapis?mode=import", document)).body;
  assert.equal((await call(`POST /restapis/${id}/deployments`, { stageName: "dev" })).status, 201);

  dataPlane.threads.post({ kind: "plan", key: "deaf/1", revision: 0, value: null });
  let isPatched = false;
  const patchOperations = [{ op: "replace", path: "/description", value: "changed" }];
  const patched = call(`PATCH /restapis/${id}/stages/dev`, { patchOperations }).then((answer) => {
    isPatched = true;
    return answer;
  });
  const invocation = "POST /2015-03-31/functions/slow/invocations";
  assert.deepEqual(await call(invocation, {}), { status: 200, body: "slow" });
  assert.equal((await call(invocation, {}, { "X-Amz-Invocation-Type": "Event" })).status, 202);
  const logs = {
    Authorization:
      "AWS4-HMAC-SHA256 Credential=000000000000/20261120/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=0",
    "X-Amz-Target": "Logs_20140328.DescribeLogGroups",
    "Content-Type": "application/x-amz-json-1.1",
  };
  assert.equal((await call("POST /", {}, logs)).status, 200);
  assert.equal((await call("GET /restapis")).status, 200);
  // A definition is not served before it is deployed.
  assert.equal(
    (
      await call(`POST /restapis/${id}/models`, {
        name: "M",
        contentType: "application/json",
        schema: '{"type":"object"}',
      })
    ).status,
    201,
  );
  assert.equal(isPatched, false);

  // The thread that replaces it hears everything.
  await dataPlane.threads.terminate(1);
  assert.equal((await patched).status, 200);
});
