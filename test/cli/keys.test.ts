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
