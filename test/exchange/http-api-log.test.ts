// Access logs of HTTP APIs: every variable of AWS's table, in every format that the guide shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { functionArn } from "./a-rest-api.ts";
import { aFunction, anHttpApi, anHttpStage, host, type RouteOf } from "./an-http-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type CallOptions, type GatewayUnderTest, type Reply, startGateway } from "./start-gateway.ts";

const integration = aFunction(functionArn);
const nowMs = Date.UTC(2020, 2, 4, 19, 15, 17);

interface Logging extends AsyncDisposable {
  readonly functions: FakeFunctions;
  readonly gateway: GatewayUnderTest;
  readonly lines: string[];
  call(path: string, options?: CallOptions): Promise<Reply>;
}

async function start(format: string, routes: Readonly<Record<string, RouteOf>> = {}): Promise<Logging> {
  const lines: string[] = [];
  const functions = new FakeFunctions();
  const statement = { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  functions.facts = { functionArn, policy, policyRevision: "1" };
  functions.answer = () => ({ statusCode: 201, body: "created" });
  const gateway = await startGateway({
    functions,
    clock: new ManualClock(nowMs),
    onLog: (_, line) => lines.push(line),
  });
  const DestinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
  const stage = anHttpStage({ StageName: "dev", AccessLogSettings: { DestinationArn, Format: format } });
  gateway.deployHttp(anHttpApi({ "POST /pets/{id}": { integration }, ...routes }), stage);
  return {
    functions,
    gateway,
    lines,
    call: (path, options) => gateway.call(`/dev${path}`, { host, isWhole: true, ...options }),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

const milliseconds = /^\d+$/;
const id = /^[\w-]{15}=$/;

/** AWS: API Gateway Developer Guide, "Customize HTTP API access logs". */
const variables: Readonly<Record<string, string | RegExp>> = {
  accountId: "000000000000",
  apiId: "http123",
  "authorizer.claims": "-",
  "authorizer.claims.sub": "-",
  "authorizer.error": "-",
  "authorizer.principalId": "-",
  "authorizer.team": "-",
  awsEndpointRequestId: /^[\w-]+$/,
  awsEndpointRequestId2: "-",
  "customDomain.basePathMatched": "-",
  dataProcessed: /^\d+$/,
  domainName: host,
  domainPrefix: "http123",
  "error.message": "-",
  "error.messageString": "-",
  "error.responseType": "-",
  extendedRequestId: id,
  httpMethod: "POST",
  "identity.accountId": "-",
  "identity.caller": "-",
  "identity.cognitoAuthenticationProvider": "-",
  "identity.cognitoAuthenticationType": "-",
  "identity.cognitoIdentityId": "-",
  "identity.cognitoIdentityPoolId": "-",
  "identity.principalOrgId": "-",
  "identity.clientCert.clientCertPem": "-",
  "identity.clientCert.subjectDN": "-",
  "identity.clientCert.issuerDN": "-",
  "identity.clientCert.serialNumber": "-",
  "identity.clientCert.validity.notBefore": "-",
  "identity.clientCert.validity.notAfter": "-",
  "identity.sourceIp": "127.0.0.1",
  "identity.user": "-",
  "identity.userAgent": "tests/1",
  "identity.userArn": "-",
  "integration.error": "-",
  "integration.integrationStatus": "200",
  "integration.latency": milliseconds,
  "integration.requestId": /^[\w-]+$/,
  "integration.status": "201",
  integrationErrorMessage: "-",
  integrationLatency: milliseconds,
  integrationStatus: "200",
  path: "/dev/pets/7",
  protocol: "HTTP/1.1",
  requestId: id,
  requestTime: "04/Mar/2020:19:15:17 +0000",
  requestTimeEpoch: String(nowMs),
  responseLatency: milliseconds,
  responseLength: "7",
  routeKey: "POST /pets/{id}",
  stage: "dev",
  status: "201",
};

/** Variables of REST APIs, and of nobody. */
const foreign = [
  ...["resourceId", "resourcePath", "deploymentId", "identity.apiKey", "identity.apiKeyId", "identity.vpceId"],
  ...["xrayTraceId", "waf.status", "wafResponseCode", "webaclArn", "authenticate.status", "authorize.latency"],
  ...["isCanaryRequest", "operationName", "authorizer.latency", "error.validationErrorString", "none", "__proto__"],
];

test("every variable of AWS's table has its value, and those of REST APIs have none", async () => {
  const names = [...Object.keys(variables), ...foreign];
  const format = names.map((name) => `$context.${name}`).join("\t");
  await using logging = await start(format, { "POST /pets/{id}": { integration, route: { OperationName: "addPet" } } });
  const reply = await logging.call("/pets/7?q=1", {
    method: "POST",
    body: "a pet",
    headers: { "User-Agent": "tests/1", "x-api-key": "k" },
  });
  assert.equal(reply.status, 201, reply.text);
  const values = logging.lines[0]!.split("\t");
  assert.equal(values.length, names.length);
  for (const [index, name] of names.entries()) {
    const expected = Object.hasOwn(variables, name) ? variables[name]! : "-";
    if (typeof expected === "string") assert.equal(values[index], expected, name);
    else assert.match(values[index]!, expected, name);
  }
  const of = (name: string): string | undefined => values[names.indexOf(name)];
  assert.equal(of("requestId"), reply.headers["apigw-requestid"]);
  assert.equal(of("extendedRequestId"), of("requestId"));
  assert.ok(
    Number(of("dataProcessed")) > "POST /dev/pets/7?q=1 HTTP/1.1\r\n".length + "a pet".length + "created".length,
  );
});

/** The formats of the guide. */
const formats = {
  CLF: '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" $context.status $context.responseLength $context.requestId',
  JSON: '{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod","routeKey":"$context.routeKey", "status":"$context.status","protocol":"$context.protocol", "responseLength":"$context.responseLength" }',
  CSV: "$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.routeKey,$context.protocol,$context.status,$context.responseLength,$context.requestId",
  XML: '<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> <routeKey>$context.routeKey</routeKey> <status>$context.status</status> <protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>',
};

test("the formats of the guide are written as they stand there", async () => {
  const expected: Readonly<Record<keyof typeof formats, (requestId: string) => string>> = {
    CLF: (requestId) => `127.0.0.1 - - [04/Mar/2020:19:15:17 +0000] "POST POST /pets/{id} HTTP/1.1" 201 7 ${requestId}`,
    JSON: (requestId) =>
      `{ "requestId":"${requestId}", "ip": "127.0.0.1", "requestTime":"04/Mar/2020:19:15:17 +0000", "httpMethod":"POST","routeKey":"POST /pets/{id}", "status":"201","protocol":"HTTP/1.1", "responseLength":"7" }`,
    CSV: (requestId) => `127.0.0.1,04/Mar/2020:19:15:17 +0000,POST,POST /pets/{id},HTTP/1.1,201,7,${requestId}`,
    XML: (requestId) =>
      `<request id="${requestId}"> <ip>127.0.0.1</ip> <requestTime>04/Mar/2020:19:15:17 +0000</requestTime> <httpMethod>POST</httpMethod> <routeKey>POST /pets/{id}</routeKey> <status>201</status> <protocol>HTTP/1.1</protocol> <responseLength>7</responseLength> </request>`,
  };
  for (const [name, format] of Object.entries(formats) as [keyof typeof formats, string][]) {
    await using logging = await start(format);
    const reply = await logging.call("/pets/7", { method: "POST" });
    assert.deepEqual(logging.lines, [expected[name](String(reply.headers["apigw-requestid"]))], name);
  }
});

test("failures say why: a missing route, a refused caller, and the function's", async () => {
  const format =
    "$context.routeKey|$context.status|$context.error.message|$context.error.messageString|$context.error.responseType|$context.integrationErrorMessage";
  await using logging = await start(format, {
    "GET /iam": { integration, route: { AuthorizationType: "AWS_IAM" } },
    "ANY /any": { integration },
    "GET /none": { integration, route: { Target: "integrations/none" } },
  });
  const { functions, lines } = logging;
  const lineOf = async (path: string, options?: CallOptions): Promise<string> => {
    await logging.call(path, options);
    return lines.at(-1)!;
  };
  assert.equal(await lineOf("/nowhere"), '-|404|Not Found|"Not Found"|RESOURCE_NOT_FOUND|-');
  assert.match(await lineOf("/iam"), /^GET \/iam\|403\|Forbidden\|"Forbidden"\|[A-Z_]+\|-$/);
  assert.match(
    await lineOf("/none"),
    /^GET \/none\|500\|Internal Server Error\|"Internal Server Error"\|[A-Z0-9_]+\|-$/,
  );
  assert.equal(await lineOf("/any", { method: "PATCH" }), "ANY /any|201|-|-|-|-");
  functions.outcome = () =>
    Promise.resolve({ kind: "function-error", errorMessage: "x", payload: Buffer.from("{}"), requestId: "r" });
  assert.match(await lineOf("/any"), /\|The Lambda function returned the following error: Unhandled\. Check/);
  functions.facts = { ...functions.facts!, policy: '{"Version":"2012-10-17","Statement":[]}', policyRevision: "2" };
  assert.match(
    await lineOf("/any"),
    /\|The IAM role configured on the integration or API Gateway doesn't have permissions/,
  );
});

test("a caller ends no line and no JSON text with what it sends", async () => {
  await using logging = await start('{"agent":"$context.identity.userAgent","path":"$context.path"}');
  await logging.call("/pets/%22%0A", { headers: { "User-Agent": 'a","b":"\\' } });
  assert.deepEqual(JSON.parse(logging.lines[0]!), { agent: 'a","b":"\\', path: "/dev/pets/%22%0A" });
});

test("a stage without AccessLogSettings, and one without a format, log nothing", async () => {
  await using logging = await start("$context.status");
  for (const AccessLogSettings of [undefined, { DestinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:a" }]) {
    const stage = anHttpStage({ StageName: "dev", ...(AccessLogSettings && { AccessLogSettings }) });
    logging.gateway.deployHttp(anHttpApi({ "POST /pets/{id}": { integration } }), stage);
    await logging.call("/pets/7", { method: "POST" });
  }
  assert.deepEqual(logging.lines, []);
});
