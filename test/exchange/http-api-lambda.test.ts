// Functions behind HTTP APIs: the events that they get and what becomes of their answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpIntegration, HttpStage, Route } from "../../src/definition/http-api.ts";
import type { InvokeOutcome } from "../../src/functions/function-client.ts";
import { until } from "../until.ts";
import { functionArn } from "./a-rest-api.ts";
import { aFunction, anHttpApi, anHttpStage, callHttpApi, host, type RouteOf } from "./an-http-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const nowMs = Date.UTC(2020, 2, 10, 5, 16, 23) + 220;
const policyFor = (sourceArn: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "apigateway.amazonaws.com" },
      Action: "lambda:InvokeFunction",
      Resource: functionArn,
      Condition: { ArnLike: { "AWS:SourceArn": `arn:aws:execute-api:us-east-1:000000000000:http123/${sourceArn}` } },
    },
  });

function someFunctions(): FakeFunctions {
  const functions = new FakeFunctions();
  functions.facts = { functionArn, policy: policyFor("*"), policyRevision: "1" };
  return functions;
}

interface Setup {
  readonly integration?: Partial<HttpIntegration>;
  readonly route?: Partial<Route>;
  readonly routes?: readonly string[];
  readonly stage?: Partial<HttpStage>;
  readonly onLog?: (group: string, line: string) => void;
}

async function start(functions: FakeFunctions, setup: Setup = {}): Promise<GatewayUnderTest> {
  const { integration, route, routes = ["ANY /pets/{petId}", "GET /files/{name+}", "$default"], stage, onLog } = setup;
  const gateway = await startGateway({ functions, nowMs, ...(onLog && { onLog }) });
  const target: RouteOf = { integration: aFunction(functionArn, integration), ...(route && { route }) };
  gateway.deployHttp(anHttpApi(Object.fromEntries(routes.map((key) => [key, target]))), anHttpStage(stage));
  return gateway;
}

const sent = {
  "Content-Type": "application/json",
  "X-Dup": ["v1", "v2"],
  "User-Agent": "curl/8.0",
  Accept: "*/*",
  Cookie: "c1=v1; c2=v2",
  "X-Amzn-Trace-Id": "Root=1-5e6722a7-cc56aaaa46db7ae02d4da47e",
  "X-Forwarded-For": "10.0.0.1",
};

test("an event of format 2.0 is AWS's, whole", async () => {
  const functions = someFunctions();
  await using gateway = await start(functions, { stage: { StageName: "dev", StageVariables: { v: "1" } } });
  const body = '{"hello":"world"}';
  const reply = await callHttpApi(gateway, "/dev/pets/6?a=1&a=2&b=x%20y", { method: "POST", headers: sent, body });
  assert.equal(reply.status, 200, reply.text);
  const requestId = reply.headers["apigw-requestid"];
  const expected = {
    version: "2.0",
    routeKey: "ANY /pets/{petId}",
    rawPath: "/dev/pets/6",
    rawQueryString: "a=1&a=2&b=x%20y",
    cookies: ["c1=v1", "c2=v2"],
    headers: {
      accept: "*/*",
      "content-length": "17",
      "content-type": "application/json",
      host,
      "user-agent": "curl/8.0",
      "x-amzn-trace-id": "Root=1-5e6722a7-cc56aaaa46db7ae02d4da47e",
      "x-dup": "v1,v2",
      "x-forwarded-for": "10.0.0.1, 127.0.0.1",
      "x-forwarded-port": String(gateway.port),
      "x-forwarded-proto": "http",
    },
    queryStringParameters: { a: "1,2", b: "x y" },
    requestContext: {
      accountId: "000000000000",
      apiId: "http123",
      domainName: host,
      domainPrefix: "http123",
      http: {
        method: "POST",
        path: "/dev/pets/6",
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: "curl/8.0",
      },
      requestId,
      routeKey: "ANY /pets/{petId}",
      stage: "dev",
      time: "10/Mar/2020:05:16:23 +0000",
      timeEpoch: nowMs,
    },
    pathParameters: { petId: "6" },
    stageVariables: { v: "1" },
    body,
    isBase64Encoded: false,
  };
  // Byte for byte: the members come in this order as well.
  assert.equal(String(functions.requests[0]?.payload), JSON.stringify(expected));
  assert.equal(functions.requests[0]?.functionArn, functionArn);
});

