// `portico ws`, `routes` and `status` about a WebSocket API on a started server, with two threads.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeClient } from "../../src/protocol/client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { type Ran, run } from "../tool.ts";
import { until } from "../until.ts";

const program = join(import.meta.dirname, "../../bin/portico.js");
let server: Portico;
let apiId = "";

before(async () => {
  server = await startPortico();
  const { call } = makeClient({ endpoint: server.url, model: "apigatewayv2" });
  const api = await call("CreateApi", {
    Name: "Echo",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  });
  apiId = String(api["ApiId"]);
  const { IntegrationId } = await call("CreateIntegration", {
    ApiId: apiId,
    IntegrationType: "MOCK",
    RequestTemplates: { $default: '{"statusCode": 200}' },
  });
  await call("CreateIntegrationResponse", {
    ApiId: apiId,
    IntegrationId,
    IntegrationResponseKey: "$default",
    ResponseTemplates: { $default: "$context.eventType $input.json('$.x')" },
  });
  const { RouteId } = await call("CreateRoute", {
    ApiId: apiId,
    RouteKey: "echo",
    Target: `integrations/${IntegrationId}`,
    RouteResponseSelectionExpression: "$default",
  });
  await call("CreateRouteResponse", { ApiId: apiId, RouteId, RouteResponseKey: "$default" });
  await call("CreateStage", { ApiId: apiId, StageName: "dev" });
  await call("CreateDeployment", { ApiId: apiId, StageName: "dev" });
});
after(() => server.stop());

const portico = (input: string, ...args: readonly string[]): Promise<Ran> =>
  run(process.execPath, [program, ...args, "--endpoint", server.url], { env: { NO_COLOR: "1" }, input });

test("ws finds the API by its name and by its id, and talks to it", async () => {
  for (const target of ["Echo", apiId]) {
    const child = spawn(process.execPath, [program, "ws", target, "--endpoint", server.url, "--wait", "600"]);
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stdin.end('{"action":"echo","x":[1]}\n');
    const isAnswered = (): boolean => output === "MESSAGE [1]\n";
    await until(isAnswered);
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [0, null]);
  }
  const none = await portico("", "ws", "nobody");
  assert.match(none.stderr, /There is no WebSocket API nobody with a stage\.\n.*Echo/);
});

test("commands for documents, canaries and CORS say that it is a WebSocket API, and what to do instead", async () => {
  for (const [command, next] of [
    ["export Echo dev", /portico routes/],
    ["convert Echo", /portico routes/],
    ["sdk Echo --language typescript", /portico ws/],
    ["canary start Echo dev --percent 10", /portico rollback/],
    ["cors Echo", /header Origin/],
  ] as const) {
    const { status, stderr } = await portico("", ...command.split(" "));
    assert.notEqual(status, 0, command);
    assert.match(stderr, /^error {2}Echo is a WebSocket API\.\n/, command);
    assert.match(stderr, next, command);
  }
});

test("routes lists its routes, with the address that a client connects to", async () => {
  const { stdout, status } = await portico("", "routes", "Echo");
  assert.equal(status, 0, stdout);
  assert.match(stdout, new RegExp(`^Echo \\(${apiId}\\), stage dev, at ws://${apiId}\\.execute-api\\.`));
  assert.match(stdout, /^echo +MOCK +yes$/m);
  const json = JSON.parse((await portico("", "routes", "Echo", "--json")).stdout) as object[];
  const url = `ws://localhost:${server.port}/_aws/execute-api/${apiId}/dev`;
  const route = { apiId, apiName: "Echo", stageName: "dev", routeKey: "echo", integration: "MOCK", isTwoWay: true };
  assert.deepEqual(json, [{ ...route, url }]);
});

test("status names the stage, and what is not deployed", async () => {
  const { stdout } = await portico("", "status");
  assert.match(stdout, new RegExp(`Echo +${apiId} +dev`));
});

test("a stage without a deployment has no routes yet", async () => {
  const { call } = makeClient({ endpoint: server.url, model: "apigatewayv2" });
  await call("CreateStage", { ApiId: apiId, StageName: "empty" });
  const { stdout } = await portico("", "routes", apiId);
  assert.match(
    stdout,
    /stage empty, at ws:\S+\nNothing is deployed to it\. `portico status` has the command that does\.\n/,
  );
  const routes = JSON.parse((await portico("", "routes", apiId, "--json")).stdout) as { stageName: string }[];
  assert.deepEqual([...new Set(routes.map(({ stageName }) => stageName))], ["dev"]);
  await call("DeleteStage", { ApiId: apiId, StageName: "empty" });
});
