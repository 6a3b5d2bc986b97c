// Integrations of HTTP APIs that are no proxies, beyond AWS: functions and services behind templates.
import assert from "node:assert/strict";
import { test } from "node:test";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import type { HttpIntegration, IntegrationResponse } from "../../src/definition/http-api.ts";
import { functionArn } from "./a-rest-api.ts";
import { anHttpApi, anHttpStage, callHttpApi } from "./an-http-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

const surroundings = { ...noSurroundings, beyondAws: ["http-body-templates"] } as const;

const custom = (overrides: Partial<HttpIntegration>): HttpIntegration => ({
  IntegrationId: "",
  IntegrationType: "AWS",
  IntegrationMethod: "POST",
  ConnectionType: "INTERNET",
  PayloadFormatVersion: "1.0",
  PassthroughBehavior: "WHEN_NO_MATCH",
  TimeoutInMillis: 30_000,
  ...overrides,
});

const response = (IntegrationResponseKey: string, template: string): IntegrationResponse => ({
  IntegrationId: "integration0",
  IntegrationResponseId: IntegrationResponseKey,
  IntegrationResponseKey,
  ResponseTemplates: { "application/json": template },
});

const invocation = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
const permission = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn },
});

test("a function gets what a template makes, and its errors choose the response", async () => {
  const functions = new FakeFunctions();
  functions.facts = { functionArn, policy: permission, policyRevision: "1" };
  functions.answer = (event) => ({ greeting: `Hello ${String(event["who"])}` });
  await using gateway = await startGateway({ functions });
  const integration = custom({
    IntegrationUri: invocation,
    RequestTemplates: { "application/json": '{"who": "$input.params("name")", "stage": "$stageVariables.color"}' },
  });
  const integrationResponses = [
    response("$default", '{"text": $input.json("$.greeting")}'),
    response("/no .*/", '#set($context.responseOverride.status = 404){"error": $input.json("$.errorMessage")}'),
  ];
  const api = anHttpApi({ "GET /hello/{name}": { integration } }, { integrationResponses });
  gateway.deployHttp(api, anHttpStage({ StageVariables: { color: "blue" } }), surroundings);
  const said = await callHttpApi(gateway, "/hello/Ann");
  assert.deepEqual([said.status, said.text], [200, '{"text": "Hello Ann"}']);
  assert.deepEqual(functions.event(), { who: "Ann", stage: "blue" });
  functions.outcome = () =>
    Promise.resolve({
      kind: "function-error",
      errorMessage: "no such name",
      payload: Buffer.from('{"errorMessage":"no such name"}'),
      requestId: "r",
    });
  const failed = await callHttpApi(gateway, "/hello/Bob");
  assert.deepEqual([failed.status, failed.text], [404, '{"error": "no such name"}']);
  functions.facts = { ...functions.facts, policy: undefined as never, policyRevision: "2" };
  assert.equal((await callHttpApi(gateway, "/hello/Bob")).status, 500, "a function that does not permit it");
});

test("without responses an integration's answer is passed, with its status", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.writeHead(418).end('{"tea":true}'));
  await using gateway = await startGateway();
  const integration = custom({ IntegrationType: "HTTP", IntegrationUri: `${backend.origin}/pot` });
  gateway.deployHttp(anHttpApi({ "POST /pot": { integration } }), anHttpStage(), surroundings);
  const answered = await callHttpApi(gateway, "/pot", { method: "POST", body: "x" });
  assert.deepEqual([answered.status, answered.text], [418, '{"tea":true}']);
});

for (const [what, overrides, status, over] of [
  ["a service without a role", { IntegrationUri: "arn:aws:apigateway:us-east-1:sqs:action/ListQueues" }, 500],
  [
    "a role of another account",
    {
      IntegrationUri: "arn:aws:apigateway:us-east-1:sqs:action/ListQueues",
      CredentialsArn: "arn:aws:iam::111111111111:role/r",
    },
    501,
  ],
  ["a VPC link", { IntegrationType: "HTTP", IntegrationUri: "http://a.example/", ConnectionType: "VPC_LINK" }, 501],
  ["no setting", { IntegrationType: "MOCK" }, 501, noSurroundings],
  [
    "a reserved header",
    {
      ...custom({ IntegrationType: "HTTP", IntegrationUri: "http://a.example/" }),
      RequestParameters: { "integration.request.header.Transfer-Encoding": "'x'" },
    },
    500,
  ],
  [
    "a source that can't be read",
    {
      IntegrationType: "HTTP",
      IntegrationUri: "http://a.example/",
      RequestParameters: { "integration.request.header.x": "nothing" },
    },
    501,
  ],
  ["a template that can't be read", { IntegrationType: "MOCK", RequestTemplates: { "application/json": "#if(" } }, 500],
] as const) {
  test(`answers ${status} to ${what}`, async () => {
    await using gateway = await startGateway();
    const integration = custom(overrides as Partial<HttpIntegration>);
    gateway.deployHttp(anHttpApi({ "GET /": { integration } }), anHttpStage(), over ?? surroundings);
    assert.equal((await callHttpApi(gateway, "/")).status, status);
  });
}

test("no value that is mapped beside a template ends a header, a path or an answer's head", async () => {
  const evil = "a\r\nX-Evil: 1\r\n\r\nGET /other HTTP/1.1";
  await using backend = await startBackend((_, outgoing) => outgoing.end(JSON.stringify({ v: evil })));
  await using gateway = await startGateway();
  const integration = custom({
    IntegrationType: "HTTP",
    IntegrationUri: `${backend.origin}/in/{id}`,
    RequestTemplates: { "application/json": "$input.json('$')" },
    RequestParameters: {
      "integration.request.path.id": "route.request.path.id",
      "integration.request.header.x-path": "route.request.path.id",
      "integration.request.header.x-body": "route.request.body.v",
      "integration.request.header.x-variable": "stageVariables.v",
      "integration.request.querystring.q": "route.request.querystring.q",
    },
  });
  const mapped = {
    ...response("$default", "{}"),
    ResponseParameters: { "route.response.header.x-said": "integration.response.body.v" },
  };
  const api = anHttpApi({ "POST /{id}": { integration } }, { integrationResponses: [mapped] });
  gateway.deployHttp(api, anHttpStage({ StageVariables: { v: evil } }), surroundings);
  const path = `/${encodeURIComponent(evil)}?q=${encodeURIComponent(evil)}`;
  const answered = await callHttpApi(gateway, path, { method: "POST", body: JSON.stringify({ v: evil }) });
  assert.equal(answered.headers["x-evil"], undefined);
  assert.doesNotMatch(answered.rawHeaders.join("|"), /[\r\n]/);
  assert.ok(backend.requests.length <= 1, "there is no second request");
  for (const { headers, url } of backend.requests) {
    assert.equal(headers["x-evil"], undefined);
    assert.match(url, /^[\x21-\x7e]+$/);
  }
  assert.deepEqual(gateway.errors, []);
});