test("an event of format 2.0 leaves out what is empty", async () => {
  const functions = someFunctions();
  await using gateway = await start(functions);
  const reply = await callHttpApi(gateway, "/");
  const { "x-amzn-trace-id": traceId } = functions.event()["headers"] as Record<string, string>;
  assert.match(String(traceId), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  assert.deepEqual(functions.event(), {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/",
    rawQueryString: "",
    headers: {
      "content-length": "0",
      host,
      "x-amzn-trace-id": traceId,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-port": String(gateway.port),
      "x-forwarded-proto": "http",
    },
    requestContext: {
      accountId: "000000000000",
      apiId: "http123",
      domainName: host,
      domainPrefix: "http123",
      http: { method: "GET", path: "/", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "" },
      requestId: reply.headers["apigw-requestid"],
      routeKey: "$default",
      stage: "$default",
      time: "10/Mar/2020:05:16:23 +0000",
      timeEpoch: nowMs,
    },
    isBase64Encoded: false,
  });
});

test("an event of format 1.0 is AWS's, whole", async () => {
  const functions = someFunctions();
  const setup = { integration: { PayloadFormatVersion: "1.0" }, stage: { StageName: "dev" } };
  await using gateway = await start(functions, setup);
  const reply = await callHttpApi(gateway, "/dev/pets/6?a=1&a=2&b=x%20y", { method: "PUT", headers: sent, body: "{}" });
  assert.equal(reply.status, 200, reply.text);
  const requestId = reply.headers["apigw-requestid"];
  const headers = {
    "Content-Length": "2",
    "Content-Type": "application/json",
    Host: host,
    "User-Agent": "curl/8.0",
    "X-Amzn-Trace-Id": "Root=1-5e6722a7-cc56aaaa46db7ae02d4da47e",
    "X-Forwarded-For": "10.0.0.1, 127.0.0.1",
    "X-Forwarded-Port": String(gateway.port),
    "X-Forwarded-Proto": "http",
    accept: "*/*",
    cookie: "c1=v1; c2=v2",
    "x-dup": "v2",
  };
  const expected = {
    version: "1.0",
    resource: "/pets/{petId}",
    path: "/dev/pets/6",
    httpMethod: "PUT",
    headers,
    multiValueHeaders: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      "x-dup": ["v1", "v2"],
    },
    queryStringParameters: { a: "2", b: "x y" },
    multiValueQueryStringParameters: { a: ["1", "2"], b: ["x y"] },
    requestContext: {
      accountId: "000000000000",
      apiId: "http123",
      domainName: host,
      domainPrefix: "http123",
      extendedRequestId: requestId,
      httpMethod: "PUT",
      identity: {
        accessKey: null,
        accountId: null,
        caller: null,
        cognitoAmr: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: "127.0.0.1",
        user: null,
        userAgent: "curl/8.0",
        userArn: null,
      },
      path: "/dev/pets/6",
      protocol: "HTTP/1.1",
      requestId,
      requestTime: "10/Mar/2020:05:16:23 +0000",
      requestTimeEpoch: nowMs,
      resourceId: "ANY /pets/{petId}",
      resourcePath: "/pets/{petId}",
      stage: "dev",
    },
    pathParameters: { petId: "6" },
    stageVariables: null,
    body: "{}",
    isBase64Encoded: false,
  };
  assert.equal(String(functions.requests[0]?.payload), JSON.stringify(expected));
});

test("an event of format 1.0 has null for what is empty", async () => {
  const functions = someFunctions();
  await using gateway = await start(functions, { integration: { PayloadFormatVersion: "1.0" } });
  await callHttpApi(gateway, "/other");
  const event = functions.event();
  for (const name of ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"]) {
    assert.equal(event[name], null, name);
  }
  assert.deepEqual([event["body"], event["isBase64Encoded"], event["resource"]], [null, false, "$default"]);
  assert.equal("authorizer" in (event["requestContext"] as object), false);
});

