import { checkModels, checkRouteParameters } from "../../definition/route-validation-rules.ts";
import { checkModelSelection } from "../../definition/selection-expression-rules.ts";
import { shortened } from "../../definition/text-lengths.ts";
import type { V2Route } from "../../definition/v2-api.ts";
import type { RouteResponse } from "../../definition/websocket-api.ts";
import { mergedAs, mergedEntries, unlessEqual, unmerged, withoutEmpty } from "../../families/merge.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict } from "../../protocol/errors.ts";
import { apiOf } from "./apis.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { modelNamesOf } from "./models.ts";
import { refuse, refuseOnHttp } from "./refusals.ts";
import { parametersOf } from "./route.ts";
import { routeResponses } from "./route-responses.ts";
import { type Change, defineResource } from "./work.ts";

type RouteResponseChange = Change<"CreateRouteResponse" | "UpdateRouteResponse", V2Route>;

/** Checks a new or changed route response. */
async function checked(response: RouteResponse, work: RouteResponseChange): Promise<RouteResponse> {
  // AWS: API Gateway Developer Guide, "Set up route responses for WebSocket APIs in API Gateway": only $default. Unconfirmed: the
  // words; see docs/compatibility.md, "WebSocket APIs, words of management".
  if (response.RouteResponseKey !== "$default") {
    throw badRequest(
      `Invalid route response key specified: ${shortened(response.RouteResponseKey)}. Only $default is supported.`,
    );
  }
  const others = (await routeResponses.all(work)).filter(
    ({ RouteResponseId }) => RouteResponseId !== response.RouteResponseId,
  );
  if (others.length > 0)
    throw conflict(`Route response with key ${response.RouteResponseKey} already exists for this route`);
  const names = await modelNamesOf(work);
  refuse(
    checkModelSelection(response.ModelSelectionExpression) ??
      checkModels(response.ResponseModels, { hasModel: (name) => names.has(name) }) ??
      checkRouteParameters(response.ResponseParameters, "response"),
  );
  return response;
}

async function createRouteResponse(work: Change<"CreateRouteResponse", V2Route>): Promise<RouteResponse> {
  const { input } = work;
  refuseOnHttp(await apiOf(work), "Route responses");
  const response = present<RouteResponse>({
    RouteId: work.parent.RouteId,
    RouteResponseId: await routeResponses.freshId(work, 6),
    RouteResponseKey: input.RouteResponseKey,
    ModelSelectionExpression: input.ModelSelectionExpression || undefined,
    ResponseModels: withoutEmpty(input.ResponseModels ?? {}),
    ResponseParameters: parametersOf(input.ResponseParameters),
  });
  return checked(response, work);
}

/** AWS: API Gateway version 2 API reference, "RouteResponse". */
export const routeResponse = defineResource({
  operations: {
    create: "CreateRouteResponse",
    get: "GetRouteResponse",
    list: "GetRouteResponses",
    update: "UpdateRouteResponse",
    delete: "DeleteRouteResponse",
  },
  place: routeResponses,
  create: createRouteResponse,
  merge: {
    ApiId: unmerged,
    RouteId: unmerged,
    RouteResponseKey: mergedAs("RouteResponseKey"),
    ResponseModels: mergedEntries("ResponseModels"),
    ResponseParameters: (given, before) => ({
      ResponseParameters: parametersOf({ ...before.ResponseParameters, ...given }),
    }),
  },
  complete: async (item, before, work) => unlessEqual(await checked(item, work), before),
  afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
  view: ({ RouteId: _, ...response }) => response,
});
