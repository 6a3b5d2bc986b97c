/** Compares an HTTP API with what was deployed, for `portico status` and hints. */
import { type Difference, diffMaps } from "./diff.ts";
import type { HttpApi, HttpApiDefinition } from "./http-api.ts";

/** Returns every route's key. */
export const routeKeysOf = ({ routes }: HttpApiDefinition): readonly string[] => routes.map(({ RouteKey }) => RouteKey);

/** Returns what deploying `current` over `deployed` would change. */
export const diffHttpApis = (deployed: HttpApiDefinition, current: HttpApiDefinition): readonly Difference[] => [
  ...diffMaps("route", routesByKey(deployed), routesByKey(current)),
  ...diffMaps("authorizer", authorizersByName(deployed), authorizersByName(current)),
  ...diffMaps("api-setting", settingsOf(deployed.api), settingsOf(current.api)),
];

/** A route with its integration in it, and its authorizer by name: what callers could see. */
function routesByKey({ routes, integrations, authorizers }: HttpApiDefinition): ReadonlyMap<string, unknown> {
  const byId = new Map(integrations.map((each) => [`integrations/${each.IntegrationId}`, each]));
  const names = new Map(authorizers.map(({ AuthorizerId, Name }) => [AuthorizerId, Name]));
  return new Map(
    routes.map(({ RouteId: _, Target, AuthorizerId, ...route }) => {
      const { IntegrationId: __, ...integration } = byId.get(Target ?? "") ?? { IntegrationId: "" };
      const authorizer = AuthorizerId === undefined ? {} : { authorizer: names.get(AuthorizerId) ?? AuthorizerId };
      return [route.RouteKey, { ...route, ...authorizer, integration }];
    }),
  );
}

const authorizersByName = ({ authorizers }: HttpApiDefinition): ReadonlyMap<string, unknown> =>
  new Map(authorizers.map(({ AuthorizerId: _, ...authorizer }) => [authorizer.Name, authorizer]));

/** Members of the API that a deployment freezes. The others don't matter for serving. */
const deployedSettings = [
  "CorsConfiguration",
  "DisableExecuteApiEndpoint",
] as const satisfies readonly (keyof HttpApi)[];

const settingsOf = (api: HttpApi): ReadonlyMap<string, unknown> =>
  new Map(deployedSettings.map((member) => [member, api[member]] as const).filter(([, value]) => value !== undefined));