test("paths are decoded in events, with the stage's segment if it has a name", async () => {
  const functions = someFunctions();
  const rows: readonly [string, string, object | undefined][] = [
    ["/pets/a%20b", "/pets/a b", { petId: "a b" }],
    ["/pets/a%2Fb", "/pets/a/b", { petId: "a/b" }],
    ["/pets/a%3Fb", "/pets/a", { petId: "a?b" }],
    ["/pets/%C3%A4", "/pets/ä", { petId: "ä" }],
    ["/pets/%FF", "/pets/%FF", { petId: "%FF" }],
    ["/files/a/b%20c", "/files/a/b c", { name: "a/b c" }],
    ["/any/thing", "/any/thing", undefined],
  ];
  for (const StageName of ["$default", "dev"]) {
    await using gateway = await start(functions, { stage: { StageName } });
    const prefix = StageName === "dev" ? "/dev" : "";
    for (const [path, rawPath, pathParameters] of rows) {
      await callHttpApi(gateway, `${prefix}${path}`);
      const event = functions.event();
      const { http } = event["requestContext"] as { http: { path: string } };
      const seen = [event["rawPath"], http.path, event["pathParameters"]];
      assert.deepEqual(seen, [`${prefix}${rawPath}`, `${prefix}${rawPath}`, pathParameters], path);
    }
  }
});

test("a body is text or base64 by its content type", async () => {
  const functions = someFunctions();
  const rows: readonly [Record<string, string>, boolean][] = [
    [{ "Content-Type": "text/plain" }, false],
    [{ "Content-Type": "text/html; charset=utf-8" }, false],
    [{ "Content-Type": "Application/JSON; charset=utf-8" }, false],
    [{ "Content-Type": "application/xml" }, false],
    [{ "Content-Type": "application/javascript" }, false],
    [{ "Content-Type": "application/x-www-form-urlencoded" }, true],
    [{ "Content-Type": "multipart/form-data; boundary=x" }, true],
    [{ "Content-Type": "application/octet-stream" }, true],
    [{ "Content-Type": "image/png" }, true],
    [{}, true],
    // What is compressed stays so.
    [{ "Content-Type": "text/plain", "Content-Encoding": "gzip" }, true],
  ];
  for (const PayloadFormatVersion of ["1.0", "2.0"]) {
    await using gateway = await start(functions, { integration: { PayloadFormatVersion } });
    for (const [headers, isBinary] of rows) {
      const reply = await callHttpApi(gateway, "/", { method: "POST", headers, body: "h\u00e9" });
      assert.equal(reply.status, 200, reply.text);
      const { body, isBase64Encoded } = functions.event();
      const expected = isBinary ? Buffer.from("h\u00e9").toString("base64") : "h\u00e9";
      assert.deepEqual([body, isBase64Encoded], [expected, isBinary], JSON.stringify(headers));
    }
  }
});

test("what a client writes into an event's text stays a value", async () => {
  const functions = someFunctions();
  await using gateway = await start(functions);
  const evil = '","isBase64Encoded":true,"x":"';
  await callHttpApi(gateway, `/pets/${encodeURIComponent(evil)}?${encodeURIComponent(evil)}=\\"`, {
    headers: { "X-Evil": evil, "User-Agent": evil, Cookie: evil },
  });
  const event = functions.event();
  assert.deepEqual(event["pathParameters"], { petId: evil });
  assert.equal(event["isBase64Encoded"], false);
  assert.equal("x" in event, false);
});

const http = (output: object): object => ({ statusCode: 200, ...output });

