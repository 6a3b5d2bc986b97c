/**
 * The effect of each setting of API Gateway's resources: of the members of their shapes in the interface model, and of
 * further members of their inputs. A gate that is stored but not enforced is the worst defect that a gateway can have,
 * so every member must have a row (settings.test.ts). docs/reference/settings.md is generated from this table.
 */
export type Setting =
  /** The setting guards something, and this file enforces it. */
  | { readonly kind: "enforced"; readonly by: string; readonly acts: Acts }
  /**
   * The setting guards something and can't be enforced yet, so what it guards answers 501 with a reason that begins
   * with this text.
   */
  | { readonly kind: "closed"; readonly reason: string; readonly acts: Acts }
  /** The setting guards something that is not served at all yet. */
  | { readonly kind: "not-served"; readonly what: string }
  /** The setting guards nothing, and this file gives it its effect. */
  | { readonly kind: "works"; readonly by: string; readonly acts: Acts }
  /** The setting is stored and has no effect. `portico status` shows it as `status` where it is set. */
  | { readonly kind: "without-effect"; readonly why: string; readonly status?: string }
  /** The setting describes the resource, and changes nothing that is served. */
  | { readonly kind: "description" };

/**
 * When a change takes effect. AWS: API Gateway Developer Guide, "Updates to REST APIs that require redeployment".
 * "call" is for members that concern only their own call.
 */
export type Acts = "at once" | "with a deployment" | "with a stage" | "call";

const deployed = "with a deployment";
const atOnce = "at once";

export const enforced = (by: string, acts: Acts = deployed): Setting => ({
  kind: "enforced",
  by: `src/${by}.ts`,
  acts,
});
export const closed = (reason: string, acts: Acts = deployed): Setting => ({ kind: "closed", reason, acts });
export const notServed = (what: string): Setting => ({ kind: "not-served", what });
export const works = (by: string, acts: Acts = deployed): Setting => ({ kind: "works", by: `src/${by}.ts`, acts });
export const withoutEffect = (why: string, status?: string): Setting => ({
  kind: "without-effect",
  why,
  ...(status !== undefined && { status }),
});
export const description: Setting = { kind: "description" };

const customDomain = works("gateway/routing/custom-domains", atOnce);
const clearText = withoutEffect("Custom domain names are served in clear text.");
const closesName: Setting = { kind: "not-served", what: "A custom domain name with it answers 501." };
const privateName: Setting = { kind: "not-served", what: "Private custom domain names are not served." };
const cache = "gateway/steps/response-cache";
const canary = works("gateway/split-program", atOnce);
/** Only methods that require keys look at them. */
const keys = enforced("gateway/steps/api-key", atOnce);
const quota = enforced("gateway/steps/quota", atOnce);
const deploymentInput = "management/rest/deployment";

