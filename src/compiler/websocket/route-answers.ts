import type { WebSocketRoute } from "../../definition/websocket-api.ts";
import { defaultKey } from "../../plan/websocket-plan.ts";

/**
 * Returns whether the client is sent what a route's integration answers. `answering` has the ids of the routes with route
 * responses.
 * AWS: API Gateway Developer Guide, "Set up a WebSocket API route response in API Gateway".
 */
export const isTwoWay = (
  { RouteResponseSelectionExpression: expression, RouteId: id }: WebSocketRoute,
  answering: ReadonlySet<string>,
): boolean => expression === defaultKey && answering.has(id);
