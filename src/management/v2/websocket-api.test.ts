// WebSocket APIs under the official SDK on a store in memory: what each family takes, keeps, shows and refuses.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import type { ApiGatewayV2, CreateApiCommandInput, CreateIntegrationCommandInput } from "@aws-sdk/client-apigatewayv2";
import { bare, makeV2Client, makeV2Management, refusedV2, scope } from "../../../test/v2-management.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { loadModel, shapeOf } from "../../protocol/model.ts";
import { makeControlLimits } from "../control-limits.ts";
import { makeRestOperations } from "../rest/operations.ts";

/** Clients of both versions on one store. */
function withRest() {
  const management = makeV2Management({
    others: (store) => [
      { model: "apigateway", operations: makeRestOperations({ store, limits: makeControlLimits() }) },
    ],
  });
  return {
    client: makeV2Client(management),
    rest: management.client(APIGateway as new (options: object) => APIGateway),
  };
}

const selection = "$request.body.action";

async function anApi(client: ApiGatewayV2, more: Partial<CreateApiCommandInput> = {}): Promise<string> {
  const input = { Name: "chat", ProtocolType: "WEBSOCKET", RouteSelectionExpression: selection, ...more } as const;
  return (await client.createApi(input)).ApiId!;
}

const mock = { IntegrationType: "MOCK" } as const;

async function aRoute(client: ApiGatewayV2, ApiId: string, RouteKey = "$default") {
  const { IntegrationId } = await client.createIntegration({ ApiId, ...mock });
  const Target = `integrations/${IntegrationId}`;
  const { RouteId } = await client.createRoute({ ApiId, RouteKey, Target });
  return { IntegrationId: IntegrationId!, RouteId: RouteId!, Target };
}

const refused = (call: Promise<unknown>, message: string | RegExp) =>
  refusedV2(call, "BadRequestException", 400, message);
const conflicts = (call: Promise<unknown>, message: string | RegExp) =>
  refusedV2(call, "ConflictException", 409, message);
const missing = (call: Promise<unknown>, message: string | RegExp) =>
  refusedV2(call, "NotFoundException", 404, message);

it("CreateApi answers AWS's defaults, and an endpoint for WebSockets", async () => {
  const client = makeV2Client(makeV2Management());
  const made = await client.createApi({ Name: "chat", ProtocolType: "WEBSOCKET", RouteSelectionExpression: selection });
  const { ApiId, CreatedDate: _, ...rest } = bare(made);
  assert.deepEqual(rest, {
    ApiEndpoint: `ws://localhost:4566/_aws/execute-api/${ApiId}`,
    ApiKeySelectionExpression: "$request.header.x-api-key",
    DisableExecuteApiEndpoint: false,
    IpAddressType: "ipv4",
    Name: "chat",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: selection,
    Tags: {},
  });
  const changed = await client.updateApi({
    ApiId: ApiId!,
    RouteSelectionExpression: "${request.body.service}/${request.body.action}",
    ApiKeySelectionExpression: "$context.authorizer.usageIdentifierKey",
    DisableSchemaValidation: true,
  });
  assert.deepEqual(
    [changed.RouteSelectionExpression, changed.ApiKeySelectionExpression, changed.DisableSchemaValidation],
    ["${request.body.service}/${request.body.action}", "$context.authorizer.usageIdentifierKey", true],
  );
});

it("a route selection expression is required, and reads the body of messages only", async () => {
  const client = makeV2Client(makeV2Management());
  const required = "RouteSelectionExpression is a required parameter for WEBSOCKET protocol Apis";
  await refused(client.createApi({ Name: "chat", ProtocolType: "WEBSOCKET" }), required);
  for (const wrong of [
    "$request.header.x",
    "${request.body.a",
    "$context.routeKey",
    "$request.body.a['",
    "$request.bodyx",
    "x".repeat(2000),
    "$",
  ]) {
    await refused(anApi(client, { RouteSelectionExpression: wrong }), /^Invalid RouteSelectionExpression specified/);
  }
  for (const right of [
    "action",
    "\\$default",
    "$request.body",
    "$request.body[0]",
    "${request.body.a}-${request.body.b}",
  ]) {
    await anApi(client, { RouteSelectionExpression: right });
  }
});

