// Throttles as the official SDK sets them, in front of two gateway threads.
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { test } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetAccountCommand,
  type PatchOperation,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  TestInvokeMethodCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { startForSuite } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--limit", "throttleRate=20000", "--limit", "throttleBurst=20000"] });

async function deployMock(client: APIGatewayClient): Promise<{ restApiId: string; resourceId: string }> {
  const { id, rootResourceId } = await client.send(
    new CreateRestApiCommand({ name: "throttled", tags: { _custom_id_: "throttled" } }),
  );
  const [restApiId, resourceId] = [id!, rootResourceId!];
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await client.send(new PutMethodResponseCommand({ ...method, statusCode: "200" }));
  const requestTemplates = { "application/json": '{"statusCode": 200}' };
  await client.send(new PutIntegrationCommand({ ...method, type: "MOCK", requestTemplates }));
  await client.send(new PutIntegrationResponseCommand({ ...method, statusCode: "200" }));
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
  return { restApiId, resourceId };
}

/** Calls so often at once, each on a connection of its own, so that both threads get some; returns the number of 200s. */
async function served(restApiId: string, calls: number): Promise<number> {
  const agent = new Agent({ keepAlive: false });
  const statuses = await Promise.all(
    Array.from(
      { length: calls },
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          const outgoing = request(`${portico.url}/_aws/execute-api/${restApiId}/prod`, { agent }, (response) => {
            response.resume().once("end", () => resolve(response.statusCode));
          });
          outgoing.once("error", reject).end();
        }),
    ),
  );
  agent.destroy();
  assert.deepEqual(new Set(statuses.filter((status) => status !== 200 && status !== 429)), new Set());
  return statuses.filter((status) => status === 200).length;
}

const advance = (advanceMs: number): Promise<Response> =>
  fetch(`${portico.url}/_portico/clock`, { method: "POST", body: JSON.stringify({ advanceMs }) });

test("GetAccount shows the throttle that is in force", async () => {
  const { throttleSettings } = await portico.client(APIGatewayClient).send(new GetAccountCommand({}));
  assert.deepEqual(throttleSettings, { rateLimit: 20_000, burstLimit: 20_000 });
});

test("UpdateStage throttles a method across threads at once; time, and a reset, fill its bucket", async () => {
  const client = portico.client(APIGatewayClient);
  const { restApiId, resourceId } = await deployMock(client);
  const update = async (...settings: readonly (readonly [path: string, value: string])[]): Promise<void> => {
    const patchOperations = settings.map(
      ([path, value]): PatchOperation => ({ op: "replace", path: `/${path}`, value }),
    );
    await client.send(new UpdateStageCommand({ restApiId, stageName: "prod", patchOperations }));
  };
  // So slow that the test's own time brings nothing.
  await update(["*/*/throttling/rateLimit", "0.0001"], ["*/*/throttling/burstLimit", "20"]);
  assert.equal(await served(restApiId, 30), 20);
  assert.equal(await served(restApiId, 10), 0);
  await advance(50_000_000);
  assert.equal(await served(restApiId, 10), 5);
  // The method's own setting: not filled by the change, and not by the larger burst, which its rate fills.
  await update(["~1/GET/throttling/burstLimit", "22"]);
  assert.equal(await served(restApiId, 10), 0);
  await advance(20_000_000);
  assert.equal(await served(restApiId, 10), 2);
  await update(["~1/GET/throttling/rateLimit", "0"]);
  await advance(500_000_000);
  assert.equal(await served(restApiId, 10), 0);
  const test = await client.send(new TestInvokeMethodCommand({ restApiId, resourceId, httpMethod: "GET" }));
  assert.equal(test.status, 200, "a test of the method is not throttled");
  // -1 inherits from the stage's default, whose 20 have come back.
  await update(["~1/GET/throttling/rateLimit", "-1"], ["~1/GET/throttling/burstLimit", "-1"]);
  assert.equal(await served(restApiId, 30), 20);
  await client.send(
    new UpdateStageCommand({ restApiId, stageName: "prod", patchOperations: [{ op: "remove", path: "/~1/GET" }] }),
  );
  await advance(500_000_000);
  await update(["*/*/throttling/rateLimit", "0.0001"], ["*/*/throttling/burstLimit", "3"]);
  assert.equal(await served(restApiId, 10), 3);

  await fetch(`${portico.url}/_portico/reset`, { method: "POST" });
  await deployMock(client);
  await update(["*/*/throttling/rateLimit", "0.0001"], ["*/*/throttling/burstLimit", "3"]);
  assert.equal(await served(restApiId, 10), 3);
});
