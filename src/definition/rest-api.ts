/**
 * The types of a REST API as its user edits it. Members have AWS's wire names and meanings (API Gateway REST API
 * reference). Absent optional members are absent on the wire. Times are seconds since 1970.
 */
import type { DocumentationPart } from "./documentation.ts";

/** The parts of an API that a deployment freezes, an import makes and an export writes. */
export interface RestApiDefinition {
  readonly restApi: RestApi;
  /** The resources in the order of their paths. The root `/` always exists. */
  readonly resources: readonly Resource[];
  readonly models: readonly Model[];
  readonly requestValidators: readonly RequestValidator[];
  readonly gatewayResponses: readonly GatewayResponse[];
  readonly authorizers: readonly Authorizer[];
  /** The documentation parts, for imports and copies. A documentation version freezes them; a deployment does not. */
  readonly documentationParts?: readonly DocumentationPart[];
}

export interface RestApi {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly version?: string;
  readonly createdDate: number;
  readonly warnings?: readonly string[];
  readonly binaryMediaTypes?: readonly string[];
  readonly minimumCompressionSize?: number;
  readonly apiKeySource: "HEADER" | "AUTHORIZER";
  readonly endpointConfiguration: EndpointConfiguration;
  /** The resource policy as compact JSON text. It is not escaped, although the wire form is. */
  readonly policy?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly disableExecuteApiEndpoint: boolean;
  readonly rootResourceId: string;
  readonly securityPolicy?: string;
  readonly endpointAccessMode?: string;
  readonly apiStatus?: string;
}

export interface EndpointConfiguration {
  readonly types: readonly ("EDGE" | "REGIONAL" | "PRIVATE")[];
  readonly ipAddressType?: "ipv4" | "dualstack";
  readonly vpcEndpointIds?: readonly string[];
}

export interface Resource {
  readonly id: string;
  readonly parentId?: string;
  readonly pathPart?: string;
  readonly path: string;
  /** The methods by verb (`GET`, … or `ANY`). */
  readonly resourceMethods?: Readonly<Record<string, Method>>;
}

export interface Method {
  readonly httpMethod: string;
  /** One of `NONE`, `AWS_IAM`, `CUSTOM` and `COGNITO_USER_POOLS`. */
  readonly authorizationType: string;
  readonly authorizerId?: string;
  readonly apiKeyRequired: boolean;
  readonly requestValidatorId?: string;
  readonly operationName?: string;
  /** Whether each `method.request.{path|querystring|header}.{name}` is required. */
  readonly requestParameters?: Readonly<Record<string, boolean>>;
  readonly requestModels?: Readonly<Record<string, string>>;
  readonly methodResponses?: Readonly<Record<string, MethodResponse>>;
  readonly methodIntegration?: Integration;
  readonly authorizationScopes?: readonly string[];
}

export interface MethodResponse {
  readonly statusCode: string;
  readonly responseParameters?: Readonly<Record<string, boolean>>;
  readonly responseModels?: Readonly<Record<string, string>>;
}

export type IntegrationType = "HTTP" | "AWS" | "MOCK" | "HTTP_PROXY" | "AWS_PROXY";

export interface Integration {
  readonly type: IntegrationType;
  readonly httpMethod?: string;
  readonly uri?: string;
  readonly connectionType?: "INTERNET" | "VPC_LINK";
  readonly connectionId?: string;
  readonly credentials?: string;
  readonly requestParameters?: Readonly<Record<string, string>>;
  /** Velocity templates by media type; null for a template that was set to nothing. */
  readonly requestTemplates?: Readonly<Record<string, string | null>>;
  readonly passthroughBehavior?: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  readonly contentHandling?: "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";
  readonly timeoutInMillis?: number;
  readonly cacheNamespace?: string;
  readonly cacheKeyParameters?: readonly string[];
  readonly integrationResponses?: Readonly<Record<string, IntegrationResponse>>;
  readonly tlsConfig?: { readonly insecureSkipVerification?: boolean };
  readonly responseTransferMode?: "BUFFERED" | "STREAM";
  readonly integrationTarget?: string;
}

export interface IntegrationResponse {
  readonly statusCode: string;
  readonly selectionPattern?: string;
  readonly responseParameters?: Readonly<Record<string, string>>;
  readonly responseTemplates?: Readonly<Record<string, string | null>>;
  readonly contentHandling?: "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";
}

export interface Model {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** JSON Schema draft 4, as text. */
  readonly schema?: string;
  readonly contentType: string;
}

export interface RequestValidator {
  readonly id: string;
  readonly name: string;
  readonly validateRequestBody: boolean;
  readonly validateRequestParameters: boolean;
}

