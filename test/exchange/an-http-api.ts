import type { HttpApiDefinition, HttpIntegration, HttpStage, Route } from "../../src/definition/http-api.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import type { StepPlan } from "../../src/plan/steps.ts";
import type { CallOptions, GatewayUnderTest, Reply } from "./start-gateway.ts";

/** The host of the API that `anHttpApi` defines. */
export const host = "http123.execute-api.us-east-1.localhost";

/** Calls that API, and reads the whole answer. */
export const callHttpApi = (gateway: GatewayUnderTest, path: string, options: CallOptions = {}): Promise<Reply> =>
  gateway.call(path, { host, isWhole: true, ...options });

/** What a route key leads to; a route may differ from the default in more than its integration. */
export interface RouteOf {
  readonly integration: HttpIntegration;
  readonly route?: Partial<Route>;
}

/** A valid definition with these routes, by route key: `{ "GET /pets/{id}": { integration: aUrl(…) } }`. */
export function anHttpApi(
  routes: Readonly<Record<string, RouteOf>>,
  overrides: Partial<Omit<HttpApiDefinition, "api">> & { api?: Partial<HttpApiDefinition["api"]> } = {},
): HttpApiDefinition {
  const { api, ...rest } = overrides;
  const entries = Object.entries(routes);
  return {
    api: {
      ApiId: "http123",
      Name: "pets",
      ProtocolType: "HTTP",
      RouteSelectionExpression: "$request.method $request.path",
      ApiKeySelectionExpression: "$request.header.x-api-key",
      DisableExecuteApiEndpoint: false,
      IpAddressType: "ipv4",
      CreatedDate: 0,
      ...api,
    },
    routes: entries.map(([RouteKey, { route }], index) => ({
      RouteId: `route${index}`,
      RouteKey,
      ApiKeyRequired: false,
      AuthorizationType: "NONE",
      Target: `integrations/integration${index}`,
      ...route,
    })),
    integrations: entries.map(([, { integration }], index) => ({
      ...integration,
      IntegrationId: `integration${index}`,
    })),
    authorizers: [],
    ...rest,
  };
}

/** The stage `$default`, which serves at the root of the API's host. */
export function anHttpStage(overrides: Partial<HttpStage> = {}): HttpStage {
  return {
    StageName: "$default",
    AutoDeploy: false,
    DeploymentId: "dep1",
    DefaultRouteSettings: {},
    RouteSettings: {},
    StageVariables: {},
    CreatedDate: 0,
    LastUpdatedDate: 0,
    ...overrides,
  };
}

/**
 * The plan with a MOCK's answer at the end of each route that is not closed: the route's key. What is in front of
 * integrations is tested without them, so that the definition needs none.
 */
export const answeringKeys = <Of extends Plan>(plan: Of, headers: Readonly<Record<string, string>> = {}): Of => ({
  ...plan,
  methods: plan.methods.map((method) => ({
    ...method,
    steps: method.steps.map((step) => (step.kind === "misconfigured" ? answer(method.routeKey, headers) : step)),
  })),
});

/** A step that answers with a text. */
export const answer = (text: string, headers: Readonly<Record<string, string>> = {}): StepPlan => ({
  kind: "mock",
  request: { passthrough: "NEVER", templates: { "application/json": '{"statusCode": 200}' } },
  responses: [
    {
      statusCode: 200,
      isDeclared: true,
      headers: Object.entries(headers).map(([name, value]) => ({ name, value: { kind: "literal", text: value } })),
      templates: { "application/json": text },
    },
  ],
});

const basics = { IntegrationId: "", ConnectionType: "INTERNET", TimeoutInMillis: 30_000 } as const;

/** An HTTP_PROXY integration. */
export const aUrl = (IntegrationUri: string, overrides: Partial<HttpIntegration> = {}): HttpIntegration => ({
  ...basics,
  IntegrationType: "HTTP_PROXY",
  IntegrationMethod: "ANY",
  PayloadFormatVersion: "1.0",
  IntegrationUri,
  ...overrides,
});

/** A Lambda proxy integration, with events of format 2.0. */
export const aFunction = (IntegrationUri: string, overrides: Partial<HttpIntegration> = {}): HttpIntegration => ({
  ...basics,
  IntegrationType: "AWS_PROXY",
  IntegrationMethod: "POST",
  PayloadFormatVersion: "2.0",
  IntegrationUri,
  ...overrides,
});
