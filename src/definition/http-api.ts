/**
 * The types of an HTTP API as its user edits it. Members have the names of the interface model and of SDKs, with
 * capital letters, and AWS's meanings (API Gateway version 2 API reference). Absent optional members are absent on the
 * wire. Times are seconds since 1970.
 */

/** The parts of an API that a deployment freezes, an import makes and an export writes. */
export interface HttpApiDefinition {
  readonly api: HttpApi;
  /** In the order of their ids, as are the others. */
  readonly routes: readonly Route[];
  readonly integrations: readonly HttpIntegration[];
  readonly authorizers: readonly HttpAuthorizer[];
  /** Beyond AWS. Absent: none, as in deployments from before there were any. */
  readonly integrationResponses?: readonly IntegrationResponse[];
  /** Likewise. */
  readonly models?: readonly V2Model[];
}

export interface HttpApi {
  readonly ApiId: string;
  readonly Name: string;
  readonly ProtocolType: "HTTP";
  readonly Description?: string;
  readonly Version?: string;
  readonly RouteSelectionExpression: string;
  readonly ApiKeySelectionExpression: string;
  readonly CorsConfiguration?: CorsConfiguration;
  readonly DisableSchemaValidation?: boolean;
  readonly DisableExecuteApiEndpoint: boolean;
  readonly IpAddressType: "ipv4" | "dualstack";
  readonly Tags?: Readonly<Record<string, string>>;
  readonly CreatedDate: number;
  readonly ImportInfo?: readonly string[];
  readonly Warnings?: readonly string[];
}

export interface CorsConfiguration {
  readonly AllowCredentials?: boolean;
  readonly AllowHeaders?: readonly string[];
  readonly AllowMethods?: readonly string[];
  readonly AllowOrigins?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  /** Seconds. */
  readonly MaxAge?: number;
}

export interface Route {
  readonly RouteId: string;
  /** `GET /pets/{id}` or `$default`. */
  readonly RouteKey: string;
  readonly ApiKeyRequired: boolean;
  /** One of `NONE`, `AWS_IAM`, `CUSTOM` and `JWT`. */
  readonly AuthorizationType: string;
  readonly AuthorizerId?: string;
  readonly AuthorizationScopes?: readonly string[];
  readonly OperationName?: string;
  /** The names of models, by the request's media type. Of HTTP APIs, beyond AWS. */
  readonly RequestModels?: Readonly<Record<string, string>>;
  /** By `route.request.header.X` and `route.request.querystring.X`. Of HTTP APIs, beyond AWS. */
  readonly RequestParameters?: Readonly<Record<string, ParameterConstraints>>;
  /** `integrations/{integrationId}` */
  readonly Target?: string;
  readonly ApiGatewayManaged?: true;
}

export interface ParameterConstraints {
  readonly Required?: boolean;
}

export interface V2Model {
  readonly ModelId: string;
  readonly Name: string;
  /** JSON Schema draft 4. */
  readonly Schema: string;
  readonly ContentType?: string;
  readonly Description?: string;
}

export interface HttpIntegration {
  readonly IntegrationId: string;
  /** AWS, HTTP and MOCK are beyond AWS. */
  readonly IntegrationType: "AWS" | "AWS_PROXY" | "HTTP" | "HTTP_PROXY" | "MOCK";
  /** `EventBridge-PutEvents` and its like, in place of a URI. */
  readonly IntegrationSubtype?: string;
  readonly IntegrationUri?: string;
  readonly IntegrationMethod?: string;
  readonly PayloadFormatVersion?: string;
  readonly ConnectionType: "INTERNET" | "VPC_LINK";
  readonly ConnectionId?: string;
  readonly CredentialsArn?: string;
  readonly Description?: string;
  /** Of the types AWS, HTTP and MOCK, as are templates. */
  readonly PassthroughBehavior?: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  /** By media type. */
  readonly RequestTemplates?: Readonly<Record<string, string>>;
  /** `append:header.X`, `overwrite:path`, … or, with a subtype, the action's parameters, or as REST APIs have them. */
  readonly RequestParameters?: Readonly<Record<string, string>>;
  /** By the integration's status. */
  readonly ResponseParameters?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly TimeoutInMillis: number;
  readonly TlsConfig?: { readonly ServerNameToVerify?: string };
  readonly ApiGatewayManaged?: true;
}

