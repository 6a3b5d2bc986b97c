import assert from "node:assert/strict";
import { test } from "node:test";
import { aMethod, aMock, aRestApi, aStage } from "./a-rest-api.ts";
import { startGateway } from "./start-gateway.ts";

test("a MOCK answers its literal template with AWS's headers", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/pets": { GET: aMethod(aMock('{"pets": []}')) } }));
  const reply = await gateway.call("/pets");
  assert.equal(reply.status, 200);
  assert.equal(reply.text, '{"pets": []}');
  assert.equal(reply.headers["content-type"], "application/json");
  assert.match(String(reply.headers["x-amzn-requestid"]), /^[0-9a-f-]{36}$/);
  assert.match(String(reply.headers["x-amz-apigw-id"]), /^[\w-]{15}=$/);
  assert.deepEqual(gateway.errors, []);
});

test("the request template's statusCode selects the integration response", async () => {
  await using gateway = await startGateway();
  const statuses = { "200": { statusCode: "200" }, "404": { statusCode: "404" } };
  const integrationResponses = {
    "200": { statusCode: "200", responseTemplates: { "application/json": "default" } },
    "404": { statusCode: "404", selectionPattern: "4\\d{2}", responseTemplates: { "text/plain": "gone" } },
  };
  const mock = (template: string): ReturnType<typeof aMethod> =>
    aMethod(aMock("", { requestTemplates: { "application/json": template }, integrationResponses }), {
      methodResponses: statuses,
    });
  gateway.deploy(
    aRestApi({
      "/ok": { GET: mock('{"statusCode": 201}') },
      "/gone": { GET: mock('{"statusCode": 410}') },
      "/lenient": { GET: mock("{statusCode:404}") },
      "/comma": { GET: mock('{\n  "statusCode": 404,\n}') },
      "/bad": { GET: mock('{"statusCode": "x"}') },
      "/text": { GET: mock('{"statusCode": "200"}') },
      "/undeclared": {
        GET: aMethod(aMock("", { integrationResponses: { "201": { statusCode: "201" } } })),
      },
      "/none": { GET: aMethod(aMock("", { integrationResponses: {} })) },
    }),
  );
  assert.equal((await gateway.call("/ok")).text, "default");
  const gone = await gateway.call("/gone");
  assert.deepEqual([gone.status, gone.text, gone.headers["content-type"]], [404, "gone", "text/plain"]);
  for (const path of ["/lenient", "/comma"]) assert.equal((await gateway.call(path)).status, 404, path);
  for (const path of ["/bad", "/text", "/undeclared", "/none"]) {
    const reply = await gateway.call(path);
    assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}'], path);
    assert.notEqual(reply.headers["x-portico-hint"], undefined);
  }
});

test("of several patterns that match, the one for the very status is taken", async () => {
  await using gateway = await startGateway();
  const statuses = { "400": { statusCode: "400" }, "404": { statusCode: "404" } };
  const integrationResponses = {
    "400": { statusCode: "400", selectionPattern: "4\\d{2}" },
    "404": { statusCode: "404", selectionPattern: "4.*" },
  };
  const mock = (code: number): ReturnType<typeof aMethod> => {
    const requestTemplates = { "application/json": `{"statusCode": ${code}}` };
    return aMethod(aMock("", { requestTemplates, integrationResponses }), { methodResponses: statuses });
  };
  gateway.deploy(aRestApi({ "/404": { GET: mock(404) }, "/410": { GET: mock(410) } }));
  assert.equal((await gateway.call("/404")).status, 404);
  assert.equal((await gateway.call("/410")).status, 400);
});

test("without a template the request's own body says the status, and passthroughBehavior refuses content types", async () => {
  await using gateway = await startGateway();
  const behaviors = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"] as const;
  for (const passthroughBehavior of behaviors) {
    gateway.deploy(
      aRestApi({
        "/json": { POST: aMethod(aMock("", { passthroughBehavior })) },
        "/none": { POST: aMethod(aMock("", { passthroughBehavior, requestTemplates: {} })) },
      }),
    );
    const xml = { "content-type": "application/xml; charset=utf-8" };
    const statuses = [
      (await gateway.call("/json", { method: "POST" })).status,
      (await gateway.call("/json", { method: "POST", headers: xml })).status,
      (await gateway.call("/none", { method: "POST", body: '{"statusCode": 200}' })).status,
      (await gateway.call("/none", { method: "POST" })).status,
    ];
    const expected = {
      WHEN_NO_MATCH: [200, 500, 200, 500],
      WHEN_NO_TEMPLATES: [200, 415, 200, 500],
      NEVER: [200, 415, 415, 415],
    };
    assert.deepEqual(statuses, expected[passthroughBehavior], passthroughBehavior);
  }
  gateway.deploy(aRestApi({ "/none": { GET: aMethod(aMock("", { requestTemplates: {} })) } }));
  const unsaid = await gateway.call("/none");
  assert.match(String(unsaid.headers["x-portico-hint"]), /no request template is for application\/json/);
  gateway.deploy(
    aRestApi({ "/none": { POST: aMethod(aMock("", { passthroughBehavior: "NEVER", requestTemplates: {} })) } }),
  );
  const refused = await gateway.call("/none", { method: "POST" });
  assert.equal(refused.text, '{"message": "Unsupported Media Type"}');
  assert.equal(refused.headers["x-amzn-errortype"], "BadRequestException");
});

test("response parameters come from literals, context and stage variables", async () => {
  await using gateway = await startGateway();
  const integrationResponses = {
    "200": {
      statusCode: "200",
      responseParameters: {
        "method.response.header.Access-Control-Allow-Origin": "'*'",
        "method.response.header.X-Stage": "context.stage",
        "method.response.header.X-Color": "stageVariables.color",
        "method.response.header.X-None": "stageVariables.none",
        "method.response.header.Content-Type": "'text/css'",
      },
    },
  };
  gateway.deploy(
    aRestApi({ "/": { OPTIONS: aMethod(aMock("", { integrationResponses })) } }),
    aStage({ variables: { color: "blue" } }),
  );
  const { headers } = await gateway.call("", { method: "OPTIONS" });
  assert.equal(headers["access-control-allow-origin"], "*");
  assert.equal(headers["x-stage"], "prod");
  assert.equal(headers["x-color"], "blue");
  assert.equal(headers["x-none"], undefined);
  assert.equal(headers["content-type"], "text/css");
});

test("the response template follows Accept, else is the first", async () => {
  await using gateway = await startGateway();
  const responseTemplates = { "text/html": "<p>", "application/json": "{}" };
  gateway.deploy(
    aRestApi({
      "/": { GET: aMethod(aMock("", { integrationResponses: { "200": { statusCode: "200", responseTemplates } } })) },
    }),
  );
  assert.equal((await gateway.call("/")).text, "{}");
  assert.equal((await gateway.call("/", { headers: { accept: "text/html;q=1, application/json" } })).text, "<p>");
  assert.equal((await gateway.call("/", { headers: { accept: "image/png" } })).text, "<p>");
});
