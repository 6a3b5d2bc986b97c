import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { compileRest } from "../../src/compiler/compile-rest.ts";
import type { Surroundings } from "../../src/compiler/surroundings.ts";
import type {
  Authorizer,
  GatewayResponse,
  Integration,
  Method,
  Model,
  RestApi,
  RestApiDefinition,
  Stage,
} from "../../src/definition/rest-api.ts";
import type { FunctionClient } from "../../src/functions/function-client.ts";
import type { StagePlan } from "../../src/plan/plan.ts";
import { steps } from "../../src/plan/steps.ts";
import { allocateCache, cacheBytesMin } from "../../src/response-cache/cache-memory.ts";
import { aLambdaProxy, aMethod, aRestApi, aStage, functionArn } from "../exchange/a-rest-api.ts";
import { startBackend, startGateway } from "../exchange/start-gateway.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random, texts } from "./from-models.ts";

const note = `replay with PORTICO_FUZZ_SEED=${seed}`;
const pieces = [
  ...texts,
  "${stageVariables.a}",
  "${stageVariables.none}",
  "$context.requestId",
  "{proxy}",
  "http://127.0.0.1:1/",
  "https://[::1]/",
  "://",
  "#",
  "?",
  "(a+)+",
  "[",
  "\\",
  "'x'",
  "method.request.path.proxy",
  "method.request.header.x",
  "context.stage",
  "method.request.body.a",
  "integration.response.body",
  "$input.json('$')",
  "$input.path('$.a').b",
  "$input.params('proxy')",
  "$util.escapeJavaScript($input.body)",
  "#set($a = $context.stage)",
  '#set($context.requestOverride.header.h = "$input.body")',
  "#set($context.responseOverride.status = 404)",
  "#foreach($i in [1..3])$i",
  "#end",
  '{"statusCode": 200}',
  "\r\n",
  "\0",
  "é\u2028",
];
const text = (): string => Array.from({ length: 1 + Math.floor(random() * 3) }, () => oneOf(pieces)).join("");
const maybe = <T>(value: T): T | undefined => (random() < 0.5 ? value : undefined);
const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;

const handlings = [undefined, "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"] as const;

const canonical = "https://apigateway.amazonaws.com/restapis/abc123/models/";

/** Schemas of which some can't be compiled, and some refer to one another. */
function anySchema(depth = 0): unknown {
  const nested = (): unknown => (depth > 3 ? {} : anySchema(depth + 1));
  return oneOf([
    () => ({}),
    () => ({ type: oneOf(["object", "array", "string", text()]) }),
    () => ({ type: "object", required: [oneOf(["a", text()])], properties: { a: nested(), [text()]: nested() } }),
    () => ({ items: nested(), minItems: 1 }),
    () => ({ pattern: text(), maxLength: 3 }),
    () => ({ enum: [text(), 1, null] }),
    () => ({ $ref: oneOf([`${canonical}A`, `${canonical}B`, "#", "#/definitions/x", text()]) }),
    () => ({ oneOf: [nested(), nested()], not: nested() }),
    () => text(),
  ])();
}

function anyModels(): Model[] {
  return ["A", "B", "C"].map((name) => ({
    id: name,
    name,
    contentType: "application/json",
    schema: random() < 0.1 ? text() : JSON.stringify(anySchema()),
  }));
}

const requestValidators = [
  { id: "all", name: "all", validateRequestBody: true, validateRequestParameters: true },
  { id: "body", name: "body", validateRequestBody: true, validateRequestParameters: false },
];

function anyIntegration(backend: string): Integration {
  const type = oneOf(["MOCK", "HTTP", "HTTP_PROXY", "AWS_PROXY", "AWS"] as const);
  const statusCode = oneOf(["200", "404", "500", "204"]);
  const selectionPattern = oneOf([undefined, "4\\d\\d", text()]);
  const responseParameters = { [`method.response.header.${text()}`]: text() };
  const template = oneOf([null, "", '{"statusCode": 404}', "{statusCode:200}", text()]);
  const service = `arn:aws:apigateway:us-east-1:sqs:${oneOf(["action/SendMessage", "path/1/q", text()])}`;
  const uri = oneOf([undefined, text(), `${backend}/${text()}`, aLambdaProxy().uri, service]);
  const contentHandling = oneOf(handlings);
  const response = { statusCode, responseParameters, responseTemplates: { [text()]: template } };
  return defined({
    type,
    uri,
    httpMethod: maybe(oneOf(["GET", "POST", "ANY"])),
    requestTemplates: maybe({ "application/json": template, [text()]: template }),
    contentHandling: oneOf(handlings),
    passthroughBehavior: maybe(oneOf(["NEVER", "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES"] as const)),
    requestParameters: maybe({
      [`integration.request.${oneOf(["path.proxy", "header.x", "querystring.q", text()])}`]: text(),
    }),
    integrationResponses: maybe({
      [statusCode]: defined({ ...response, selectionPattern, contentHandling }),
      "200": { statusCode: "200" },
    }),
    timeoutInMillis: 200,
    cacheKeyParameters: oneOf([undefined, [], ["method.request.path.proxy", "method.request.header.x"], [text()]]),
    cacheNamespace: oneOf([undefined, "shared", text()]),
    credentials: maybe(oneOf(["arn:aws:iam::000000000000:role/r", text()])),
    connectionType: oneOf([undefined, undefined, "VPC_LINK"]),
    connectionId: maybe(oneOf(["link", "${stageVariables.a}", text()])),
    tlsConfig: maybe({ insecureSkipVerification: random() < 0.5 }),
  }) as Integration;
}