export interface IntegrationResponse {
  readonly IntegrationId: string;
  readonly IntegrationResponseId: string;
  /** `$default` or `/regex/` */
  readonly IntegrationResponseKey: string;
  readonly ContentHandlingStrategy?: "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";
  readonly ResponseParameters?: Readonly<Record<string, string>>;
  readonly ResponseTemplates?: Readonly<Record<string, string>>;
  readonly TemplateSelectionExpression?: string;
}

export interface HttpAuthorizer {
  readonly AuthorizerId: string;
  readonly Name: string;
  readonly AuthorizerType: "REQUEST" | "JWT";
  readonly IdentitySource?: readonly string[];
  readonly AuthorizerUri?: string;
  readonly AuthorizerCredentialsArn?: string;
  readonly AuthorizerPayloadFormatVersion?: string;
  readonly AuthorizerResultTtlInSeconds?: number;
  readonly EnableSimpleResponses?: boolean;
  readonly IdentityValidationExpression?: string;
  readonly JwtConfiguration?: { readonly Issuer?: string; readonly Audience?: readonly string[] };
}

export interface HttpDeployment {
  readonly DeploymentId: string;
  readonly Description?: string;
  readonly CreatedDate: number;
  readonly AutoDeployed: boolean;
  readonly DeploymentStatus: "PENDING" | "FAILED" | "DEPLOYED";
  readonly DeploymentStatusMessage?: string;
  /** Portico's own: the ARN of who made it. No answer has it. */
  readonly createdBy?: string;
}

export interface HttpStage {
  /** `$default` or a name. */
  readonly StageName: string;
  readonly AutoDeploy: boolean;
  /** A stage without one answers 404. */
  readonly DeploymentId?: string;
  readonly Description?: string;
  readonly DefaultRouteSettings: RouteSettings;
  /** By route key. An entry stands in place of the default, as a whole. */
  readonly RouteSettings: Readonly<Record<string, RouteSettings>>;
  readonly StageVariables: Readonly<Record<string, string>>;
  readonly AccessLogSettings?: { readonly DestinationArn?: string; readonly Format?: string };
  readonly Tags?: Readonly<Record<string, string>>;
  readonly CreatedDate: number;
  readonly LastUpdatedDate: number;
  readonly LastDeploymentStatusMessage?: string;
  readonly ApiGatewayManaged?: true;
  /** Beyond AWS: the web ACL that guards the stage. AWS WAF's operations set it, and no answer of API Gateway's has it. */
  readonly webAclArn?: string;
  /** Portico's own: tells the stage from those that had its name before, and were deleted. No answer has it. */
  readonly birthId?: string;
  /** Portico's own: how often ResetAuthorizersCache was called. No answer has it. */
  readonly authorizerFlushes?: number;
}

export interface RouteSettings {
  readonly DetailedMetricsEnabled?: boolean;
  readonly ThrottlingBurstLimit?: number;
  readonly ThrottlingRateLimit?: number;
}

/**
 * The store's document kinds of HTTP and WebSocket APIs, and how their ids are made, in the API's account and region. An
 * API's id is claimed as that of a REST API is: `restKinds.apiIdClaim`. The types are those of HTTP APIs; websocket-api.ts
 * has the others.
 */
export const v2Kinds = {
  /** `{apiId}` → {@link HttpApi} */
  api: "http-api",
  /** `{apiId}/{routeId}` → {@link Route} */
  route: "http-route",
  /** `{apiId}/{integrationId}` → {@link HttpIntegration} */
  integration: "http-integration",
  /** `{apiId}/{authorizerId}` → {@link HttpAuthorizer} */
  authorizer: "http-authorizer",
  /** `{apiId}/{modelId}` → {@link V2Model} */
  model: "v2-model",
  /** `{apiId}/{routeId}/{routeResponseId}` → RouteResponse */
  routeResponse: "v2-route-response",
  /** `{apiId}/{integrationId}/{integrationResponseId}` → {@link IntegrationResponse} */
  integrationResponse: "v2-integration-response",
  /** `{apiId}/{deploymentId}` → {@link HttpDeployment} */
  deployment: "http-deployment",
  /** `{apiId}/{deploymentId}` → {@link HttpApiDefinition} as it was when it was deployed; never changes */
  snapshot: "http-deployment-snapshot",
  /** `{apiId}/{stageName}` → {@link HttpStage} */
  stage: "http-stage",
} as const;

/** Where the API key of a request is. AWS: CreateApi, apiKeySelectionExpression. */
export const apiKeyInHeader = "$request.header.x-api-key";
export const apiKeyOfAuthorizer = "$context.authorizer.usageIdentifierKey";

/** The name of the stage that serves at the root of an API's host. */
export const defaultStageName = "$default";
