// Canary releases with the official SDK, against a server with two gateway threads.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  APIGatewayClient,
  BadRequestException,
  CreateApiKeyCommand,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  DeleteDeploymentCommand,
  GetStageCommand,
  type PatchOperation,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  UpdateAccountCommand,
  UpdateMethodCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssociateWebACLCommand, CreateWebACLCommand, WAFV2Client } from "@aws-sdk/client-wafv2";
import { until } from "../../until.ts";
import { startForSuite } from "./sdk-client.ts";

const portico = startForSuite();
const stageName = "prod";

interface Api {
  readonly client: APIGatewayClient;
  readonly restApiId: string;
  readonly resourceId: string;
}

/** Makes an API that answers with a text and what its stage is, and deploys it. */
async function deployed(name: string): Promise<Api & { readonly deploymentId: string }> {
  const client = portico.client(APIGatewayClient);
  const { id, rootResourceId } = await client.send(
    new CreateRestApiCommand({ name, tags: { _custom_id_: `canary-${name}` } }),
  );
  const api = { client, restApiId: id!, resourceId: rootResourceId! };
  const method = { restApiId: api.restApiId, resourceId: api.resourceId, httpMethod: "GET" };
  await client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await client.send(new PutMethodResponseCommand({ ...method, statusCode: "200" }));
  const requestTemplates = { "application/json": '{"statusCode": 200}' };
  await client.send(new PutIntegrationCommand({ ...method, type: "MOCK", requestTemplates }));
  await answer(api, "old");
  const variables = { sv1: "a", sv2: "b" };
  const made = await client.send(new CreateDeploymentCommand({ restApiId: api.restApiId, stageName, variables }));
  return { ...api, deploymentId: made.id! };
}

async function answer({ client, restApiId, resourceId }: Api, text: string): Promise<void> {
  await client.send(
    new PutIntegrationResponseCommand({
      ...{ restApiId, resourceId, httpMethod: "GET", statusCode: "200" },
      responseTemplates: {
        "application/json": `${text} $context.isCanaryRequest $context.deploymentId $stageVariables.sv1$stageVariables.sv2`,
      },
    }),
  );
}

/** Deploys another answer as the stage's canary. */
async function startCanary(api: Api, percentTraffic: number): Promise<string> {
  await answer(api, "new");
  const { id } = await api.client.send(
    new CreateDeploymentCommand({
      ...{ restApiId: api.restApiId, stageName },
      canarySettings: { percentTraffic, stageVariableOverrides: { sv2: "c" }, useStageCache: false },
    }),
  );
  return id!;
}

const patch = ({ client, restApiId }: Api, ...patchOperations: PatchOperation[]) =>
  client.send(new UpdateStageCommand({ restApiId, stageName, patchOperations }));

