/** Compares an HTTP or WebSocket API with what was deployed, for `portico status` and hints. */
import { type Difference, diffMaps } from "./diff.ts";
import type { Route } from "./http-api.ts";
import type { V2Api, V2ApiDefinition } from "./v2-api.ts";
import type { WebSocketRoute } from "./websocket-api.ts";

/** Returns every route's key. */
export const routeKeysOf = ({ routes }: V2ApiDefinition): readonly string[] => routes.map(({ RouteKey }) => RouteKey);

/** Returns what deploying `current` over `deployed` would change. */
export const diffHttpApis = (deployed: V2ApiDefinition, current: V2ApiDefinition): readonly Difference[] => [
  ...diffMaps("route", routesByKey(deployed), routesByKey(current)),
  ...diffMaps("model", modelsByName(deployed), modelsByName(current)),
  ...diffMaps("authorizer", authorizersByName(deployed), authorizersByName(current)),
  ...diffMaps("api-setting", settingsOf(deployed.api), settingsOf(current.api)),
];

/** A route with its integration and responses in it, and its authorizer by name: what callers could see. */
function routesByKey(definition: V2ApiDefinition): ReadonlyMap<string, unknown> {
  const { integrations, authorizers } = definition;
  const routes: readonly (Route | WebSocketRoute)[] = definition.routes;
  const byId = new Map(integrations.map((each) => [`integrations/${each.IntegrationId}`, each]));
  const names = new Map(authorizers.map(({ AuthorizerId, Name }) => [AuthorizerId, Name]));
  return new Map(
    routes.map(({ RouteId, Target, AuthorizerId, ...route }) => {
      const { IntegrationId, ...integration } = byId.get(Target ?? "") ?? { IntegrationId: "" };
      const authorizer = AuthorizerId === undefined ? {} : { authorizer: names.get(AuthorizerId) ?? AuthorizerId };
      return [
        route.RouteKey,
        { ...route, ...authorizer, integration, ...responsesOf(RouteId, IntegrationId, definition) },
      ];
    }),
  );
}

/** Returns the responses of a route and of its integration, by their keys. */
function responsesOf(routeId: string, integrationId: string, definition: V2ApiDefinition): object {
  const { integrationResponses = [] } = definition;
  const ofIntegration = integrationResponses.filter(({ IntegrationId }) => IntegrationId === integrationId);
  if (!("routeResponses" in definition) && ofIntegration.length === 0) return {};
  const routeResponses = "routeResponses" in definition ? definition.routeResponses : [];
  const ofRoute = routeResponses.filter(({ RouteId }) => RouteId === routeId);
  return {
    responses: Object.fromEntries(
      ofRoute.map(({ RouteId: _, RouteResponseId: __, ...response }) => [response.RouteResponseKey, response]),
    ),
    integrationResponses: Object.fromEntries(
      ofIntegration.map(({ IntegrationId: _, IntegrationResponseId: __, ...response }) => [
        response.IntegrationResponseKey,
        response,
      ]),
    ),
  };
}

const modelsByName = (definition: V2ApiDefinition): ReadonlyMap<string, unknown> =>
  new Map((definition.models ?? []).map(({ ModelId: _, ...model }) => [model.Name, model]));

const authorizersByName = ({ authorizers }: V2ApiDefinition): ReadonlyMap<string, unknown> =>
  new Map(authorizers.map(({ AuthorizerId: _, ...authorizer }) => [authorizer.Name, authorizer]));

/** Members of the API that a deployment freezes. The others don't matter for serving. */
const deployedSettings = [
  "ApiKeySelectionExpression",
  "CorsConfiguration",
  "DisableExecuteApiEndpoint",
  "DisableSchemaValidation",
  "RouteSelectionExpression",
] as const satisfies readonly (keyof V2Api)[];

const settingsOf = (api: V2Api): ReadonlyMap<string, unknown> =>
  new Map(deployedSettings.map((member) => [member, api[member]] as const).filter(([, value]) => value !== undefined));
