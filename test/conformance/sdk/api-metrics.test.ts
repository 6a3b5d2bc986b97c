// What CloudWatch tells of the requests of all kinds of API, right to the single request and read at once.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import { ApiGatewayManagementApi } from "@aws-sdk/client-apigatewaymanagementapi";
import { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import { CloudWatch, type Dimension } from "@aws-sdk/client-cloudwatch";
import { WebSocket } from "ws";
import { startPortico } from "../../portico.ts";
import { until } from "../../until.ts";
import { makeClient } from "./sdk-client.ts";

type ClassOf<Client> = new (options: object) => Client;

/** How often the backend was asked. */
let asked = 0;
const backend = createServer((request, response) => {
  request.resume();
  asked++;
  response.statusCode = request.url === "/broken" ? 500 : 200;
  response.end("ok");
});
await once(backend.listen(0, "127.0.0.1"), "listening");
const gone = createServer();
await once(gone.listen(0, "127.0.0.1"), "listening");
const { port: closedPort } = gone.address() as AddressInfo;
gone.close();
const origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;

let portico: Awaited<ReturnType<typeof startPortico>>;
let rest: APIGateway;
let v2: ApiGatewayV2;
let cloudwatch: CloudWatch;
before(async () => {
  portico = await startPortico({ args: ["--threads", "2"] });
  rest = makeClient(APIGateway as ClassOf<APIGateway>, portico);
  v2 = makeClient(ApiGatewayV2 as ClassOf<ApiGatewayV2>, portico);
  cloudwatch = makeClient(CloudWatch as ClassOf<CloudWatch>, portico);
});
after(async () => {
  for (const client of [rest, v2, cloudwatch]) client.destroy();
  await portico.stop();
  backend.close();
  backend.closeAllConnections();
});

type Sums = Readonly<Record<string, readonly (number | undefined)[]>>;

const toDimensions = (dimensions: Readonly<Record<string, string>>): Dimension[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

/** Reads the sum and the sample count of each metric, over the last minutes. */
async function read(dimensions: Readonly<Record<string, string>>, ...names: readonly string[]): Promise<Sums> {
  const readOne = async (MetricName: string): Promise<[string, (number | undefined)[]]> => {
    const { Datapoints: [point] = [] } = await cloudwatch.getMetricStatistics({
      ...{ Namespace: "AWS/ApiGateway", MetricName, Dimensions: toDimensions(dimensions) },
      ...{ StartTime: new Date(Date.now() - 600_000), EndTime: new Date(Date.now() + 60_000), Period: 3_600 },
      Statistics: ["Sum", "SampleCount"],
    });
    return [MetricName, [point?.Sum, point?.SampleCount]];
  };
  return Object.fromEntries(await Promise.all(names.map(readOne)));
}

async function callAll(...urls: readonly string[]): Promise<void> {
  await Promise.all(urls.map(async (url) => (await fetch(url)).arrayBuffer()));
}

const times = (count: number, url: string): string[] => Array.from({ length: count }, () => url);

/** Makes a REST API with a method that works and one that fails, and deploys it to the stage `prod`. */
async function deployed(title: string, stage: { readonly cacheClusterEnabled?: boolean } = {}): Promise<string> {
  const get = (path: string) => ({
    get: { "x-amazon-apigateway-integration": { type: "HTTP_PROXY", httpMethod: "GET", uri: `${origin}${path}` } },
  });
  const paths = { "/ok": get("/ok"), "/broken": get("/broken") };
  const document = { openapi: "3.0.1", info: { title, version: "1" }, paths };
  const { id } = await rest.importRestApi({ body: Buffer.from(JSON.stringify(document)) });
  await rest.createDeployment({ restApiId: id!, stageName: "prod", ...stage });
  return id!;
}

it("gateway responses with a customised status count as 4XXError", async () => {
  const restApiId = await deployed("Customised");
  const put = (responseType: "MISSING_AUTHENTICATION_TOKEN" | "INTEGRATION_FAILURE", statusCode: string) =>
    rest.putGatewayResponse({ restApiId, responseType, statusCode });
  const deploy = () => rest.createDeployment({ restApiId, stageName: "prod" });
  const { items = [] } = await rest.getResources({ restApiId });
  const resourceId = items.find(({ path }) => path === "/broken")!.id!;
  const patch = { op: "replace", path: "/uri", value: `http://127.0.0.1:${closedPort}/` } as const;
  await rest.updateIntegration({ restApiId, resourceId, httpMethod: "GET", patchOperations: [patch] });
  const stage = `${portico.url}/_aws/execute-api/${restApiId}/prod`;
  const callBoth = async (...statuses: readonly number[]) => {
    await deploy();
    const answers = await Promise.all(["none", "broken"].map((path) => fetch(`${stage}/${path}`)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      statuses,
    );
  };
  await callBoth(403, 504);
  await put("MISSING_AUTHENTICATION_TOKEN", "200");
  await put("INTEGRATION_FAILURE", "503");
  await callBoth(200, 503);
  await put("MISSING_AUTHENTICATION_TOKEN", "500");
  await put("INTEGRATION_FAILURE", "200");
  await callBoth(500, 200);
  assert.deepEqual(await read({ ApiName: "Customised" }, "Count", "4XXError", "5XXError"), {
    ...{ Count: [6, 6], "4XXError": [4, 6], "5XXError": [2, 6] },
  });
});

it("requests of a REST API count under its name, its stage and each method that has metrics", async () => {
  const restApiId = await deployed("Pëts & Co");
  const patch = { op: "replace", path: "/~1ok/GET/metrics/enabled", value: "true" } as const;
  await rest.updateStage({ restApiId: restApiId, stageName: "prod", patchOperations: [patch] });
  const stage = `${portico.url}/_aws/execute-api/${restApiId}/prod`;
  await callAll(...times(40, `${stage}/ok`), ...times(7, `${stage}/broken`), ...times(3, `${stage}/none`));

  const names = ["Count", "4XXError", "5XXError"] as const;
  const all = { Count: [50, 50], "4XXError": [3, 50], "5XXError": [7, 50] };
  assert.deepEqual(await read({ ApiName: "Pts & Co" }, ...names), all);
  assert.deepEqual(await read({ ApiName: "Pts & Co", Stage: "prod" }, ...names), all);
  const method = { ApiName: "Pts & Co", Stage: "prod", Method: "GET" };
  assert.deepEqual(await read({ ...method, Resource: "/ok" }, ...names, "CacheHitCount"), {
    ...{ Count: [40, 40], "4XXError": [0, 40], "5XXError": [0, 40], CacheHitCount: [undefined, undefined] },
  });
  assert.deepEqual(await read({ ...method, Resource: "/broken" }, "Count"), { Count: [undefined, undefined] });
  const { Datapoints: [point] = [] } = await cloudwatch.getMetricStatistics({
    ...{ Namespace: "AWS/ApiGateway", MetricName: "IntegrationLatency" },
    Dimensions: toDimensions({ ApiName: "Pts & Co" }),
    ...{ StartTime: new Date(Date.now() - 600_000), EndTime: new Date(Date.now() + 60_000), Period: 3_600 },
    ...{ Statistics: ["SampleCount", "Minimum", "Maximum"], ExtendedStatistics: ["p50", "p99"] },
  });
  assert.equal(point!.SampleCount, 47, "what no integration answered has no such latency");
  const { p50, p99 } = point!.ExtendedStatistics!;
  assert.ok(0 < point!.Minimum! && point!.Minimum! <= p50! && p50! <= p99! && p99! <= point!.Maximum! * 1.01);

  await rest.updateRestApi({
    restApiId: restApiId,
    patchOperations: [{ op: "replace", path: "/name", value: "名前" }],
  });
  await callAll(`${stage}/ok`);
  assert.deepEqual(await read({ ApiName: restApiId }, "Count"), { Count: [1, 1] }, "a name acts without a deployment");
  assert.deepEqual(await read({ ApiName: "Pts & Co" }, "Count"), { Count: [50, 50] });
});

it("a cache's hits and misses are rates of all requests", async () => {
  const restApiId = await deployed("cached", { cacheClusterEnabled: true });
  await until(async () => {
    const { cacheClusterStatus } = await rest.getStage({ restApiId, stageName: "prod" });
    return cacheClusterStatus === "AVAILABLE";
  });
  await rest.updateStage({
    ...{ restApiId, stageName: "prod" },
    patchOperations: [{ op: "replace", path: "/~1ok/GET/caching/enabled", value: "true" }],
  });
  const stage = `${portico.url}/_aws/execute-api/${restApiId}/prod`;
  let calls = 0;
  let misses = 0;
  // An answer may be here before its entry is in the cache.
  await until(async () => {
    asked = 0;
    await callAll(`${stage}/ok`);
    calls++;
    misses += asked;
    return asked === 0;
  });
  await callAll(...times(6, `${stage}/ok`), `${stage}/broken`);
  const all = calls + 7;
  const counts = {
    Count: [all, all],
    CacheHitCount: [calls + 6 - misses, all],
    CacheMissCount: [misses, all],
    IntegrationLatency: [misses + 1],
  };
  const { IntegrationLatency, ...rates } = await read({ ApiName: "cached", Stage: "prod" }, ...Object.keys(counts));
  assert.deepEqual({ ...rates, IntegrationLatency: [IntegrationLatency![1]] }, counts);

  // A canary does not use the stage's cache unless it is told to: its requests are neither hits nor misses.
  await rest.createDeployment({ restApiId, stageName: "prod", canarySettings: { percentTraffic: 100 } });
  await callAll(...times(5, `${stage}/ok`));
  assert.deepEqual(await read({ ApiName: "cached", Stage: "prod" }, "Count", "CacheHitCount", "CacheMissCount"), {
    Count: [all + 5, all + 5],
    CacheHitCount: [counts.CacheHitCount[0], all + 5],
    CacheMissCount: [misses, all + 5],
  });
});

it("a canary's requests count for its stage and again as its own", async () => {
  const restApiId = await deployed("birds");
  const stage = `${portico.url}/_aws/execute-api/${restApiId}/prod`;
  await callAll(...times(5, `${stage}/ok`));
  const canarySettings = { percentTraffic: 100 };
  await rest.createDeployment({ restApiId, stageName: "prod", canarySettings });
  const path = "/~1ok/GET/metrics/enabled";
  await rest.updateStage({ restApiId, stageName: "prod", patchOperations: [{ op: "replace", path, value: "true" }] });
  await callAll(...times(4, `${stage}/ok`), ...times(2, `${stage}/broken`));
  const all = (count: number, failed: number) => ({ Count: [count, count], "5XXError": [failed, count] });
  assert.deepEqual(await read({ ApiName: "birds" }, "Count", "5XXError"), all(11, 2));
  assert.deepEqual(await read({ ApiName: "birds", Stage: "prod" }, "Count", "5XXError"), all(11, 2));
  assert.deepEqual(await read({ ApiName: "birds", Stage: "prod/Canary" }, "Count", "5XXError"), all(6, 2));
  const method = { ApiName: "birds", Method: "GET", Resource: "/ok" };
  assert.deepEqual(await read({ ...method, Stage: "prod" }, "Count", "5XXError"), all(4, 0));
  assert.deepEqual(await read({ ...method, Stage: "prod/Canary" }, "Count", "5XXError"), all(4, 0));
});

it("requests of an HTTP API count under its id, its stage and each route that has metrics", async () => {
  const { ApiId, ApiEndpoint } = await v2.createApi({ Name: "pets", ProtocolType: "HTTP" });
  const makeRoute = async (RouteKey: string, path: string): Promise<void> => {
    const { IntegrationId } = await v2.createIntegration({
      ...{ ApiId: ApiId!, IntegrationType: "HTTP_PROXY", IntegrationMethod: "GET", IntegrationUri: `${origin}${path}` },
      PayloadFormatVersion: "1.0",
    });
    await v2.createRoute({ ApiId: ApiId!, RouteKey, Target: `integrations/${IntegrationId}` });
  };
  await makeRoute("GET /ok", "/ok");
  await makeRoute("GET /broken", "/broken");
  await v2.createStage({
    ...{ ApiId: ApiId!, StageName: "$default", AutoDeploy: true },
    RouteSettings: { "GET /ok": { DetailedMetricsEnabled: true } },
  });
  await callAll(...times(20, `${ApiEndpoint}/ok`), ...times(5, `${ApiEndpoint}/broken`), `${ApiEndpoint}/none`);
  const names = ["Count", "4xx", "5xx"] as const;
  const all = { Count: [26, 26], "4xx": [1, 26], "5xx": [5, 26] };
  assert.deepEqual(await read({ ApiId: ApiId! }, ...names), all);
  assert.deepEqual(await read({ ApiId: ApiId!, Stage: "$default" }, ...names), all);
  const route = { ApiId: ApiId!, Stage: "$default", Method: "GET" };
  const { Latency, IntegrationLatency, DataProcessed, ...counts } = await read(
    { ...route, Resource: "/ok" },
    ...[...names, "Latency", "IntegrationLatency", "DataProcessed"],
  );
  assert.deepEqual(counts, { Count: [20, 20], "4xx": [0, 20], "5xx": [0, 20] });
  assert.deepEqual([Latency![1], IntegrationLatency![1], DataProcessed![1]], [20, 20, 20]);
  assert.ok(Latency![0]! >= IntegrationLatency![0]! && DataProcessed![0]! > 20 * "GET /ok HTTP/1.1".length);
  assert.deepEqual(await read({ ...route, Resource: "/broken" }, "Count"), { Count: [undefined, undefined] });
});

it("connections and messages of a WebSocket API count, from and to its clients", async () => {
  const { ApiId, ApiEndpoint } = await v2.createApi({
    ...{ Name: "chat", ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.action" },
  });
  const makeRoute = async (RouteKey: string, IntegrationUri: string): Promise<void> => {
    const { IntegrationId } = await v2.createIntegration({
      ...{ ApiId: ApiId!, IntegrationType: "HTTP_PROXY", IntegrationMethod: "POST", IntegrationUri },
    });
    const { RouteId } = await v2.createRoute({
      ...{
        ApiId: ApiId!,
        RouteKey,
        Target: `integrations/${IntegrationId}`,
        RouteResponseSelectionExpression: "$default",
      },
    });
    await v2.createRouteResponse({ ApiId: ApiId!, RouteId: RouteId!, RouteResponseKey: "$default" });
  };
  await makeRoute("ask", `${origin}/ok`);
  await makeRoute("fail", `${origin}/broken`);
  await makeRoute("lose", `http://127.0.0.1:${closedPort}/`);
  await v2.createStage({
    ...{ ApiId: ApiId!, StageName: "live", RouteSettings: { ask: { DetailedMetricsEnabled: true } } },
  });
  await v2.createDeployment({ ApiId: ApiId!, StageName: "live" });
  const management = makeClient(ApiGatewayManagementApi as ClassOf<ApiGatewayManagementApi>, {
    url: `${portico.url}/_aws/execute-api/${ApiId}/live`,
  });
  const sockets: WebSocket[] = [];
  for (let index = 0; index < 4; index++) {
    const socket = new WebSocket(`${ApiEndpoint}/live`);
    sockets.push(socket);
    await once(socket, "open");
    const ask = async (action: string): Promise<string> => {
      socket.send(JSON.stringify({ action }));
      return String((await once(socket, "message"))[0]);
    };
    for (const action of ["ask", "ask", "ask", "fail", "lose"]) await ask(action);
    const { connectionId } = JSON.parse(await ask("unknown")) as { connectionId: string };
    const posted = once(socket, "message");
    await management.postToConnection({ ConnectionId: connectionId, Data: Buffer.from("hello") });
    assert.equal(String((await posted)[0]), "hello");
  }
  const names = ["ConnectCount", "MessageCount", "ClientError", "IntegrationError", "ExecutionError"] as const;
  const all = {
    ConnectCount: [4, 4],
    // Six messages and their answers, and one of a callback.
    MessageCount: [52, 52],
    ClientError: [4, 4],
    IntegrationError: [4, 4],
    ExecutionError: [4, 4],
  };
  assert.deepEqual(await read({ ApiId: ApiId! }, ...names), all);
  assert.deepEqual(await read({ ApiId: ApiId!, Stage: "live" }, ...names), all);
  const { MessageCount, IntegrationLatency } = await read(
    { ApiId: ApiId!, Stage: "live", Route: "ask" },
    ...["MessageCount", "IntegrationLatency"],
  );
  assert.deepEqual([MessageCount, IntegrationLatency![1]], [[12, 12], 12]);
  for (const socket of sockets) socket.terminate();
  management.destroy();
});
