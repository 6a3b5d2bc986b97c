import assert from "node:assert/strict";
import { test } from "node:test";
import type { FunctionClient, InvokeOutcome } from "../../src/functions/function-client.ts";
import { until } from "../until.ts";
import { aLambdaProxy, aMethod, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { allowAll, FakeFunctions } from "./fake-functions.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

async function start(functions: FunctionClient): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ functions, nowMs: Date.UTC(2020, 2, 4, 19, 15, 17) });
  gateway.deploy(
    aRestApi(
      {
        "/pets/{petId}": { ANY: aMethod(aLambdaProxy(), { operationName: "getPet" }) },
        "/slow": { GET: aMethod(aLambdaProxy({ timeoutInMillis: 60 })) },
        "/": { POST: aMethod(aLambdaProxy()) },
      },
      { restApi: { binaryMediaTypes: ["image/png"] } },
    ),
    aStage({ variables: { color: "blue" } }),
  );
  return gateway;
}

test("the event has AWS's format 1.0", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  const reply = await gateway.call("/pets/a%40b?q=first&q=la%20st+x&%7Bz%7D", {
    headers: { "X-Multi": ["1", "2"], "User-Agent": "test", Accept: "*/*" },
  });
  assert.equal(reply.status, 200, reply.text);
  const event = functions.event();
  const headers = event["headers"] as Record<string, string>;
  const context = event["requestContext"] as Record<string, unknown>;
  assert.deepEqual(Object.keys(event), [
    "resource",
    "path",
    "httpMethod",
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
    "requestContext",
    "body",
    "isBase64Encoded",
  ]);
  assert.equal(event["resource"], "/pets/{petId}");
  assert.equal(event["path"], "/pets/a%40b");
  assert.equal(event["httpMethod"], "GET");
  assert.equal(headers["X-Multi"], "2");
  assert.equal(headers["X-Forwarded-For"], "127.0.0.1");
  assert.equal(headers["host"], "abc123.execute-api.us-east-1.localhost");
  assert.equal(headers["connection"], undefined);
  assert.deepEqual((event["multiValueHeaders"] as Record<string, string[]>)["X-Multi"], ["1", "2"]);
  assert.deepEqual(event["queryStringParameters"], { q: "la st x", "{z}": "" });
  assert.deepEqual(event["multiValueQueryStringParameters"], { q: ["first", "la st x"], "{z}": [""] });
  assert.deepEqual(event["pathParameters"], { petId: "a%40b" });
  assert.deepEqual(event["stageVariables"], { color: "blue" });
  assert.equal(event["body"], null);
  assert.equal(event["isBase64Encoded"], false);
  assert.deepEqual(context, {
    resourceId: "r0",
    resourcePath: "/pets/{petId}",
    operationName: "getPet",
    httpMethod: "GET",
    extendedRequestId: reply.headers["x-amz-apigw-id"],
    requestTime: "04/Mar/2020:19:15:17 +0000",
    requestTimeEpoch: Date.UTC(2020, 2, 4, 19, 15, 17),
    path: "/prod/pets/a%40b",
    accountId: "000000000000",
    protocol: "HTTP/1.1",
    stage: "prod",
    domainPrefix: "abc123",
    domainName: "abc123.execute-api.us-east-1.localhost",
    requestId: reply.headers["x-amzn-requestid"],
    apiId: "abc123",
    deploymentId: "dep1",
    identity: {
      cognitoIdentityPoolId: null,
      cognitoIdentityId: null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      principalOrgId: null,
      accessKey: null,
      accountId: null,
      caller: null,
      user: null,
      userArn: null,
      sourceIp: "127.0.0.1",
      userAgent: "test",
    },
  });
  assert.equal(functions.requests[0]?.functionArn, functionArn);
  const { traceId = "" } = functions.requests[0]!;
  assert.match(traceId, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
  assert.equal(headers["X-Amzn-Trace-Id"], traceId.split(";", 1)[0]);
});

test("several slashes behind the stage are one, but in the context's path", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  await gateway.call("//pets/7");
  const event = functions.event();
  assert.equal(event["path"], "/pets/7");
  assert.equal((event["requestContext"] as Record<string, unknown>)["path"], "/prod//pets/7");
});

test("empty collections are null, and bodies text or base64 by their media type", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  await gateway.call("/", { method: "POST", body: 'h\u00e9"\n' });
  const event = functions.event();
  for (const key of ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters"]) {
    assert.equal(event[key], null, key);
  }
  assert.deepEqual([event["body"], event["isBase64Encoded"]], ['h\u00e9"\n', false]);
  await gateway.call("/", {
    method: "POST",
    body: Buffer.from([0, 255]),
    headers: { "content-type": "Image/PNG; x=y" },
  });
  assert.deepEqual([functions.event()["body"], functions.event()["isBase64Encoded"]], ["AP8=", true]);
});