it("what only HTTP APIs have is refused in AWS's words", async () => {
  const client = makeV2Client(makeV2Management());
  const cors = { CorsConfiguration: { AllowOrigins: ["*"] } };
  await refused(anApi(client, cors), "CorsConfiguration cannot be set for WEBSOCKET protocol Apis.");
  await refused(anApi(client, { Target: "https://a.example" }), "Target cannot be set for WEBSOCKET protocol Apis.");
  const ApiId = await anApi(client);
  await refused(client.updateApi({ ApiId, ...cors }), "CorsConfiguration cannot be set for WEBSOCKET protocol Apis.");
  await refused(
    client.createIntegration({ ApiId, ...mock, TlsConfig: { ServerNameToVerify: "a.example" } }),
    "TlsConfig cannot be set for WEBSOCKET protocol Apis.",
  );
  await refused(
    client.createRoute({ ApiId, RouteKey: "$connect", AuthorizationScopes: ["a"] }),
    "AuthorizationScopes cannot be set for WEBSOCKET protocol Apis.",
  );
  const notHere = "This operation is not supported on protocolType WEBSOCKET";
  await refused(client.exportApi({ ApiId, Specification: "OAS30", OutputType: "JSON" }), notHere);
  await refused(client.reimportApi({ ApiId, Body: "{}" }), notHere);
});

it("CreateRoute answers AWS's defaults, and route keys are predefined or without a dollar sign", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const { RouteId, ...made } = bare(await client.createRoute({ ApiId, RouteKey: "send" }));
  assert.match(RouteId!, /^[a-z0-9]{7}$/);
  assert.deepEqual(made, { ApiKeyRequired: false, AuthorizationType: "NONE", RouteKey: "send" });
  for (const RouteKey of ["$connect", "$disconnect", "$default", "chat/join", "a b", "GET /pets"]) {
    await client.createRoute({ ApiId, RouteKey });
  }
  await conflicts(client.createRoute({ ApiId, RouteKey: "send" }), "Route with key send already exists for this API");
  await refused(client.createRoute({ ApiId, RouteKey: "" }), "Route key is required");
  await refused(client.createRoute({ ApiId, RouteKey: "$other" }), "The provided route key is not formatted properly");
});

it("only $connect has authorization and API keys", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const only = "Currently, authorization is restricted to the $connect route only";
  await refused(client.createRoute({ ApiId, RouteKey: "send", AuthorizationType: "AWS_IAM" }), only);
  await refused(
    client.createRoute({ ApiId, RouteKey: "send", ApiKeyRequired: true }),
    "Currently, API keys are restricted to the $connect route only",
  );
  const connect = await client.createRoute({
    ApiId,
    RouteKey: "$connect",
    ApiKeyRequired: true,
    AuthorizationType: "AWS_IAM",
  });
  assert.deepEqual([connect.ApiKeyRequired, connect.AuthorizationType], [true, "AWS_IAM"]);
  const RouteId = connect.RouteId!;
  await refused(client.updateRoute({ ApiId, RouteId, RouteKey: "send" }), only);
  await refused(
    client.updateRoute({ ApiId, RouteId, AuthorizationType: "CUSTOM" }),
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid REQUEST authorizer.",
  );
  await refused(
    client.updateRoute({ ApiId, RouteId, AuthorizationType: "JWT" }),
    "Authorization type JWT cannot be set for WEBSOCKET protocol Apis.",
  );
});

const uri = (name: string) =>
  `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:${name}/invocations`;

it("CreateIntegration answers AWS's defaults of each type", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const make = async (input: Omit<CreateIntegrationCommandInput, "ApiId">) => {
    const { IntegrationId, ...made } = bare(await client.createIntegration({ ApiId, ...input }));
    assert.match(IntegrationId!, /^[a-z0-9]{7}$/);
    return made;
  };
  const defaults = {
    ConnectionType: "INTERNET",
    IntegrationResponseSelectionExpression: "${integration.response.statuscode}",
    PassthroughBehavior: "WHEN_NO_MATCH",
    PayloadFormatVersion: "1.0",
    TimeoutInMillis: 29_000,
  };
  assert.deepEqual(await make(mock), { ...defaults, ...mock });
  const proxy = { IntegrationType: "AWS_PROXY", IntegrationUri: uri("chat") } as const;
  const byError = "${integration.response.body.errorMessage}";
  assert.deepEqual(await make({ ...proxy, PayloadFormatVersion: "2.0" }), {
    ...defaults,
    ...proxy,
    IntegrationResponseSelectionExpression: byError,
  });
  const http = { IntegrationType: "HTTP", IntegrationUri: "https://a.example", IntegrationMethod: "PUT" } as const;
  const templates = {
    RequestTemplates: { join: "$input.body" },
    TemplateSelectionExpression: "${request.body.action}",
    ContentHandlingStrategy: "CONVERT_TO_TEXT",
    PassthroughBehavior: "NEVER",
    RequestParameters: { "integration.request.header.id": "context.connectionId" },
  } as const;
  assert.deepEqual(await make({ ...http, ...templates }), { ...defaults, ...http, ...templates });
});

