// Functions behind AWS_PROXY on a started server with two gateway threads: what changes is in effect in both at once,
// and a function that misbehaves is its caller's 502, nobody else's.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutMethodCommand,
} from "@aws-sdk/client-api-gateway";
import {
  DeleteFunctionCommand,
  LambdaClient,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { functionOf, permissionOf, startForSuite, zip } from "./sdk-client.ts";

const code = `exports.handler = async (event) => {
  const query = event.queryStringParameters ?? {};
  if (query.do === "throw") throw new Error("thrown");
  if (query.do === "exit") process.exit(1);
  if (query.do === "loop") for (;;);
  if (query.do === "large") return { statusCode: 200, body: "x".repeat(7e6) };
  if (query.do === "print") for (let i = 0; i < 20000; i++) console.log("x".repeat(200));
  if (query.do === "text") return "no proxy answer";
  if (query.do === "big") return { statusCode: 200, body: "x".repeat(5e6) };
  if (query.do === "slow") await new Promise((resolve) => setTimeout(resolve, 100));
  return { statusCode: 200, body: JSON.stringify({ pid: process.pid, body: event.body, method: event.httpMethod }) };
};`;

describe("functions behind AWS_PROXY", () => {
  const portico = startForSuite();
  const lambda = portico.client(LambdaClient);
  const gateway = portico.client(APIGatewayClient);
  let url: string;

  const allow = permissionOf("proxied");
  /** A connection of its own, so that it may come to any thread. */
  const call = (query = "", init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${query}`, { ...init, headers: { connection: "close" } });
  const repeated = (count: number, query = ""): Promise<Response[]> =>
    Promise.all(Array.from({ length: count }, () => call(query)));

  before(async () => {
    const { FunctionArn } = await lambda.send(functionOf("proxied", code, { Timeout: 1, MemorySize: 256 }));
    const { id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: "proxied" }));
    const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
    const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: "ANY" };
    await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
    const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`;
    await gateway.send(new PutIntegrationCommand({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri }));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    url = `${portico.url}/_aws/execute-api/${restApiId}/prod/`;
  });

  it("are not called without a permission, and are at once with it, in every thread", async () => {
    for (const response of await repeated(6)) {
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), { message: "Internal server error" });
    }
    await lambda.send(allow);
    for (const response of await repeated(6)) assert.equal(response.status, 200, await response.text());
    await lambda.send(new RemovePermissionCommand({ FunctionName: "proxied", StatementId: "gateway" }));
    for (const response of await repeated(6)) assert.equal(response.status, 500);
    await lambda.send(allow);
  });

  it("get the event and give the answer", async () => {
    const response = await call("", { method: "POST", body: "ü" });
    const { body, method } = (await response.json()) as { body: string; method: string };
    assert.deepEqual([response.status, body, method], [200, "ü", "POST"]);
    assert.equal((await (await call("?do=big")).text()).length, 5e6);
  });

  it("reuse a warm environment for one request after the other, whichever thread it comes to", async () => {
    const pids = new Set<number>();
    for (let round = 0; round < 12; round++) pids.add(((await (await call()).json()) as { pid: number }).pid);
    assert.ok(pids.size <= 2, `${pids.size} environments for one request at a time`);
  });

  for (const what of ["throw", "exit", "loop", "large", "text"]) {
    it(`are a 502 that harms nobody: ${what}`, async () => {
      const [bad, ...good] = await Promise.all([call(`?do=${what}`), call(), call("?do=slow"), call()]);
      assert.equal(bad.status, 502);
      assert.deepEqual(await bad.json(), { message: "Internal server error" });
      for (const response of good) assert.equal(response.status, 200, await response.text());
    });
  }

  it("may print megabytes", async () => {
    const responses = await repeated(3, "?do=print");
    for (const response of responses) assert.equal(response.status, 200, await response.text());
  });

  it("run new code in every thread as soon as its update is acknowledged", async () => {
    for (let version = 1; version <= 3; version++) {
      const ZipFile = zip(`exports.handler = async () => ({ statusCode: 200, body: "${version}" })`);
      await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "proxied", ZipFile }));
      for (const response of await repeated(8)) assert.equal(await response.text(), String(version));
    }
  });

  it("are gone when they are deleted", async () => {
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "proxied" }));
    for (const response of await repeated(4)) assert.equal(response.status, 500);
  });
});
