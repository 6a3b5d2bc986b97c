// Calls made from the interface model, sound ones and broken ones, against the real operations of HTTP and WebSocket APIs on
// a store that fills up with what they make. Whatever comes of it can be compiled, and automatic stages serve what is defined.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { compileHttpApi } from "../../src/compiler/http-api/compile-http-api.ts";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import { beyondAwsNames } from "../../src/definition/beyond-aws.ts";
import { type HttpApiDefinition, v2Kinds } from "../../src/definition/http-api.ts";
import { definitionIndexes } from "../../src/definition/indexes.ts";
import { isWebSocketApi, type V2Api, type V2ApiDefinition, type V2Stage } from "../../src/definition/v2-api.ts";
import { makeControlLimits } from "../../src/management/control-limits.ts";
import { makeV2Operations } from "../../src/management/v2/operations.ts";
import { readV2ApiDefinition } from "../../src/management/v2/v2-api-documents.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import { loadModel, shapeOf } from "../../src/protocol/model.ts";
import type { ManagementResponse } from "../../src/protocol/operation.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { below, seed } from "../random.ts";
import { within } from "../until.ts";
import { brokenRequest, durationMs, oneOf, random, soundValue, texts } from "./from-models.ts";

const store = openSqliteStore({ indexes: definitionIndexes });
const unexpected: unknown[] = [];
const undeclared = new Set<string>();
const management = makeManagement(
  [
    {
      model: "apigatewayv2",
      operations: makeV2Operations({ store, limits: makeControlLimits(), beyondAws: beyondAwsNames }),
    },
  ],
  {
    clock: new ManualClock(Date.UTC(2026, 10, 20)),
    ids: randomIds,
    bodyBytesMax: 1_000_000,
    logger: { warn: () => {}, error: (message, fields) => unexpected.push(message, fields) },
    onUndeclaredError: (operation, code) => undeclared.add(`${operation} ${code}`),
  },
);
const model = loadModel("apigatewayv2");
/** Those of what is not served answer 501 and make nothing. */
const operations = Object.keys(makeV2Operations({ store, limits: makeControlLimits(), beyondAws: beyondAwsNames }));
const scope = { account: "123456789012", region: "us-east-1" };
const authorization = `AWS4-HMAC-SHA256 Credential=${scope.account}/20261120/${scope.region}/apigateway/aws4_request, SignedHeaders=host, Signature=0`;

const send = (method: string, target: string, body: Buffer): Promise<ManagementResponse> =>
  management.handle({ method, target, headers: { host: "localhost:4566", authorization }, body });

const functionArn = "arn:aws:lambda:us-east-1:123456789012:function:f";
const invokeArn = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;

const documents = [
  '{"openapi":"3.0.1","info":{"title":"t","version":"1"},"paths":{"/pets/{id}":{"get":{"responses":{},"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"https://a.example","payloadFormatVersion":"1.0"}}}}}',
  "openapi: 3.0.1\ninfo: {title: t, version: '1'}\npaths: {/$default: {x-amazon-apigateway-any-method: {isDefaultRoute: true}}}\nx-amazon-apigateway-cors: {allowOrigins: ['*']}",
  '{"openapi":"3.0.1","paths":[]}',
  "&a [*a]",
  "{",
];

/** What the labels of paths, and the members of bodies, were last known to be: calls reach what earlier ones made. */
const known = new Map<string, string>();

