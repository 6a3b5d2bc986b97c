import type { HttpApi, Route } from "../../definition/http-api.ts";
import { checkRoute, checkRouteConflicts, checkRouteKey } from "../../definition/http-route-rules.ts";
import { mergedAs, unlessEqual } from "../../families/merge.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { httpApis } from "./apis.ts";
import { authorizers } from "./authorizers.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { integrations } from "./integrations.ts";
import { inUse, onlyForWebSocket, refuse, refuseOnHttp, requireRoom } from "./refusals.ts";
import { routes } from "./routes.ts";
import { type Change, defineResource, operations, writing } from "./work.ts";

/** Checks a new or changed route. */
async function checked(route: Route, work: Change<never, HttpApi>): Promise<Route> {
  refuse(checkRouteKey(route.RouteKey));
  const others = (await routes.all(work)).filter(({ RouteId }) => RouteId !== route.RouteId);
  const taken = checkRouteConflicts(
    route.RouteKey,
    others.map(({ RouteKey }) => RouteKey),
  );
  if (taken !== undefined) throw conflict(taken);
  const known = new Map((await authorizers.all(work)).map((each) => [each.AuthorizerId, each]));
  const integrationIds = new Set((await integrations.all(work)).map(({ IntegrationId }) => IntegrationId));
  refuse(checkRoute(route, { authorizer: (id) => known.get(id), hasIntegration: (id) => integrationIds.has(id) }));
  return route;
}

async function createRoute(work: Change<"CreateRoute", HttpApi>): Promise<Route> {
  const { input } = work;
  for (const member of webSocketMembers) refuseOnHttp(member, input[member]);
  requireRoom(work, "routesPerApi", await routes.count(work));
  const route = present<Route>({
    RouteId: await routes.freshId(work, 7),
    RouteKey: input.RouteKey,
    ApiKeyRequired: input.ApiKeyRequired ?? false,
    AuthorizationType: input.AuthorizationType ?? "NONE",
    AuthorizerId: input.AuthorizerId || undefined,
    AuthorizationScopes: nonEmpty(input.AuthorizationScopes),
    OperationName: input.OperationName,
    Target: input.Target,
    ApiGatewayManaged: undefined,
  });
  return checked(route, work);
}

const webSocketMembers = [
  "ModelSelectionExpression",
  "RequestModels",
  "RequestParameters",
  "RouteResponseSelectionExpression",
] as const;

/** Returns the route without what belonged to a type of authorization that the update replaced. */
function withoutOldAuthorization(route: Route, { input }: Change<"UpdateRoute", HttpApi>): Route {
  const { AuthorizationType: type } = route;
  const { AuthorizerId, AuthorizationScopes, ...others } = route;
  const asks = type === "JWT" || type === "CUSTOM";
  return present<Route>({
    ...others,
    AuthorizerId: asks || input.AuthorizerId ? AuthorizerId : undefined,
    AuthorizationScopes: type === "JWT" || nonEmpty(input.AuthorizationScopes) ? AuthorizationScopes : undefined,
  } as Route);
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
      ApiId: () => ({}),
      AuthorizationScopes: (scopes) => ({ AuthorizationScopes: nonEmpty(scopes) }),
      // A route without a target answers 500, so none is lost by mistake.
      Target: mergedAs("Target"),
      ModelSelectionExpression: onlyForWebSocket("ModelSelectionExpression"),
      RequestModels: onlyForWebSocket("RequestModels"),
      RequestParameters: onlyForWebSocket("RequestParameters"),
      RouteResponseSelectionExpression: onlyForWebSocket("RouteResponseSelectionExpression"),
    },
    async complete(item, before, work) {
      // AWS: API Gateway version 2 API reference, "Route", apiGatewayManaged. Unconfirmed: the words;
      // see docs/compatibility.md, "HTTP APIs, words of management".
      if (before.ApiGatewayManaged && item.RouteKey !== before.RouteKey) {
        throw badRequest(`The route key ${before.RouteKey} is managed by API Gateway and cannot be modified`);
      }
      return unlessEqual(await checked(withoutOldAuthorization(item, work), work), before);
    },
    async onDelete(item) {
      if (item.ApiGatewayManaged) {
        throw inUse(`The route ${item.RouteKey} is managed by API Gateway and cannot be deleted`);
      }
    },
    afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
  }),
  ...operations({
    // Routes of HTTP APIs have no request parameters, so there is never one to delete.
    DeleteRouteRequestParameter: writing(async (work) => {
      await routes.find(work);
      // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
      throw notFound("Invalid parameter name specified");
    }, httpApis),
  }),
};