it("CreateDeployment needs a route, freezes the API, and moves the stage that it names", async () => {
  const management = makeV2Management();
  const client = makeV2Client(management);
  const ApiId = await anApi(client);
  await refused(client.createDeployment({ ApiId }), "At least one route is required before deploying the Api");
  await aRoute(client, ApiId);
  const stage = bare(await client.createStage({ ApiId, StageName: "live" }));
  assert.deepEqual(
    { ...stage, CreatedDate: 0, LastUpdatedDate: 0 },
    {
      AutoDeploy: false,
      CreatedDate: 0,
      DefaultRouteSettings: { DataTraceEnabled: false, DetailedMetricsEnabled: false, LoggingLevel: "OFF" },
      LastUpdatedDate: 0,
      RouteSettings: {},
      StageName: "live",
      StageVariables: {},
      Tags: {},
    },
  );
  const { DeploymentId, DeploymentStatus } = await client.createDeployment({ ApiId, StageName: "live" });
  assert.equal(DeploymentStatus, "DEPLOYED");
  assert.equal((await client.getStage({ ApiId, StageName: "live" })).DeploymentId, DeploymentId);
  await refused(client.createStage({ ApiId, StageName: "$default" }), /^Stage name only allows/);
});

it("a MOCK may have an empty URI, as AWS's CDK names it, and no other integration", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const created = await client.createIntegration({ ApiId, ...mock, IntegrationUri: "" });
  assert.equal(created.IntegrationUri, undefined);
  await refused(
    client.createIntegration({ ApiId, IntegrationType: "HTTP_PROXY", IntegrationMethod: "GET", IntegrationUri: "" }),
    /^Invalid IntegrationUri/,
  );
});

it("models, route responses and integration responses are those of WebSocket APIs", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const { RouteId, IntegrationId } = await aRoute(client, ApiId);
  const Schema = '{"type":"object","required":["action"]}';
  const model = bare(await client.createModel({ ApiId, Name: "message", Schema }));
  assert.deepEqual(model, { ModelId: model.ModelId, Name: "message", Schema });
  const ModelId = model.ModelId!;
  await conflicts(client.createModel({ ApiId, Name: "message", Schema }), "Model name already exists for this API");
  await refused(client.createModel({ ApiId, Name: "no-name", Schema }), "Model name must be alphanumeric: no-name");
  await client.updateRoute({ ApiId, RouteId, ModelSelectionExpression: selection, RequestModels: { join: "message" } });
  await conflicts(
    client.deleteModel({ ApiId, ModelId }),
    "Cannot delete model 'message', is referenced in route: $default",
  );
  const { RequestModels } = await client.updateRoute({ ApiId, RouteId, RequestModels: { join: "" } });
  assert.equal(RequestModels, undefined);
  assert.match((await client.getModelTemplate({ ApiId, ModelId })).Value!, /inputRoot/);

  const response = bare(await client.createRouteResponse({ ApiId, RouteId, RouteResponseKey: "$default" }));
  assert.deepEqual(response, { RouteResponseId: response.RouteResponseId, RouteResponseKey: "$default" });
  assert.equal((await client.getRouteResponses({ ApiId, RouteId })).Items!.length, 1);
  await refused(client.createRouteResponse({ ApiId, RouteId, RouteResponseKey: "x" }), /Only \$default is supported/);

  const key = { IntegrationResponseKey: "/2\\d\\d/" };
  const chosen = bare(
    await client.createIntegrationResponse({ ApiId, IntegrationId, ...key, ResponseTemplates: { a: "b" } }),
  );
  assert.deepEqual(chosen, {
    IntegrationResponseId: chosen.IntegrationResponseId,
    ...key,
    ResponseTemplates: { a: "b" },
  });
  await conflicts(client.createIntegrationResponse({ ApiId, IntegrationId, ...key }), /already exists/);
  // As in the developer guide's example.
  const status = { ApiId, IntegrationId, IntegrationResponseKey: "200" };
  assert.equal((await client.createIntegrationResponse(status)).IntegrationResponseKey, "200");
  for (const IntegrationResponseKey of ["2xx", "600", "20", "default", "/200", "/(/", "//", ""]) {
    await refused(
      client.createIntegrationResponse({ ApiId, IntegrationId, IntegrationResponseKey }),
      /^Invalid integration response key/,
    );
  }
  await missing(
    client.getRouteResponse({ ApiId, RouteId, RouteResponseId: "x" }),
    "Invalid RouteResponse identifier specified",
  );
});

