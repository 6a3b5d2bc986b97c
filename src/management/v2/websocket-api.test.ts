// WebSocket APIs under the official SDK on a store in memory: what each family takes, keeps, shows and refuses.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { ApiGatewayV2, CreateApiCommandInput, CreateIntegrationCommandInput } from "@aws-sdk/client-apigatewayv2";
import { bare, makeV2Client, makeV2Management, refusedV2 } from "../../../test/v2-management.ts";

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
  for (const IntegrationResponseKey of ["200", "/(/", "//", ""]) {
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
