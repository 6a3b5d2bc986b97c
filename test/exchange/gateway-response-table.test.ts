import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Session } from "../../src/access/principal.ts";
import { SessionSeal } from "../../src/access/session-seal.ts";
import { gatewayResponseStatuses } from "../../src/definition/gateway-responses.ts";
import type { GatewayResponse, Integration, Method, RestApiDefinition } from "../../src/definition/rest-api.ts";
import type { FunctionClient } from "../../src/functions/function-client.ts";
import type { Exchange } from "../../src/gateway/exchange.ts";
import { answerFailure } from "../../src/gateway/integrations/backend-failure.ts";
import type { Program } from "../../src/gateway/program.ts";
import type { Failure, FailureType } from "../../src/gateway/responses/failure.ts";
import { gatewayResponseTypes } from "../../src/gateway/rest/gateway-response-types.ts";
import { GatewayResponses } from "../../src/gateway/rest/gateway-responses.ts";
import { openRestExchange } from "../../src/gateway/rest/rest-exchange.ts";
import type { ThreadContext } from "../../src/gateway/thread-context.ts";
import type { InboundExchange } from "../../src/http/inbound.ts";
import { publicListener } from "../../src/http/listener.ts";
import type { GatewayResponsePlan } from "../../src/plan/steps.ts";
import { Trace } from "../../src/telemetry/trace.ts";
import { aRule, aWebAcl, base64, noParts, plain } from "../waf/a-web-acl.ts";
import { aLambdaProxy, aMethod, aMock, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { allowAll } from "./fake-functions.ts";
import { type CallOptions, type GatewayUnderTest, type Reply, startGateway, startRawBackend } from "./start-gateway.ts";

// The whole table of gateway responses. AWS: API Gateway Developer Guide, "Gateway response types for API Gateway";
// bodies and headers as docs/internals/aws-facts/gateway-responses.md has them.

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly errorType: string;
}

/** One way to raise a type through a real client; without `answer` the type's own. */
interface Raise {
  readonly method?: Method;
  /** Of the route; by default the method's own. */
  readonly path?: string;
  readonly call?: CallOptions;
  readonly answer?: Partial<Answer>;
}

interface Row extends Answer {
  /** By what it is raised, or why nothing raises it. */
  readonly raisedBy: Readonly<Record<string, Raise>> | string;
}

const row = (status: number, body: string, errorType: string, raisedBy: Row["raisedBy"]): Row => ({
  status,
  body,
  errorType,
  raisedBy,
});

const http = (overrides: Partial<Integration>): Integration => ({
  type: "HTTP",
  httpMethod: "POST",
  uri: "http://127.0.0.1:1/",
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});
const mock = (template: string, overrides: Partial<Integration> = {}): Method =>
  aMethod(aMock("", { requestTemplates: { "application/json": template }, ...overrides }));
const post: CallOptions = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
const validated = (overrides: Partial<Method>): Method => aMethod(aMock(), { requestValidatorId: "all", ...overrides });

const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
/** The functions that authorizers ask. */
const authorizerNames = ["narrow", "denying", "strict", "failing", "malformed"] as const;
const authorized = (authorizerId: (typeof authorizerNames)[number]): Method =>
  aMethod(aMock(), { authorizationType: "CUSTOM", authorizerId });
const policyOf = (effect: string, resource: string): string =>
  JSON.stringify({
    principalId: "me",
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: effect, Action: "execute-api:Invoke", Resource: resource }],
    },
  });

