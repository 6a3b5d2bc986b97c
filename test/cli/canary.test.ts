// `portico canary`, `deployments` and `rollback` as their user runs them, on a started server.
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
  api = await MockApi.create(portico.url, "birds");
  await api.deploy("one");
});
after(() => portico.stop());

const tool = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [bin, ...args, "--endpoint", portico.url], { env: { NO_COLOR: "1" } });
const json = async (...args: string[]) => JSON.parse((await tool(...args, "--json")).stdout);
const text = async (): Promise<string> => (await send(portico.url + api.path)).text;

test("a canary is started, shown, promoted; a stage is rolled back; the history tells it", async () => {
  assert.match((await tool("canary", "promote", "birds")).stderr, /The stage prod has no canary/);
  await api.answer("two");
  const started = await tool("canary", "start", "birds", "--percent", "100", "--variable", "colour=blue=ish");
  assert.match(started.stdout, /^The API was deployed as the canary: (\w+)\.\n/, started.stderr);
  assert.match(started.stdout, /prod +0 %/);
  assert.match(started.stdout, /canary +100 % +\w+ +0 +0 +- +- +colour=blue=ish/);
  assert.equal(await text(), "two");
  const { canarySettings, deploymentId } = await json("canary", "status", "birds", "prod");
  assert.deepEqual([canarySettings.percentTraffic, canarySettings.useStageCache], [100, false]);
  await tool("canary", "start", "birds", "--percent", "0.5", "--deployment", deploymentId);
  assert.equal((await json("canary", "status", "birds")).canarySettings.percentTraffic, 0.5);
  const { stdout: status } = await tool("status");
  assert.match(status, /a canary has 0\.5 % of the requests, with the deployment \w+/);
  assert.match(status, /portico canary start \w+ prod {2}deploys them as the canary/);
  const gone = await json("canary", "rollback", "birds");
  assert.deepEqual([gone.canarySettings, gone.deploymentId], [undefined, deploymentId]);
  assert.equal(await text(), "one");
  await tool("canary", "start", "birds", "--deployment", canarySettings.deploymentId, "--variable", "colour=red");
  const promoted = await json("canary", "promote", "birds");
  assert.deepEqual(
    [promoted.deploymentId, promoted.variables, promoted.canarySettings],
    [canarySettings.deploymentId, { colour: "red" }, undefined],
  );
  assert.equal(await text(), "two");

  const [second, first] = await json("deployments", "birds");
  assert.deepEqual(
    [second.id, second.createdBy, second.servedBy],
    [promoted.deploymentId, "arn:aws:iam::000000000000:root", [{ stageName: "prod" }]],
  );
  assert.match(second.differences[0].sentence, /^The route GET \/ has changed: methodIntegration/);
  assert.deepEqual([first.id, first.differences, first.servedBy], [deploymentId, undefined, []]);
  assert.match(
    (await tool("deployments", "birds")).stdout,
    /^\w+ {2}20\S+Z {2}arn:aws:iam::000000000000:root {2}\(prod\)/,
  );
  assert.match(
    (await tool("rollback", "birds")).stdout,
    new RegExp(`birds prod serves the deployment ${first.id} again`),
  );
  assert.equal(await text(), "one");
  const none = await tool("rollback", "birds");
  assert.equal(none.status, 1);
  assert.match(none.stderr, /no earlier deployment/);
  await tool("rollback", "birds", "--to", second.id);
  assert.equal(await text(), "two");
});

test("what makes no sense is refused in words", async () => {
  for (const [args, words] of [
    [["canary", "fly", "birds"], /no canary action fly/],
    [["canary", "start", "birds", "--percent", "101"], /no share of the traffic/],
    [["canary", "start", "birds", "--percent", ""], /no share of the traffic/],
    [["canary", "start", "birds", "--percent", "0x10"], /no share of the traffic/],
    [["canary", "start", "birds", "--variable", "x"], /names no value/],
    [["canary", "start", "gone"], /no deployed API gone/],
    [["canary", "start", "birds", "--deployment", "none99"], /Deployment/],
    [["rollback", "birds", "--to", "none99"], /can't serve the deployment none99[\s\S]*portico deployments/],
    [["deployments", "gone"], /no deployed API gone/],
  ] as const) {
    const { status, stderr } = await tool(...args);
    assert.equal(status, 1, args.join(" "));
    assert.match(stderr, words, args.join(" "));
  }
  for (const body of ["", "null", "{}", '{"account":1,"region":"us-east-1","apiId":"x"}']) {
    assert.equal((await send(`${portico.url}/_portico/deployments`, { method: "POST", body })).status, 400);
  }
});

test("an HTTP API has a history and is rolled back, and has no canary", async () => {
  const make = (path: string, body: object) => call(portico.url, "POST", `/v2/apis${path}`, body);
  const { apiId } = await make("", { name: "plain", protocolType: "HTTP" });
  const { integrationId } = await make(`/${apiId}/integrations`, {
    ...{ integrationType: "HTTP_PROXY", integrationMethod: "GET", integrationUri: "https://backend.example/" },
    payloadFormatVersion: "1.0",
  });
  const target = `integrations/${integrationId}`;
  await make(`/${apiId}/routes`, { routeKey: "GET /a", target });
  await make(`/${apiId}/stages`, { stageName: "live" });
  const first = await make(`/${apiId}/deployments`, { stageName: "live" });
  await make(`/${apiId}/routes`, { routeKey: "GET /b", target });
  await make(`/${apiId}/deployments`, { stageName: "live", description: "with b" });
  const [second] = await json("deployments", "plain");
  assert.deepEqual(
    [second.description, second.differences[0].sentence, second.servedBy],
    ["with b", "The route GET /b is new.", [{ stageName: "live" }]],
  );
  assert.equal((await json("rollback", "plain", "live")).deploymentId, first["deploymentId"]);
  assert.match((await tool("canary", "status", "plain")).stderr, /is an HTTP API/);
});

test("a name that several APIs have leads to none of them, and is told apart by their stages", async () => {
  const ids: string[] = [];
  for (const stageName of ["live", "trial"]) {
    const { apiId } = await call(portico.url, "POST", "/v2/apis", { name: "twin", protocolType: "HTTP" });
    await call(portico.url, "POST", `/v2/apis/${apiId}/stages`, { stageName, autoDeploy: true });
    ids.push(String(apiId));
  }
  const { status, stderr } = await tool("deployments", "twin");
  assert.equal(status, 1);
  for (const named of [`${ids[0]} (live)`, `${ids[1]} (trial)`]) assert.ok(stderr.includes(named), stderr);
  assert.match((await tool("deployments", ids[0]!)).stdout, /\(live\)/);
});