test("an answer of format 2.0 without a statusCode is the body", async () => {
  const functions = someFunctions();
  await using gateway = await start(functions);
  const rows: readonly [unknown, string][] = [
    ["Hello from Lambda!", "Hello from Lambda!"],
    [{ message: "Hello from Lambda!" }, '{"message":"Hello from Lambda!"}'],
    [{ body: "x" }, '{"body":"x"}'],
    [null, "null"],
    [[1, "2"], '[1,"2"]'],
    [42, "42"],
    [false, "false"],
    ["", ""],
  ];
  for (const [output, text] of rows) {
    functions.answer = () => output;
    const reply = await callHttpApi(gateway, "/");
    const seen = [reply.status, reply.headers["content-type"], reply.text];
    assert.deepEqual(seen, [200, "application/json", text], JSON.stringify(output));
  }
});

test("an answer with a statusCode says what is sent", async () => {
  const functions = someFunctions();
  for (const PayloadFormatVersion of ["1.0", "2.0"]) {
    await using gateway = await start(functions, { integration: { PayloadFormatVersion } });
    functions.answer = () => ({
      statusCode: "201",
      headers: { "X-Number": 1, "X-True": true, "X-Null": null, "Content-Type": "text/html", Connection: "close" },
      body: "<p>",
      foreign: 1,
    });
    const reply = await callHttpApi(gateway, "/");
    assert.deepEqual([reply.status, reply.text], [201, "<p>"]);
    const { "x-number": number, "x-true": truth, "x-null": nothing, "content-type": type } = reply.headers;
    assert.deepEqual([number, truth, nothing, type], ["1", "true", undefined, "text/html"]);
    const rows: readonly [object, number, string, string | undefined][] = [
      [{ statusCode: 200 }, 200, "", "text/plain; charset=utf-8"],
      [{ statusCode: 200, body: null, headers: null, isBase64Encoded: null }, 200, "", "text/plain; charset=utf-8"],
      [{ statusCode: 200, body: "aGk=", isBase64Encoded: true }, 200, "hi", "text/plain; charset=utf-8"],
      [{ statusCode: 404, body: "none" }, 404, "none", "text/plain; charset=utf-8"],
      [{ statusCode: 204, body: "dropped" }, 204, "", undefined],
      [{ statusCode: 304, body: "dropped" }, 304, "", undefined],
    ];
    for (const [output, status, text, contentType] of rows) {
      functions.answer = () => output;
      const found = await callHttpApi(gateway, "/");
      const seen = [found.status, found.text, found.headers["content-type"]];
      assert.deepEqual(seen, [status, text, contentType], JSON.stringify(output));
    }
  }
});

test("format 2.0 has cookies, and format 1.0 headers with several values", async () => {
  const functions = someFunctions();
  functions.answer = () => ({
    statusCode: 200,
    headers: { "set-cookie": "h=1", "x-a": "1" },
    cookies: ["a=1; Secure", "b=2"],
    multiValueHeaders: { "set-cookie": ["h=1", "m=2"], "x-a": ["1", 2] },
  });
  await using second = await start(functions);
  const ofSecond = await callHttpApi(second, "/");
  assert.deepEqual(ofSecond.headers["set-cookie"], ["h=1", "a=1; Secure", "b=2"]);
  assert.equal(ofSecond.headers["x-a"], "1");
  await using first = await start(functions, { integration: { PayloadFormatVersion: "1.0" } });
  const ofFirst = await callHttpApi(first, "/");
  assert.deepEqual(ofFirst.headers["set-cookie"], ["h=1", "m=2"]);
  assert.equal(ofFirst.headers["x-a"], "1, 2");
});

test("a function's headers begin no other header, and do not contradict the gateway's", async () => {
  const functions = someFunctions();
  functions.answer = () =>
    http({ headers: { "X-Split": "a\r\nInjected: b", "apigw-requestid": "forged" }, cookies: ["a=1\r\nInjected: c"] });
  await using gateway = await start(functions);
  const reply = await callHttpApi(gateway, "/");
  assert.equal(reply.headers["injected"], undefined);
  assert.match(String(reply.headers["apigw-requestid"]), /^[\w-]{15}=$/);
});

/** As access logs write it: quotes are escaped. */
const broken = (field: string): string =>
  `The response from the Lambda function doesn't match the format that API Gateway expects. Lambda body contains the wrong type for field \\"${field}\\"`;