const call = (restApiId: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${portico.url}/_aws/execute-api/${restApiId}/${stageName}`, { headers });

/** Calls so often, some at once; returns how often there was each text. */
async function texts(restApiId: string, calls: number, headers?: Record<string, string>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await call(restApiId, headers);
      const text = response.status === 200 ? await response.text() : `${response.status}`;
      if (response.status !== 200) await response.arrayBuffer();
      found.set(text, (found.get(text) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return found;
}

test("a canary of 10 % gets 10 % of 10,000 requests; promoting makes it the stage", async () => {
  const api = await deployed("share");
  const canaryId = await startCanary(api, 10);
  const [old, next] = [`old false ${api.deploymentId} ab`, `new true ${canaryId} ac`];
  const found = await texts(api.restApiId, 10_000);
  assert.deepEqual([...found.keys()].sort(), [next, old]);
  // A share of 10 % has a standard deviation of 30 here; seven of them are passed once in 10^11 runs.
  const canary = found.get(next) ?? 0;
  assert.ok(Math.abs(canary - 1_000) < 210, `${canary} of 10,000 requests met the canary`);
  const promoted = await patch(
    api,
    { op: "replace", path: "/canarySettings/percentTraffic", value: "0.0" },
    { op: "copy", from: "/canarySettings/stageVariableOverrides", path: "/variables" },
    { op: "copy", from: "/canarySettings/deploymentId", path: "/deploymentId" },
  );
  assert.equal(promoted.deploymentId, canaryId);
  assert.equal(promoted.canarySettings?.percentTraffic, 0);
  assert.deepEqual([...(await texts(api.restApiId, 50)).keys()], [`new false ${canaryId} ac`]);
  await patch(api, { op: "remove", path: "/canarySettings" });
  assert.deepEqual([...(await texts(api.restApiId, 10)).keys()], [`new  ${canaryId} ac`]);
});

test("a canary takes all requests at 100 %, none at 0 %, and is rolled back by its removal", async () => {
  const api = await deployed("ends");
  const canaryId = await startCanary(api, 100);
  const next = `new true ${canaryId} ac`;
  const old = `old false ${api.deploymentId} ab`;
  assert.deepEqual([...(await texts(api.restApiId, 50)).keys()], [next]);
  await patch(api, { op: "replace", path: "/canarySettings/percentTraffic", value: "0" });
  assert.deepEqual([...(await texts(api.restApiId, 50)).keys()], [old]);
  await patch(api, { op: "replace", path: "/canarySettings/percentTraffic", value: "99.99999" });
  assert.ok(((await texts(api.restApiId, 50)).get(next) ?? 0) > 40);
  await patch(api, { op: "replace", path: "/canarySettings/stageVariableOverrides/sv1", value: "z" });
  assert.ok([...(await texts(api.restApiId, 50)).keys()].includes(`new true ${canaryId} zc`));
  await patch(api, { op: "remove", path: "/canarySettings" });
  assert.deepEqual([...(await texts(api.restApiId, 10)).keys()], [`old  ${api.deploymentId} ab`]);
});

test("values out of range, and what AWS refuses of a canary, change nothing", async () => {
  const api = await deployed("range");
  const canaryId = await startCanary(api, 12.5);
  const { restApiId } = api;
  for (const value of ["-1", "100.1", "1e3", "NaN", "ten", "", "Infinity"]) {
    await assert.rejects(
      patch(api, { op: "replace", path: "/canarySettings/percentTraffic", value }),
      BadRequestException,
      value,
    );
  }
  for (const percentTraffic of [-0.1, 100.5, 1e9]) {
    const canarySettings = { percentTraffic };
    await assert.rejects(
      api.client.send(new CreateDeploymentCommand({ restApiId, stageName, canarySettings })),
      BadRequestException,
    );
  }
  await assert.rejects(
    api.client.send(new CreateDeploymentCommand({ restApiId, stageName })),
    /Non canary deployment not supported on stage prod because Canary is enabled/,
  );
  await assert.rejects(
    api.client.send(
      new CreateDeploymentCommand({ restApiId, stageName: "none", canarySettings: { percentTraffic: 1 } }),
    ),
    /Stage none must already be created before making a canary release deployment/,
  );
  await assert.rejects(
    api.client.send(new DeleteDeploymentCommand({ restApiId, deploymentId: canaryId })),
    /Active stages pointing to this deployment must be moved or deleted/,
  );
  await assert.rejects(
    patch(api, { op: "replace", path: "/canarySettings/deploymentId", value: "gone99" }),
    /Deployment id does not exist/,
  );
  const { canarySettings } = await api.client.send(new GetStageCommand({ restApiId, stageName }));
  assert.deepEqual([canarySettings?.percentTraffic, canarySettings?.deploymentId], [12.5, canaryId]);
});

test("a throttle, a usage plan's quota and a web ACL hold for both sides together", async () => {
  const api = await deployed("gates");
  const { client, restApiId, resourceId } = api;
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await client.send(
    new UpdateMethodCommand({
      ...method,
      patchOperations: [{ op: "replace", path: "/apiKeyRequired", value: "true" }],
    }),
  );
  const { id: deploymentId } = await client.send(new CreateDeploymentCommand({ restApiId }));
  await patch(api, { op: "replace", path: "/deploymentId", value: deploymentId! });
  await startCanary(api, 50);
  assert.deepEqual([...(await texts(restApiId, 60)).entries()], [["403", 60]]);
  const plan = await client.send(
    new CreateUsagePlanCommand({
      name: "both",
      apiStages: [{ apiId: restApiId, stage: stageName }],
      quota: { limit: 100, period: "DAY" },
    }),
  );
  const value = "a-key-of-both-sides-0123456789";
  const key = await client.send(new CreateApiKeyCommand({ name: "both", enabled: true, value }));
  await client.send(new CreateUsagePlanKeyCommand({ usagePlanId: plan.id!, keyId: key.id!, keyType: "API_KEY" }));
  const counted = await texts(restApiId, 150, { "x-api-key": value });
  assert.equal(counted.get("429"), 50);
  assert.equal(counted.size, 3, "both sides and the refusal");
  const waf = portico.client(WAFV2Client);
  const { Summary } = await waf.send(
    new CreateWebACLCommand({
      ...{ Name: "block", Scope: "REGIONAL", DefaultAction: { Block: {} }, Rules: [] },
      VisibilityConfig: { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: "m" },
    }),
  );
  const ResourceArn = `arn:aws:apigateway:us-east-1::/restapis/${restApiId}/stages/${stageName}`;
  await waf.send(new AssociateWebACLCommand({ WebACLArn: Summary!.ARN!, ResourceArn }));
  assert.deepEqual([...(await texts(restApiId, 60, { "x-api-key": value })).entries()], [["403", 60]]);
});

test("a method's throttle has one bucket for both sides", async () => {
  const api = await deployed("throttled");
  await startCanary(api, 50);
  await patch(
    api,
    { op: "replace", path: "/~1/GET/throttling/rateLimit", value: "0.001" },
    { op: "replace", path: "/~1/GET/throttling/burstLimit", value: "40" },
  );
  const found = await texts(api.restApiId, 100);
  assert.equal(found.get("429"), 60);
  assert.equal(found.size, 3);
});

test("a canary's requests are logged in the stage's groups and in the canary's", async () => {
  const api = await deployed("logged");
  const logs = portico.client(CloudWatchLogsClient);
  const { Role } = await portico.client(IAMClient).send(
    new CreateRoleCommand({
      RoleName: "logs",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" }],
      }),
    }),
  );
  await api.client.send(
    new UpdateAccountCommand({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value: Role!.Arn! }] }),
  );
  await logs.send(new CreateLogGroupCommand({ logGroupName: "access" }));
  const canaryId = await startCanary(api, 50);
  await patch(
    api,
    {
      ...{ op: "replace", path: "/accessLogSettings/destinationArn" },
      value: "arn:aws:logs:us-east-1:000000000000:log-group:access",
    },
    { op: "replace", path: "/accessLogSettings/format", value: "$context.requestId $context.isCanaryRequest" },
    { op: "replace", path: "/*/*/logging/loglevel", value: "INFO" },
  );
  const found = await texts(api.restApiId, 60);
  const canary = found.get(`new true ${canaryId} ac`) ?? 0;
  assert.ok(canary > 0 && canary < 60);
  const messages = async (logGroupName: string): Promise<string[]> => {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName })).catch(() => ({ events: [] }));
    return events.map(({ message = "" }) => message);
  };
  const wait = async (group: string, count: number, has = ""): Promise<string[]> => {
    let lines: string[] = [];
    await until(
      async () => {
        lines = (await messages(group)).filter((line) => line.includes(has));
        return lines.length >= count;
      },
      { what: `${group} has ${count} lines` },
    );
    return lines;
  };
  const own = await wait("access/Canary", canary);
  assert.equal(own.length, canary);
  assert.ok(own.every((line) => line.endsWith(" true")));
  const all = await wait("access", 60);
  assert.deepEqual([all.length, all.filter((line) => line.endsWith(" true")).length], [60, canary]);
  const group = `API-Gateway-Execution-Logs_${api.restApiId}/${stageName}`;
  const starting = "Starting execution for request";
  assert.equal((await wait(group, 60, starting)).length, 60);
  assert.equal((await wait(`${group}/Canary`, canary, starting)).length, canary);
});