/** A customised gateway response; the 21 defaults are not stored. */
export interface GatewayResponse {
  readonly responseType: string;
  readonly statusCode?: string;
  readonly responseParameters?: Readonly<Record<string, string>>;
  readonly responseTemplates?: Readonly<Record<string, string>>;
}

export interface Authorizer {
  readonly id: string;
  readonly name: string;
  readonly type: "TOKEN" | "REQUEST" | "COGNITO_USER_POOLS";
  readonly providerARNs?: readonly string[];
  readonly authType?: string;
  readonly authorizerUri?: string;
  readonly authorizerCredentials?: string;
  readonly identitySource?: string;
  readonly identityValidationExpression?: string;
  readonly authorizerResultTtlInSeconds?: number;
}

export interface Deployment {
  readonly id: string;
  readonly description?: string;
  readonly createdDate: number;
  /** Portico's own: the ARN of who made it. No answer has it. */
  readonly createdBy?: string;
}

export interface Stage {
  readonly stageName: string;
  readonly deploymentId: string;
  readonly description?: string;
  readonly clientCertificateId?: string;
  readonly cacheClusterEnabled: boolean;
  readonly cacheClusterSize?: string;
  readonly cacheClusterStatus: string;
  readonly methodSettings: Readonly<Record<string, MethodSetting>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly documentationVersion?: string;
  readonly accessLogSettings?: AccessLogSettings;
  readonly canarySettings?: CanarySettings;
  readonly tracingEnabled: boolean;
  readonly webAclArn?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdDate: number;
  readonly lastUpdatedDate: number;
  /** Portico's own: tells the stage from those that had its name before, and were deleted. No answer has it. */
  readonly birthId?: string;
  /** Portico's own: how often FlushStageCache was called. No answer has it. */
  readonly cacheFlushes?: number;
  /** Portico's own: when the cache was made or given up, in milliseconds since 1970. No answer has it. */
  readonly cacheChangedMs?: number;
  /** Portico's own: how often FlushStageAuthorizersCache was called. No answer has it. */
  readonly authorizerFlushes?: number;
}

export interface AccessLogSettings {
  readonly destinationArn?: string;
  readonly format?: string;
}

export interface CanarySettings {
  readonly deploymentId?: string;
  readonly percentTraffic?: number;
  readonly stageVariableOverrides?: Readonly<Record<string, string>>;
  readonly useStageCache?: boolean;
}

export interface MethodSetting {
  readonly metricsEnabled: boolean;
  readonly loggingLevel?: "OFF" | "ERROR" | "INFO";
  readonly dataTraceEnabled: boolean;
  readonly throttlingBurstLimit: number;
  readonly throttlingRateLimit: number;
  readonly cachingEnabled: boolean;
  readonly cacheTtlInSeconds: number;
  readonly cacheDataEncrypted: boolean;
  readonly requireAuthorizationForCacheControl: boolean;
  readonly unauthorizedCacheControlHeaderStrategy: string;
}

/** The owner and kind of the API that has an id. Ids are host names, so no two APIs share one. */
export interface ApiIdClaim {
  readonly account: string;
  readonly region: string;
  readonly kind: string;
}

/**
 * Whether an API's default endpoint is disabled for all of its stages: as `disableExecuteApiEndpoint` was when one of
 * them was last written. AWS: API Gateway Developer Guide, "Disable the default endpoint for REST APIs".
 */
export interface DefaultEndpoint {
  readonly isDisabled: boolean;
}

/**
 * The store's document kinds of REST APIs, and how their ids are made. Scope: the API's account and region, but for
 * `apiIdClaim` (scope `everywhere`), because an API's id is a host name.
 */
export const restKinds = {
  /** `{apiId}` → {@link RestApi} */
  restApi: "rest-api",
  /** `{apiId}/{resourceId}` → {@link Resource} with its methods */
  resource: "resource",
  /** `{apiId}/{name}` → {@link Model} */
  model: "model",
  /** `{apiId}/{id}` → {@link RequestValidator} */
  requestValidator: "request-validator",
  /** `{apiId}/{responseType}` → {@link GatewayResponse} */
  gatewayResponse: "gateway-response",
  /** `{apiId}/{id}` → {@link Authorizer} */
  authorizer: "authorizer",
  /** `{apiId}/{deploymentId}` → {@link Deployment} */
  deployment: "deployment",
  /** `{apiId}/{deploymentId}` → {@link RestApiDefinition} as it was when it was deployed; never changes */
  snapshot: "deployment-snapshot",
  /** `{apiId}/{stageName}` → {@link Stage} */
  stage: "stage",
  /** `{apiId}` → {@link DefaultEndpoint} */
  defaultEndpoint: "default-endpoint",
  /** `{apiId}` → {@link ApiIdClaim} */
  apiIdClaim: "api-id",
  /** `account` → what GetAccount answers and UpdateAccount changes */
  account: "account",
} as const;