const failedWords =
  "The Lambda function returned the following error: Unhandled. Check your Lambda function code and try again.";
const deniedWords =
  "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again.";

const accessLog = {
  AccessLogSettings: {
    DestinationArn: "arn:aws:logs:us-east-1:0:log-group:access",
    Format: "$context.status $context.integrationErrorMessage",
  },
};

test("a malformed answer is AWS's 500, and the log says which member is wrong", async () => {
  const functions = someFunctions();
  const both: readonly [unknown, string][] = [
    [{ statusCode: "abc" }, "statusCode"],
    [{ statusCode: null }, "statusCode"],
    [{ statusCode: 99 }, "statusCode"],
    [{ statusCode: 101 }, "statusCode"],
    [{ statusCode: 600 }, "statusCode"],
    [{ statusCode: 200.5 }, "statusCode"],
    [http({ body: { a: 1 } }), "body"],
    [http({ body: 5 }), "body"],
    [http({ body: "?", isBase64Encoded: true }), "body"],
    [http({ isBase64Encoded: "true" }), "isBase64Encoded"],
    [http({ headers: [] }), "headers"],
    [http({ headers: "x" }), "headers"],
    [http({ headers: { a: ["1"] } }), "headers"],
    [http({ headers: { "a b": "1" } }), "headers"],
  ];
  const rows: Readonly<Record<string, readonly [unknown, string][]>> = {
    "1.0": [
      ...both,
      [{}, "statusCode"],
      [null, "statusCode"],
      ["text", "statusCode"],
      [[], "statusCode"],
      [http({ multiValueHeaders: { a: "1" } }), "multiValueHeaders"],
    ],
    "2.0": [...both, [http({ cookies: "a=1" }), "cookies"], [http({ cookies: [1] }), "cookies"]],
  };
  for (const [PayloadFormatVersion, ofFormat] of Object.entries(rows)) {
    const lines: string[] = [];
    await using gateway = await start(functions, {
      integration: { PayloadFormatVersion },
      stage: accessLog,
      onLog: (_, line) => lines.push(line),
    });
    for (const [output, field] of ofFormat) {
      functions.answer = () => output;
      const reply = await callHttpApi(gateway, "/");
      const seen = [reply.status, reply.headers["content-type"], reply.text];
      const internal = [500, "application/json", '{"message":"Internal Server Error"}'];
      assert.deepEqual(seen, internal, JSON.stringify(output));
      await until(() => lines.length > 0);
      assert.equal(lines.pop(), `500 ${broken(field)}`, JSON.stringify(output));
    }
    for (const payload of ["", "{", "\0"]) {
      functions.outcome = () => Promise.resolve({ kind: "ok", payload: Buffer.from(payload), requestId: "r" });
      assert.equal((await callHttpApi(gateway, "/")).status, 500, payload);
      functions.outcome = undefined;
    }
  }
});

test("a failed, refused or late invocation has AWS's status and words", async () => {
  const error = (code: string, status: number): InvokeOutcome => ({
    kind: "service-error",
    code,
    status,
    message: `${code}!`,
    requestId: "r",
  });
  const failed: InvokeOutcome = {
    kind: "function-error",
    payload: Buffer.from('{"errorMessage":"boom"}'),
    errorMessage: "boom",
    requestId: "r",
  };
  const rows: readonly [() => Promise<InvokeOutcome>, number, string, string][] = [
    [() => Promise.resolve(failed), 500, "Internal Server Error", failedWords],
    [() => Promise.resolve(error("TooManyRequestsException", 429)), 503, "Service Unavailable", ""],
    [() => Promise.resolve(error("ServiceException", 503)), 503, "Service Unavailable", ""],
    [() => Promise.resolve(error("ResourceNotFoundException", 404)), 500, "Internal Server Error", ""],
    [() => Promise.resolve(error("RequestTooLargeException", 413)), 413, "Request Entity Too Large", ""],
    [() => new Promise(() => undefined), 503, "Service Unavailable", "Execution failed due to a timeout error"],
    [() => Promise.reject(new Error("gone")), 500, "Internal Server Error", "-"],
  ];
  for (const [outcome, status, message, words] of rows) {
    const functions = someFunctions();
    const lines: string[] = [];
    functions.outcome = outcome;
    await using gateway = await start(functions, {
      integration: { TimeoutInMillis: 50 },
      stage: accessLog,
      onLog: (_, line) => lines.push(line),
    });
    const reply = await callHttpApi(gateway, "/");
    assert.deepEqual([reply.status, reply.text], [status, JSON.stringify({ message })]);
    await until(() => lines.length > 0);
    assert.ok(lines[0]!.startsWith(`${status} ${words}`), lines.join());
  }
});