it("an authorizer asks a function, with no result kept, by identity sources of the connection", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const authorizer = {
    ApiId,
    Name: "tokens",
    AuthorizerType: "REQUEST",
    AuthorizerUri: uri("authorize"),
    IdentitySource: ["route.request.header.Authorization", "route.request.querystring.token", "stageVariables.a"],
  } as const;
  const { ApiId: _, ...members } = authorizer;
  const made = bare(await client.createAuthorizer({ ...authorizer, IdentitySource: [...authorizer.IdentitySource] }));
  assert.deepEqual(made, { ...members, AuthorizerId: made.AuthorizerId });
  const another = { ...authorizer, Name: "more", IdentitySource: [...authorizer.IdentitySource] };
  await refused(
    client.createAuthorizer({ ...another, AuthorizerResultTtlInSeconds: 300 }),
    "AuthorizerResultTtlInSeconds cannot be set for WEBSOCKET protocol Apis.",
  );
  await refused(
    client.createAuthorizer({ ...another, IdentitySource: ["$request.header.Authorization"] }),
    "Invalid identity source specified: $request.header.Authorization",
  );
  await refused(
    client.createAuthorizer({ ...another, AuthorizerType: "JWT" }),
    "Authorizer type JWT cannot be set for WEBSOCKET protocol Apis.",
  );
});

it("a domain name leads to WebSocket APIs, or to APIs of other kinds", async () => {
  const { client, rest } = withRest();
  const ApiId = await anApi(client);
  await client.createStage({ ApiId, StageName: "live" });
  const http = (await client.createApi({ Name: "pets", ProtocolType: "HTTP", Target: "https://a.example" })).ApiId!;
  const DomainName = "chat.example.com";
  const CertificateArn = "arn:aws:acm:eu-west-1:123456789012:certificate/a";
  await client.createDomainName({
    DomainName,
    DomainNameConfigurations: [{ CertificateArn, EndpointType: "REGIONAL" }],
  });
  const mix =
    /Mixing of REST APIs and HTTP APIs on the same domain name .* WebSocket APIs can only be attached to a domain name with other WebSocket APIs\./;
  const map = (to: string, Stage: string, ApiMappingKey: string) =>
    client.createApiMapping({ DomainName, ApiId: to, Stage, ApiMappingKey });
  const { ApiMappingId } = await map(ApiId, "live", "chat");
  await map(ApiId, "live", "");
  await refused(map(http, "$default", "pets"), mix);
  await refused(map(ApiId, "live", "a/b"), "API mapping keys of WebSocket APIs can only have one level");
  await refused(
    client.updateApiMapping({ DomainName, ApiMappingId: ApiMappingId!, ApiId: http, Stage: "$default" }),
    mix,
  );
  const { id: restApiId } = await rest.createRestApi({ name: "pets" });
  await assert.rejects(
    rest.createBasePathMapping({ domainName: DomainName, restApiId: restApiId!, basePath: "pets" }),
    mix,
  );
  await assert.rejects(rest.createBasePathMapping({ domainName: DomainName, restApiId: ApiId, basePath: "pets" }), mix);
  await refused(client.deleteStage({ ApiId, StageName: "live" }), /Please remove all API mappings/);
});

it("a usage plan may have stages of WebSocket APIs, which leave it with their API", async () => {
  const { client, rest } = withRest();
  const ApiId = await anApi(client);
  await client.createStage({ ApiId, StageName: "live" });
  const { id: usagePlanId } = await rest.createUsagePlan({ name: "a", apiStages: [{ apiId: ApiId, stage: "live" }] });
  await assert.rejects(
    rest.createUsagePlan({ name: "b", apiStages: [{ apiId: ApiId, stage: "other" }] }),
    /Invalid API Stage/,
  );
  await client.deleteStage({ ApiId, StageName: "live" });
  assert.deepEqual((await rest.getUsagePlan({ usagePlanId: usagePlanId! })).apiStages, []);
});

