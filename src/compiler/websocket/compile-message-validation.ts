import type { WebSocketRoute } from "../../definition/websocket-api.ts";
import type { RequestValidationPlan } from "../../plan/steps.ts";
import { connectKey, disconnectKey } from "../../plan/websocket-plan.ts";
import { validationOf } from "../compile-validation.ts";
import type { ModelSet } from "../model-set.ts";
import { requiredRouteParameters } from "../route-parameters.ts";
import { compileSelection } from "./compile-selection.ts";

/**
 * Compiles what a route demands: parameters of who connects, and models of messages. Throws a refusal.
 * AWS: API Gateway Developer Guide, "WebSocket API route request validation", "Data mapping for WebSocket APIs".
 */
export function compileMessageValidation(route: WebSocketRoute, models: ModelSet): RequestValidationPlan[] {
  if (route.RouteKey === connectKey) {
    const parameters = requiredRouteParameters(route);
    return validationOf(parameters, {});
  }
  const { ModelSelectionExpression: expression, RequestModels: named = {} } = route;
  const keys = Object.keys(named).sort();
  // Without an expression nothing is validated; with one, a key without a model is refused, also where there are no models.
  // Nothing is sent to $disconnect.
  if (expression === undefined || route.RouteKey === disconnectKey) return [];
  for (const key of keys) models.use(named[key]!);
  return [
    {
      kind: "request-validation",
      parameters: [],
      models: Object.fromEntries(keys.map((key) => [key, named[key]!])),
      selection: compileSelection("ModelSelectionExpression", expression),
    },
  ];
}
