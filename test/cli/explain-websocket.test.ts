// `portico explain` of a WebSocket: who may connect, which route a message takes, and what it is answered.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeClient } from "../../src/protocol/client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { type Ran, run } from "../tool.ts";
import { until } from "../until.ts";

const program = join(import.meta.dirname, "../../bin/portico.js");
const heard: string[] = [];
const backend = createServer((incoming, outgoing) => {
  heard.push(incoming.url ?? "");
  outgoing.end(`backend of ${incoming.url}`);
});
let server: Portico;
let url = "";
let restUrl = "";

before(async () => {
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  server = await startPortico();
  const { call } = makeClient({ endpoint: server.url, model: "apigatewayv2" });
  const { ApiId } = await call("CreateApi", {
    Name: "Echo",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  });
  const route = async (RouteKey: string, integration: object, settings: object = {}): Promise<void> => {
    const { IntegrationId } = await call("CreateIntegration", { ApiId, ...integration });
    const Target = `integrations/${IntegrationId}`;
    const { RouteId } = await call("CreateRoute", { ApiId, RouteKey, Target, ...settings });
    if ("RouteResponseSelectionExpression" in settings)
      await call("CreateRouteResponse", { ApiId, RouteId, RouteResponseKey: "$default" });
  };
  const toBackend = (path: string): object => ({
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "POST",
    IntegrationUri: `${origin}${path}`,
  });
  const isTwoWay = { RouteResponseSelectionExpression: "$default" };
  await call("CreateModel", { ApiId, Name: "Say", ContentType: "application/json", Schema: '{"required":["text"]}' });
  await route("$connect", toBackend("/connect"), {
    RequestParameters: { "route.request.querystring.room": { Required: true } },
  });
  await route("$disconnect", toBackend("/disconnect"));
  await route("say", toBackend("/say/$" + "{stageVariables.part}"), {
    ...isTwoWay,
    ModelSelectionExpression: "$request.body.action",
    RequestModels: { say: "Say" },
  });
  await route("quiet", {
    ...toBackend("/quiet"),
    RequestParameters: { "integration.request.header.Who": "context.connectionId" },
  });
  await call("CreateStage", { ApiId, StageName: "dev", StageVariables: { part: "a" } });
  await call("CreateDeployment", { ApiId, StageName: "dev" });
  url = `ws://localhost:${server.port}/_aws/execute-api/${ApiId}/dev`;
  const { ApiId: http } = await call("CreateApi", { Name: "http", ProtocolType: "HTTP", Target: origin });
  restUrl = `http://localhost:${server.port}/_aws/execute-api/${http}`;
});
after(async () => {
  await server?.stop();
  backend.close();
});

const explain = (...args: readonly string[]): Promise<Ran> =>
  run(process.execPath, [program, "explain", ...args, "--endpoint", server.url], { env: { NO_COLOR: "1" } });

/** The lines, without what differs each time. */
async function lines(...args: readonly string[]): Promise<string[]> {
  const ran = await explain(...args);
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout
    .replaceAll(/after \d+ ms/g, "after N ms")
    .replaceAll(/[\w-]{15}=/g, "ID")
    .replaceAll(/\(\w{10}\)/g, "(API)")
    .replaceAll(/127\.0\.0\.1:\d+/g, "BACKEND")
    .trimEnd()
    .split("\n")
    .map((line) => line.trim());
}

test("a message is explained with the connection that it comes on, which ends after it", async () => {
  heard.length = 0;
  assert.deepEqual(await lines(`${url}?room=a`, "--message", '{"action": "say", "text": "hello"}'), [
    `GET ${url}?room=a`,
    "stage dev of Echo (API)",
    "route $connect",
    "valid: required parameters",
    "sent POST http://BACKEND/connect?room=a",
    "received 200 after N ms",
    "received body, 26 bytes: backend of /connect?room=a",
    "connected",
    "message",
    '$request.body.action yields "say"',
    "route say",
    'message, 34 bytes: {"action": "say", "text": "hello"}',
    "valid: body, by its model for say",
    'sent POST http://BACKEND/say/a: {"action": "say", "text": "hello"}',
    "received 200 after N ms",
    "received body, 17 bytes: backend of /say/a",
    "sent to the client, 17 bytes: backend of /say/a",
  ]);
  await until(() => heard.length === 3);
  assert.deepEqual(heard, ["/connect?room=a", "/say/a", "/disconnect"]);
});

test("what refuses a message is shown, and with which value it was sought a route", async () => {
  const message = async (text: string): Promise<string[]> => {
    const all = await lines(`${url}?room=a`, "--message", text);
    return all.slice(all.indexOf("message") + 1);
  };
  const invalid = await message('{"action": "say"}');
  assert.equal(invalid[3], 'invalid: body, by its model for say: [object has missing required properties (["text"])]');
  assert.match(invalid.at(-1) ?? "", /^sent to the client, \d+ bytes: \{"message": "Bad request body"/);
  assert.deepEqual(
    (await message('{"action": "other"}'))[0],
    '$request.body.action yields "other": no route is for it',
  );
  assert.deepEqual((await message("hello"))[0], "the message is not JSON: no route is for it");
  // Nobody is told what a one-way route's backend answers.
  const quiet = await message('{"action": "quiet"}');
  assert.ok(quiet.includes("integration.request.header.Who = context.connectionId: ID"), quiet.join("\n"));
  assert.equal(quiet.at(-1), "received body, 17 bytes: backend of /quiet");
});

test("a connect is explained by itself, and a message comes on no connection that is refused", async () => {
  assert.equal((await lines("GET", `${url}?room=a`)).at(-1), "connected");
  const refused = await lines(url, "--message", "{}");
  assert.ok(refused.some((line) => line.startsWith("invalid: required parameters: ")));
  assert.match(refused.at(-1) ?? "", /^answered 400 after N ms/);
  assert.ok(!refused.includes("message"));
});

test("with other stage variables the message runs on what is not served", async () => {
  heard.length = 0;
  const varied = await lines(`${url}?room=a`, "--message", '{"action":"say","text":""}', "--stage-variable", "part=b");
  assert.equal(varied.at(-1), "sent to the client, 17 bytes: backend of /say/b");
  await until(() => heard.length === 3);
  assert.deepEqual(heard, ["/connect?room=a", "/say/b", "/disconnect"]);
});

test("a message needs a WebSocket API, and has AWS's bound", async () => {
  const other = await explain(restUrl, "--message", "{}");
  assert.equal(other.status, 2);
  assert.match(other.stderr, /is no address of a WebSocket API/);
  const body = JSON.stringify({ method: "GET", url, message: "x".repeat(131_073) });
  const long = await fetch(`${server.url}/_portico/explain`, { method: "POST", body });
  assert.deepEqual([long.status, /closed with 1009/.test(await long.text())], [400, true]);
});