it("a client certificate and a VPC link stay while a WebSocket API uses them", async () => {
  const { client, rest } = withRest();
  const ApiId = await anApi(client);
  const { clientCertificateId } = await rest.generateClientCertificate({});
  await client.createStage({ ApiId, StageName: "live", ClientCertificateId: clientCertificateId!, StageVariables: {} });
  await refused(
    client.updateStage({ ApiId, StageName: "live", ClientCertificateId: "none" }),
    "Invalid Client Certificate identifier specified",
  );
  await assert.rejects(
    rest.deleteClientCertificate({ clientCertificateId: clientCertificateId! }),
    /referenced in stage/,
  );
  await client.updateStage({ ApiId, StageName: "live", ClientCertificateId: "" });
  await rest.deleteClientCertificate({ clientCertificateId: clientCertificateId! });

  const targetArns = ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/a/b"];
  const { id: vpcLinkId } = await rest.createVpcLink({ name: "a", targetArns });
  const http = {
    IntegrationType: "HTTP_PROXY",
    IntegrationUri: "http://a.example",
    IntegrationMethod: "POST",
  } as const;
  const byName = { ...http, ConnectionType: "VPC_LINK", ConnectionId: vpcLinkId! } as const;
  const { IntegrationId } = await client.createIntegration({ ApiId, ...byName });
  await assert.rejects(rest.deleteVpcLink({ vpcLinkId: vpcLinkId! }), /is referenced in \[POST:/);
  await client.updateIntegration({ ApiId, IntegrationId: IntegrationId!, ConnectionId: "${stageVariables.link}" });
  const { RouteId } = await client.createRoute({ ApiId, RouteKey: "send", Target: `integrations/${IntegrationId}` });
  await client.updateStage({ ApiId, StageName: "live", StageVariables: { link: vpcLinkId! } });
  await client.createDeployment({ ApiId, StageName: "live" });
  await assert.rejects(
    rest.deleteVpcLink({ vpcLinkId: vpcLinkId! }),
    new RegExp(`is referenced in \\[ANY:${RouteId}\\]`),
  );
  await client.deleteApi({ ApiId });
  await rest.deleteVpcLink({ vpcLinkId: vpcLinkId! });
});

it("a stage that logs needs the account's role, and an access log a log group or a Firehose stream", async () => {
  const { client, rest } = withRest();
  const ApiId = await anApi(client);
  await client.createStage({ ApiId, StageName: "live" });
  const noRole = "CloudWatch Logs role ARN must be set in account settings to enable logging";
  const logging = { DefaultRouteSettings: { LoggingLevel: "INFO", DataTraceEnabled: true } } as const;
  const DestinationArn = "arn:aws:logs:eu-west-1:123456789012:log-group:chat";
  const access = { AccessLogSettings: { DestinationArn, Format: "$context.requestId" } };
  await refused(client.updateStage({ ApiId, StageName: "live", ...logging }), noRole);
  await refused(client.createStage({ ApiId, StageName: "more", ...access }), noRole);
  const Firehose = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/amazon-apigateway-chat";
  const stream = {
    AccessLogSettings: { DestinationArn: Firehose, Format: "$context.connectionId $context.extendedRequestId" },
  };
  assert.deepEqual(
    (await client.updateStage({ ApiId, StageName: "live", ...stream })).AccessLogSettings,
    stream.AccessLogSettings,
  );
  const value = "arn:aws:iam::123456789012:role/logs";
  await rest.updateAccount({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] });
  await client.updateStage({ ApiId, StageName: "live", ...access });
  const stage = await client.updateStage({ ApiId, StageName: "live", ...logging });
  assert.deepEqual(stage.DefaultRouteSettings, {
    DataTraceEnabled: true,
    DetailedMetricsEnabled: false,
    LoggingLevel: "INFO",
  });
  await aRoute(client, ApiId, "send");
  const settings = await client.updateStage({
    ApiId,
    StageName: "live",
    RouteSettings: { send: { ThrottlingBurstLimit: 1, ThrottlingRateLimit: 2, LoggingLevel: "ERROR" } },
  });
  assert.deepEqual(settings.RouteSettings, {
    send: {
      DataTraceEnabled: false,
      DetailedMetricsEnabled: false,
      LoggingLevel: "ERROR",
      ThrottlingBurstLimit: 1,
      ThrottlingRateLimit: 2,
    },
  });
  await missing(
    client.deleteRouteSettings({ ApiId, StageName: "live", RouteKey: "constructor" }),
    /^Unable to find Route/,
  );
  await client.deleteRouteSettings({ ApiId, StageName: "live", RouteKey: "send" });
  assert.deepEqual((await client.getStage({ ApiId, StageName: "live" })).RouteSettings, {});
  await client.deleteAccessLogSettings({ ApiId, StageName: "live" });
});