/** Where the VPC link `link` leads: to the backend, to nothing, or to both. */
const anySurroundings = (backend: string): Surroundings => ({
  vpcLinks: new Map([["link", { id: "link", name: "l", targetArns: [], status: "AVAILABLE" }]]),
  vpcLinkAddresses: {
    [oneOf(["link", "l", text()])]: oneOf([
      [new URL(backend).host],
      ["127.0.0.1:1"],
      ["127.0.0.1:1", new URL(backend).host],
    ]),
  },
  hasClientCertificate: false,
  hasVpcEndpoints: false,
  beyondAws: [],
  roles: new Map(),
});

/** Caches of which some are for all methods, and keep answers for no longer than a moment. */
const anyCache = (): Partial<Stage> => {
  const setting = {
    cachingEnabled: true,
    cacheTtlInSeconds: oneOf([0, 1, 300, -1, 1e9]),
    cacheDataEncrypted: random() < 0.5,
    requireAuthorizationForCacheControl: random() < 0.5,
    unauthorizedCacheControlHeaderStrategy: oneOf(["FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", text()]),
  } as Stage["methodSettings"][string];
  const keys = ["*/*", "*/GET", "*/POST", "*/ANY"];
  return {
    cacheClusterEnabled: true,
    methodSettings: Object.fromEntries(keys.filter(() => random() < 0.5).map((key) => [key, setting])),
  };
};

/** Of which some can't be enforced. */
const anyAuthorization = (): Partial<Method> => ({
  authorizationType: oneOf(["AWS_IAM", "CUSTOM", "CUSTOM", "COGNITO_USER_POOLS", text()]),
  authorizerId: oneOf(["token", "request", "pool", text()]),
});

const anyAuthorizers = (): Authorizer[] => {
  const authorizerUri = oneOf([aLambdaProxy().uri!, text()]);
  const identitySource = oneOf(["method.request.header.Authorization", "method.request.querystring.a", text()]);
  const providerARNs = [oneOf(["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_A", text()])];
  return [
    { id: "token", name: "token", type: "TOKEN", authorizerUri, identitySource: "method.request.header.Authorization" },
    { id: "request", name: "request", type: "REQUEST", authorizerUri, identitySource, authorizerResultTtlInSeconds: 0 },
    { id: "pool", name: "pool", type: "COGNITO_USER_POOLS", providerARNs },
  ];
};

const anyPolicy = (): string | undefined =>
  oneOf([
    undefined,
    undefined,
    JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" },
    }),
    text(),
  ]);

function anyApi(backend: string): { definition: RestApiDefinition; stage: Stage } {
  const paths = ["/", "/a", "/a/{x}", "/{proxy+}", `/${text().replaceAll("/", "")}`];
  const routes = Object.fromEntries(
    paths.map((path) => {
      const method: Method = aMethod(anyIntegration(backend), {
        methodResponses: { "200": { statusCode: "200" }, "404": { statusCode: "404" } },
        apiKeyRequired: random() < 0.1,
        ...(random() < 0.2 ? anyAuthorization() : {}),
        ...(random() < 0.5
          ? {}
          : {
              requestValidatorId: oneOf(["all", "body", "none"]),
              requestModels: { "application/json": oneOf(["A", "B", "C", "D"]), [text()]: "A" },
              requestParameters: { [`method.request.querystring.${text()}`]: random() < 0.2 },
            }),
      });
      return [path, { [oneOf(["GET", "ANY", "POST"])]: method }];
    }),
  );
  const gatewayResponse = defined({
    responseType: oneOf(["DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", text()]),
    statusCode: maybe(oneOf(["418", "503"])),
    responseParameters: maybe({ [`gatewayresponse.header.${text()}`]: text() }),
    responseTemplates: maybe({ [text()]: text(), "application/json": text() }),
  }) as GatewayResponse;
  const restApi = defined({
    binaryMediaTypes: oneOf([[], ["a/b"], ["*/*"], [text()]]),
    minimumCompressionSize: oneOf([undefined, 0, 3]),
    policy: anyPolicy(),
  }) as Partial<RestApi>;
  return {
    definition: aRestApi(routes, {
      gatewayResponses: [gatewayResponse],
      models: anyModels(),
      requestValidators,
      authorizers: anyAuthorizers(),
      restApi,
    }),
    stage: aStage({
      variables: { a: text() },
      accessLogSettings: { destinationArn: text(), format: text() },
      ...(random() < 0.3 ? anyCache() : {}),
    }),
  };
}

