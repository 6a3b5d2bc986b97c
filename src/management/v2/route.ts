import { type ParameterConstraints, v2Kinds } from "../../definition/http-api.ts";
import { checkRoute, checkRouteConflicts, checkRouteKey } from "../../definition/http-route-rules.ts";
import { isWebSocketApi, type V2Api, type V2Route } from "../../definition/v2-api.ts";
import { checkWebSocketRoute, checkWebSocketRouteKey } from "../../definition/websocket-route-rules.ts";
import { mergedAs, mergedEntries, unlessEqual, unmerged, withoutEmpty } from "../../families/merge.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { authorizers } from "./authorizers.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { integrations } from "./integrations.ts";
import { models } from "./models.ts";
import { type ForeignMembers, inUse, refuse, refuseForeign, requireRoom } from "./refusals.ts";
import { routes } from "./routes.ts";
import { type Change, changing, defineResource, operations } from "./work.ts";

/** Checks a new or changed route. */
async function checked(route: V2Route, work: Change<never, V2Api>): Promise<V2Route> {
  const isWebSocket = isWebSocketApi(work.parent);
  refuse(isWebSocket ? checkWebSocketRouteKey(route.RouteKey) : checkRouteKey(route.RouteKey));
  const others = (await routes.all(work)).filter(({ RouteId }) => RouteId !== route.RouteId);
  const keys = others.map(({ RouteKey }) => RouteKey);
  const taken = isWebSocket ? checkTaken(route.RouteKey, keys) : checkRouteConflicts(route.RouteKey, keys);
  if (taken !== undefined) throw conflict(taken);
  const known = new Map((await authorizers.all(work)).map((each) => [each.AuthorizerId, each]));
  const integrationIds = new Set((await integrations.all(work)).map(({ IntegrationId }) => IntegrationId));
  const names = new Set((await models.all(work)).map(({ Name }) => Name));
  const references = {
    authorizer: (id: string) => known.get(id),
    hasIntegration: (id: string) => integrationIds.has(id),
    hasModel: (name: string) => names.has(name),
    beyondAws: work.beyondAws,
  };
  refuse(isWebSocket ? checkWebSocketRoute(route, references) : checkRoute(route, references));
  return route;
}

/** AWS's words, as users quote them. */
const checkTaken = (key: string, others: readonly string[]): string | undefined =>
  others.includes(key) ? `Route with key ${key} already exists for this API` : undefined;

const foreignMembers = {
  // The models and parameters of requests are refused with what else AWS refuses, by `checkRoute`.
  HTTP: ["ModelSelectionExpression", "RouteResponseSelectionExpression"],
  WEBSOCKET: ["AuthorizationScopes"],
} as const satisfies ForeignMembers;

/** Returns parameters as they are kept: each says whether it is required. */
export const parametersOf = (
  given: Readonly<Record<string, { readonly Required?: boolean | undefined } | undefined>> | undefined,
): Readonly<Record<string, ParameterConstraints>> | undefined =>
  nonEmpty(
    Object.fromEntries(
      Object.entries(given ?? {}).map(([key, value]) => [key, { Required: value?.Required ?? false }]),
    ),
  );

async function createRoute(work: Change<"CreateRoute", V2Api>): Promise<V2Route> {
  const { input } = work;
  refuseForeign(work.parent, input, foreignMembers);
  requireRoom(work, "routesPerApi", await routes.count(work));
  const route = present<V2Route>({
    RouteId: await routes.freshId(work, 7),
    RouteKey: input.RouteKey,
    ApiKeyRequired: input.ApiKeyRequired ?? false,
    AuthorizationType: input.AuthorizationType ?? "NONE",
    AuthorizerId: input.AuthorizerId || undefined,
    AuthorizationScopes: nonEmpty(input.AuthorizationScopes),
    ModelSelectionExpression: input.ModelSelectionExpression || undefined,
    OperationName: input.OperationName,
    RequestModels: withoutEmpty(input.RequestModels ?? {}),
    RequestParameters: parametersOf(input.RequestParameters),
    RouteResponseSelectionExpression: input.RouteResponseSelectionExpression || undefined,
    Target: input.Target,
    ApiGatewayManaged: undefined,
  });
  return checked(route, work);
}

/** Returns the route without what belonged to a type of authorization that the update replaced. */
function withoutOldAuthorization(route: V2Route, { input }: Change<"UpdateRoute", V2Api>): V2Route {
  const { AuthorizationType: type } = route;
  const { AuthorizerId, AuthorizationScopes, ...others } = route;
  const asks = type === "JWT" || type === "CUSTOM";
  return present<V2Route>({
    ...others,
    AuthorizerId: asks || input.AuthorizerId ? AuthorizerId : undefined,
    AuthorizationScopes: type === "JWT" || nonEmpty(input.AuthorizationScopes) ? AuthorizationScopes : undefined,
  } as V2Route);
}

/** AWS: API Gateway version 2 API reference, "Route". */
export const route = {
  ...defineResource({
    operations: {
      create: "CreateRoute",
      get: "GetRoute",
      list: "GetRoutes",
      update: "UpdateRoute",
      delete: "DeleteRoute",
    },
    place: routes,
    create: createRoute,
    merge: {
      ApiId: unmerged,
      AuthorizationScopes: (scopes) => ({ AuthorizationScopes: nonEmpty(scopes) }),
      // A route without a target answers 500, so none is lost by mistake.
      Target: mergedAs("Target"),
      RequestModels: mergedEntries("RequestModels"),
      RequestParameters: (given, before) => ({
        RequestParameters: parametersOf({ ...before.RequestParameters, ...given }),
      }),
    },
    async complete(item, before, work) {
      refuseForeign(work.parent, work.input, foreignMembers);
      // AWS: API Gateway version 2 API reference, "Route", apiGatewayManaged. Unconfirmed: the words;
      // see docs/compatibility.md, "HTTP APIs, words of management".
      if (before.ApiGatewayManaged && item.RouteKey !== before.RouteKey) {
        throw badRequest(`The route key ${before.RouteKey} is managed by API Gateway and cannot be modified`);
      }
      return unlessEqual(await checked(withoutOldAuthorization(item, work), work), before);
    },
    async onDelete(item, work) {
      if (item.ApiGatewayManaged) {
        throw inUse(`The route ${item.RouteKey} is managed by API Gateway and cannot be deleted`);
      }
      await work.tx.deleteAll(v2Kinds.routeResponse, `${work.parentId}/${item.RouteId}/`);
    },
    afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
  }),
  ...operations({
    DeleteRouteRequestParameter: changing(
      routes,
      (item, work: Change<"DeleteRouteRequestParameter", V2Api>) => {
        const { RequestParameterKey: key } = work.input;
        const { RequestParameters = {}, ...rest } = item;
        // Unconfirmed: the words; see docs/compatibility.md, "WebSocket APIs, words of management".
        if (!Object.hasOwn(RequestParameters, key)) throw notFound("Invalid parameter name specified");
        const { [key]: _, ...kept } = RequestParameters;
        return present<V2Route>({ ...rest, RequestParameters: nonEmpty(kept) } as V2Route);
      },
      () => ({}),
      (work) => deployAutomatically(work, work.input.ApiId),
    ),
  }),
};
