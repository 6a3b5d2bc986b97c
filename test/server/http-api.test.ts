// What a started server tells of HTTP APIs: its page, its status, its explanations and its hints.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { until } from "../until.ts";

let portico: Portico;

const send = async (method: string, target: string, body?: object): Promise<Record<string, unknown>> => {
  const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(`${portico.url}${target}`, init);
  assert.ok(response.ok, `${method} ${target}: ${response.status} ${await response.clone().text()}`);
  return (await response.json()) as Record<string, unknown>;
};
const post = (target: string, body: object): Promise<Record<string, unknown>> => send("POST", target, body);

interface Step {
  readonly kind: string;
  readonly uri?: string;
  readonly problem?: string;
}
const explain = async (method: string, path: string, more: object = {}) => {
  const explained = await post("/_portico/explain", { method, url: `${portico.url}${path}`, ...more });
  return explained as unknown as { readonly status: number; readonly events: readonly Step[] };
};
const statusOf = async (apiId: string): Promise<Record<string, unknown> | undefined> => {
  const { stages } = await send("GET", "/_portico/status");
  return (stages as Record<string, unknown>[]).find((stage) => stage["apiId"] === apiId);
};

let apiId = "";

before(async () => {
  portico = await startPortico({ args: ["--threads", "1"] });
  const created = await post("/v2/apis", {
    name: "Shop",
    protocolType: "HTTP",
    corsConfiguration: { allowOrigins: ["https://app.example"], allowMethods: ["PUT"] },
  });
  apiId = created["apiId"] as string;
});
after(() => portico.stop());

/** Makes a route to a backend at an address that a stage variable names. */
async function addRoute(routeKey: string, more: object = {}): Promise<void> {
  const { integrationId } = await post(`/v2/apis/${apiId}/integrations`, {
    integrationType: "HTTP_PROXY",
    integrationMethod: "ANY",
    integrationUri: "http://${stageVariables.host}/",
    payloadFormatVersion: "1.0",
  });
  await post(`/v2/apis/${apiId}/routes`, { routeKey, target: `integrations/${integrationId}`, ...more });
}

test("an HTTP API without a stage answers 404", async () => {
  const reply = await fetch(`${portico.url}/_aws/execute-api/${apiId}/pets`);
  assert.deepEqual([reply.status, await reply.text()], [404, '{"message":"Not Found"}']);
  assert.match(reply.headers.get("apigw-requestid") ?? "", /^[\w-]{15}=$/);
  assert.equal((await fetch(`${portico.url}/_aws/execute-api/nobody/pets`)).status, 403);
});

test("the status has its stages, with what is not deployed and the routes that refuse preflights", async () => {
  await addRoute("GET /pets/{id}");
  await addRoute("ANY /shut", { authorizationType: "AWS_IAM" });
  await post(`/v2/apis/${apiId}/stages`, { stageName: "$default", stageVariables: { host: "127.0.0.1:1" } });
  assert.deepEqual((await statusOf(apiId))?.["withoutEffect"], []);
  await post(`/v2/apis/${apiId}/deployments`, { stageName: "$default" });
  const status = await statusOf(apiId);
  assert.deepEqual([status?.["stageName"], status?.["differences"]], ["$default", []]);
  assert.deepEqual(status?.["withoutEffect"], [
    "CorsConfiguration for ANY /shut, whose AWS_IAM authorization refuses preflights (a route OPTIONS /shut without authorization takes them)",
  ]);
});

test("an explanation follows the request to the stage $default, with other variables too", async () => {
  const uriOf = async (more?: object): Promise<unknown> => {
    const { status, events } = await explain("GET", `/_aws/execute-api/${apiId}/pets/7`, more);
    return [status, events.find(({ kind }) => kind === "endpoint-request")?.uri];
  };
  assert.deepEqual(await uriOf(), [503, "http://127.0.0.1:1/"]);
  assert.deepEqual(await uriOf({ stageVariables: { host: "127.0.0.1:2" } }), [503, "http://127.0.0.1:2/"]);
  const preflight = await explain("OPTIONS", `/_aws/execute-api/${apiId}/pets/7`, {
    headers: ["Origin", "https://evil.example", "Access-Control-Request-Method", "PUT"],
  });
  assert.equal(preflight.status, 204);
  const { problem } = preflight.events.find(({ kind }) => kind === "preflight") ?? {};
  assert.equal(problem, "corsConfiguration does not allow the origin https://evil.example");
});

test("the hint of a route that waits for a deployment says so, and that of $default", async () => {
  const hintOf = async (path: string): Promise<string | null> =>
    (await fetch(`${portico.url}/_aws/execute-api/${apiId}${path}`)).headers.get("x-portico-hint");
  assert.match((await hintOf("/pest/7")) ?? "", /no route matches \/pest\/7; the nearest are GET \/pets\/\{id\}/);
  await addRoute("GET /dogs");
  const command = `run aws apigatewayv2 create-deployment --api-id ${apiId} --stage-name '$default'`;
  await until(
    async () => (await hintOf("/dogs")) === `GET /dogs exists in the definition but is not deployed: ${command}`,
  );
  await addRoute("$default");
  await until(
    async () => (await hintOf("/x")) === `the route $default exists in the definition but is not deployed: ${command}`,
  );
});

test("the page lists the stage, and describes what it serves", async () => {
  const { stages } = await send("GET", "/_portico/docs/stages.json");
  const path = `/_portico/docs/${apiId}/$default`;
  assert.deepEqual(stages, [
    {
      api: apiId,
      stage: "$default",
      name: "Shop",
      path,
      basePath: `/_aws/execute-api/${apiId}/$default`,
      closedRoutes: 0,
    },
  ]);
  assert.equal((await fetch(`${portico.url}${path}`)).status, 200);
  const document = await send("GET", `${path}/openapi.json`);
  const anyMethod = "x-amazon-apigateway-any-method";
  const operations = Object.entries(document["paths"] as Record<string, object>).map(([at, item]) => [
    at,
    Object.keys(item),
  ]);
  assert.deepEqual(operations, [
    ["/shut", [anyMethod]],
    ["/pets/{id}", ["get"]],
  ]);
  assert.ok(!JSON.stringify(document).includes("stageVariables"), "no integrations");
  const reference = await send("GET", `${path}/reference.json`);
  assert.deepEqual(Object.keys(reference), ["document", "examples"]);
  const missing = await fetch(`${portico.url}/_portico/docs/${apiId}/none/openapi.json`);
  assert.equal(missing.status, 404);
});