test("whatever a definition says, it compiles to a plan that is JSON, the same each time", () => {
  const isTimeLeft = within(durationMs);
  const kinds = new Set<string>();
  // No deployment compiles to a test of an authorizer.
  const isOfOthers = (kind: string): boolean => kind === "authorizer-test" || /^(?:http-api|websocket)-/.test(kind);
  const served = Object.keys(steps).filter((kind) => !isOfOthers(kind));
  // A busy machine has time for few definitions: the rarer kinds are waited for.
  for (let round = 0; isTimeLeft() || (kinds.size < served.length && round < 5_000); round++) {
    const { definition, stage } = anyApi("http://127.0.0.1:1");
    const surroundings = anySurroundings("http://127.0.0.1:1");
    const compile = (): StagePlan =>
      compileRest(definition, stage, { account: "000000000000", region: "r" }, surroundings);
    const plan = compile();
    for (const method of plan.methods) for (const { kind } of method.steps) kinds.add(kind);
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, note);
    assert.deepEqual(compile(), plan, note);
  }
  assert.deepEqual([...kinds].sort(), served.sort(), "the corpus reaches every kind of step");
});

test("whatever is asked of whatever is deployed, there is an answer and no mistake of ours", async () => {
  const answers: unknown[] = [
    { statusCode: 200, body: "x" },
    null,
    7,
    { headers: { a: text() } },
    { statusCode: text() },
  ];
  const policy = JSON.stringify({
    Statement: { Effect: "Allow", Principal: "*", Action: "lambda:*", Resource: "*" },
  });
  const functions: FunctionClient = {
    describe: () => ({ functionArn, policy, policyRevision: "1" }),
    invoke: ({ payload }) => {
      JSON.parse(String(payload));
      return Promise.resolve({ kind: "ok", payload: Buffer.from(JSON.stringify(oneOf(answers))), requestId: "r" });
    },
    close: () => Promise.resolve(),
  };
  await using backend = await startBackend();
  await using gateway = await startGateway({ functions });
  gateway.gateway.setResponseCache("abc123/prod", allocateCache(cacheBytesMin, randomBytes));
  const isTimeLeft = within(durationMs);
  let answered = 0;
  while (isTimeLeft()) {
    const { definition, stage } = anyApi(backend.origin);
    gateway.deploy(definition, stage, anySurroundings(backend.origin));
    const calls = Array.from({ length: 20 }, async () => {
      const path = oneOf(["/", "/a", "/a/1", `/${text()}`, `/a/${text()}?${text()}`, "/x/%2e%2e/y"]);
      const target = `/prod${path}`.replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
      const content = oneOf(["body", "Ym9keQ==", "{}", '{"a":1}', '{"a":', "[]"]);
      const type = oneOf(["", "Content-Type: a/b\r\n", "Content-Type: application/json\r\nContent-Type: a/b\r\n"]);
      const coding = random() < 0.1 ? `Content-Encoding: ${oneOf(["gzip", "deflate", "identity", "br"])}\r\n` : "";
      const body = random() < 0.5 ? `${type}${coding}Content-Length: ${content.length}\r\n\r\n${content}` : "\r\n";
      const codings = random() < 0.5 ? `Accept-Encoding: ${oneOf(["gzip", "deflate;q=0.5, *", "br, gzip"])}\r\n` : "";
      const wish = random() < 0.3 ? `Cache-Control: ${oneOf(["max-age=0", "no-cache", "a,max-age=0"])}\r\n` : "";
      const headers = `${codings}${wish}Accept: ${oneOf(["a/b", "*/*", "application/json"])}\r\nAuthorization: ${oneOf(["Bearer x", "a=b", "AWS4-x"])}\r\n`;
      const reply = await gateway.raw(
        `${oneOf(["GET", "POST", "HEAD"])} ${target} HTTP/1.1\r\nHost: abc123.execute-api.x\r\nConnection: close\r\n${headers}${body}`,
      );
      assert.match(reply, /^HTTP\/1\.1 [2-5]\d\d /, `${target}: ${note}`);
      answered++;
    });
    await Promise.all(calls);
    assert.deepEqual(
      gateway.errors.filter((error) => !String(error).includes("access log")),
      [],
      note,
    );
  }
  assert.ok(answered > 100);
});
