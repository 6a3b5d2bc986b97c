import { v2Kinds } from "../../definition/http-api.ts";
import type { V2Api } from "../../definition/v2-api.ts";
import type { RouteResponse } from "../../definition/websocket-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { routes } from "./routes.ts";
import { documents, type Work } from "./work.ts";

/** The documents of route responses. */
export const routeResponses = documents({
  kind: v2Kinds.routeResponse,
  parent: routes,
  member: "RouteResponseId",
  idOf: (response: RouteResponse) => response.RouteResponseId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "WebSocket APIs, words of management".
  missing: () => notFound("Invalid RouteResponse identifier specified"),
});

/** Returns the route responses of all routes of an API. */
export const routeResponsesOf = async ({
  tx,
  parent: { ApiId },
}: Work<never, V2Api>): Promise<readonly RouteResponse[]> =>
  (await tx.list<RouteResponse>(v2Kinds.routeResponse, { prefix: `${ApiId}/` })).map(({ body }) => body);
