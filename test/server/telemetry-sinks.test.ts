// Telemetry never fails a request, nor lets one wait: with a full disk, and with collectors and daemons that are down, slow or lying.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeClient } from "../../src/protocol/client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { run, tool } from "../tool.ts";
import { until, within } from "../until.ts";
import { call, MockApi, send } from "./mock-api.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-sinks-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const group = "/sinks/access";

/** An API whose stage writes access logs and execution logs, and records every request as a trace. */
async function observedApi({ url }: Portico): Promise<MockApi> {
  const api = await MockApi.create(url, "observed");
  await api.deploy("hello");
  const replace = (path: string, value: string) => ({ op: "replace", path, value });
  await call(url, "PATCH", "/account", {
    patchOperations: [replace("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")],
  });
  await call(url, "PATCH", `/restapis/${api.id}/stages/prod`, {
    patchOperations: [
      replace("/accessLogSettings/destinationArn", `arn:aws:logs:us-east-1:000000000000:log-group:${group}`),
      replace("/accessLogSettings/format", "$context.requestId"),
      replace("/*/*/logging/loglevel", "INFO"),
      replace("/tracingEnabled", "true"),
    ],
  });
  const SamplingRuleUpdate = { RuleName: "Default", FixedRate: 1 };
  await makeClient({ endpoint: url, model: "xray" }).call("UpdateSamplingRule", { SamplingRuleUpdate });
  return api;
}

/** A collector is waited for two seconds. */
const stopMsMax = 10_000;
/** Far above what an answer takes on a busy machine, and below what any sink is waited for. */
const answerMsMax = 3_000;

/** Sends requests, all of which have to be answered in time; returns their ids. */
async function serves(api: MockApi, { url }: Portico, { count = 100, client = "any" } = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let sent = 0; sent < count; sent += 10) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const isInTime = within(answerMsMax);
        const answer = await send(`${url}${api.path}`, { headers: { "user-agent": client } });
        return { ...answer, isInTime: isInTime() };
      }),
    );
    for (const { status, text, headers, isInTime } of answers) {
      assert.deepEqual([status, text, isInTime], [200, "hello", true]);
      ids.push(String(headers["x-amzn-requestid"]));
    }
  }
  return ids;
}

async function linesOf({ url }: Portico): Promise<string[]> {
  const { call: logs } = makeClient({ endpoint: url, model: "logs" });
  // The group is made with its first line.
  const { logGroups } = await logs("DescribeLogGroups", { logGroupNamePrefix: group });
  if ((logGroups as unknown[]).length === 0) return [];
  const { events } = await logs("FilterLogEvents", { logGroupName: group });
  return (events as { message: string }[]).map(({ message }) => message);
}

async function traceCountOf({ url }: Portico, client: string): Promise<number> {
  const now = Math.ceil(Date.now() / 1_000);
  const { call: xray } = makeClient({ endpoint: url, model: "xray" });
  const count = async (NextToken?: string): Promise<number> => {
    const FilterExpression = `http.useragent = "${client}"`;
    const page = await xray("GetTraceSummaries", {
      StartTime: now - 600,
      EndTime: now + 1,
      FilterExpression,
      NextToken,
    });
    const rest = page["NextToken"] as string | undefined;
    return (page["TraceSummaries"] as unknown[]).length + (rest === undefined ? 0 : await count(rest));
  };
  return count();
}

const onLinux = {
  ...tool("prlimit", ["--version"], false),
  ...(process.platform !== "linux" && { skip: "/dev/full and prlimit are Linux's" }),
};

/** Lets the server write no file beyond its first bytes, as on a full disk. */
async function limitFiles({ pid }: Portico, bytes: "1" | "unlimited"): Promise<void> {
  const ran = await run("prlimit", [`--pid=${pid}`, `--fsize=${bytes}:`]);
  assert.equal(ran.status, 0, ran.stderr);
}

