import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration, MethodSetting, RestApiDefinition } from "../../src/definition/rest-api.ts";
import {
  aLambdaProxy,
  aMethod,
  aMethodSetting,
  aMock,
  anHttpProxy,
  aRestApi,
  aStage,
  functionArn,
} from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import {
  type Backend,
  type ExecutionLogEntry,
  type GatewayUnderTest,
  startBackend,
  startGateway,
} from "./start-gateway.ts";

const logs = (loggingLevel: NonNullable<MethodSetting["loggingLevel"]>, dataTraceEnabled = false): MethodSetting =>
  aMethodSetting({ loggingLevel, dataTraceEnabled });
const dataTrace = logs("INFO", true);
const secret = "Bearer eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXNlY3JldA";

interface LoggedGateway extends AsyncDisposable {
  readonly gateway: GatewayUnderTest;
  readonly backend: Backend;
  readonly functions: FakeFunctions;
  readonly entries: ExecutionLogEntry[];
  /** Deploys `/pets/{id}` with this integration and this setting of all methods. */
  deploy(integration: Integration, setting?: MethodSetting, more?: Partial<RestApiDefinition>): void;
  /** The lines of the last request, with what differs each time replaced. */
  lines(): string[];
}

async function startLogged(): Promise<LoggedGateway> {
  const backend = await startBackend((_, outgoing, body) => {
    outgoing.writeHead(201, { "Content-Type": "text/plain", Date: "Thu, 01 Jan 1970 00:00:00 GMT" }).end(`got ${body}`);
  });
  const functions = new FakeFunctions();
  const entries: ExecutionLogEntry[] = [];
  const gateway = await startGateway({ functions, onExecutionLog: (entry) => entries.push(entry) });
  return {
    gateway,
    backend,
    functions,
    entries,
    deploy(integration, setting = dataTrace, more = {}) {
      const method = aMethod(integration, { httpMethod: "ANY" });
      const stage = aStage({ methodSettings: { "*/*": setting } });
      gateway.deploy(aRestApi({ "/pets/{id}": { ANY: method } }, more), stage);
    },
    lines() {
      const { lines, requestId } = entries.at(-1)!;
      return lines.map(({ text }) =>
        text
          .replaceAll(requestId, "ID")
          .replaceAll(backend.origin, "BACKEND")
          .replace(/Root=1-[0-9a-f-]+/g, "TRACE")
          .replace(/latency: \d+ ms/, "latency: N ms")
          .replace(/Id: [\w-]+=$/, "Id: EXTENDED")
          .replace(/X-Forwarded-Port=\d+/g, "X-Forwarded-Port=PORT"),
      );
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

const host = "abc123.execute-api.us-east-1.localhost";
const forwarded = "X-Amzn-Trace-Id=TRACE, X-Forwarded-For=127.0.0.1, X-Forwarded-Port=PORT, X-Forwarded-Proto=http";
const usagePlan = [
  "Extended Request Id: EXTENDED",
  "Verifying Usage Plan for request: ID. API Key:  API Stage: abc123/prod",
  "API Key  authorized because method 'ANY /pets/{id}' does not require API Key. Request will not contribute to throttle or quota limits",
  "Usage Plan check succeeded for API Key  and API Stage abc123/prod",
];

test("a data trace has AWS's lines in AWS's order, from the request to the answer", async () => {
  await using logged = await startLogged();
  logged.deploy(
    anHttpProxy(`${logged.backend.origin}/{id}`, {
      requestParameters: { "integration.request.path.id": "method.request.path.id" },
    }),
  );
  await logged.gateway.call("/pets/7?size=big", {
    method: "POST",
    body: "hello",
    headers: { "Content-Type": "text/x" },
  });
  const sent = logged.lines();
  assert.deepEqual(sent, [
    ...usagePlan,
    "Starting execution for request: ID",
    "HTTP Method: POST, Resource Path: /pets/7",
    "Method request path: {id=7}",
    "Method request query string: {size=big}",
    `Method request headers: {Content-Type=text/x, host=${host}, ${forwarded}}`,
    "Method request body before transformations: hello",
    "Endpoint request URI: BACKEND/7?size=big",
    sent[11],
    "Endpoint request body after transformations: hello",
    "Sending request to BACKEND/7?size=big",
    "Received response. Status: 201, Integration latency: N ms",
    sent[15],
    "Endpoint response body before transformations: got hello",
    "Method response body after transformations: got hello",
    sent[18],
    "Successfully completed execution",
    "Method completed with status: 201",
  ]);
  assert.match(sent[11]!, /^Endpoint request headers: \{.*Content-Type=text\/x.*\}$/);
  assert.match(sent[15]!, /^Endpoint response headers: \{Content-Type=text\/plain, .*\}$/);
  assert.equal(sent[18]!.replace("Method", "Endpoint"), sent[15]);
  const { account, region, kind, apiId, stageName } = logged.entries[0]!.stage;
  assert.deepEqual([account, region, kind, apiId, stageName], ["000000000000", "us-east-1", "rest", "abc123", "prod"]);
});

test("the log of a stage that X-Ray traces ends with the trace's id", async () => {
  await using logged = await startLogged();
  const method = aMethod(anHttpProxy(`${logged.backend.origin}/`), { httpMethod: "ANY" });
  const api = aRestApi({ "/pets/{id}": { ANY: method } });
  const traceId = "1-5759e988-bd862e3fe1be46a994272793";
  for (const loggingLevel of ["INFO", "ERROR"] as const) {
    logged.gateway.deploy(api, aStage({ methodSettings: { "*/*": logs(loggingLevel) }, tracingEnabled: true }));
    await logged.gateway.call("/pets/7", { headers: { "X-Amzn-Trace-Id": `Root=${traceId}` } });
  }
  assert.deepEqual(
    logged.entries.map(({ lines }) => lines.at(-1)?.text),
    [`X-ray Tracing ID : Root=${traceId}`],
  );
});

test("the level INFO shows neither parameters nor bodies, and ERROR only what failed", async () => {
  await using logged = await startLogged();
  logged.deploy(anHttpProxy(`${logged.backend.origin}/`), logs("INFO"));
  await logged.gateway.call("/pets/7", { method: "POST", body: "hello" });
  assert.deepEqual(logged.lines(), [
    ...usagePlan,
    "Starting execution for request: ID",
    "HTTP Method: POST, Resource Path: /pets/7",
    "Sending request to BACKEND/",
    "Received response. Status: 201, Integration latency: N ms",
    "Successfully completed execution",
    "Method completed with status: 201",
  ]);
  logged.deploy(anHttpProxy(`${logged.backend.origin}/`), logs("ERROR"));
  await logged.gateway.call("/pets/7");
  assert.equal(logged.entries.length, 1);
  logged.deploy(aMock("", { requestTemplates: { "application/json": "no status" } }), logs("ERROR"));
  await logged.gateway.call("/pets/7");
  assert.deepEqual(logged.lines(), [
    "Execution failed due to configuration error: Unable to parse statusCode. It should be an integer",
    "Method completed with status: 500",
  ]);
  assert.deepEqual(
    logged.entries[1]!.lines.map(({ level }) => level),
    ["error", "info"],
  );
});

test("a method's own setting counts, then its path's, then that of all methods; OFF and no setting log nothing", async () => {
  await using logged = await startLogged();
  const routes = { "/a": { GET: aMethod(aMock()) }, "/b": { GET: aMethod(aMock()) }, "/c": { GET: aMethod(aMock()) } };
  const methodSettings = {
    "*/*": logs("OFF", true),
    "~1b/*": logs("INFO"),
    "c/GET": logs("ERROR"),
    "c/*": logs("INFO"),
  };
  logged.gateway.deploy(aRestApi(routes), aStage({ methodSettings }));
  await logged.gateway.call("/a");
  assert.equal(logged.entries.length, 0);
  await logged.gateway.call("/b");
  assert.deepEqual(logged.lines().slice(-2), ["Successfully completed execution", "Method completed with status: 200"]);
  await logged.gateway.call("/c");
  assert.equal(logged.entries.length, 1);
  logged.gateway.deploy(aRestApi(routes), aStage());
  await logged.gateway.call("/b");
  assert.equal(logged.entries.length, 1);
});

test("a secret header is masked in its place and wherever else it turns up", async () => {
  await using logged = await startLogged();
  logged.deploy(
    aLambdaProxy({
      type: "AWS",
      requestTemplates: { "application/json": '{"token": "$input.params(\'Authorization\')"}' },
    }),
  );
  await logged.gateway.call("/pets/7?api_key=0123456789abcdef", {
    headers: { Authorization: secret, "X-Api-Key": "abcdefghijklmnopqrst", Cookie: "sid=0123456789; theme=dark" },
  });
  const text = logged.lines().join("\n");
  for (const value of [secret.slice(7), "abcdefghijklmnopqrst", "0123456789", "0123456789abcdef"]) {
    assert.ok(!text.includes(value), `${value} in ${text}`);
  }
  assert.match(text, /Authorization=\*{40}\w{6},/);
  assert.match(text, /"token": "\*+\w{6}"/);
});

test("a log without data shows no secret either: none of the path, of a backend's address, of a failure", async () => {
  await using logged = await startLogged();
  const path = "/pets/eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXNlY3JldA?api_key=0123456789abcdef&page=2";
  logged.deploy(
    anHttpProxy(`${logged.backend.origin.replace("http://", "http://user:hidden@")}/x`, {
      requestParameters: { "integration.request.querystring.token": "method.request.querystring.api_key" },
    }),
    logs("INFO"),
  );
  await logged.gateway.call(path, { headers: { Authorization: secret } });
  const text = logged.lines().join("\n");
  assert.match(text, /Resource Path: \/pets\/\*+\w{6}\n/);
  assert.match(text, /Sending request to |Execution failed/);
  for (const value of [secret.slice(7), "0123456789abcdef", "hidden"]) {
    assert.ok(!text.includes(value), `${value} in ${text}`);
  }
});

test("an endpoint's line is cut after 1,024 characters, and a body that is no text is named", async () => {
  await using logged = await startLogged();
  logged.deploy(aLambdaProxy());
  await logged.gateway.call("/pets/7", { method: "POST", body: Buffer.from([0xff, 0xfe, 0x00]) });
  const lines = logged.lines();
  assert.ok(lines.includes("Method request body before transformations: [Binary Data]"));
  const event = logged.entries[0]!.lines.find(({ text }) => text.startsWith("Endpoint request body"))!.text;
  assert.equal(event.length, 1_024 + " [TRUNCATED]".length);
  assert.ok(event.endsWith(" [TRUNCATED]"));
});

test("a Lambda proxy's log has the invocation, and what is wrong with the function's answer", async () => {
  await using logged = await startLogged();
  logged.deploy(aLambdaProxy());
  logged.functions.answer = () => "Bad response";
  await logged.gateway.call("/pets/7");
  assert.deepEqual(logged.lines().slice(-7), [
    `Sending request to https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/${functionArn}/invocations`,
    "Received response. Status: 200, Integration latency: N ms",
    "Endpoint response headers: {Content-Type=application/json, Content-Length=14, x-amzn-RequestId=lambda-id}",
    'Endpoint response body before transformations: "Bad response"',
    "Execution failed due to configuration error: Malformed Lambda proxy response: it is a string, not an object",
    "Method completed with status: 502",
    "AWS Integration Endpoint RequestId : lambda-id",
  ]);
  logged.functions.outcome = () =>
    Promise.resolve({
      kind: "function-error",
      payload: Buffer.from('{"errorMessage":"boom"}'),
      errorMessage: "boom",
      requestId: "lambda-id",
    });
  await logged.gateway.call("/pets/7");
  assert.deepEqual(logged.lines().slice(-3), [
    "Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: lambda-id",
    "Method completed with status: 502",
    "AWS Integration Endpoint RequestId : lambda-id",
  ]);
  logged.functions.outcome = () =>
    Promise.resolve({
      kind: "service-error",
      code: "TooManyRequestsException",
      status: 429,
      message: "Rate Exceeded.",
      requestId: "lambda-id",
    });
  await logged.gateway.call("/pets/7");
  assert.deepEqual(logged.lines().slice(-4), [
    "Lambda invocation failed with status: 429. Lambda request id: lambda-id",
    "Execution failed due to configuration error: Rate Exceeded.",
    "Method completed with status: 500",
    "AWS Integration Endpoint RequestId : lambda-id",
  ]);
  logged.functions.facts = undefined;
  await logged.gateway.call("/pets/7");
  assert.deepEqual(logged.lines().slice(-2), [
    "Execution failed due to configuration error: Invalid permissions on Lambda function",
    "Method completed with status: 500",
  ]);
});

test("an AWS service's own id for the request is the last line", async () => {
  await using service = await startBackend((_, outgoing) => outgoing.setHeader("x-amzn-RequestId", "sqs-id").end());
  await using logged = await startLogged();
  logged.deploy(anHttpProxy(`${service.origin}/`), logs("INFO"));
  await logged.gateway.call("/pets/7");
  assert.equal(logged.lines().at(-1), "AWS Integration Endpoint RequestId : sqs-id");
});

test("a template's failure names the template, its line and its column, and the client gets AWS's 500", async () => {
  await using logged = await startLogged();
  logged.deploy(aMock("", { requestTemplates: { "application/json": '{"statusCode":\n  $util.parseJson("{")}' } }));
  const reply = await logged.gateway.call("/pets/7");
  assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}']);
  assert.match(
    logged.lines().at(-2)!,
    /^Execution failed due to configuration error: Unable to transform request: the request template for application\/json, line 2, column \d+: /,
  );
});

test("a body that violates its model, and a parameter that is missing, are named", async () => {
  await using logged = await startLogged();
  const schema = { $schema: "http://json-schema.org/draft-04/schema#", type: "object", required: ["name"] };
  const method = aMethod(aMock(), {
    httpMethod: "POST",
    requestValidatorId: "all",
    requestModels: { "application/json": "Pet" },
    requestParameters: { "method.request.querystring.size": true },
  });
  const definition = aRestApi(
    { "/pets": { POST: method } },
    {
      requestValidators: [{ id: "all", name: "all", validateRequestBody: true, validateRequestParameters: true }],
      models: [{ id: "Pet", name: "Pet", contentType: "application/json", schema: JSON.stringify(schema) }],
    },
  );
  logged.gateway.deploy(definition, aStage({ methodSettings: { "*/*": dataTrace } }));
  await logged.gateway.call("/pets", { method: "POST", body: "{}" });
  assert.equal(logged.lines().at(-2), "Execution failed: Missing required request parameters: [size]");
  await logged.gateway.call("/pets?size=1", { method: "POST", body: "{}" });
  assert.equal(
    logged.lines().at(-2),
    'Request body does not match model schema for content type application/json: [object has missing required properties (["name"])]',
  );
  await logged.gateway.call("/pets?size=1", { method: "POST", body: '{"name":"Rex"}' });
  assert.ok(logged.lines().includes("Request validation succeeded for content type application/json"));
});

test("a backend that does not answer, and one that is not there, are named as AWS does", async () => {
  await using silent = await startBackend(() => {});
  await using logged = await startLogged();
  logged.deploy(anHttpProxy(`${silent.origin}/`, { timeoutInMillis: 50 }));
  await logged.gateway.call("/pets/7");
  assert.deepEqual(logged.lines().slice(-2), [
    "Execution failed due to a timeout error",
    "Method completed with status: 504",
  ]);
  logged.deploy(anHttpProxy("http://127.0.0.1:1/"));
  await logged.gateway.call("/pets/7");
  assert.match(
    logged.lines().at(-2)!,
    /^Execution failed due to a network error communicating with endpoint: http:\/\/127/,
  );
});
