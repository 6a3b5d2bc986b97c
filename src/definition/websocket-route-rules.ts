/**
 * The rules that make a route of a WebSocket API valid. Each check returns undefined, or AWS's message.
 * AWS: API Gateway version 2 API reference, "Route".
 */
import { bounds } from "../base/bounds.ts";
import { integrationIdOf, type RouteReferences } from "./http-route-rules.ts";
import { checkModels, checkRouteParameters } from "./route-validation-rules.ts";
import { checkSelection } from "./selection-expression-rules.ts";
import { checkLengths, shortened } from "./text-lengths.ts";
import { notForWebSocket } from "./v2-members.ts";
import type { WebSocketRoute } from "./websocket-api.ts";

/** The route that decides whether a client may connect. */
export const connectRouteKey = "$connect";

const predefined: readonly string[] = [connectRouteKey, "$disconnect", "$default"];
const routeKeyCharsMax = bounds.routeKeyCharsMax.value;

/** Checks the form of a route key. The messages are AWS's, as users quote them. */
export function checkWebSocketRouteKey(key: string | undefined): string | undefined {
  if (key === undefined || key === "") return "Route key is required";
  if (key.length > routeKeyCharsMax) {
    return `Invalid route key specified: it has more than ${routeKeyCharsMax} characters`;
  }
  const isWellFormed = predefined.includes(key) || (!key.startsWith("$") && !/[\x00-\x1f\x7f]/.test(key));
  return isWellFormed ? undefined : "The provided route key is not formatted properly";
}

const lengths = { OperationName: [1, 64], Target: [1, 128] } as const;

// Unconfirmed: all words without a source; see docs/compatibility.md, "WebSocket APIs, words of management".
/** Checks everything of a route but its key. */
export function checkWebSocketRoute(
  route: Omit<WebSocketRoute, "RouteId">,
  references: RouteReferences,
): string | undefined {
  const { Target: target } = route;
  const integrationId = target === undefined ? undefined : integrationIdOf(target);
  return (
    checkLengths(route, lengths) ??
    checkAuthorization(route, references) ??
    checkSelection("ModelSelectionExpression", route.ModelSelectionExpression) ??
    checkResponseSelection(route.RouteResponseSelectionExpression) ??
    checkModels(route.RequestModels, references) ??
    checkRouteParameters(route.RequestParameters, "request") ??
    (target === undefined || (integrationId !== undefined && references.hasIntegration(integrationId))
      ? undefined
      : `Invalid Integration identifier specified: ${target}`)
  );
}

function checkAuthorization(
  { RouteKey: key, AuthorizationType: type, AuthorizerId: id, ApiKeyRequired }: Omit<WebSocketRoute, "RouteId">,
  { authorizer }: RouteReferences,
): string | undefined {
  if (type === "JWT") return notForWebSocket("Authorization type JWT");
  // AWS's words, as users quote them.
  if (type !== "NONE" && key !== connectRouteKey) {
    return "Currently, authorization is restricted to the $connect route only";
  }
  if (ApiKeyRequired && key !== connectRouteKey) {
    return "Currently, API keys are restricted to the $connect route only";
  }
  if (type === "CUSTOM" && (id === undefined || authorizer(id)?.AuthorizerType !== "REQUEST")) {
    return "Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid REQUEST authorizer.";
  }
  // A route that names an authorizer and does not ask it would be open by mistake.
  return type === "CUSTOM" || id === undefined
    ? undefined
    : `Invalid authorizer ID specified. The authorization type ${type} has no authorizer.`;
}

/** AWS: API Gateway Developer Guide, "WebSocket selection expressions in API Gateway": only `$default` is supported. */
const checkResponseSelection = (expression: string | undefined): string | undefined =>
  expression === undefined || expression === "$default"
    ? undefined
    : `Invalid RouteResponseSelectionExpression specified: ${shortened(expression)}. Only $default is supported.`;
