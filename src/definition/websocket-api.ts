/**
 * The types of a WebSocket API as its user edits it, as http-api.ts has them of HTTP APIs. Documents of both kinds are
 * stored under `v2Kinds`, and the API's ProtocolType tells them apart.
 */
import type {
  HttpApi,
  HttpStage,
  IntegrationResponse,
  ParameterConstraints,
  Route,
  RouteSettings,
  V2Model,
} from "./http-api.ts";

/** The parts of an API that a deployment freezes. Each list is in the order of its ids. */
export interface WebSocketApiDefinition {
  readonly api: WebSocketApi;
  readonly routes: readonly WebSocketRoute[];
  readonly routeResponses: readonly RouteResponse[];
  readonly integrations: readonly WebSocketIntegration[];
  readonly integrationResponses: readonly IntegrationResponse[];
  readonly models: readonly V2Model[];
  readonly authorizers: readonly WebSocketAuthorizer[];
}

export interface WebSocketApi extends Omit<HttpApi, "ProtocolType" | "CorsConfiguration" | "ImportInfo" | "Warnings"> {
  readonly ProtocolType: "WEBSOCKET";
}

export interface WebSocketRoute extends Omit<Route, "AuthorizationScopes" | "ApiGatewayManaged"> {
  /** `$connect`, `$disconnect`, `$default`, or what the route selection expression has to yield. */
  readonly RouteKey: string;
  /** One of `NONE`, `AWS_IAM` and `CUSTOM`. Only the route `$connect` has another than `NONE`. */
  readonly AuthorizationType: string;
  readonly ModelSelectionExpression?: string;
  /** The names of models, by what the model selection expression yields. */
  readonly RequestModels?: Readonly<Record<string, string>>;
  /** `$default`: with a route response, the route answers. */
  readonly RouteResponseSelectionExpression?: string;
}

export interface RouteResponse {
  readonly RouteId: string;
  readonly RouteResponseId: string;
  /** `$default` */
  readonly RouteResponseKey: string;
  readonly ModelSelectionExpression?: string;
  readonly ResponseModels?: Readonly<Record<string, string>>;
  readonly ResponseParameters?: Readonly<Record<string, ParameterConstraints>>;
}

export interface WebSocketIntegration {
  readonly IntegrationId: string;
  readonly IntegrationType: "AWS" | "AWS_PROXY" | "HTTP" | "HTTP_PROXY" | "MOCK";
  readonly IntegrationUri?: string;
  readonly IntegrationMethod?: string;
  readonly PayloadFormatVersion: "1.0";
  readonly ConnectionType: "INTERNET" | "VPC_LINK";
  /** A VPC link of the first version, or a stage variable with one. */
  readonly ConnectionId?: string;
  readonly ContentHandlingStrategy?: "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";
  readonly CredentialsArn?: string;
  readonly Description?: string;
  /** What chooses the integration response. It follows from the type. */
  readonly IntegrationResponseSelectionExpression: string;
  readonly PassthroughBehavior: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  /** By `integration.request.header.X`, `.querystring.X` and `.path.X`. */
  readonly RequestParameters?: Readonly<Record<string, string>>;
  /** By what the template selection expression yields. */
  readonly RequestTemplates?: Readonly<Record<string, string>>;
  readonly TemplateSelectionExpression?: string;
  readonly TimeoutInMillis: number;
}

export interface WebSocketAuthorizer {
  readonly AuthorizerId: string;
  readonly Name: string;
  readonly AuthorizerType: "REQUEST";
  /** `route.request.header.X`, `route.request.querystring.X`, `stageVariables.X`, `context.X` */
  readonly IdentitySource?: readonly string[];
  readonly AuthorizerUri?: string;
  readonly AuthorizerCredentialsArn?: string;
  readonly IdentityValidationExpression?: string;
}

export interface WebSocketStage extends Omit<HttpStage, "ApiGatewayManaged"> {
  /** What backends see of the stage. */
  readonly ClientCertificateId?: string;
  readonly DefaultRouteSettings: WebSocketRouteSettings;
  readonly RouteSettings: Readonly<Record<string, WebSocketRouteSettings>>;
}

export interface WebSocketRouteSettings extends RouteSettings {
  readonly LoggingLevel?: "OFF" | "ERROR" | "INFO";
  readonly DataTraceEnabled?: boolean;
}