/** The settings by shape, then by member. */
export const settings: Readonly<Record<string, Readonly<Record<string, Setting>>>> = {
  RestApi: {
    id: description,
    name: description,
    description,
    createdDate: description,
    version: description,
    warnings: description,
    tags: description,
    rootResourceId: description,
    apiStatus: description,
    apiStatusMessage: description,
    binaryMediaTypes: works("gateway/integrations/media-types"),
    minimumCompressionSize: works("gateway/steps/response-compression"),
    apiKeySource: enforced("gateway/steps/api-key"),
    policy: enforced("gateway/steps/resource-policy"),
    disableExecuteApiEndpoint: enforced("gateway/gateway", "with a stage"),
    endpointConfiguration: enforced("gateway/private-endpoint", atOnce),
    endpointAccessMode: closed("endpointAccessMode STRICT", atOnce),
    securityPolicy: withoutEffect("APIs are served in clear text.", "securityPolicy"),
  },
  EndpointConfiguration: {
    types: enforced("gateway/private-endpoint", atOnce),
    vpcEndpointIds: enforced("gateway/private-endpoint", atOnce),
    ipAddressType: withoutEffect("Portico listens on the addresses that it is told to."),
  },
  Resource: {
    id: description,
    parentId: works("management/rest/resource"),
    pathPart: works("gateway/routing/match"),
    path: works("gateway/routing/match"),
    resourceMethods: works("compiler/compile-rest"),
  },
  Method: {
    httpMethod: works("gateway/routing/match"),
    authorizationType: enforced("compiler/compile-authorization"),
    authorizerId: enforced("compiler/compile-authorizer"),
    authorizationScopes: enforced("access/user-pool-token"),
    apiKeyRequired: enforced("gateway/steps/api-key"),
    requestValidatorId: enforced("compiler/compile-validation"),
    requestParameters: enforced("compiler/compile-validation"),
    requestModels: enforced("compiler/compile-validation"),
    operationName: description,
    methodResponses: works("compiler/compile-integration"),
    methodIntegration: works("compiler/compile-integration"),
  },
  MethodResponse: {
    statusCode: description,
    responseParameters: works("management/rest/integration"),
    responseModels: works("gateway/steps/integration-response"),
  },
  MethodSnapshot: { authorizationType: description, apiKeyRequired: description },
  Integration: {
    type: works("compiler/compile-integration"),
    httpMethod: works("compiler/compile-integration"),
    uri: works("compiler/compile-integration"),
    connectionType: works("compiler/compile-connection"),
    connectionId: works("compiler/compile-connection"),
    integrationTarget: works("compiler/compile-connection"),
    credentials: enforced("compiler/compile-credentials"),
    tlsConfig: enforced("gateway/integrations/backend-pools"),
    requestParameters: works("compiler/compile-integration"),
    requestTemplates: works("gateway/steps/request-template"),
    passthroughBehavior: enforced("gateway/steps/request-template"),
    contentHandling: works("gateway/integrations/content-handling"),
    timeoutInMillis: works("gateway/integrations/backend-call"),
    responseTransferMode: works("gateway/integrations/lambda-stream"),
    cacheNamespace: works(cache),
    cacheKeyParameters: works(cache),
    integrationResponses: works("gateway/steps/integration-response"),
  },
  TlsConfig: { insecureSkipVerification: enforced("gateway/integrations/backend-pools") },
  IntegrationResponse: {
    statusCode: works("gateway/steps/integration-response"),
    selectionPattern: works("gateway/steps/integration-response"),
    responseParameters: works("gateway/steps/integration-response"),
    responseTemplates: works("gateway/steps/integration-response"),
    contentHandling: works("gateway/integrations/content-handling"),
  },
  Model: {
    id: description,
    name: description,
    description,
    contentType: description,
    schema: enforced("compiler/compile-validation"),
  },
  RequestValidator: {
    id: description,
    name: description,
    validateRequestBody: enforced("compiler/compile-validation"),
    validateRequestParameters: enforced("compiler/compile-validation"),
  },
  GatewayResponse: {
    responseType: description,
    statusCode: works("gateway/rest/gateway-responses"),
    responseParameters: works("gateway/rest/gateway-responses"),
    responseTemplates: works("gateway/rest/gateway-responses"),
    defaultResponse: description,
  },
  Authorizer: {
    id: description,
    name: description,
    type: enforced("compiler/compile-authorizer"),
    providerARNs: enforced("gateway/authorizers/user-pool-authorizer"),
    authType: description,
    authorizerUri: enforced("gateway/authorizers/lambda-authorizer"),
    authorizerCredentials: enforced("gateway/authorizers/lambda-authorizer"),
    identitySource: enforced("gateway/authorizers/lambda-authorizer"),
    identityValidationExpression: enforced("gateway/authorizers/lambda-authorizer"),
    authorizerResultTtlInSeconds: enforced("gateway/authorizers/lambda-authorizer"),
  },
  Deployment: {
    id: description,
    description,
    createdDate: description,
    apiSummary: description,
  },
  Stage: {
    stageName: works("gateway/routing/address", atOnce),
    deploymentId: works("server/deployed-definition", atOnce),
    description,
    tags: description,
    createdDate: description,
    lastUpdatedDate: description,
    documentationVersion: description,
    clientCertificateId: enforced("gateway/integrations/tls-identities", atOnce),
    webAclArn: enforced("gateway/web-acl-gate", atOnce),
    variables: works("compiler/compile-values", atOnce),
    methodSettings: enforced("gateway/steps/throttle", atOnce),
    accessLogSettings: works("gateway/access-log", atOnce),
    canarySettings: canary,
    cacheClusterEnabled: works(cache, atOnce),
    cacheClusterSize: works("server/response-cache-budget", atOnce),
    cacheClusterStatus: description,
    tracingEnabled: works("gateway/trace-sampling", atOnce),
  },
  MethodSetting: {
    throttlingBurstLimit: enforced("gateway/steps/throttle", atOnce),
    throttlingRateLimit: enforced("gateway/steps/throttle", atOnce),
    loggingLevel: works("telemetry/execution-log", atOnce),
    dataTraceEnabled: works("telemetry/execution-log", atOnce),
    metricsEnabled: works("gateway/stage-metrics", atOnce),
    cachingEnabled: works(cache, atOnce),
    cacheTtlInSeconds: works(cache, atOnce),
    cacheDataEncrypted: works("response-cache/entry-cipher", atOnce),
    requireAuthorizationForCacheControl: enforced(cache, atOnce),
    unauthorizedCacheControlHeaderStrategy: enforced(cache, atOnce),
  },
  AccessLogSettings: {
    format: works("gateway/access-log", atOnce),
    destinationArn: works("gateway/access-log", atOnce),
  },
  CanarySettings: {
    percentTraffic: canary,
    deploymentId: canary,
    stageVariableOverrides: canary,
    useStageCache: works(cache, atOnce),
  },
  DeploymentCanarySettings: {
    percentTraffic: canary,
    stageVariableOverrides: canary,
    useStageCache: works(cache, atOnce),
  },
  ApiKey: {
    id: description,
    value: keys,
    name: description,
    customerId: description,
    description,
    enabled: keys,
    createdDate: description,
    lastUpdatedDate: description,
    stageKeys: withoutEffect("Only usage plans give a key its stages."),
    tags: description,
  },
  StageKey: {
    restApiId: withoutEffect("Only usage plans give a key its stages."),
    stageName: withoutEffect("Only usage plans give a key its stages."),
  },
  UsagePlan: {
    id: description,
    name: description,
    description,
    tags: description,
    productCode: description,
    apiStages: keys,
    throttle: keys,
    quota,
  },
  ApiStage: { apiId: keys, stage: keys, throttle: keys },
  ThrottleSettings: { burstLimit: keys, rateLimit: keys },
  QuotaSettings: { limit: quota, offset: quota, period: quota },
  UsagePlanKey: { id: keys, type: keys, value: keys, name: description },
  Account: {
    cloudwatchRoleArn: enforced("management/rest/stage", atOnce),
    throttleSettings: enforced("gateway/steps/throttle", atOnce),
    features: description,
    apiKeyVersion: description,
  },
  ClientCertificate: {
    clientCertificateId: description,
    description,
    pemEncodedCertificate: works("gateway/integrations/tls-identities", atOnce),
    createdDate: description,
    expirationDate: description,
    tags: description,
  },
  VpcLink: {
    id: description,
    name: works("compiler/compile-connection", atOnce),
    description,
    targetArns: works("compiler/compile-connection", atOnce),
    status: works("compiler/compile-connection", atOnce),
    statusMessage: description,
    tags: description,
  },
  DomainName: {
    domainName: customDomain,
    domainNameId: description,
    domainNameArn: description,
    certificateName: description,
    certificateArn: clearText,
    certificateUploadDate: description,
    regionalDomainName: description,
    regionalHostedZoneId: description,
    regionalCertificateName: description,
    regionalCertificateArn: clearText,
    distributionDomainName: description,
    distributionHostedZoneId: description,
    endpointConfiguration: customDomain,
    domainNameStatus: description,
    domainNameStatusMessage: description,
    securityPolicy: clearText,
    endpointAccessMode: closesName,
    tags: description,
    mutualTlsAuthentication: closesName,
    ownershipVerificationCertificateArn: clearText,
    managementPolicy: privateName,
    policy: privateName,
    routingMode: customDomain,
  },
  MutualTlsAuthentication: {
    truststoreUri: closesName,
    truststoreVersion: closesName,
    truststoreWarnings: description,
  },
  MutualTlsAuthenticationInput: { truststoreUri: closesName, truststoreVersion: closesName },
  BasePathMapping: { basePath: customDomain, restApiId: customDomain, stage: customDomain },
  DomainNameAccessAssociation: {
    domainNameAccessAssociationArn: description,
    domainNameArn: privateName,
    accessAssociationSourceType: privateName,
    accessAssociationSource: privateName,
    tags: description,
  },
  DocumentationPart: { id: description, location: description, properties: description },
  DocumentationPartLocation: {
    type: description,
    path: description,
    method: description,
    statusCode: description,
    name: description,
  },
  DocumentationVersion: { version: description, createdDate: description, description },

  // Members of inputs that the resources don't have.
  CreateRestApiRequest: { cloneFrom: works("management/rest/rest-api", "call") },
  ImportRestApiRequest: {
    body: works("management/rest/import", "call"),
    parameters: works("management/rest/import", "call"),
    failOnWarnings: works("management/rest/import", "call"),
  },
  PutRestApiRequest: {
    body: works("management/rest/import", "call"),
    mode: works("management/rest/import", "call"),
    parameters: works("management/rest/import", "call"),
    failOnWarnings: works("management/rest/import", "call"),
  },
  PutIntegrationRequest: { integrationHttpMethod: works("compiler/compile-integration") },
  CreateDeploymentRequest: {
    stageName: works(deploymentInput, "call"),
    stageDescription: works(deploymentInput, "call"),
    cacheClusterEnabled: works(deploymentInput, "call"),
    cacheClusterSize: works(deploymentInput, "call"),
    variables: works(deploymentInput, "call"),
    canarySettings: canary,
    tracingEnabled: works(deploymentInput, "call"),
  },
  CreateApiKeyRequest: { generateDistinctId: works("management/rest/api-key", "call") },
  ImportApiKeysRequest: {
    body: works("management/rest/api-key-file", "call"),
    format: works("management/rest/api-key-file", "call"),
    failOnWarnings: works("management/rest/api-key-file", "call"),
  },
  CreateUsagePlanKeyRequest: { keyId: keys, keyType: keys },
  CreateDomainNameRequest: {
    certificateBody: clearText,
    certificatePrivateKey: clearText,
    certificateChain: clearText,
  },
  CreateBasePathMappingRequest: { domainNameId: description },
  UpdateBasePathMappingRequest: { domainNameId: description },
  CreateDocumentationVersionRequest: { documentationVersion: description, stageName: description },
  ImportDocumentationPartsRequest: {
    body: works("management/rest/documentation-part", "call"),
    mode: works("management/rest/documentation-part", "call"),
    failOnWarnings: works("management/rest/documentation-part", "call"),
  },
};