const signed = aMethod(aMock(), { authorizationType: "AWS_IAM" });
const sessionKey = Buffer.alloc(32, 7);
/** Headers of a signature by a key. Whose key it is is looked up before the signature is verified. */
function signedBy(name: "nobody" | "ended"): Record<string, string> {
  const accessKeyId = `ASIA${name.toUpperCase()}`;
  const session: Session = {
    kind: "assumed-role",
    issuerArn: "arn:aws:iam::000000000000:role/reader",
    issuerId: "AROAEXAMPLE",
    name: "me",
    issuedAt: nowMs / 1000 - 7_200,
    expiresAt: nowMs / 1000 - 3_600,
  };
  const isSession = name === "ended";
  return {
    "x-amz-date": "20261120T120000Z",
    ...(isSession && { "x-amz-security-token": new SessionSeal(sessionKey).sealSession(accessKeyId, session) }),
    authorization:
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261120/us-east-1/execute-api/aws4_request, ` +
      `SignedHeaders=host;x-amz-date${isSession ? ";x-amz-security-token" : ""}, Signature=${"0".repeat(64)}`,
  };
}

const rows: Readonly<Record<FailureType, Row>> = {
  ACCESS_DENIED: row(403, '{"Message":"User is not authorized to access this resource"}', "AccessDeniedException", {
    "an authorizer that allows something else": {
      method: authorized("narrow"),
      call: { headers: { authorization: "token" } },
    },
    "an authorizer that denies": {
      method: authorized("denying"),
      call: { headers: { authorization: "token" } },
      answer: {
        body: '{"Message":"User is not authorized to access this resource with an explicit deny"}',
      },
    },
  }),
  API_CONFIGURATION_ERROR: row(500, '{"message": "Internal server error"}', "InternalServerErrorException", {
    "no integration": { method: aMethod(undefined as never, {}) },
    "an address that is none": { method: aMethod(anHttpProxy("ftp://x/")) },
    "a stage variable that is not set": { method: aMethod(anHttpProxy(`http://${"$"}{stageVariables.none}/`)) },
    "a VPC link that is not there": {
      method: aMethod(anHttpProxy("http://x/", { connectionType: "VPC_LINK", connectionId: "none" })),
    },
    "no integration response that matches": { method: mock('{"statusCode": 418}', { integrationResponses: {} }) },
    "a method response that is not declared": {
      method: mock('{"statusCode": 200}', { integrationResponses: { "201": { statusCode: "201" } } }),
    },
    "a MOCK without a status": { method: mock("{}") },
    "a request template that fails": { method: mock("$util.parseJson('{')") },
    "a request template that can't be parsed": { method: mock("#if(") },
    "a response template that fails": {
      method: mock('{"statusCode": 200}', {
        integrationResponses: {
          "200": { statusCode: "200", responseTemplates: { "application/json": "$util.parseJson('{')" } },
        },
      }),
    },
    "base64 that is none": {
      method: aMethod(http({ contentHandling: "CONVERT_TO_BINARY", requestTemplates: { "application/json": "=" } }), {
        httpMethod: "POST",
      }),
      call: post,
    },
    "a path parameter that nothing sets": { method: aMethod(anHttpProxy("http://127.0.0.1:1/{none}")) },
    "a function without a permission": { method: aMethod(aLambdaProxy({ uri: uriOf("forbidden") })) },
  }),
  AUTHORIZER_CONFIGURATION_ERROR: row(500, '{"message":null}', "AuthorizerConfigurationException", {
    "an authorizer that fails": { method: authorized("failing"), call: { headers: { authorization: "token" } } },
    "an authorizer whose answer is none": {
      method: authorized("malformed"),
      call: { headers: { authorization: "token" } },
    },
  }),
  // Time-outs of authorizers are 29 seconds; the test of exceptions has one that is late.
  AUTHORIZER_FAILURE: row(500, '{"message":null}', "AuthorizerFailureException", {}),
  BAD_REQUEST_BODY: row(400, '{"message": "Invalid request body"}', "BadRequestException", {
    "a body that violates its model": {
      method: validated({ httpMethod: "POST", requestModels: { "application/json": "Pet" } }),
      call: post,
    },
  }),
  BAD_REQUEST_PARAMETERS: row(
    400,
    '{"message": "Missing required request parameters: [X-H, q]"}',
    "BadRequestException",
    {
      "a required parameter that is not there": {
        method: validated({
          requestParameters: { "method.request.querystring.q": true, "method.request.header.X-H": true },
        }),
      },
    },
  ),
  DEFAULT_4XX: row(400, '{"message":"Bad Request"}', "BadRequestException", {
    "an Authorization header that is no signature, for a route that is none": {
      path: "/none",
      call: { headers: { authorization: "Bearer x" } },
      answer: {
        status: 403,
        errorType: "IncompleteSignatureException",
        body: `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'uTem/WB082UJMN2ajD6lH6UChGpTAddMJSx2iu923No='."}`,
      },
    },
    "a body that is no JSON, under a template": {
      method: aMethod(http({ requestTemplates: { "application/json": "$input.json('$.a')" } }), { httpMethod: "POST" }),
      call: { ...post, body: '{"a":1,}' },
      answer: {
        body: `{"message": "Could not parse request body into json: Unexpected character ('}' (code 125)): was expecting double-quote to start field name\\n at [Source: (byte[])\\"{\\"a\\":1,}\\"; line: 1, column: 9]"}`,
      },
    },
    "a path parameter that leads out of the backend's path": {
      method: aMethod(
        anHttpProxy("http://127.0.0.1:1/{p}", {
          requestParameters: { "integration.request.path.p": "method.request.querystring.p" },
        }),
      ),
      path: "?p=..",
    },
  }),
  DEFAULT_5XX: row(500, '{"message": "Internal server error"}', "InternalServerErrorException", {
    "our own fault": { method: aMethod(aLambdaProxy({ uri: uriOf("faulty") })) },
  }),
  EXPIRED_TOKEN: row(
    403,
    '{"message":"The security token included in the request is expired"}',
    "ExpiredTokenException",
    { "a session that has ended": { method: signed, call: { headers: signedBy("ended") } } },
  ),
  INTEGRATION_FAILURE: row(
    504,
    '{"message": "Network error communicating with endpoint"}',
    "InternalServerErrorException",
    {
      "a backend that refuses": { method: aMethod(anHttpProxy("http://127.0.0.1:1/")) },
      "a name that is not known": { method: aMethod(anHttpProxy("http://no-such-host.invalid/")) },
      "a function that fails": {
        method: aMethod(aLambdaProxy({ uri: uriOf("failing") })),
        answer: { status: 502, body: '{"message": "Internal server error"}' },
      },
      "a function whose answer is none": {
        method: aMethod(aLambdaProxy({ uri: uriOf("malformed") })),
        answer: { status: 502, body: '{"message": "Internal server error"}' },
      },
    },
  ),
  INTEGRATION_TIMEOUT: row(504, '{"message": "Endpoint request timed out"}', "InternalServerErrorException", {
    "a backend that is silent": { method: aMethod(anHttpProxy("http://silent/", { timeoutInMillis: 50 })) },
    "a function that is silent": {
      method: aMethod(aLambdaProxy({ uri: uriOf("silent"), timeoutInMillis: 50 })),
    },
  }),
  INVALID_API_KEY: row(403, '{"message":"Forbidden"}', "ForbiddenException", {
    "a request without a key": { method: aMethod(aMock(), { apiKeyRequired: true }) },
    "a key that nobody has": {
      method: aMethod(aMock(), { apiKeyRequired: true }),
      call: { headers: { "X-API-Key": "a-key-that-nobody-has" } },
    },
  }),
  INVALID_SIGNATURE: row(
    403,
    '{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}',
    "InvalidSignatureException",
    {
      "a key that nobody has": {
        method: signed,
        call: { headers: signedBy("nobody") },
        answer: {
          errorType: "UnrecognizedClientException",
          body: '{"message":"The security token included in the request is invalid."}',
        },
      },
    },
  ),
  MISSING_AUTHENTICATION_TOKEN: row(
    403,
    '{"message":"Missing Authentication Token"}',
    "MissingAuthenticationTokenException",
    {
      "a route that is none": { path: "/none" },
      "a verb that the route has not": { method: aMethod(aMock()), call: { method: "DELETE" } },
      "a signature for a route that is none": {
        path: "/none",
        call: { headers: { authorization: "AWS4-HMAC-SHA256 Credential=x" } },
      },
    },
  ),
  // The test of API keys uses quotas up.
  QUOTA_EXCEEDED: row(429, '{"message":"Limit Exceeded"}', "LimitExceededException", {}),
  REQUEST_TOO_LARGE: row(413, '{"message": "Request Too Long"}', "BadRequestException", {
    "an event that is longer than Lambda's": {
      method: aMethod(aLambdaProxy({ uri: uriOf("echo") }), { httpMethod: "POST" }),
      call: { method: "POST", body: "\u0001".repeat(2_000_000) },
    },
  }),
  RESOURCE_NOT_FOUND: row(
    404,
    '{"message":"Not Found"}',
    "NotFoundException",
    "nothing: AWS's own name for what it never shows",
  ),
  THROTTLED: row(429, '{"message":"Too Many Requests"}', "TooManyRequestsException", {}),
  UNAUTHORIZED: row(401, '{"message":"Unauthorized"}', "UnauthorizedException", {
    "no token": { method: authorized("narrow") },
    "an authorizer that does not know the caller": {
      method: authorized("strict"),
      call: { headers: { authorization: "token" } },
    },
  }),
  UNSUPPORTED_MEDIA_TYPE: row(415, '{"message": "Unsupported Media Type"}', "BadRequestException", {
    "a type that no template is for": {
      method: aMethod(http({ passthroughBehavior: "NEVER" }), { httpMethod: "POST" }),
      call: post,
    },
    "a type beside those of the templates": {
      method: aMethod(http({ passthroughBehavior: "WHEN_NO_TEMPLATES", requestTemplates: { "text/x": "" } }), {
        httpMethod: "POST",
      }),
      call: post,
    },
    "a coding that is not known": {
      method: aMethod(anHttpProxy("http://127.0.0.1:1/"), { httpMethod: "POST" }),
      call: { ...post, headers: { "content-encoding": "br" } },
    },
    "a coding that is broken": {
      method: aMethod(anHttpProxy("http://127.0.0.1:1/"), { httpMethod: "POST" }),
      call: { ...post, headers: { "content-encoding": "gzip" } },
    },
  }),
  WAF_FILTERED: row(403, '{"message":"Forbidden"}', "ForbiddenException", {
    "a web ACL that blocks": { path: "/blocked" },
  }),
};