/** Texts that fit a member better than most, by its name. */
const likely: Readonly<Record<string, () => unknown>> = {
  RouteKey: () =>
    oneOf(["$default", "GET /pets", "ANY /pets/{id}", "POST /{proxy+}", "GET /pets/{id}/{name+}", "GET /{a}/{a}"]),
  Target: () => (known.has("integrationId") ? `integrations/${known.get("integrationId")}` : undefined),
  ProtocolType: () => oneOf(["HTTP", "HTTP", "WEBSOCKET"]),
  RouteSelectionExpression: () => undefined,
  ApiKeySelectionExpression: () => undefined,
  AuthorizerId: () => known.get("authorizerId"),
  DeploymentId: () => known.get("deploymentId"),
  ApiId: () => known.get("apiId"),
  Stage: () => known.get("stageName"),
  StageName: () => oneOf(["$default", "dev", "prod"]),
  StageVariables: () => oneOf([{ a: "1" }, { a: "" }, { role: "x", "b!": "2" }]),
  RouteSettings: () =>
    oneOf([{}, { "GET /pets": { ThrottlingRateLimit: 1 } }, { $default: { throttlingBurstLimit: 2 } }]),
  DefaultRouteSettings: () => oneOf([{}, { throttlingRateLimit: 1.5 }, { detailedMetricsEnabled: true }]),
  ClientCertificateId: () => undefined,
  CredentialsArn: () => oneOf([undefined, "arn:aws:iam::123456789012:role/a", "arn:aws:iam::*:user/*"]),
  AuthorizerCredentialsArn: () => oneOf([undefined, "arn:aws:iam::123456789012:role/a"]),
  IntegrationType: () => oneOf(["HTTP_PROXY", "HTTP_PROXY", "AWS_PROXY", "HTTP", "MOCK"]),
  RequestTemplates: () => oneOf([undefined, undefined, { "application/json": '{"statusCode": 200}' }, { a: "#if(" }]),
  RequestModels: () => oneOf([undefined, undefined, { "application/json": "a" }, { $default: "b" }]),
  Schema: () => oneOf(["{}", '{"type":"object"}', "{", '{"$ref":"#/definitions/a"}']),
  IntegrationResponseKey: () => oneOf(["$default", "/4../", "/(/", "x"]),
  ResponseTemplates: () => oneOf([undefined, { "application/json": "$input.body" }]),
  IntegrationMethod: () => oneOf(["GET", "ANY", "POST"]),
  IntegrationUri: () => oneOf(["https://a.example/{proxy}", functionArn, invokeArn, `https://\${stageVariables.a}/x`]),
  IntegrationSubtype: () => oneOf([undefined, undefined, "SQS-SendMessage", "EventBridge-PutEvents"]),
  PayloadFormatVersion: () => oneOf(["1.0", "1.0", "2.0"]),
  ConnectionType: () => oneOf(["INTERNET", "INTERNET", "VPC_LINK"]),
  ConnectionId: () => oneOf([undefined, undefined, known.get("vpcLinkId")]),
  TlsConfig: () => undefined,
  RequestParameters: () =>
    oneOf([
      undefined,
      { "append:header.x": "$request.path.id" },
      { "overwrite:path": "/x" },
      { QueueUrl: "u", MessageBody: "$request.body" },
    ]),
  ResponseParameters: () =>
    oneOf([undefined, { 200: { "overwrite:statuscode": "201" } }, { 200: {} }, { 99: { a: "b" } }]),
  TimeoutInMillis: () => oneOf([undefined, 50, 30_000]),
  AuthorizationType: () => oneOf(["NONE", "AWS_IAM", "CUSTOM", "JWT"]),
  AuthorizerType: () => oneOf(["REQUEST", "JWT"]),
  AuthorizerUri: () => oneOf([undefined, invokeArn]),
  AuthorizerPayloadFormatVersion: () => oneOf([undefined, "1.0", "2.0"]),
  IdentitySource: () => oneOf([["$request.header.Authorization"], [], ["$context.routeKey", "$request.querystring.a"]]),
  JwtConfiguration: () => oneOf([undefined, { issuer: "https://issuer.example", audience: ["a"] }]),
  CorsConfiguration: () =>
    oneOf([undefined, {}, { allowOrigins: ["*"] }, { allowOrigins: ["https://a.example"], allowCredentials: true }]),
  AccessLogSettings: () =>
    oneOf([
      undefined,
      {},
      { destinationArn: "arn:aws:logs:us-east-1:123456789012:log-group:a", format: "$context.requestId" },
    ]),
  Body: () => oneOf(documents),
  Name: () => oneOf(["a", "b", "c"]),
  DomainName: () => oneOf(["api.example.com", "*.example.com"]),
  DomainNameConfigurations: () => [{ certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/a" }],
  MutualTlsAuthentication: () => undefined,
  ApiMappingKey: () => oneOf(["", "v1", "a/b"]),
  Tags: () => oneOf([undefined, { a: "1" }]),
  SubnetIds: () => ["subnet-1"],
  SecurityGroupIds: () => oneOf([[], ["sg-1"]]),
  Specification: () => "OAS30",
  OutputType: () => oneOf(["JSON", "YAML"]),
  ExportVersion: () => undefined,
  DomainNameId: () => undefined,
};

const keyOrSelection = () =>
  oneOf([undefined, "$request.body.action", "${request.body.a}-${request.body.b}", "\\$default"]);

/** The same for WebSocket APIs, where they differ. */
const likelyOnWebSockets: Readonly<Record<string, () => unknown>> = {
  RouteKey: () => oneOf(["$connect", "$disconnect", "$default", "join", "leave", "chat/join", "$other"]),
  RouteSelectionExpression: () => oneOf([undefined, "$request.body.action", "", "$context.a"]),
  ApiKeyRequired: () => oneOf([undefined, undefined, true, false]),
  AuthorizationType: () => oneOf(["NONE", "NONE", "AWS_IAM", "CUSTOM"]),
  AuthorizerType: () => "REQUEST",
  AuthorizerPayloadFormatVersion: () => undefined,
  AuthorizerResultTtlInSeconds: () => undefined,
  EnableSimpleResponses: () => undefined,
  JwtConfiguration: () => undefined,
  IdentitySource: () => oneOf([["route.request.header.Auth"], [], ["context.a", "stageVariables.b"]]),
  ModelSelectionExpression: keyOrSelection,
  TemplateSelectionExpression: keyOrSelection,
  RouteResponseSelectionExpression: () => oneOf([undefined, "$default"]),
  RequestModels: () => oneOf([undefined, { join: known.get("name") }, { join: "" }]),
  ResponseModels: () => oneOf([undefined, { join: known.get("name") }]),
  RequestParameters: () =>
    oneOf([
      undefined,
      { "route.request.header.a": { required: true } },
      { "integration.request.header.a": "context.connectionId" },
      { "integration.request.path.b": "" },
    ]),
  ResponseParameters: () => oneOf([undefined, { "method.response.header.a": "integration.response.header.b" }]),
  RouteResponseKey: () => oneOf(["$default", "$default", "other"]),
  IntegrationResponseKey: () => oneOf(["$default", "/2\\d\\d/", "/(/", "200"]),
  IntegrationType: () => oneOf(["MOCK", "MOCK", "HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"]),
  IntegrationUri: () => oneOf(["https://a.example", invokeArn]),
  ConnectionId: () => oneOf([undefined, "a", "${stageVariables.a}"]),
  ContentHandlingStrategy: () => oneOf([undefined, "CONVERT_TO_TEXT"]),
  PassthroughBehavior: () => oneOf([undefined, "NEVER", "WHEN_NO_TEMPLATES"]),
  RequestTemplates: () => oneOf([undefined, { join: "$input.body" }, { join: "" }]),
  ResponseTemplates: () => oneOf([undefined, { join: "$input.body" }, { join: "" }]),
  Schema: () => oneOf(["{}", '{"type":"object"}', "[", '{"$ref":"a"}']),
  ContentType: () => oneOf([undefined, "application/json"]),
  StageName: () => oneOf(["dev", "prod", "$default"]),
  RouteSettings: () => oneOf([{}, { join: { throttlingRateLimit: 1, dataTraceEnabled: true } }]),
  ApiMappingKey: () => oneOf(["", "v1"]),
};

/** HTTP APIs alone have these. */
const httpOnly: readonly string[] = [
  "AuthorizationScopes",
  "CorsConfiguration",
  "CredentialsArn",
  "IntegrationSubtype",
  "TlsConfig",
  "Target",
];

/** Whole inputs, for operations whose members have to fit each other. */
const likelyBodies: Readonly<Record<string, () => object>> = {
  CreateApi: () =>
    oneOf([
      { name: "a", protocolType: "HTTP", ...oneOf([{}, { target: functionArn }]) },
      { name: "a", protocolType: "WEBSOCKET", routeSelectionExpression: "$request.body.action" },
    ]),
  CreateIntegration: () =>
    oneOf([
      {
        integrationType: "HTTP_PROXY",
        integrationMethod: "ANY",
        integrationUri: "https://a.example",
        payloadFormatVersion: "1.0",
      },
      { integrationType: "AWS_PROXY", integrationUri: oneOf([functionArn, invokeArn]), payloadFormatVersion: "2.0" },
      {
        integrationType: "AWS_PROXY",
        integrationSubtype: "SQS-SendMessage",
        payloadFormatVersion: "1.0",
        credentialsArn: "arn:aws:iam::123456789012:role/a",
        requestParameters: { QueueUrl: "u", MessageBody: "$request.body" },
      },
    ]),
  UpdateIntegration: () =>
    oneOf([{ timeoutInMillis: 100 }, { requestParameters: { "append:header.x": "1" } }, { description: "" }]),
  UpdateRoute: () => oneOf([{ routeKey: "GET /other" }, { authorizationType: "NONE" }, { operationName: "o" }]),
  CreateRoutingRule: () => ({
    priority: below(random, 100) + 1,
    conditions: [],
    actions: [{ invokeApi: { apiId: known.get("apiId"), stage: known.get("stageName") } }],
  }),
};

/** WebSocket APIs alone have these, so that calls with one are refused. */
const webSocketOnly: readonly string[] = [
  "ModelSelectionExpression",
  "RouteResponseSelectionExpression",
  "ContentHandlingStrategy",
  "TemplateSelectionExpression",
];

const isOnWebSockets = (): boolean => known.get("protocolType") === "WEBSOCKET";

/** A call whose input fits the model. */
function soundCall(): { operation: string; method: string; target: string; body: Buffer } {
  const operation = oneOf(operations);
  const { http, input } = model.operations[operation] ?? assert.fail();
  // Most of what is made should live long enough to be used.
  if (http.method === "DELETE" && random() < 0.8) return soundCall();
  // Calls should reach what earlier ones made of one API.
  if (/^(DeleteApi|CreateApi|ImportApi|ReimportApi)$/.test(operation) && random() < 0.9) return soundCall();
  const value = (input && (soundValue(model, input.shape) as Record<string, unknown> | undefined)) ?? {};
  const shape = input && shapeOf(model, input.shape);
  const body: Record<string, unknown> = {};
  const query = new URLSearchParams();
  for (const [name, { location, locationName = name }] of Object.entries(shape?.members ?? {})) {
    // A route's target is a member that both have.
    const foreign = isOnWebSockets()
      ? httpOnly.filter((one) => one !== "Target" || operation.endsWith("Api"))
      : webSocketOnly;
    if (foreign.includes(name) && random() < 0.95) continue;
    const hints = isOnWebSockets() ? { ...likely, ...likelyOnWebSockets } : likely;
    const hint = Object.hasOwn(hints, name) && random() < 0.9 ? hints[name] : undefined;
    const isWanted = shape?.required?.includes(name) === true || random() < 0.8;
    const given = hint === undefined ? value[name] : isWanted ? hint() : undefined;
    if (given === undefined) continue;
    if (location === undefined) body[locationName] = given;
    if (location === "querystring" && typeof given !== "object") query.append(locationName, String(given));
  }
  const isWhole = Object.hasOwn(likelyBodies, operation) && (!isOnWebSockets() || operation === "CreateApi");
  const whole = isWhole ? likelyBodies[operation] : undefined;
  const path = http.requestUri.replaceAll(/\{[^}]+\}/g, (label) => encodeURIComponent(fillLabel(label.slice(1, -1))));
  return {
    operation,
    method: http.method,
    target: query.size === 0 ? path : `${path}?${query}`,
    body: Buffer.from(JSON.stringify(whole !== undefined && random() < 0.7 ? whole() : body)),
  };
}

const fillLabel = (label: string): string => (random() < 0.9 ? known.get(label) : undefined) ?? oneOf(texts);

/** Remembers the members of an answer that name something. */
function remember(response: ManagementResponse): void {
  if (response.status >= 300 || !response.body.toString().startsWith("{")) return;
  const made = JSON.parse(response.body.toString()) as Record<string, unknown>;
  if (typeof made["apiId"] === "string" && made["apiId"] !== known.get("apiId")) {
    for (const name of ["integrationId", "authorizerId", "routeId", "deploymentId", "modelId"]) known.delete(name);
    known.set("protocolType", String(made["protocolType"]));
  }
  for (const [name, text] of Object.entries(made)) {
    if (!/^(.*Id|stageName|domainName|routeKey|name)$/.test(name) || typeof text !== "string" || text === "") continue;
    known.set(name, text);
    if (texts.length < 200) texts.push(text);
  }
  if (typeof made["apiId"] === "string")
    known.set("resource-arn", `arn:aws:apigateway:us-east-1::/apis/${made["apiId"]}`);
}

/** Whatever was made can be compiled; automatic stages serve what is defined, and nothing is left of what is gone. */
const checkStore = (): Promise<number> =>
  store.read(scope, async (tx) => {
    const apis = new Map((await tx.list<V2Api>(v2Kinds.api)).map(({ id, body }) => [id, body]));
    for (const kind of Object.values(v2Kinds)) {
      for (const { id } of await tx.list(kind)) assert.ok(apis.has(id.split("/")[0]!), `${kind} ${id} has no API`);
    }
    for (const { id, body: stage } of await tx.list<V2Stage>(v2Kinds.stage)) {
      const apiId = id.slice(0, id.indexOf("/"));
      const api = apis.get(apiId)!;
      const current = await readV2ApiDefinition(tx, api);
      const snapshot = await tx.get<V2ApiDefinition>(v2Kinds.snapshot, `${apiId}/${stage.DeploymentId}`);
      if (stage.DeploymentId !== undefined) assert.ok(snapshot, `${id} has a deployment`);
      // Tags are no part of what is deployed.
      const deployed = ({ api: { Tags: _, ...api }, ...rest }: V2ApiDefinition) => ({ api, ...rest });
      if (stage.AutoDeploy) assert.deepEqual(deployed(snapshot!.body), deployed(current), id);
      if (isWebSocketApi(api)) continue;
      const served = (snapshot?.body ?? current) as HttpApiDefinition;
      const plan = compileHttpApi(served, stage, scope, { ...noSurroundings, beyondAws: beyondAwsNames });
      assert.equal(plan.closed, undefined);
      assert.equal(plan.methods.length, served.routes.length);
    }
    return apis.size;
  });

describe(`fuzz: the control plane of HTTP and WebSocket APIs (PORTICO_FUZZ_SEED=${seed})`, () => {
  after(() => store.close());

  it("answers whatever it is asked, never with a 500 or an error that AWS does not declare; what it makes is whole", {
    timeout: 120_000,
  }, async () => {
    const isTimeLeft = within(durationMs);
    const succeeded = new Set<string>();
    let most = 0;
    // Until the calls get further than the first look-up, too, which takes a busy machine longer.
    while (isTimeLeft() || succeeded.size <= 25) {
      const sound = random() < 0.8 ? soundCall() : undefined;
      const request = sound ?? brokenRequest(["apigatewayv2"]);
      const response = await send(request.method, request.target, request.body);
      const shown = () => `${request.method} ${request.target} ${request.body.toString("latin1", 0, 2_000)}`;
      assert.deepEqual(unexpected, [], shown());
      assert.ok(response.status < 500 || response.status === 501, `${response.status}: ${shown()}`);
      remember(response);
      if (sound && response.status < 300) succeeded.add(sound.operation);
      if (below(random, 200) === 0) most = Math.max(most, await checkStore());
    }
    // The last call may have deleted the last one.
    assert.ok(Math.max(most, await checkStore()) > 0, "there were APIs to look at");
    assert.deepEqual([...undeclared], []);
  });
});
