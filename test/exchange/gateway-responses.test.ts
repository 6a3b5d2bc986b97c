import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { publicListener } from "../../src/http/listener.ts";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

test("an API's gateway responses replace status, headers and body", async () => {
  await using gateway = await startGateway();
  const routes = { "/": { GET: aMethod(anHttpProxy("http://127.0.0.1:1/")) } };
  gateway.deploy(
    aRestApi(routes, {
      gatewayResponses: [
        {
          responseType: "MISSING_AUTHENTICATION_TOKEN",
          statusCode: "404",
          responseParameters: {
            "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            "gatewayresponse.header.X-Asked": "method.request.header.x-asked",
            "gatewayresponse.header.X-None": "method.request.querystring.none",
          },
          responseTemplates: {
            "application/json":
              '{"error":$context.error.messageString,"path":"$context.path","of":"$stageVariables.team"}',
            "text/plain": "not here: $context.error.message.",
          },
        },
        {
          responseType: "DEFAULT_5XX",
          statusCode: "503",
          responseParameters: { "gatewayresponse.header.Retry-After": "'5'" },
        },
      ],
    }),
    aStage({ variables: { team: "pets" } }),
  );
  const json = await gateway.call("/none", { headers: { "x-asked": "a\u00e9" } });
  assert.equal(json.status, 404);
  assert.deepEqual(JSON.parse(json.text), { error: "Missing Authentication Token", path: "/prod/none", of: "pets" });
  assert.equal(json.headers["access-control-allow-origin"], "*");
  assert.equal(json.headers["x-asked"], "a\u00e9");
  assert.equal(json.headers["x-none"], undefined);
  const text = await gateway.call("/none", { headers: { accept: "text/plain" } });
  assert.equal(text.text, "not here: Missing Authentication Token.");
  assert.equal(text.headers["content-type"], "text/plain");
  const failed = await gateway.call("/");
  assert.equal(failed.status, 503);
  assert.equal(failed.text, '{"message": "Network error communicating with endpoint"}');
  assert.equal(failed.headers["retry-after"], "5");
});

// AWS: "Set up a gateway response for a REST API using the API Gateway console", "… in OpenAPI": the headers of their examples.
test("a gateway response to a verb that the path lacks knows the resource, the path's parameters and $input's order", async () => {
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi(
      { "/pets/{petId}": { GET: aMethod(aMock("{}")) } },
      {
        gatewayResponses: [
          {
            responseType: "MISSING_AUTHENTICATION_TOKEN",
            statusCode: "404",
            responseParameters: {
              "gatewayresponse.header.x-request-path": "method.request.path.petId",
              "gatewayresponse.header.x-request-query": "method.request.querystring.q",
              "gatewayresponse.header.x-input-path": "method.input.params.petId",
              "gatewayresponse.header.x-input-query": "method.input.params.q",
              "gatewayresponse.header.x-input-header": "method.input.params.Accept",
              "gatewayresponse.header.x-input-none": "method.input.params.none",
            },
            responseTemplates: { "application/json": '{"resource":"$context.resourcePath $context.resourceId"}' },
          },
        ],
      },
    ),
  );
  const headers = { accept: "a/b", petId: "of a header" };
  const refused = await gateway.call("/pets/5?q=1&petId=of+the+query&Accept=c", { method: "POST", headers });
  assert.equal(refused.status, 404);
  assert.deepEqual(JSON.parse(refused.text), { resource: "/pets/{petId} r0" });
  const shown = Object.entries(refused.headers).filter(([name]) => /^x-(?:request|input)-/.test(name));
  assert.deepEqual(Object.fromEntries(shown), {
    "x-request-path": "5",
    "x-request-query": "1",
    "x-input-path": "5",
    "x-input-query": "1",
    "x-input-header": "c",
  });
  const unknown = await gateway.call("/pets/5/type?q=1", { headers });
  assert.deepEqual(JSON.parse(unknown.text), { resource: " " });
  assert.deepEqual(
    [unknown.headers["x-request-path"], unknown.headers["x-input-path"], unknown.headers["x-input-header"]],
    [undefined, "of a header", "a/b"],
  );
});