it("a route's parameters are declared, changed one by one, and removed", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const token = "route.request.querystring.token";
  const made = await client.createRoute({
    ApiId,
    RouteKey: "$connect",
    RequestParameters: { [token]: { Required: true } },
  });
  assert.deepEqual(made.RequestParameters, { [token]: { Required: true } });
  const RouteId = made.RouteId!;
  const name = "route.request.header.X-Name";
  const both = await client.updateRoute({ ApiId, RouteId, RequestParameters: { [name]: {} } });
  assert.deepEqual(both.RequestParameters, { [token]: { Required: true }, [name]: { Required: false } });
  await client.deleteRouteRequestParameter({ ApiId, RouteId, RequestParameterKey: token });
  for (const RequestParameterKey of [token, "constructor", "__proto__"]) {
    await missing(
      client.deleteRouteRequestParameter({ ApiId, RouteId, RequestParameterKey }),
      "Invalid parameter name specified",
    );
  }
  await client.deleteRouteRequestParameter({ ApiId, RouteId, RequestParameterKey: name });
  assert.equal((await client.getRoute({ ApiId, RouteId })).RequestParameters, undefined);
  await refused(
    client.updateRoute({ ApiId, RouteId, RequestParameters: { "method.request.header.a": {} } }),
    /^Invalid mapping expression specified: Validation Result: warnings : \[\], errors : \[Invalid mapping expression specified: method/,
  );
});

it("updates merge maps by their keys, and an empty text removes", async () => {
  const client = makeV2Client(makeV2Management());
  const ApiId = await anApi(client);
  const { IntegrationId, RouteId } = await aRoute(client, ApiId, "send");
  const header = "integration.request.header.a";
  await client.updateIntegration({
    ApiId,
    IntegrationId,
    RequestTemplates: { a: "1", b: "2" },
    RequestParameters: { [header]: "'x'" },
    TemplateSelectionExpression: selection,
  });
  const changed = await client.updateIntegration({
    ApiId,
    IntegrationId,
    RequestTemplates: { a: "", c: "3" },
    TemplateSelectionExpression: "",
  });
  assert.deepEqual(
    [changed.RequestTemplates, changed.RequestParameters, changed.TemplateSelectionExpression],
    [{ b: "2", c: "3" }, { [header]: "'x'" }, undefined],
  );
  // Another type chooses its responses by something else.
  const byFunction = await client.updateIntegration({
    ApiId,
    IntegrationId,
    IntegrationType: "AWS",
    IntegrationUri: uri("a"),
  });
  assert.equal(byFunction.IntegrationResponseSelectionExpression, "${integration.response.body.errorMessage}");
  const { IntegrationResponseId } = await client.createIntegrationResponse({
    ApiId,
    IntegrationId,
    IntegrationResponseKey: "$default",
    ResponseTemplates: { a: "1" },
  });
  const { $metadata: _, ...response } = await client.updateIntegrationResponse({
    ApiId,
    IntegrationId,
    IntegrationResponseId: IntegrationResponseId!,
    ResponseTemplates: { a: "", b: "2" },
    ContentHandlingStrategy: "CONVERT_TO_TEXT",
    TemplateSelectionExpression: "${integration.response.header.kind}",
  });
  assert.deepEqual(response, {
    IntegrationResponseId,
    IntegrationResponseKey: "$default",
    ResponseTemplates: { b: "2" },
    ContentHandlingStrategy: "CONVERT_TO_TEXT",
    TemplateSelectionExpression: "${integration.response.header.kind}",
  });
  await conflicts(client.deleteIntegration({ ApiId, IntegrationId }), /referenced by the following Routes/);
  await client.deleteRoute({ ApiId, RouteId });
  await client.deleteIntegration({ ApiId, IntegrationId });
  await missing(client.getIntegrationResponses({ ApiId, IntegrationId }), "Invalid Integration identifier specified");
});

it("nothing that belongs to a WebSocket API outlives it, and a route takes its responses with it", async () => {
  const management = makeV2Management();
  const client = makeV2Client(management);
  const ApiId = await anApi(client);
  const { IntegrationId, RouteId } = await aRoute(client, ApiId);
  await client.createRouteResponse({ ApiId, RouteId, RouteResponseKey: "$default" });
  await client.createIntegrationResponse({ ApiId, IntegrationId, IntegrationResponseKey: "$default" });
  await client.createModel({ ApiId, Name: "a", Schema: "{}" });
  await client.createStage({ ApiId, StageName: "live", AutoDeploy: true });
  const count = async () => {
    const kinds = Object.values(v2Kinds);
    return management.store.read(scope, async (tx) =>
      (await Promise.all(kinds.map((kind) => tx.count(kind, "")))).reduce((sum, one) => sum + one, 0),
    );
  };
  assert.equal(await count(), 9);
  await client.deleteRoute({ ApiId, RouteId });
  assert.equal(await count(), 7);
  await client.deleteApi({ ApiId });
  assert.equal(await count(), 0);
});