const told = (portico: Portico, pattern: RegExp) =>
  until(() => pattern.test(portico.output()), { what: String(pattern) });

/** Waits until a round of requests is kept. */
async function keeps(api: MockApi, portico: Portico, round: { count?: number; client: string }): Promise<void> {
  const ids = await serves(api, portico, round);
  await until(async () => {
    const lines = new Set(await linesOf(portico));
    return ids.every((id) => lines.has(id));
  });
  await until(async () => (await traceCountOf(portico, round.client)) === ids.length);
}

test(
  "a full disk costs lines and traces, which are told of; when there is room, both are kept again",
  onLinux,
  async () => {
    const accessLog = join(folder, "access");
    mkdirSync(accessLog);
    symlinkSync("/dev/full", join(accessLog, "sinks-access.log"));
    const portico = await startPortico({ args: ["--data", join(folder, "data"), "--access-log", accessLog] });
    after(() => portico.kill());
    const api = await observedApi(portico);
    await keeps(api, portico, { count: 10, client: "first" });
    await limitFiles(portico, "1");
    await serves(api, portico);
    await told(portico, /\d+ log lines dropped: they can't be stored/);
    await told(portico, /\d+ traces dropped: they can't be stored/);
    await told(portico, /access log can't be written/);
    await limitFiles(portico, "unlimited");
    await keeps(api, portico, { client: "last" });
    assert.equal(await portico.stop(), 0);
  },
);

test("a disk that is full before the first line and trace costs no later ones", onLinux, async () => {
  const portico = await startPortico({ args: ["--data", join(folder, "full")] });
  after(() => portico.kill());
  const api = await observedApi(portico);
  await limitFiles(portico, "1");
  await serves(api, portico);
  await told(portico, /\d+ log lines dropped: they can't be stored/);
  await told(portico, /\d+ traces dropped: they can't be stored/);
  await limitFiles(portico, "unlimited");
  await keeps(api, portico, { client: "last" });
  assert.equal(await portico.stop(), 0);
});

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const collectors: Readonly<Record<string, () => Promise<string>>> = {
  "is not there": async () => "http://127.0.0.1:9",
  "never answers": () => listen(createServer(() => undefined)),
  "hangs up": () => listen(createTcpServer((socket) => socket.destroy())),
  "refuses everything": () =>
    listen(createServer((request, response) => response.writeHead(request.method === "POST" ? 400 : 500).end("no"))),
  "asks to be called again in a year": () =>
    listen(createServer((_request, response) => response.writeHead(503, { "retry-after": "31536000" }).end())),
  "refuses more than it got": () =>
    listen(
      createServer((request, response) => {
        request.resume();
        response.end('{"partialSuccess":{"rejectedSpans":"1e9","rejectedLogRecords":1e9,"errorMessage":{}}}');
      }),
    ),
  "answers without an end": () =>
    listen(
      createServer((request, response) => {
        request.resume();
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
          response.once("drain", more);
        };
        more();
      }),
    ),
};

for (const [what, start] of Object.entries(collectors)) {
  test(`a collector that ${what} keeps requests from nothing, nor the server from its end`, async () => {
    const daemon = "127.0.0.1:9";
    const args = ["--otlp", await start(), "--otlp-logs", "access,execution", "--otlp-sample", "100"];
    const portico = await startPortico({ args: [...args, "--xray-daemon", daemon] });
    after(() => portico.kill());
    const api = await observedApi(portico);
    const ids = await serves(api, portico);
    await until(async () => (await linesOf(portico)).length === ids.length, {
      what: "the lines are in CloudWatch Logs",
    });
    const isInTime = within(stopMsMax);
    assert.equal(await portico.stop(), 0);
    assert.ok(isInTime());
    for (const lost of what === "answers without an end" ? [] : ["log lines", "traces"]) {
      const told = new RegExp(`\\d+ ${lost} did not reach the OpenTelemetry collector: `);
      assert.ok(told.test(portico.output()), `the lost ${lost} are told of`);
    }
  });
}
