import type { WebSocketRoute } from "../../definition/websocket-api.ts";
import type { RequestValidationPlan, RequiredParameterPlan } from "../../plan/steps.ts";
import { connectKey, disconnectKey } from "../../plan/websocket-plan.ts";
import type { ModelSet } from "../compile-validation.ts";
import { closed } from "../refusal.ts";
import { compileSelection } from "./compile-selection.ts";

/**
 * Compiles what a route demands: parameters of who connects, and models of messages. Throws a refusal.
 * AWS: API Gateway Developer Guide, "WebSocket API route request validation", "Data mapping for WebSocket APIs".
 */
export function compileMessageValidation(route: WebSocketRoute, models: ModelSet): RequestValidationPlan[] {
  if (route.RouteKey === connectKey) {
    const parameters = requiredParameters(route);
    return parameters.length === 0 ? [] : [{ kind: "request-validation", parameters, models: {} }];
  }
  const { ModelSelectionExpression: expression, RequestModels: named = {} } = route;
  const keys = Object.keys(named).sort();
  // Without an expression, or without models, nothing is validated. Nothing is sent to $disconnect.
  if (expression === undefined || keys.length === 0 || route.RouteKey === disconnectKey) return [];
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

/** Returns the parameters that who connects has to send, in the order of places and names. */
function requiredParameters({ RequestParameters = {} }: WebSocketRoute): RequiredParameterPlan[] {
  return Object.keys(RequestParameters)
    .sort()
    .flatMap((key) => {
      const [, place, name] = /^route\.request\.(header|querystring)\.(.+)$/s.exec(key) ?? [];
      const isRequired: unknown = RequestParameters[key]?.Required ?? false;
      if (name === undefined || typeof isRequired !== "boolean") throw closed(`RequestParameters ${key}`);
      return isRequired ? [{ place: place as "header" | "querystring", name }] : [];
    });
}