function uriOf(name: string): string {
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  return `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`;
}

const types = Object.keys(rows) as FailureType[];

test("the table has all of AWS's types, with the statuses that GetGatewayResponses answers", () => {
  assert.deepEqual([...types].sort(), Object.keys(gatewayResponseStatuses).sort());
  const model = JSON.parse(readFileSync("src/protocol/models/apigateway.json", "utf8")) as {
    shapes: Record<string, { enum?: string[] }>;
  };
  assert.deepEqual([...types].sort(), [...(model.shapes["GatewayResponseType"]?.enum ?? [])].sort());
  for (const type of types) {
    const own = gatewayResponseStatuses[type];
    if (own !== null) assert.equal(String(rows[type].status), own, type);
    const parent = rows[type].status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX";
    assert.equal(gatewayResponseTypes[type].parent, parent, type);
  }
});

test("a type is raised where the table says so, and the one of nothing by nothing", () => {
  const raised = new Set<string>();
  for (const file of globSync("src/gateway/**/*.ts")) {
    if (file.endsWith("gateway-response-types.ts") || /\.(test|fuzz)\.ts$/.test(file)) continue;
    // HTTP and WebSocket APIs have no gateway responses.
    if (/\/(?:http-api|websocket)\//.test(file)) continue;
    for (const [, type] of readFileSync(file, "utf8").matchAll(/finish\([^;]*?"([A-Z_0-9]+)"/g)) raised.add(type!);
  }
  const expected = types.filter((type) => typeof rows[type].raisedBy !== "string");
  assert.deepEqual([...raised].sort(), [...expected].sort());
});

// What a client gets: each case by the built-in response, and by one that customises each type.

const raises = types.flatMap((type) => {
  const { raisedBy, ...answer } = rows[type];
  if (typeof raisedBy === "string") return [];
  return Object.entries(raisedBy).map(([name, raise], index) => {
    const route = `/${type.toLowerCase()}-${index}`;
    return { type, name, ...raise, route, answer: { ...answer, ...raise.answer } };
  });
});

function theApi(silentOrigin: string, gatewayResponses: readonly GatewayResponse[]): RestApiDefinition {
  const routes = raises.flatMap(({ route, method }) => {
    if (method === undefined) return [];
    const integration = method.methodIntegration;
    const uri = integration?.uri?.replace("http://silent", silentOrigin);
    const placed = uri === undefined ? method : { ...method, methodIntegration: { ...integration!, uri } };
    return [[route, { [method.httpMethod]: placed }]] as const;
  });
  return aRestApi(Object.fromEntries(routes), {
    gatewayResponses,
    authorizers: authorizerNames.map((name) => ({
      id: name,
      name,
      type: "TOKEN",
      authorizerUri: uriOf(name),
      identitySource: "method.request.header.Authorization",
    })),
    requestValidators: [{ id: "all", name: "all", validateRequestBody: true, validateRequestParameters: true }],
    models: [
      { id: "m", name: "Pet", contentType: "application/json", schema: '{"type":"object","required":["name"]}' },
    ],
  });
}

/** A stage whose web ACL blocks one path. */
const webAcl = aWebAcl([
  aRule("blocked", {
    ByteMatchStatement: {
      SearchString: base64("/blocked"),
      FieldToMatch: { UriPath: {} },
      PositionalConstraint: "ENDS_WITH",
      TextTransformations: plain,
    },
  }),
]);
const guarded = aStage({ webAclArn: webAcl.ARN });
const guard = ({ gateway }: GatewayUnderTest): void => {
  gateway.setWebAcl(webAcl.ARN, { kind: "web-acl", webAcl, parts: noParts });
  gateway.callers.setSessionKey(sessionKey.toString("base64"));
};

const answers: Readonly<Record<string, string>> = {
  malformed: '"text"',
  narrow: policyOf("Allow", "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/another"),
  denying: policyOf("Deny", "*"),
};

function policyFor(functionArn: string): string | undefined {
  const name = functionArn.split(":")[6]!;
  if (name === "forbidden") return undefined;
  return allowAll.replaceAll(":hello", `:${name}`).replaceAll("/*/*/*", "/*/*");
}

const functions: FunctionClient = {
  describe: (functionArn) => ({
    functionArn,
    policy: policyFor(functionArn),
    policyRevision: "1",
    timeoutMs: 3_000,
  }),
  invoke({ functionArn }) {
    const name = functionArn.split(":")[6];
    if (name === "silent") return new Promise(() => {});
    if (name === "faulty") return Promise.reject(new Error("a fault of ours"));
    const payload = Buffer.from(answers[name!] ?? "{}");
    const failure = {
      kind: "function-error",
      errorType: "Error",
      errorMessage: name === "strict" ? "Unauthorized" : "thrown",
      payload,
      requestId: "id",
    } as const;
    return Promise.resolve(
      name === "failing" || name === "strict" ? failure : { kind: "ok", payload, requestId: "id" },
    );
  },
  close: () => Promise.resolve(),
};

test("each case of each type gives its literal status, body and header, and a hint with the reason", async () => {
  await using silent = await startRawBackend(() => {});
  await using gateway = await startGateway({ functions, nowMs });
  guard(gateway);
  gateway.deploy(theApi(silent.origin, []), guarded);
  for (const { type, name, path, route, call, answer } of raises) {
    const reply = await gateway.call(path?.startsWith("/") === true ? path : `${route}${path ?? ""}`, call);
    const headers = [reply.headers["x-amzn-errortype"], reply.headers["content-type"]];
    assert.deepEqual(
      { status: reply.status, body: reply.text, errorType: headers[0], contentType: headers[1] },
      { ...answer, contentType: "application/json" },
      `${type}: ${name}: ${String(reply.headers["x-portico-hint"])}`,
    );
    const hint = String(reply.headers["x-portico-hint"] ?? "");
    // More than the body says.
    assert.ok(
      (hint.length > 15 && !answer.body.includes(hint.slice(0, 200))) || type === "BAD_REQUEST_PARAMETERS",
      `${type}: ${name}: ${hint}`,
    );
  }
});

test("an API's own response replaces it in each case: status, headers, body", async () => {
  await using silent = await startRawBackend(() => {});
  await using gateway = await startGateway({ functions, nowMs });
  const custom = types.map(
    (responseType, index): GatewayResponse => ({
      responseType,
      statusCode: String(450 + index),
      responseParameters: { "gatewayresponse.header.X-Type": `'${responseType}'` },
      responseTemplates: {
        "application/json": '{"type":"$context.error.responseType","message":$context.error.messageString}',
      },
    }),
  );
  guard(gateway);
  gateway.deploy(theApi(silent.origin, custom), guarded);
  for (const { type, name, path, route, call, answer } of raises) {
    const reply = await gateway.call(path?.startsWith("/") === true ? path : `${route}${path ?? ""}`, call);
    const where = `${type}: ${name}`;
    assert.equal(reply.status, 450 + types.indexOf(type), where);
    assert.equal(reply.headers["x-type"], type, where);
    assert.equal(reply.headers["x-amzn-errortype"], answer.errorType, where);
    const { message, Message } = JSON.parse(answer.body) as { message?: string | null; Message?: string };
    assert.deepEqual(JSON.parse(reply.text), { type, message: Message ?? message }, where);
  }
});

test("a body over the payload limit is refused by the front end, unless REQUEST_TOO_LARGE or DEFAULT_4XX is customised", async () => {
  await using gateway = await startGateway({ payloadBytesMax: 1_000 });
  const integrations = { HTTP: http({}), HTTP_PROXY: anHttpProxy("http://127.0.0.1:9"), AWS_PROXY: aLambdaProxy() };
  const origin = { "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" };
  const message = "HTTP content length exceeded 1000 bytes.";
  for (const integration of Object.values(integrations)) {
    const routes = { "/": { POST: aMethod(integration, { httpMethod: "POST" }) } };
    const send = async (gatewayResponses: GatewayResponse[]): Promise<Reply> => {
      gateway.deploy(aRestApi(routes, { gatewayResponses }));
      return await gateway.call("/", { method: "POST", body: "x".repeat(1_001) });
    };
    const plain = await send([{ responseType: "UNAUTHORIZED", statusCode: "499" }]);
    assert.deepEqual([plain.status, plain.text], [413, message]);
    assert.equal(plain.headers["content-type"], "text; charset=utf-8");
    assert.equal(plain.headers["x-amzn-requestid"], undefined);
    const inherited = await send([{ responseType: "DEFAULT_4XX", responseParameters: origin }]);
    assert.deepEqual([inherited.status, inherited.text], [413, JSON.stringify({ message }).replace(":", ": ")]);
    assert.equal(inherited.headers["access-control-allow-origin"], "*");
    const own = await send([
      {
        responseType: "REQUEST_TOO_LARGE",
        statusCode: "422",
        responseParameters: origin,
        responseTemplates: { "application/json": '{"why":$context.error.messageString}' },
      },
    ]);
    assert.deepEqual([own.status, own.text], [422, JSON.stringify({ why: message })]);
    assert.equal(own.headers["access-control-allow-origin"], "*");
  }
});

test("what a caller sends ends no header of a gateway response, and frames none anew", async () => {
  await using gateway = await startGateway();
  const from = (name: string): Record<string, string> => ({
    [`gatewayresponse.header.${name}`]: "method.request.querystring.q",
  });
  const responseParameters = { ...from("X-Echo"), ...from("Content-Length"), ...from("Transfer-Encoding") };
  const responseTemplates = { "text/plain": "$context.error.message $context.path" };
  gateway.deploy(
    aRestApi({}, { gatewayResponses: [{ responseType: "DEFAULT_4XX", responseParameters, responseTemplates }] }),
  );
  const reply = await gateway.call("/none?q=1%0d%0aSet-Cookie:%20stolen=1%0d%0a%0d%0a%00%c4%8d");
  assert.deepEqual([reply.status, reply.text], [403, "Missing Authentication Token /prod/none"]);
  assert.equal(reply.headers["set-cookie"], undefined);
  assert.doesNotMatch(String(reply.headers["x-echo"]), /[\r\n\0]/);
  assert.match(String(reply.headers["x-echo"]), /^1 *Set-Cookie: stolen=1/);
  assert.equal(reply.headers["content-length"], "39");
  assert.equal(reply.headers["transfer-encoding"], undefined);
});

// Every type, those to come, too, without the wire.

function finish(
  type: FailureType,
  plans: Readonly<Record<string, GatewayResponsePlan>>,
  failure: Partial<Failure> = {},
) {
  return answered(plans, (exchange) =>
    exchange.program.responses.finish(exchange, type, { hint: undefined, ...failure }),
  );
}

/** What an exchange is answered with. */
function answered(plans: Readonly<Record<string, GatewayResponsePlan>>, fail: (exchange: Exchange) => void) {
  const answers: { status: number; headers: Record<string, string>; body: string }[] = [];
  const request = {
    method: "GET",
    listener: publicListener,
    header: () => undefined,
    respond(status: number, headers: readonly string[], body: string) {
      const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]!]] : []));
      answers.push({ status, headers: Object.fromEntries(pairs), body });
    },
  } as unknown as InboundExchange;
  const responses = new GatewayResponses(plans);
  const program = { responses, addHeaders() {}, life: { begin() {}, complete() {} } } as unknown as Program;
  fail(openRestExchange(request, program, { path: "/", query: "" }, 0));
  assert.equal(answers.length, 1);
  return answers[0]!;
}