it("the items of one API are not those of another", async () => {
  const client = makeV2Client(makeV2Management());
  const [ApiId, other] = [await anApi(client), await anApi(client)];
  const { IntegrationId, RouteId, Target } = await aRoute(client, ApiId);
  const { ModelId } = await client.createModel({ ApiId, Name: "a", Schema: "{}" });
  const { RouteResponseId } = await client.createRouteResponse({ ApiId, RouteId, RouteResponseKey: "$default" });
  await missing(client.getRoute({ ApiId: other, RouteId }), "Invalid Route identifier specified");
  await missing(client.getIntegration({ ApiId: other, IntegrationId }), "Invalid Integration identifier specified");
  await missing(client.getModel({ ApiId: other, ModelId: ModelId! }), "Invalid Model identifier specified");
  await missing(
    client.getRouteResponse({ ApiId: other, RouteId, RouteResponseId: RouteResponseId! }),
    "Invalid Route identifier specified",
  );
  await refused(
    client.createRoute({ ApiId: other, RouteKey: "a", Target }),
    `Invalid Integration identifier specified: ${Target}`,
  );
  await refused(
    client.createRoute({ ApiId: other, RouteKey: "a", RequestModels: { a: "a" } }),
    "Invalid model identifier specified: a",
  );
  await missing(client.getModels({ ApiId: "none" }), "Invalid API identifier specified 123456789012:none");
});

