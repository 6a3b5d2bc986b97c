import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeClient } from "../../src/protocol/client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { type MockApi as Api, call, MockApi } from "../server/mock-api.ts";
import { type Ran, run } from "../tool.ts";
import { until } from "../until.ts";

const program = join(import.meta.dirname, "../../bin/portico.js");
let server: Portico;
let api: Api;
const now = Date.now();

before(async () => {
  server = await startPortico();
  const logs = makeClient({ endpoint: server.url, model: "logs" });
  const make = async (logGroupName: string, events: readonly { timestamp: number; message: string }[]) => {
    await logs.call("CreateLogGroup", { logGroupName });
    await logs.call("CreateLogStream", { logGroupName, logStreamName: "s" });
    await logs.call("PutLogEvents", { logGroupName, logStreamName: "s", logEvents: events });
  };
  await make("/my/group", [
    { timestamp: now - 3_600_000, message: "an hour ago" },
    { timestamp: now - 1_000, message: "INFO fine" },
    { timestamp: now, message: "ERROR \x1b]0;title\x07 of it\n" },
  ]);
  await logs.call("PutRetentionPolicy", { logGroupName: "/my/group", retentionInDays: 7 });
  await make("/aws/lambda/unrelated", [{ timestamp: now, message: "x" }]);
  api = await MockApi.create(server.url, "logged");
  await api.deploy("hello");
  const replace = (path: string, value: string) => ({ op: "replace", path, value });
  await call(server.url, "PATCH", "/account", {
    patchOperations: [replace("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")],
  });
  await call(server.url, "PATCH", `/restapis/${api.id}/stages/prod`, {
    patchOperations: [
      replace("/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:/my/access"),
      replace("/accessLogSettings/format", "access $context.requestId"),
      replace("/*/*/logging/loglevel", "INFO"),
    ],
  });
});
after(() => server.stop());

const portico = (...args: readonly string[]): Promise<Ran> =>
  run(process.execPath, [program, "logs", ...args, "--endpoint", server.url], { env: { NO_COLOR: "1" } });

test("without a name, the groups are listed", async () => {
  const { stdout, status } = await portico();
  assert.equal(status, 0);
  assert.match(stdout, /^GROUP +LAST EVENT +BYTES +KEPT\n/);
  assert.match(stdout, new RegExp(`^/my/group +${new Date(now).toISOString()} +\\d+ +7 days$`, "m"));
  const listed = JSON.parse((await portico("--json")).stdout) as { logGroupName: string }[];
  assert.deepEqual(listed.map(({ logGroupName }) => logGroupName).slice(0, 2), ["/aws/lambda/unrelated", "/my/group"]);
});

test("a group's events of the last ten minutes, or since when it is said, or that match", async () => {
  const line = (ms: number, text: string) => `${new Date(ms).toISOString()} ${text}\n`;
  const fine = line(now - 1_000, "INFO fine");
  // What a terminal would obey is made harmless.
  const failed = line(now, "ERROR \u{fffd}]0;title\u{fffd} of it");
  assert.equal((await portico("/my/group")).stdout, fine + failed);
  assert.equal(
    (await portico("/my/group", "--since", "2h")).stdout,
    line(now - 3_600_000, "an hour ago") + fine + failed,
  );
  assert.equal((await portico("/my/group", "--since", new Date(now).toISOString())).stdout, failed);
  assert.equal((await portico("/my/group", "--filter", "ERROR")).stdout, failed);
  const [json = ""] = (await portico("/my/group", "--json")).stdout.split("\n");
  assert.deepEqual(JSON.parse(json), {
    timestamp: new Date(now - 1_000).toISOString(),
    group: "/my/group",
    stream: "s",
    message: "INFO fine",
  });
});

test("what is not there or can't be read says what to do", async () => {
  for (const [args, pattern] of [
    [["nowhere"], /There is no log group, function or deployed API nowhere[\s\S]*portico logs/],
    [["/my/group", "--filter", "err:"], /Invalid character\(s\) in term 'err:'/],
  ] as const) {
    const { status, stderr } = await portico(...args);
    assert.equal(status, 1, stderr);
    assert.match(stderr, pattern);
  }
});

test("a filter that nothing matches is said, and whether there would be something without it", async () => {
  const none = await portico("/my/group", "--filter", "WARNING");
  assert.deepEqual([none.status, none.stdout], [0, ""]);
  assert.match(none.stderr, /^No event matches WARNING since \S+ in \/my\/group; without --filter there are some\.\n$/);
  const empty = await portico("/my/group", "--filter", "WARNING", "--since", "0s");
  assert.match(
    empty.stderr,
    /^No event matches WARNING since \S+ in \/my\/group; there is none without --filter either/,
  );
});

test("an API's access and execution logs are followed until Ctrl-C", async () => {
  const child = spawn(process.execPath, [program, "logs", "logged", "--follow", "--endpoint", server.url], {
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    for (let count = 1; count <= 3; count++) {
      assert.equal(await api.get(), "hello");
      await until(() => printed.split("/my/access access ").length === count + 1, {
        what: `access line ${count}: ${printed}`,
      });
      await until(() => printed.split("Method completed with status: 200\n").length === count + 1);
    }
    assert.equal(printed.split("Starting execution").length, 4, "each line once");
    assert.ok(printed.includes(` API-Gateway-Execution-Logs_${api.id}/prod (`));
  } finally {
    child.kill("SIGINT");
  }
  assert.equal(await ended, 0);
});

test("where nothing was logged, it says so, and of an API what would be", async () => {
  const api = await MockApi.create(server.url, "silent");
  await api.deploy("hello");
  const silent = await portico("silent");
  assert.deepEqual([silent.status, silent.stdout], [0, ""]);
  assert.match(
    silent.stderr,
    /^Nothing since \S+ in API-Gateway-Execution-Logs_\w+\/prod\. .* accessLogSettings .* loggingLevel/,
  );
  assert.match((await portico("/my/group", "--since", "0s")).stderr, /^Nothing since \S+ in \/my\/group\.\n$/);
});

test("an HTTP API's access log is found by the API's name, and one without says how to get one", async () => {
  const v2 = makeClient({ endpoint: server.url, model: "apigatewayv2" });
  const { ApiId } = await v2.call("CreateApi", { Name: "httplogged", ProtocolType: "HTTP" });
  await v2.call("CreateStage", { ApiId, StageName: "$default" });
  const without = await portico("httplogged");
  assert.equal(without.status, 1);
  assert.match(without.stderr, /The API httplogged writes no logs[\s\S]*aws apigatewayv2 update-stage/);
  const DestinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:/my/http";
  const AccessLogSettings = { DestinationArn, Format: "$context.requestId $context.status" };
  await v2.call("UpdateStage", { ApiId, StageName: "$default", AccessLogSettings });
  const reply = await fetch(`${server.url}/_aws/execute-api/${String(ApiId)}/nowhere`);
  assert.equal(reply.status, 404);
  const line = `${reply.headers.get("apigw-requestid")} 404`;
  await until(async () => (await portico("httplogged")).stdout.includes(line));
});
