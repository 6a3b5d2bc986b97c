// Functions behind AWS_PROXY on a started server with two gateway threads: what changes is in effect in both at once,
// and a function that misbehaves is its caller's 502, nobody else's.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutMethodCommand,
} from "@aws-sdk/client-api-gateway";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  LambdaClient,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { type Portico, startPortico } from "../../portico.ts";

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
const zip = (text: string): Uint8Array => zipSync({ "index.js": strToU8(text) });

describe("functions behind AWS_PROXY", () => {
  let portico: Portico;
  let lambda: LambdaClient;
  let gateway: APIGatewayClient;
  let url: string;

  const allow = new AddPermissionCommand({
    FunctionName: "proxied",
    StatementId: "gateway",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: "arn:aws:execute-api:us-east-1:000000000000:*/*",
  });
  /** A connection of its own, so that it may come to any thread. */
  const call = (query = "", init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${query}`, { ...init, headers: { connection: "close" } });
  const repeated = (count: number, query = ""): Promise<Response[]> =>
    Promise.all(Array.from({ length: count }, () => call(query)));

  before(async () => {
    portico = await startPortico();
    const options = {
      endpoint: portico.url,
      region: "us-east-1",
      credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
    };
    lambda = new LambdaClient(options);
    gateway = new APIGatewayClient(options);
    const { FunctionArn } = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "proxied",
        Role: "arn:aws:iam::000000000000:role/any",
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Timeout: 1,
        MemorySize: 256,
        Code: { ZipFile: zip(code) },
      }),
    );
    const { id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: "proxied" }));
    const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
    const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: "ANY" };
    await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
    const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`;
    await gateway.send(new PutIntegrationCommand({ ...method, type: "AWS_PROXY", integrationHttpMethod: "POST", uri }));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    url = `${portico.url}/_aws/execute-api/${restApiId}/prod/`;
  });
  after(async () => {
    lambda.destroy();
    gateway.destroy();
    await portico.stop();
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
