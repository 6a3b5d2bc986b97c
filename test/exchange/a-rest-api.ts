import type {
  Integration,
  Method,
  MethodSetting,
  Resource,
  RestApiDefinition,
  Stage,
} from "../../src/definition/rest-api.ts";

/** Methods by path, then verb: `{ "/pets/{id}": { GET: aMethod(mock()) } }`. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Method>>>>;

/** A valid definition with these routes. */
export function aRestApi(
  routes: Routes,
  overrides: Partial<Omit<RestApiDefinition, "restApi">> & { restApi?: Partial<RestApiDefinition["restApi"]> } = {},
): RestApiDefinition {
  const { restApi, ...rest } = overrides;
  return {
    restApi: {
      id: "abc123",
      name: "pets",
      createdDate: 0,
      apiKeySource: "HEADER",
      endpointConfiguration: { types: ["REGIONAL"] },
      disableExecuteApiEndpoint: false,
      rootResourceId: "root",
      ...restApi,
    },
    resources: Object.entries(routes).map(
      ([path, methods], index): Resource => ({ id: `r${index}`, path, resourceMethods: methods }),
    ),
    models: [],
    requestValidators: [],
    gatewayResponses: [],
    authorizers: [],
    ...rest,
  };
}

export function aStage(overrides: Partial<Stage> = {}): Stage {
  return {
    stageName: "prod",
    deploymentId: "dep1",
    cacheClusterEnabled: false,
    cacheClusterStatus: "NOT_AVAILABLE",
    methodSettings: {},
    tracingEnabled: false,
    createdDate: 0,
    lastUpdatedDate: 0,
    ...overrides,
  };
}

export const aMethodSetting = (overrides: Partial<MethodSetting> = {}): MethodSetting => ({
  metricsEnabled: false,
  dataTraceEnabled: false,
  throttlingBurstLimit: -1,
  throttlingRateLimit: -1,
  cachingEnabled: false,
  cacheTtlInSeconds: 300,
  cacheDataEncrypted: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
  ...overrides,
});

export function aMethod(integration: Integration, overrides: Partial<Method> = {}): Method {
  return {
    httpMethod: "GET",
    authorizationType: "NONE",
    apiKeyRequired: false,
    methodResponses: { "200": { statusCode: "200" } },
    methodIntegration: integration,
    ...overrides,
  };
}

/** A MOCK that answers 200 with a body. */
export const aMock = (body = "", overrides: Partial<Integration> = {}): Integration => ({
  type: "MOCK",
  requestTemplates: { "application/json": '{"statusCode": 200}' },
  integrationResponses: { "200": { statusCode: "200", responseTemplates: { "application/json": body } } },
  ...overrides,
});

export const anHttpProxy = (uri: string, overrides: Partial<Integration> = {}): Integration => ({
  type: "HTTP_PROXY",
  httpMethod: "ANY",
  uri,
  ...overrides,
});

export const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:hello";

/** With `responseTransferMode` STREAM. */
export const aLambdaStream = (overrides: Partial<Integration> = {}): Integration => ({
  type: "AWS_PROXY",
  httpMethod: "POST",
  uri: `arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/${functionArn}/response-streaming-invocations`,
  responseTransferMode: "STREAM",
  ...overrides,
});

export const aLambdaProxy = (overrides: Partial<Integration> = {}): Integration => ({
  type: "AWS_PROXY",
  httpMethod: "POST",
  uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  ...overrides,
});