test("what is answered without a gateway response has a hint, too", async () => {
  await using gateway = await startGateway({ payloadBytesMax: 10 });
  const routes = {
    "/link": {
      GET: aMethod(anHttpProxy("http://a/", { connectionType: "VPC_LINK", connectionId: "v", integrationTarget: "t" })),
    },
    "/proxy": { POST: aMethod(anHttpProxy("http://127.0.0.1:1/"), { httpMethod: "POST" }) },
  };
  gateway.deploy(aRestApi(routes));
  const hintOf = async (...call: Parameters<typeof gateway.call>): Promise<string> =>
    `${(await gateway.call(...call)).status}: ${(await gateway.call(...call)).headers["x-portico-hint"]}`;
  assert.match(await hintOf("/link"), /^501: Portico does not do this yet: integrationTarget/);
  assert.match(await hintOf("/proxy", { method: "POST", body: "more than ten bytes" }), /^413: --payload-max/);
  assert.match(
    await hintOf("/none/x", { isWhole: true }),
    /^403: API abc123 has no deployed stage "none"; it has prod/,
  );
  assert.match(await hintOf(`/prod/${"x".repeat(10_300)}`, { isWhole: true }), /^414: /);
  assert.match(
    await hintOf("/x", { isWhole: true, host: "nope.execute-api.localhost" }),
    /^403: no stage of an API nope is deployed/,
  );
});

test("no hints are given on listeners that are not for development", async () => {
  await using gateway = await startGateway({ listener: publicListener });
  gateway.deploy(aRestApi({ "/key": { GET: aMethod(aMock(), { apiKeyRequired: true }) } }));
  for (const path of ["/none", "/key"]) {
    assert.equal((await gateway.call(path)).headers["x-portico-hint"], undefined);
  }
  assert.equal((await gateway.call("/none", { isWhole: true })).headers["x-portico-hint"], undefined);
});

test("access logs have a line for each request, which a caller can't forge", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-log-"));
  await using backend = await startBackend();
  const gateway = await startGateway({ accessLog: folder, nowMs: Date.UTC(2020, 0, 2, 3, 4, 5) });
  gateway.deploy(
    aRestApi({ "/pets/{id}": { GET: aMethod(anHttpProxy(backend.origin)) } }),
    aStage({
      accessLogSettings: {
        destinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:/pets/access",
        format:
          '{"id":"$context.requestId","at":"$context.requestTime","verb":"$context.httpMethod",\n "path":"$context.resourcePath",' +
          '"status":$context.status,"bytes":$context.responseLength,"agent":"$context.identity.userAgent","who":"$context.identity.user",' +
          '"backend":"$context.integration.status","error":"$context.error.message","type":"$context.error.responseType"}',
      },
    }),
  );
  const reply = await gateway.call("/pets/1", { headers: { "user-agent": 'a"\\\tb' } });
  await gateway.call("/none");
  await gateway[Symbol.asyncDispose]();
  const lines = readFileSync(join(folder, "pets-access.log"), "utf8").trimEnd().split("\n");
  rmSync(folder, { recursive: true });
  assert.equal(lines.length, 2);
  assert.deepEqual(JSON.parse(lines[0]!), {
    id: reply.headers["x-amzn-requestid"],
    at: "02/Jan/2020:03:04:05 +0000",
    verb: "GET",
    path: "/pets/{id}",
    status: 200,
    bytes: 5,
    agent: 'a"\\\tb',
    who: "-",
    backend: "200",
    error: "-",
    type: "-",
  });
  const unmatched = JSON.parse(lines[1]!) as Record<string, unknown>;
  assert.equal(unmatched["path"], "-");
  assert.equal(unmatched["type"], "MISSING_AUTHENTICATION_TOKEN");
  assert.equal(unmatched["status"], 403);
});