test("a well-formed answer becomes the response", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  functions.answer = () => ({
    statusCode: "201",
    headers: { "X-A": 1, "Set-Cookie": "a=1", Server: "s", "Content-Length": "9", "X-Split": "a\r\nInjected: b" },
    multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] },
    body: "text",
  });
  const reply = await gateway.call("/pets/1");
  assert.equal(reply.status, 201);
  assert.equal(reply.text, "text");
  assert.equal(reply.headers["x-a"], "1");
  assert.deepEqual(reply.headers["set-cookie"], ["a=1", "b=2"]);
  assert.equal(reply.headers["content-type"], "application/json");
  assert.equal(reply.headers["x-amzn-remapped-server"], "s");
  assert.equal(reply.headers["injected"], undefined);
  assert.match(String(reply.headers["x-amzn-trace-id"]), /^Root=1-/);
  functions.answer = () => ({ statusCode: 200, body: "AP8=", isBase64Encoded: true });
  assert.equal((await gateway.call("/pets/1")).text, "AP8=");
  assert.equal((await gateway.call("/pets/1", { headers: { accept: "text/html, image/png" } })).text, "AP8=");
  assert.deepEqual((await gateway.call("/pets/1", { headers: { accept: "image/png" } })).body, Buffer.from([0, 255]));
  functions.answer = () => ({});
  assert.equal((await gateway.call("/pets/1")).status, 200);
  functions.answer = () => ({ statusCode: 204 });
  assert.equal((await gateway.call("/pets/1")).status, 204);
});

test("a malformed answer is 502", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  const malformed: unknown[] = [
    null,
    "text",
    [],
    7,
    { statusCode: 200, cookies: [] },
    { statusCode: "abc" },
    { statusCode: 20.5 },
    { statusCode: 99 },
    { statusCode: 200, body: {} },
    { statusCode: 200, body: 1 },
    { statusCode: 200, headers: { a: {} } },
    { statusCode: 200, headers: [] },
    { statusCode: 200, headers: { "bad name": "x" } },
    { statusCode: 200, headers: { "a\r\nb": "x" } },
    { statusCode: 200, multiValueHeaders: { a: "x" } },
    { statusCode: 200, isBase64Encoded: "yes" },
  ];
  for (const answer of malformed) {
    functions.answer = () => answer;
    const reply = await gateway.call("/pets/1");
    assert.deepEqual([reply.status, reply.text], [502, '{"message": "Internal server error"}'], JSON.stringify(answer));
    assert.equal(reply.headers["x-amzn-errortype"], "InternalServerErrorException");
    assert.match(String(reply.headers["x-portico-hint"]), /Malformed Lambda proxy response/);
  }
});

test("failures of function and service have AWS's statuses", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  functions.outcome = () =>
    Promise.resolve({ kind: "function-error", payload: Buffer.from("{}"), errorMessage: "boom", requestId: "r" });
  const failed = await gateway.call("/pets/1");
  assert.deepEqual([failed.status, failed.text], [502, '{"message": "Internal server error"}']);
  assert.match(String(failed.headers["x-portico-hint"]), /boom/);
  functions.outcome = () =>
    Promise.resolve({
      kind: "service-error",
      code: "TooManyRequestsException",
      status: 429,
      message: "m",
      requestId: "r",
    });
  assert.equal((await gateway.call("/pets/1")).status, 500);
  functions.outcome = () =>
    Promise.resolve({
      kind: "service-error",
      code: "RequestTooLargeException",
      status: 413,
      message: "m",
      requestId: "r",
    });
  assert.equal((await gateway.call("/pets/1")).text, '{"message": "Request Too Long"}');
  functions.outcome = () => new Promise(() => {});
  const late = await gateway.call("/slow");
  assert.deepEqual([late.status, late.text], [504, '{"message": "Endpoint request timed out"}']);
  functions.outcome = () => Promise.reject(new Error("bug"));
  assert.equal((await gateway.call("/pets/1")).status, 500);
  assert.equal(gateway.errors.length, 1);
});

test("a function may only be invoked with a permission for the method", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  const grant = (sourceArn: string, revision: string): void => {
    const policy = allowAll.replace("abc123/*/*/*", sourceArn);
    functions.facts = { functionArn, policy, policyRevision: revision };
  };
  grant("abc123/*/GET/pets/*", "2");
  assert.equal((await gateway.call("/pets/1")).status, 200);
  const refused = await gateway.call("/pets/1", { method: "DELETE" });
  assert.deepEqual([refused.status, refused.text], [500, '{"message": "Internal server error"}']);
  assert.match(
    String(refused.headers["x-portico-hint"]),
    /aws lambda add-permission --function-name .*abc123\/\*\/\*'/,
  );
  grant("other/*", "3");
  assert.equal((await gateway.call("/pets/1")).status, 500);
  functions.facts = { functionArn, policy: undefined, policyRevision: "4" };
  assert.equal((await gateway.call("/pets/1")).status, 500);
  functions.facts = undefined;
  assert.match(String((await gateway.call("/pets/1")).headers["x-portico-hint"]), /there is no function/);
  assert.equal(functions.requests.length, 1);
});

test("an event over Lambda's limit is 413", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  const reply = await gateway.call("/", { method: "POST", body: "x".repeat(6_300_000) });
  assert.deepEqual([reply.status, reply.text], [413, '{"message": "Request Too Long"}']);
  assert.equal(reply.headers["x-amzn-errortype"], "BadRequestException");
  assert.equal((await gateway.call("/", { method: "POST", body: "x".repeat(10_485_761) })).status, 413);
  assert.equal(functions.requests.length, 0);
});

test("an answer that nobody waits for any more is dropped", async () => {
  const functions = new FakeFunctions();
  await using gateway = await start(functions);
  let answer: ((outcome: InvokeOutcome) => void) | undefined;
  functions.outcome = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const call = gateway.raw("GET /prod/pets/1 HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\n\r\n", "never");
  await until(() => answer !== undefined);
  await gateway[Symbol.asyncDispose]();
  await call;
  answer?.({ kind: "ok", payload: Buffer.from("{}"), requestId: "r" });
  assert.deepEqual(gateway.errors, []);
});