describe("what no client sends", () => {
  const model = loadModel("apigatewayv2");

  /** An API with one of each, and the path of an operation on them. */
  async function one() {
    const management = makeV2Management();
    const client = makeV2Client(management);
    const ApiId = await anApi(client);
    const { IntegrationId, RouteId } = await aRoute(client, ApiId);
    const { ModelId } = await client.createModel({ ApiId, Name: "message", Schema: "{}" });
    const AuthorizerUri = uri("a");
    const { AuthorizerId } = await client.createAuthorizer({
      ...{ ApiId, AuthorizerUri, Name: "a", AuthorizerType: "REQUEST", IdentitySource: [] },
    });
    const { RouteResponseId } = await client.createRouteResponse({ ApiId, RouteId, RouteResponseKey: "$default" });
    const { IntegrationResponseId } = await client.createIntegrationResponse({
      ...{ ApiId, IntegrationId, IntegrationResponseKey: "$default" },
    });
    const { DeploymentId } = await client.createDeployment({ ApiId });
    await client.createStage({ ApiId, StageName: "live", DeploymentId: DeploymentId! });
    const ids: Readonly<Record<string, string | undefined>> = {
      apiId: ApiId,
      authorizerId: AuthorizerId,
      deploymentId: DeploymentId,
      integrationId: IntegrationId,
      integrationResponseId: IntegrationResponseId,
      modelId: ModelId,
      routeId: RouteId,
      routeResponseId: RouteResponseId,
      stageName: "live",
    };
    const pathOf = (requestUri: string) =>
      requestUri.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? "none"));
    return { management, client, ApiId, pathOf };
  }

  /** What an operation needs to be called at all. */
  const required: Readonly<Record<string, object>> = {
    CreateApi: { name: "a", protocolType: "WEBSOCKET", routeSelectionExpression: selection },
    CreateRoute: { routeKey: "other" },
    CreateIntegration: { integrationType: "MOCK" },
    CreateModel: { name: "other", schema: "{}" },
    CreateAuthorizer: { name: "b", authorizerType: "REQUEST", identitySource: [], authorizerUri: uri("b") },
    CreateStage: { stageName: "more" },
    CreateRouteResponse: { routeResponseKey: "$default" },
    CreateIntegrationResponse: { integrationResponseKey: "/4/" },
  };
  const family =
    /^(Create|Update)(Api|Route|RouteResponse|Integration|IntegrationResponse|Model|Authorizer|Stage|Deployment)$/;
  const writes = Object.entries(model.operations).filter(([name]) => family.test(name));

  it("is refused where a member has another type, and changes nothing", async () => {
    const { management, client, ApiId, pathOf } = await one();
    const before = JSON.stringify(await everythingOf(client, ApiId));
    let count = 0;
    for (const [operation, { http, input }] of writes) {
      const members = Object.entries(shapeOf(model, input!.shape).members ?? {});
      for (const [name, { shape, location, locationName = name }] of members) {
        if (location !== undefined) continue;
        const { type } = shapeOf(model, shape);
        for (const wrong of [7, true, "text", [["a"]], { a: { b: ["c"] } }]) {
          // A number and a flag are read from texts, and texts from numbers and flags, where AWS is as lenient.
          const isOther =
            type === "list" || type === "map" || type === "structure"
              ? typeof wrong !== "object"
              : typeof wrong === "object";
          if (!isOther) continue;
          const body = { ...required[operation], [locationName]: wrong };
          const { status, text } = await management.send(http.method, pathOf(http.requestUri), body);
          assert.equal(status, 400, `${operation} ${name} ${JSON.stringify(wrong)}: ${text}`);
          count++;
        }
      }
    }
    assert(count > 200, String(count));
    assert.equal(JSON.stringify(await everythingOf(client, ApiId)), before);
  });

  it("is refused where a text has a megabyte, in few words", async () => {
    const { management, client, ApiId, pathOf } = await one();
    const before = JSON.stringify(await everythingOf(client, ApiId));
    const long = "a".repeat(1_000_000);
    const wordy: string[] = [];
    for (const [operation, { http, input }] of writes) {
      const members = Object.entries(shapeOf(model, input!.shape).members ?? {});
      for (const [name, { shape, location, locationName = name }] of members) {
        if (location !== undefined) continue;
        const { type } = shapeOf(model, shape);
        const value =
          type === "string" ? long : type === "map" ? { [long]: long } : type === "list" ? [long] : undefined;
        if (value === undefined) continue;
        const body = { ...required[operation], [locationName]: value };
        const { status, text } = await management.send(http.method, pathOf(http.requestUri), body);
        if (![400, 404, 409].includes(status) || text.length > 4_000)
          wordy.push(`${operation} ${name} ${status} ${text.slice(0, 100)}`);
      }
    }
    assert.deepEqual(wordy, []);
    assert.equal(JSON.stringify(await everythingOf(client, ApiId)), before);
  });

  it("of unknown members nothing is kept", async () => {
    const { management, client, ApiId, pathOf } = await one();
    for (const [operation, { http }] of writes) {
      const body = { ...required[operation], colour: "red", __proto__: { a: 1 }, constructor: "b" };
      await management.send(http.method, pathOf(http.requestUri), body);
    }
    const all = JSON.stringify(await everythingOf(client, ApiId));
    assert.doesNotMatch(all, /colour|constructor|__proto__/);
  });

  it("is not found by ids of another API, nor by ids that are paths", async () => {
    const { management, client, pathOf } = await one();
    const other = await anApi(client);
    for (const [operation, { http }] of Object.entries(model.operations)) {
      const below = /^\/v2\/apis\/\{apiId\}\/(?:routes|integrations|models|authorizers|stages|deployments)\/\{/;
      if (!below.test(http.requestUri)) continue;
      for (const apiId of [other, "none", "..", "a%2Fb"]) {
        const path = pathOf(http.requestUri.replace("{apiId}", apiId));
        const { status, text } = await management.send(http.method, path, {});
        assert([404, 400].includes(status), `${operation} ${path}: ${status} ${text}`);
      }
    }
  });
});

async function everythingOf(client: ApiGatewayV2, ApiId: string): Promise<unknown> {
  const { Items: routes = [] } = await client.getRoutes({ ApiId });
  const { Items: integrations = [] } = await client.getIntegrations({ ApiId });
  const items = async (answers: readonly Promise<{ Items?: readonly unknown[] | undefined }>[]) =>
    (await Promise.all(answers)).map(({ Items }) => Items);
  return items([
    client.getApis({}),
    client.getStages({ ApiId }),
    client.getModels({ ApiId }),
    client.getAuthorizers({ ApiId }),
    client.getDeployments({ ApiId }),
    Promise.resolve({ Items: [...routes, ...integrations] }),
    ...routes.map(({ RouteId }) => client.getRouteResponses({ ApiId, RouteId: RouteId! })),
    ...integrations.map(({ IntegrationId }) =>
      client.getIntegrationResponses({ ApiId, IntegrationId: IntegrationId! }),
    ),
  ]);
}