test("a function is invoked only if its policy names the route", async () => {
  const rows: readonly [string, string, string, number][] = [
    ["*", "GET", "/pets/1", 200],
    ["*/*/pets/{petId}", "GET", "/pets/1", 200],
    ["$default/GET/pets/{petId}", "GET", "/pets/1", 200],
    ["$default/GET/pets/{petId}", "POST", "/pets/1", 500],
    ["$default/GET/pets/*", "GET", "/pets/1", 200],
    ["dev/*/pets/*", "GET", "/pets/1", 500],
    ["$default/$default", "GET", "/other", 200],
    ["*/$default", "DELETE", "/other", 200],
    ["$default/$default", "GET", "/pets/1", 500],
    ["$default/GET/other", "GET", "/other", 500],
  ];
  for (const [source, method, path, status] of rows) {
    const functions = someFunctions();
    const lines: string[] = [];
    functions.facts = { functionArn, policy: policyFor(source), policyRevision: "1" };
    await using gateway = await start(functions, { stage: accessLog, onLog: (_, line) => lines.push(line) });
    const reply = await callHttpApi(gateway, path, { method });
    assert.equal(reply.status, status, source);
    assert.equal(functions.requests.length, status === 200 ? 1 : 0);
    await until(() => lines.length > 0);
    assert.equal(lines[0], status === 200 ? "200 -" : `500 ${deniedWords}`);
  }
  const functions = someFunctions();
  functions.facts = undefined;
  await using gateway = await start(functions);
  assert.equal((await callHttpApi(gateway, "/")).text, '{"message":"Internal Server Error"}');
});

