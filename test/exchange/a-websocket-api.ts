import type { IntegrationResponse } from "../../src/definition/http-api.ts";
import type {
  WebSocketApiDefinition,
  WebSocketIntegration,
  WebSocketRoute,
  WebSocketStage,
} from "../../src/definition/websocket-api.ts";

/** What a route key leads to. */
export interface WebSocketRouteOf {
  readonly integration?: Partial<WebSocketIntegration>;
  readonly responses?: readonly Partial<IntegrationResponse>[];
  readonly route?: Partial<WebSocketRoute>;
  /** The client is sent what the integration answers. */
  readonly isTwoWay?: boolean;
}

/** A valid definition with these routes, by route key. */
export function aWebSocketApi(
  routes: Readonly<Record<string, WebSocketRouteOf>>,
  overrides: Partial<Omit<WebSocketApiDefinition, "api">> & { api?: Partial<WebSocketApiDefinition["api"]> } = {},
): WebSocketApiDefinition {
  const { api, ...rest } = overrides;
  const entries = Object.entries(routes);
  return {
    api: {
      ApiId: "abc123",
      Name: "chat",
      ProtocolType: "WEBSOCKET",
      RouteSelectionExpression: "$request.body.action",
      ApiKeySelectionExpression: "$request.header.x-api-key",
      DisableExecuteApiEndpoint: false,
      IpAddressType: "ipv4",
      CreatedDate: 0,
      ...api,
    },
    routes: entries.map(([RouteKey, { route, integration, isTwoWay }], index) => ({
      RouteId: `route${index}`,
      RouteKey,
      ApiKeyRequired: false,
      AuthorizationType: "NONE",
      ...(integration === undefined ? {} : { Target: `integrations/integration${index}` }),
      ...(isTwoWay === true ? { RouteResponseSelectionExpression: "$default" } : {}),
      ...route,
    })),
    routeResponses: entries.flatMap(([, { isTwoWay }], index) =>
      isTwoWay === true
        ? [{ RouteId: `route${index}`, RouteResponseId: `response${index}`, RouteResponseKey: "$default" }]
        : [],
    ),
    integrations: entries.flatMap(([, { integration }], index) =>
      integration === undefined ? [] : [{ ...usual, ...integration, IntegrationId: `integration${index}` }],
    ),
    integrationResponses: entries.flatMap(([, { responses = [] }], index) =>
      responses.map((response, at) => ({
        IntegrationResponseKey: "$default",
        ...response,
        IntegrationId: `integration${index}`,
        IntegrationResponseId: `of${index}at${at}`,
      })),
    ),
    models: [],
    authorizers: [],
    ...rest,
  };
}

const usual = {
  IntegrationType: "MOCK",
  PayloadFormatVersion: "1.0",
  ConnectionType: "INTERNET",
  IntegrationResponseSelectionExpression: "${integration.response.statuscode}",
  PassthroughBehavior: "WHEN_NO_MATCH",
  TimeoutInMillis: 29_000,
} as const;

export function aWebSocketStage(overrides: Partial<WebSocketStage> = {}): WebSocketStage {
  return {
    StageName: "prod",
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
