// `portico keys` as its user runs it, on a started server.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { call, MockApi, send } from "../server/mock-api.ts";
import { type Ran, run } from "../tool.ts";

const bin = join(import.meta.dirname, "../../bin/portico.js");
let portico: Portico;
let api: MockApi;
before(async () => {
  portico = await startPortico();
  api = await MockApi.create(portico.url, "keyed");
  await api.requireKey();
  await api.deploy("hello");
});
after(() => portico.stop());

const keys = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [bin, "keys", ...args, "--endpoint", portico.url], { env: { NO_COLOR: "1" } });

test("keys are made for a stage, pass there, and are listed with their state", async () => {
  const none = await keys("keyed");
  assert.match(none.stdout, /^No API key may call the stage prod of keyed\./);
  const made = JSON.parse((await keys("keyed", "prod", "--make", "ada", "--json")).stdout);
  assert.equal((await send(portico.url + api.path, { headers: { "X-API-Key": made.value } })).status, 200);
  const second = await keys("keyed", "--make", "bob");
  assert.match(second.stdout, /^\w{40} is the API key \w+ in the usage plan \w+\.\n/);
  const disable = { patchOperations: [{ op: "replace", path: "/enabled", value: "false" }] };
  await call(portico.url, "PATCH", `/apikeys/${made.id}`, disable);
  const rows = (await keys("keyed")).stdout;
  assert.match(rows, new RegExp(`${made.id} +ada +disabled +${made.usagePlanId}`));
  assert.match(rows, new RegExp(`bob +enabled +${made.usagePlanId}`));
  assert.ok(!rows.includes(made.value));
});

test("an API or a stage that is not there is named", async () => {
  const gone = await keys("gone");
  assert.equal(gone.status, 1);
  assert.match(gone.stderr, /no deployed API gone/);
  assert.match((await keys("keyed", "dev")).stderr, /keyed has no stage dev/);
});

test("a WebSocket API has keys, and no CORS", async () => {
  const make = (path: string, body: object) => call(portico.url, "POST", `/v2/apis${path}`, body);
  const { apiId } = await make("", {
    name: "chat",
    protocolType: "WEBSOCKET",
    routeSelectionExpression: "$request.body.a",
  });
  await make(`/${apiId}/routes`, { routeKey: "$connect", apiKeyRequired: true });
  await make(`/${apiId}/stages`, { stageName: "live" });
  await make(`/${apiId}/deployments`, { stageName: "live" });
  const made = JSON.parse((await keys("chat", "live", "--make", "ada", "--json")).stdout);
  assert.match((await keys("chat")).stdout, new RegExp(`${made.id} +ada +enabled`));
  const cors = await run(process.execPath, [bin, "cors", "chat", "--endpoint", portico.url], {
    env: { NO_COLOR: "1" },
  });
  assert.equal(cors.status, 1);
  assert.match(cors.stderr, /chat is a WebSocket API\.[\s\S]*no CORS for WebSockets[\s\S]*\$connect/);
});

test("an HTTP API has keys on a server that may go beyond AWS", async (t) => {
  const beyond = await startPortico({ args: ["--beyond-aws", "http-api-keys"] });
  t.after(() => beyond.stop());
  const { apiId } = await call(beyond.url, "POST", "/v2/apis", {
    name: "web",
    protocolType: "HTTP",
    target: `${portico.url}/_portico/health`,
  });
  const keysOf = (...args: string[]): Promise<Ran> =>
    run(process.execPath, [bin, "keys", ...args, "--endpoint", beyond.url], { env: { NO_COLOR: "1" } });
  assert.match((await keysOf("web")).stdout, /^No API key may call the stage \$default of web\./);
  const made = JSON.parse((await keysOf("web", "--make", "ada", "--json")).stdout);
  assert.match((await keysOf("web")).stdout, new RegExp(`${made.id} +ada +enabled +${made.usagePlanId}`));
  const { items } = (await call(beyond.url, "GET", `/v2/apis/${apiId}/routes`)) as { items: { routeId: string }[] };
  await call(beyond.url, "PATCH", `/v2/apis/${apiId}/routes/${items[0]!.routeId}`, { apiKeyRequired: true });
  const url = `${beyond.url}/_aws/execute-api/${apiId}/`;
  assert.equal((await send(url)).status, 403);
  assert.notEqual((await send(url, { headers: { "X-API-Key": made.value } })).status, 403);
});