const plan = (overrides: Partial<GatewayResponsePlan>): GatewayResponsePlan => ({
  headers: [],
  templates: {},
  ...overrides,
});
const aHeader = { name: "X-Own", value: { kind: "literal", text: "yes" } } as const;

for (const type of types) {
  const { status, body, errorType } = rows[type];
  const parent = gatewayResponseTypes[type].parent;
  test(`${type}: the built-in response, its own, and what it inherits`, () => {
    const message =
      type === "BAD_REQUEST_PARAMETERS" ? { message: "Missing required request parameters: [X-H, q]" } : {};
    const builtIn = finish(type, {}, message);
    assert.deepEqual([builtIn.status, builtIn.body, builtIn.headers["x-amzn-ErrorType"]], [status, body, errorType]);
    assert.equal(builtIn.headers["Content-Type"], "application/json");

    // AWS: "Gateway response types": a DEFAULT's status is that of all its types.
    const fallback = { [parent]: plan({ statusCode: 499, headers: [aHeader], templates: { "text/x": ["d"] } }) };
    const inherited = finish(type, fallback);
    assert.deepEqual([inherited.status, inherited.body, inherited.headers["X-Own"]], [499, "d", "yes"]);
    assert.equal(inherited.headers["Content-Type"], "text/x");
    const other = parent === "DEFAULT_4XX" ? "DEFAULT_5XX" : "DEFAULT_4XX";
    assert.equal(finish(type, { [other]: plan({ statusCode: 499 }) }).status, status);

    if (type === parent) return;
    const own = finish(type, { ...fallback, [type]: plan({ templates: { "application/json": ["own"] } }) });
    assert.deepEqual([own.status, own.body, own.headers["X-Own"]], [499, "own", undefined]);
    const both = finish(type, { ...fallback, [type]: plan({ statusCode: 498 }) }, message);
    assert.deepEqual([both.status, both.body], [498, body]);
    const renamed = finish(type, { [type]: plan({ headers: [{ ...aHeader, name: "X-Amzn-ErrorType" }] }) });
    assert.equal(renamed.headers["X-Amzn-ErrorType"], "yes");
    assert.equal(renamed.headers["x-amzn-ErrorType"], undefined);
  });
}

