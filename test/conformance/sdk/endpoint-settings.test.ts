// Settings of an API that act on its deployed stages at once, under the official SDK.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  CreateStageCommand,
  PutIntegrationCommand,
  PutMethodCommand,
  UpdateRestApiCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { startForSuite } from "./sdk-client.ts";

async function deployOne(client: APIGatewayClient): Promise<string> {
  const { id: restApiId, rootResourceId: resourceId } = await client.send(
    new CreateRestApiCommand({ name: "pets", endpointConfiguration: { types: ["REGIONAL"] } }),
  );
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await client.send(new PutIntegrationCommand({ ...method, type: "MOCK" }));
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
  return restApiId!;
}

const portico = startForSuite();

test("what an API's endpoint is set to after its deployment acts at once, and can be taken back", async () => {
  const client = portico.client(APIGatewayClient);
  const restApiId = await deployOne(client);
  const call = async (): Promise<[number, string]> => {
    const answer = await fetch(`${portico.url}/_aws/execute-api/${restApiId}/prod`);
    return [answer.status, await answer.text()];
  };
  const open = await call();
  assert.equal(open[0], 500, "a MOCK without a template is served");
  const changes: [string, string, RegExp][] = [
    ["/endpointConfiguration/types/REGIONAL", "PRIVATE", /endpointConfiguration PRIVATE/],
    ["/endpointConfiguration/types/PRIVATE", "REGIONAL", /Internal server error/],
    ["/endpointAccessMode", "STRICT", /endpointAccessMode STRICT/],
    ["/endpointAccessMode", "BASIC", /Internal server error/],
    ["/securityPolicy", "TLS_1_2", /Internal server error/],
  ];
  for (const [path, value, expected] of changes) {
    await client.send(new UpdateRestApiCommand({ restApiId, patchOperations: [{ op: "replace", path, value }] }));
    const [status, body] = await call();
    assert.match(body, expected, `${path} ${value}`);
    assert.equal(status, /Internal/.test(expected.source) ? 500 : 501);
  }
  const told = (await (await fetch(`${portico.url}/_portico/status`)).json()) as {
    readonly stages: readonly { readonly withoutEffect: readonly string[] }[];
    readonly accountThrottle: unknown;
  };
  assert.deepEqual(told.stages[0]?.withoutEffect, ["securityPolicy TLS_1_2"]);
  assert.deepEqual(told.accountThrottle, { ratePerSecond: 10_000, burst: 5_000 });
});

test("a default endpoint is disabled for all stages when one of them changes, and an earlier deployment does not open it", async () => {
  const client = portico.client(APIGatewayClient);
  const restApiId = await deployOne(client);
  const { id: deploymentId } = await client.send(new CreateDeploymentCommand({ restApiId }));
  await client.send(new CreateStageCommand({ restApiId, stageName: "other", deploymentId }));
  const isServed = async (stage: string): Promise<boolean> =>
    (await fetch(`${portico.url}/_aws/execute-api/${restApiId}/${stage}`)).status !== 403;
  const both = async () => [await isServed("prod"), await isServed("other")];
  const disable = (value: string) =>
    client.send(
      new UpdateRestApiCommand({
        restApiId,
        patchOperations: [{ op: "replace", path: "/disableExecuteApiEndpoint", value }],
      }),
    );
  const change = (path: string, value: string) =>
    client.send(
      new UpdateStageCommand({ restApiId, stageName: "prod", patchOperations: [{ op: "replace", path, value }] }),
    );
  await disable("true");
  assert.deepEqual(await both(), [true, true]);
  await change("/description", "first");
  assert.deepEqual(await both(), [false, false]);
  await change("/deploymentId", deploymentId!);
  assert.deepEqual(await both(), [false, false]);
  await disable("false");
  assert.deepEqual(await both(), [false, false]);
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "other" }));
  assert.deepEqual(await both(), [true, true]);
});