test("a function is named by its ARN or by the URI that invokes it, with stage variables and a qualifier", async () => {
  const other = "arn:aws:lambda:us-east-1:000000000000:function:other";
  const invoked = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${other}:live/invocations`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [other, other],
    [`${other}:7`, `${other}:7`],
    [invoked, `${other}:live`],
    ["arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.name}", other],
    [`${other}:\${stageVariables.alias}`, `${other}:blue`],
    ["arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.none}", undefined],
    ["hello", undefined],
    ["https://example.com/", undefined],
  ];
  for (const [IntegrationUri, called] of rows) {
    const functions = someFunctions();
    const known = called ?? other;
    functions.facts = { functionArn: known, policy: policyFor("*").replace(functionArn, known), policyRevision: "1" };
    await using gateway = await start(functions, {
      integration: { IntegrationUri },
      stage: { StageVariables: { name: "other", alias: "blue" } },
    });
    const reply = await callHttpApi(gateway, "/");
    assert.equal(reply.status, called === undefined ? 500 : 200, IntegrationUri);
    assert.equal(functions.requests[0]?.functionArn, called);
  }
});

test("a route whose integration can't be run is closed", async () => {
  const rows: readonly [Partial<HttpIntegration>, string][] = [
    [{ PayloadFormatVersion: "3.0" }, "payloadFormatVersion 3.0"],
    [{ ConnectionType: "VPC_LINK" }, "connectionType VPC_LINK of a Lambda integration"],
    [{ RequestParameters: { "append:header.connection": "b" } }, "parameter mapping into the reserved header"],
    [
      { ResponseParameters: { "200": { "append:header.connection": "x" } } },
      "parameter mapping into the reserved header",
    ],
    [{ CredentialsArn: "arn:aws:iam::111111111111:role/x" }, "integration credentials of another account"],
  ];
  for (const [integration, reason] of rows) {
    const functions = someFunctions();
    await using gateway = await start(functions, { integration });
    const reply = await callHttpApi(gateway, "/");
    assert.equal(reply.status, 501, reply.text);
    assert.ok(reply.text.includes(reason), reply.text);
    assert.equal(functions.requests.length, 0);
  }
});

test("a role that can't be assumed, and a caller whom nobody knows, invoke nothing", async () => {
  for (const CredentialsArn of ["arn:aws:iam::000000000000:role/none", "arn:aws:iam::*:user/*", "nonsense"]) {
    const functions = someFunctions();
    await using gateway = await start(functions, { integration: { CredentialsArn } });
    const reply = await callHttpApi(gateway, "/");
    assert.deepEqual([reply.status, reply.text], [500, '{"message":"Internal Server Error"}'], CredentialsArn);
    assert.equal(functions.requests.length, 0);
  }
});

test("a request's headers, query and path are mapped in the event", async () => {
  const integration = {
    RequestParameters: {
      "append:header.x-a": "$request.body.a",
      "overwrite:header.x-b": "$request.header.x-c",
      "overwrite:header.cookie": "n=1",
      "remove:header.x-c": "''",
      "overwrite:querystring.q": "$request.path.petId",
      "remove:querystring.r": "''",
      "overwrite:path": "/v2/$request.path.petId",
    },
  };
  const headers = { "x-a": "sent", "x-b": "sent", "x-c": "moved", cookie: "c=1", "content-type": "application/json" };
  for (const PayloadFormatVersion of ["1.0", "2.0"]) {
    const functions = someFunctions();
    await using gateway = await start(functions, { integration: { ...integration, PayloadFormatVersion } });
    const reply = await callHttpApi(gateway, "/pets/7?q=1&r=2", { method: "POST", headers, body: '{"a":"mapped"}' });
    assert.equal(reply.status, 200, reply.text);
    const event = functions.event();
    const { "x-a": a, "x-b": b, "x-c": c, cookie } = event["headers"] as Record<string, string>;
    const isFirst = PayloadFormatVersion === "1.0";
    assert.deepEqual([a, b, c], [isFirst ? "mapped" : "sent,mapped", "moved", undefined]);
    assert.deepEqual(isFirst ? cookie : event["cookies"], isFirst ? "n=1" : ["n=1"]);
    assert.deepEqual(event["queryStringParameters"], { q: "7" });
    assert.equal(event[isFirst ? "path" : "rawPath"], "/v2/7");
    assert.equal(event["body"], '{"a":"mapped"}');
    const { path, http } = event["requestContext"] as { path?: string; http?: { path: string } };
    assert.equal(path ?? http?.path, "/pets/7");
  }
});

test("an answer's headers and status are mapped by its status", async () => {
  const functions = someFunctions();
  functions.answer = () => ({ statusCode: 500, headers: { "x-secret": "s" }, body: '{"a":{"b":"c"}}' });
  const integration = {
    ResponseParameters: {
      "500": {
        "append:header.x-b": "$response.body.a.b",
        "remove:header.x-secret": "''",
        "overwrite:statuscode": "403",
      },
    },
  };
  await using gateway = await start(functions, { integration });
  const reply = await callHttpApi(gateway, "/");
  const { "x-b": mapped, "x-secret": secret } = reply.headers;
  assert.deepEqual([reply.status, mapped, secret, reply.text], [403, "c", undefined, '{"a":{"b":"c"}}']);
  functions.answer = () => ({ statusCode: 501, headers: { "x-secret": "s" } });
  assert.equal((await callHttpApi(gateway, "/")).headers["x-secret"], "s");
});

test("an event that would be longer than Lambda takes is refused", async () => {
  const functions = someFunctions();
  await using gateway = await start(functions);
  const body = Buffer.alloc(5_000_000);
  const reply = await callHttpApi(gateway, "/", { method: "POST", body });
  assert.deepEqual([reply.status, reply.text], [413, '{"message":"Request Entity Too Large"}']);
  assert.equal(functions.requests.length, 0);
});
