import type { WebSocketApi, WebSocketRoute } from "../../definition/websocket-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import { connectKey } from "../../plan/websocket-plan.ts";
import { compileApiKey, compileQuota } from "../compile-api-key.ts";
import { closed } from "../refusal.ts";
import type { WebSocketAuthorizers } from "./websocket-authorizers.ts";

/** What the guards of a route are compiled with. */
export interface AuthorizationContext {
  readonly api: Pick<WebSocketApi, "ApiKeySelectionExpression">;
  readonly authorizers: WebSocketAuthorizers;
}

/**
 * Returns the steps that decide who may connect, by `AuthorizationType`. Throws a refusal.
 * AWS: API Gateway Developer Guide, "Control and manage access to WebSocket APIs in API Gateway".
 */
export function compileConnectAuthorization(route: WebSocketRoute, { authorizers }: AuthorizationContext): StepPlan[] {
  const { AuthorizationType: authorizationType, AuthorizerId: authorizerId } = route;
  if (authorizationType === "NONE") return [];
  // AWS: "Currently, authorization is restricted to the $connect route only".
  if (route.RouteKey !== connectKey)
    throw closed(`AuthorizationType ${authorizationType} of the route ${route.RouteKey}`);
  if (authorizationType === "AWS_IAM") return [{ kind: "iam" }];
  if (authorizationType !== "CUSTOM") throw closed(`AuthorizationType ${authorizationType}`);
  return [{ kind: "authorizer", authorizerId: authorizers.use({ authorizationType, authorizerId }, ["REQUEST"]) }];
}

/** AWS: CreateApi, apiKeySelectionExpression: "WebSocket APIs only", with these two values. */
const keySources: ReadonlyMap<string, "HEADER" | "AUTHORIZER"> = new Map([
  ["$request.header.x-api-key", "HEADER"],
  ["$context.authorizer.usageIdentifierKey", "AUTHORIZER"],
]);

/** Returns the steps that look for the API key of who connects, before and behind the throttles. Throws a refusal. */
export function compileConnectKey(
  { RouteKey, ApiKeyRequired }: WebSocketRoute,
  { api }: AuthorizationContext,
): { readonly key: StepPlan[]; readonly quota: StepPlan[] } {
  if (ApiKeyRequired === false) return { key: [], quota: [] };
  // Nobody could send a key with a message.
  if (RouteKey !== connectKey || ApiKeyRequired !== true) throw closed(`ApiKeyRequired of the route ${RouteKey}`);
  const { ApiKeySelectionExpression: expression } = api;
  const source = keySources.get(expression.replace(/^\$\{(.*)\}$/, "$$$1"));
  if (source === undefined) throw closed(`ApiKeySelectionExpression ${expression}`);
  const method = { apiKeyRequired: true };
  return { key: compileApiKey(method, { apiKeySource: source }), quota: compileQuota(method) };
}
