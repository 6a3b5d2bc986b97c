import { description, enforced, notServed, type Setting, withoutEffect, works } from "./settings.ts";

/**
 * The effect of each setting of WebSocket APIs, by the shapes that they share with HTTP APIs, as v2-settings.ts has it of
 * those. A test holds it to the model, and docs/reference/settings-v2.md is generated from it as well.
 */

const atOnce = "at once";

const httpOnly = notServed("WebSocket APIs don't have it; a call that sets it is refused.");
const compiled = (name: string): Setting => works(`compiler/websocket/compile-${name}`);
const authorization = enforced("compiler/websocket/compile-connect-authorization");
const authorizer = enforced("compiler/websocket/websocket-authorizers");
const models = enforced("compiler/websocket/compile-message-validation");
const bodies = works("gateway/integrations/content-handling");
const logs = works("telemetry/execution-log", atOnce);

/** The settings by shape, then by member. */
export const webSocketSettings: Readonly<Record<string, Readonly<Record<string, Setting>>>> = {
  Api: {
    ApiEndpoint: description,
    ApiGatewayManaged: description,
    ApiId: works("gateway/routing/address", atOnce),
    ApiKeySelectionExpression: authorization,
    CorsConfiguration: httpOnly,
    CreatedDate: description,
    Description: description,
    DisableExecuteApiEndpoint: enforced("gateway/gateway"),
    DisableSchemaValidation: withoutEffect("Models are checked when they are made, whatever it says."),
    ImportInfo: description,
    IpAddressType: withoutEffect("Portico listens on the addresses that it is told to."),
    Name: description,
    ProtocolType: works("management/v2/api", "call"),
    RouteSelectionExpression: compiled("websocket"),
    Tags: description,
    Version: description,
    Warnings: description,
  },
  Route: {
    ApiGatewayManaged: description,
    ApiKeyRequired: authorization,
    AuthorizationScopes: httpOnly,
    AuthorizationType: authorization,
    AuthorizerId: authorization,
    ModelSelectionExpression: models,
    OperationName: description,
    RequestModels: models,
    RequestParameters: enforced("gateway/steps/request-validation"),
    RouteId: description,
    RouteKey: compiled("websocket"),
    RouteResponseSelectionExpression: works("compiler/websocket/route-answers"),
    Target: compiled("websocket-route"),
  },
  ParameterConstraints: { Required: enforced("gateway/steps/request-validation") },
  RouteResponse: {
    ModelSelectionExpression: withoutEffect("AWS stores it, and supports none."),
    ResponseModels: withoutEffect("AWS stores them, and validates no answers."),
    ResponseParameters: withoutEffect("AWS stores them; a message has no headers."),
    RouteResponseId: description,
    RouteResponseKey: works("compiler/websocket/route-answers"),
  },
  Integration: {
    ApiGatewayManaged: description,
    ConnectionId: works("compiler/compile-connection"),
    ConnectionType: works("compiler/compile-connection"),
    ContentHandlingStrategy: bodies,
    CredentialsArn: enforced("compiler/compile-credentials"),
    Description: description,
    IntegrationId: description,
    IntegrationMethod: works("compiler/compile-integration"),
    IntegrationResponseSelectionExpression: description,
    IntegrationSubtype: httpOnly,
    IntegrationType: compiled("websocket-integration"),
    IntegrationUri: works("compiler/compile-integration"),
    PassthroughBehavior: works("gateway/steps/request-template"),
    PayloadFormatVersion: description,
    RequestParameters: works("compiler/compile-values"),
    RequestTemplates: compiled("websocket-integration"),
    ResponseParameters: httpOnly,
    TemplateSelectionExpression: compiled("selection"),
    TimeoutInMillis: works("compiler/compile-integration"),
    TlsConfig: httpOnly,
  },
  IntegrationResponse: {
    ContentHandlingStrategy: bodies,
    IntegrationResponseId: description,
    IntegrationResponseKey: compiled("websocket-integration"),
    ResponseParameters: works("compiler/compile-values"),
    ResponseTemplates: compiled("websocket-integration"),
    TemplateSelectionExpression: compiled("selection"),
  },
  Model: {
    ContentType: description,
    Description: description,
    ModelId: description,
    Name: models,
    Schema: models,
  },
  Authorizer: {
    AuthorizerCredentialsArn: authorizer,
    AuthorizerId: description,
    AuthorizerPayloadFormatVersion: httpOnly,
    AuthorizerResultTtlInSeconds: httpOnly,
    AuthorizerType: authorizer,
    AuthorizerUri: authorizer,
    EnableSimpleResponses: httpOnly,
    IdentitySource: authorizer,
    IdentityValidationExpression: withoutEffect("AWS does not use it."),
    JwtConfiguration: httpOnly,
    Name: description,
  },
  Deployment: {
    AutoDeployed: description,
    CreatedDate: description,
    DeploymentId: description,
    DeploymentStatus: description,
    DeploymentStatusMessage: description,
    Description: description,
  },
  Stage: {
    AccessLogSettings: works("gateway/access-log", atOnce),
    ApiGatewayManaged: description,
    AutoDeploy: works("management/v2/auto-deploy", atOnce),
    ClientCertificateId: enforced("gateway/integrations/tls-identities", atOnce),
    CreatedDate: description,
    DefaultRouteSettings: enforced("compiler/http-api/compile-route-throttles", atOnce),
    DeploymentId: works("server/served-stage", atOnce),
    Description: description,
    LastDeploymentStatusMessage: description,
    LastUpdatedDate: description,
    RouteSettings: enforced("compiler/http-api/compile-route-throttles", atOnce),
    StageName: works("gateway/routing/address", atOnce),
    StageVariables: works("compiler/compile-values", atOnce),
    Tags: description,
  },
  RouteSettings: {
    DataTraceEnabled: logs,
    DetailedMetricsEnabled: works("gateway/stage-metrics", atOnce),
    LoggingLevel: logs,
    ThrottlingBurstLimit: enforced("gateway/steps/throttle", atOnce),
    ThrottlingRateLimit: enforced("gateway/steps/throttle", atOnce),
  },
};
