import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makeRestManagement } from "../../../test/rest-management.ts";
import { type HttpApiDefinition, type HttpStage, v2Kinds } from "../../definition/http-api.ts";

const management = makeRestManagement();
after(() => management.close());
const { call } = management;
const scope = { account: "123456789012", region: "us-east-1" };

interface StoredApi {
  readonly snapshots: readonly string[];
  readonly deployments: readonly string[];
  readonly stages: readonly HttpStage[];
  /** What the first stage serves. */
  readonly served: HttpApiDefinition | undefined;
}

const stored = (apiId: string): Promise<StoredApi> =>
  management.store.read(scope, async (tx) => {
    const prefix = `${apiId}/`;
    const idsOf = async (kind: string) => (await tx.list(kind, { prefix })).map(({ id }) => id.slice(prefix.length));
    const stages = (await tx.list<HttpStage>(v2Kinds.stage, { prefix })).map(({ body }) => body);
    const served = await tx.get<HttpApiDefinition>(v2Kinds.snapshot, `${prefix}${stages[0]?.DeploymentId}`);
    return {
      snapshots: await idsOf(v2Kinds.snapshot),
      deployments: await idsOf(v2Kinds.deployment),
      stages,
      served: served?.body,
    };
  });

/** An API with a stage that deploys by itself. */
async function anApi(): Promise<string> {
  const { apiId } = await call("POST /v2/apis", { name: "pets", protocolType: "HTTP" });
  await call(`POST /v2/apis/${apiId}/stages`, { stageName: "$default", autoDeploy: true });
  return apiId;
}
const integration = { integrationType: "HTTP_PROXY", integrationMethod: "GET", payloadFormatVersion: "1.0" };

test("what is stored of automatic deployments does not grow with the changes of an API", async () => {
  const apiId = await anApi();
  for (let index = 0; index < 20; index++) {
    await call(`POST /v2/apis/${apiId}/integrations`, { ...integration, integrationUri: `https://a.example/${index}` });
    await call(`POST /v2/apis/${apiId}/routes`, { routeKey: `GET /r${index}` });
  }
  const { snapshots, deployments, stages, served } = await stored(apiId);
  assert.deepEqual([snapshots, deployments], [[stages[0]!.DeploymentId], [stages[0]!.DeploymentId]]);
  assert.deepEqual([served!.routes.length, served!.integrations.length], [20, 20]);
});

test("every write of an API, its routes, integrations and authorizers is deployed, and no other call deploys", async () => {
  const apiId = await anApi();
  const deploymentOf = async (): Promise<string | undefined> => (await stored(apiId)).stages[0]!.DeploymentId;
  let last = await deploymentOf();
  // biome-ignore lint/suspicious/noExplicitAny: as the calls answer.
  const deploys = async (line: string, body?: unknown): Promise<any> => {
    const answer = await call(line, body);
    const now = await deploymentOf();
    assert.notEqual(now, last, `${line} deploys`);
    last = now;
    return answer;
  };
  const deploysNot = async (line: string, body?: unknown): Promise<void> => {
    await call(line, body);
    assert.equal(await deploymentOf(), last, `${line} deploys nothing`);
  };
  const api = `/v2/apis/${apiId}`;
  await deploys(`PATCH ${api}`, { corsConfiguration: { allowOrigins: ["*"] } });
  await deploys(`DELETE ${api}/cors`);
  const { integrationId } = await deploys(`POST ${api}/integrations`, {
    ...integration,
    integrationUri: "https://a.example",
  });
  await deploys(`PATCH ${api}/integrations/${integrationId}`, { timeoutInMillis: 1000 });
  const { routeId } = await deploys(`POST ${api}/routes`, { routeKey: "GET /pets" });
  await deploys(`PATCH ${api}/routes/${routeId}`, { target: `integrations/${integrationId}` });
  await deploysNot(`GET ${api}/routes`);
  await deploysNot(`PATCH ${api}/stages/%24default`, { stageVariables: { a: "1" }, autoDeploy: true });
  await deploysNot(`POST /v2/tags/${encodeURIComponent(`arn:aws:apigateway:us-east-1::/apis/${apiId}`)}`, {
    tags: { a: "1" },
  });
  await deploysNot(`POST ${api}/stages`, { stageName: "by-hand" });
  await deploys(`DELETE ${api}/routes/${routeId}`);
  await deploys(`DELETE ${api}/integrations/${integrationId}`);
});

test("turning automatic deployments off keeps what is served, and turning them on deploys at once", async () => {
  const apiId = await anApi();
  const stage = `PATCH /v2/apis/${apiId}/stages/%24default`;
  await call(`POST /v2/apis/${apiId}/routes`, { routeKey: "GET /one" });
  await call(stage, { autoDeploy: false });
  await call(`POST /v2/apis/${apiId}/routes`, { routeKey: "GET /two" });
  assert.equal((await stored(apiId)).served!.routes.length, 1);
  const { deploymentId } = await call(stage, { autoDeploy: true });
  const { served, snapshots } = await stored(apiId);
  assert.equal(served!.routes.length, 2);
  assert.deepEqual(snapshots, [deploymentId]);
});

test("a deployment that was made by hand is never dropped", async () => {
  const apiId = await anApi();
  await call(`POST /v2/apis/${apiId}/routes`, { routeKey: "GET /one" });
  const { deploymentId } = await call(`POST /v2/apis/${apiId}/deployments`, {});
  const stage = `PATCH /v2/apis/${apiId}/stages/%24default`;
  await call(stage, { autoDeploy: false, deploymentId });
  await call(stage, { autoDeploy: true });
  const { deployments, snapshots, stages } = await stored(apiId);
  assert.ok(deployments.includes(deploymentId) && snapshots.includes(deploymentId));
  assert.notEqual(stages[0]!.DeploymentId, deploymentId);
});

test("a stage that is deleted takes its automatic deployment with it, unless another stage has it", async () => {
  const apiId = await anApi();
  await call(`POST /v2/apis/${apiId}/stages`, { stageName: "dev", autoDeploy: true });
  await call(`POST /v2/apis/${apiId}/routes`, { routeKey: "GET /one" });
  await call(`DELETE /v2/apis/${apiId}/stages/dev`);
  const { stages } = await stored(apiId);
  assert.deepEqual((await stored(apiId)).deployments, [stages[0]!.DeploymentId]);
  await call(`DELETE /v2/apis/${apiId}/stages/%24default`);
  const { deployments, snapshots } = await stored(apiId);
  assert.deepEqual([deployments, snapshots], [[], []]);
});

test("deleting an API deletes everything that belongs to it", async () => {
  const apiId = await anApi();
  await call(`POST /v2/apis/${apiId}/routes`, { routeKey: "GET /one" });
  await call(`DELETE /v2/apis/${apiId}`);
  await management.store.read(scope, async (tx) => {
    for (const kind of Object.values(v2Kinds)) assert.equal(await tx.count(kind, apiId), 0, kind);
  });
  const Tags = { _custom_id_: apiId };
  await call("POST /v2/apis", { name: "again", protocolType: "HTTP", tags: Tags });
});
