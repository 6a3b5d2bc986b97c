import assert from "node:assert/strict";
import { test } from "node:test";
import { type RunJob, runHere } from "../../src/base/job.ts";
import type { Integration } from "../../src/definition/rest-api.ts";
import { aMethod, aMock, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { allowAll } from "./fake-functions.ts";
import { type GatewayUnderTest, type Reply, startBackend, startGateway } from "./start-gateway.ts";

// What a gateway thread leaves to its jobs' thread, and that nobody can tell the difference.

/** Runs jobs as another thread does: what goes there and comes back is cloned. */
function recordingJobs(): { readonly runJob: RunJob; readonly names: string[] } {
  const names: string[] = [];
  const runJob: RunJob = async (job, input) => {
    names.push(job.name);
    return structuredClone(await runHere(job, structuredClone(input)));
  };
  return { runJob, names };
}

const statuses = Object.fromEntries(["200", "201"].map((statusCode) => [statusCode, { statusCode }]));

/** A JSON body with members that the tests look at, and with as much beside them as they want. */
const bodyOf = (padding: number): string =>
  JSON.stringify({ first: { a: 1.5, b: ["x", null] }, name: "Ada", padding: Array(padding).fill(0.25) });
const small = bodyOf(1);
const large = bodyOf(40_000);

const template = `#set($context.requestOverride.header.x-name = $input.path('$.name'))#set($context.requestOverride.querystring.q = "$context.requestId.length()")#set($context.requestOverride.other = 7)
$input.json('$.first')|$input.params('id')|$input.params().querystring|$input.params('x-mine')|$context.httpMethod|$context.path|$context.stage|
$context.identity.sourceIp|$context.identity.userAgent|$context.resourcePath|$context.protocol|$context.requestTimeEpoch|$context.domainName|
$stageVariables.color|$stageVariables|$input.path('$.padding')[0]|$context.resourceId|$context.accountId|$context.apiId|$context.xrayTraceId.length()|$context.requestOverride.other`;

async function withHttp(
  integration: Partial<Integration>,
  work: (tools: {
    gateway: GatewayUnderTest;
    names: string[];
    post: (body: string, path?: string) => Promise<Reply>;
    backend: Awaited<ReturnType<typeof startBackend>>;
  }) => Promise<void>,
): Promise<void> {
  const { runJob, names } = recordingJobs();
  await using backend = await startBackend();
  await using gateway = await startGateway({ runJob, nowMs: Date.UTC(2020, 2, 4) });
  const method = aMethod(
    {
      type: "HTTP",
      httpMethod: "POST",
      uri: backend.origin,
      integrationResponses: { "200": { statusCode: "200" } },
      ...integration,
    },
    { methodResponses: statuses },
  );
  gateway.deploy(aRestApi({ "/things/{id}": { POST: method } }), aStage({ variables: { color: "blue" } }));
  const post = (body: string, path = "/things/7?k=v"): Promise<Reply> =>
    gateway.call(path, {
      method: "POST",
      body,
      headers: { "x-mine": "yes", "user-agent": "test", "content-type": "application/json" },
    });
  await work({ gateway, names, post, backend });
  assert.deepEqual(gateway.errors, []);
}

test("a template makes the same of a large body as of a small one, on the jobs' thread", async () => {
  await withHttp({ requestTemplates: { "application/json": template } }, async ({ names, post, backend }) => {
    assert.equal((await post(small)).status, 200);
    assert.deepEqual(names, []);
    assert.equal((await post(large)).status, 200);
    assert.deepEqual(names, ["render"]);
    const [here, elsewhere] = backend.requests;
    assert.ok(here !== undefined && elsewhere !== undefined);
    assert.ok(here.body.includes('{"a":1.5,"b":["x",null]}|7|{k=v}|yes|POST|/prod/things/7|prod|'), here.body);
    assert.equal(elsewhere.body, here.body);
    assert.deepEqual([elsewhere.headers["x-name"], elsewhere.url], [here.headers["x-name"], here.url]);
    assert.equal(elsewhere.headers["x-name"], "Ada");
  });
});

test("a template that takes many steps is begun anew on the jobs' thread, and what it had set is forgotten", async () => {
  const loops = "#foreach($i in [1..900])#foreach($j in [1..900])#set($x = $i + $j)#end#end";
  const requestTemplates = {
    "application/json": `#set($context.requestOverride.header.x-name = "once")${loops}$x $context.requestOverride.header.x-name`,
  };
  const responseTemplates = {
    "application/json": `#set($context.responseOverride.status = 201)${loops}$x $input.body`,
  };
  const integrationResponses = { "200": { statusCode: "200", responseTemplates } };
  await withHttp({ requestTemplates, integrationResponses }, async ({ names, post, backend }) => {
    const reply = await post(small);
    assert.equal(backend.requests[0]?.body, "1800 once");
    assert.equal(backend.requests[0]?.headers["x-name"], "once");
    assert.deepEqual(names, ["render", "render"]);
    assert.equal(reply.status, 201);
    assert.ok(reply.text.startsWith("1800 "));
  });
});

test("a template's failure and a body that is not JSON are answered alike from both threads", async () => {
  await withHttp({ requestTemplates: { "application/json": "$input.json('$')" } }, async ({ names, post }) => {
    const here = await post("{nope");
    const elsewhere = await post(`{nope${" ".repeat(200_000)}`);
    assert.deepEqual(names, ["render"]);
    assert.equal(elsewhere.status, 400);
    assert.equal(elsewhere.status, here.status);
    assert.ok(elsewhere.text.startsWith(here.text.slice(0, 90)), elsewhere.text.slice(0, 200));
  });
  await withHttp({ requestTemplates: { "application/json": "\n$input.body.substring(9999999)" } }, async (tools) => {
    const [here, elsewhere] = [await tools.post(small), await tools.post(large)];
    assert.deepEqual([here.status, elsewhere.status], [500, 500]);
    assert.match(String(elsewhere.headers["x-portico-hint"]), /line 2, column/);
  });
});

test("parameters are mapped from large bodies, and by JSONPaths that look at much, on the jobs' thread", async () => {
  const requestParameters = {
    "integration.request.header.x-name": "method.request.body.name",
    "integration.request.querystring.b": "method.request.body.first.b",
  };
  await withHttp({ requestParameters }, async ({ names, post, backend }) => {
    await post(small);
    await post(large);
    assert.deepEqual(names, ["find"]);
    const [here, elsewhere] = backend.requests;
    assert.equal(here?.headers["x-name"], "Ada");
    assert.deepEqual([elsewhere?.headers["x-name"], elsewhere?.url], [here?.headers["x-name"], here?.url]);
  });
  const costly = { "integration.request.header.x-found": "method.request.body..[?(@.a in $.list)].length()" };
  await withHttp({ requestParameters: costly }, async ({ names, post, backend }) => {
    const list = Array.from({ length: 2_000 }, (_, index) => ({ a: `v${index}` }));
    await post(JSON.stringify({ list, values: list.slice(0, 2) }));
    assert.equal(backend.requests.length, 1);
    await post(small);
    assert.ok(names.length <= 1, "what looks at little is looked at here");
  });
});

test("headers of the answer are mapped from a large answer", async () => {
  const integration: Partial<Integration> = {
    requestTemplates: { "application/json": "$input.body" },
    integrationResponses: {
      "200": {
        statusCode: "200",
        responseParameters: { "method.response.header.x-name": "integration.response.body.name" },
      },
    },
  };
  const { runJob, names } = recordingJobs();
  await using backend = await startBackend((_, response) => response.end(large));
  await using gateway = await startGateway({ runJob });
  const method = aMethod(
    { type: "HTTP", httpMethod: "POST", uri: backend.origin, ...integration },
    {
      methodResponses: { "200": { statusCode: "200", responseParameters: { "method.response.header.x-name": false } } },
    },
  );
  gateway.deploy(aRestApi({ "/": { POST: method } }));
  const reply = await gateway.call("/", { method: "POST", body: small });
  assert.equal(reply.headers["x-name"], "Ada");
  assert.equal(reply.text.length, large.length);
  assert.deepEqual(names, ["find"]);
});

test("large bodies are validated on the jobs' thread, in the same words", async () => {
  const { runJob, names } = recordingJobs();
  await using gateway = await startGateway({ runJob });
  const schema = JSON.stringify({ type: "object", required: ["name"], properties: { name: { type: "integer" } } });
  gateway.deploy(
    aRestApi(
      {
        "/": { POST: aMethod(aMock("fine"), { requestValidatorId: "v", requestModels: { "application/json": "M" } }) },
      },
      {
        models: [{ id: "m", name: "M", contentType: "application/json", schema }],
        requestValidators: [{ id: "v", name: "v", validateRequestBody: true, validateRequestParameters: false }],
        gatewayResponses: [
          {
            responseType: "BAD_REQUEST_BODY",
            statusCode: "400",
            responseParameters: {},
            responseTemplates: { "application/json": "$context.error.validationErrorString" },
          },
        ],
      },
    ),
  );
  const post = (body: string): Promise<Reply> => gateway.call("/", { method: "POST", body });
  const here = await post(small);
  const elsewhere = await post(large);
  assert.equal(here.status, 400);
  assert.equal(elsewhere.text, here.text);
  const { status } = await post(large.replace('"Ada"', "7"));
  assert.equal(status, 200);
  assert.equal((await post(`[${" ".repeat(200_000)}`)).status, 400);
  assert.deepEqual(names, ["validate", "validate", "validate"]);
  assert.deepEqual(gateway.errors, []);
});

test("a large event of a function is checked, and a large body of a MOCK is read, on the jobs' thread", async () => {
  const { runJob, names } = recordingJobs();
  const events: string[] = [];
  await using gateway = await startGateway({
    runJob,
    functions: {
      describe: () => ({ functionArn, policy: allowAll, policyRevision: "1", timeoutMs: 3_000 }),
      invoke: async ({ payload }) => {
        events.push(payload.toString());
        return { kind: "ok", payload: Buffer.from("1"), requestId: "r", log: "" };
      },
      close: () => Promise.resolve(),
    },
  });
  const lambda: Integration = {
    type: "AWS",
    httpMethod: "POST",
    uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
    integrationResponses: { "200": { statusCode: "200" } },
  };
  gateway.deploy(
    aRestApi({
      "/": { POST: aMethod(lambda) },
      "/mock": { POST: aMethod({ ...aMock("fine"), requestTemplates: {} }) },
    }),
  );
  assert.equal((await gateway.call("/", { method: "POST", body: large })).text, "1");
  assert.deepEqual(events, [large]);
  assert.equal((await gateway.call("/", { method: "POST", body: `${large}]` })).status, 400);
  const body = `{"statusCode": 200, "padding": ${JSON.stringify(large)}}`;
  assert.equal((await gateway.call("/mock", { method: "POST", body })).text, "fine");
  assert.deepEqual(names, ["check-json", "check-json", "status-code"]);
});

test("work that can't be done now is answered 503, and nothing is sent to the backend", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ runJob: () => Promise.reject(new Error("too many wait")) });
  const integration: Integration = {
    type: "HTTP",
    httpMethod: "POST",
    uri: backend.origin,
    requestTemplates: { "application/json": "$input.json('$')" },
    integrationResponses: { "200": { statusCode: "200" } },
  };
  gateway.deploy(aRestApi({ "/": { POST: aMethod(integration) } }));
  const reply = await gateway.call("/", { method: "POST", body: large });
  assert.equal(reply.status, 503);
  assert.equal(reply.text, '{"message": "Service Unavailable"}');
  assert.equal(backend.requests.length, 0);
});