test("THROTTLED: more requests wait for a backend than may", () => {
  const backend = { origin: "http://x", timeoutMs: 1 } as Parameters<typeof answerFailure>[2]["backend"];
  const { status, body } = answered({}, (exchange) =>
    answerFailure(exchange, { kind: "busy" }, { thread: {} as ThreadContext, backend }),
  );
  assert.deepEqual([status, body], [rows.THROTTLED.status, rows.THROTTLED.body]);
});

test("the execution log's lines are made from details, and never from hints", () => {
  const detailed: FailureType[] = [];
  for (const type of types) {
    const trace = new Trace({ detail: "failures", bodyCharsMax: 100, now: () => 0 });
    answered({}, (exchange) => {
      exchange.trace = trace;
      exchange.program.responses.finish(exchange, type, { detail: "AWS's words", hint: "Execution failed: do this" });
    });
    const lines = trace.events.flatMap((event) => (event.kind === "failure" ? [event.message] : []));
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0]!, /do this/);
    if (lines[0]!.includes("AWS's words")) detailed.push(type);
  }
  assert.deepEqual(detailed.sort(), [
    "API_CONFIGURATION_ERROR",
    "BAD_REQUEST_BODY",
    "DEFAULT_5XX",
    "INTEGRATION_FAILURE",
  ]);
});
