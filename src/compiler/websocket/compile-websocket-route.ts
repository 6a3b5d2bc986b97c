import type {
  IntegrationResponse,
  WebSocketIntegration,
  WebSocketRoute,
  WebSocketStage,
} from "../../definition/websocket-api.ts";
import type { RequestValidationPlan, StepPlan } from "../../plan/steps.ts";
import { connectKey, defaultKey } from "../../plan/websocket-plan.ts";
import type { IntegrationContext } from "../compile-integration.ts";
import { compileRouteThrottles } from "../http-api/compile-route-throttles.ts";
import { closed, misconfigured, Refusal } from "../refusal.ts";
import { compileWebSocketIntegration } from "./compile-websocket-integration.ts";

/** The parts of stage and API that a route depends on. */
export interface WebSocketRouteContext extends IntegrationContext {
  readonly region: string;
  readonly stage: WebSocketStage;
  readonly integrations: ReadonlyMap<string, WebSocketIntegration>;
  /** The integration responses, by the integration's id. */
  readonly responses: ReadonlyMap<string, readonly IntegrationResponse[]>;
}

/**
 * Returns whether the client is sent what the route's integration answers.
 * AWS: API Gateway Developer Guide, "Set up a WebSocket API route response in API Gateway".
 */
export const isTwoWay = (route: WebSocketRoute, answering: ReadonlySet<string>): boolean =>
  route.RouteResponseSelectionExpression === defaultKey && answering.has(route.RouteId);

/** Returns a route's steps in AWS's order, or the one step that refuses. */
export function compileWebSocketRoute(route: WebSocketRoute, context: WebSocketRouteContext): StepPlan[] {
  try {
    return [
      ...compileAuthorization(route),
      ...compileRouteThrottles(route, context),
      ...compileValidation(route),
      compileTarget(route, context),
    ];
  } catch (error) {
    if (error instanceof Refusal) return [error.step];
    throw error;
  }
}

function compileAuthorization({ AuthorizationType: type, ApiKeyRequired: needsKey }: WebSocketRoute): StepPlan[] {
  if (type !== "NONE") throw closed(`authorizationType ${type}`);
  if (needsKey !== false) throw closed("apiKeyRequired");
  return [];
}

function compileValidation(route: WebSocketRoute): RequestValidationPlan[] {
  if (route.ModelSelectionExpression !== undefined || Object.keys(route.RequestModels ?? {}).length > 0) {
    throw closed("RequestModels");
  }
  const parameters = Object.entries(route.RequestParameters ?? {}).flatMap(([key, { Required: isRequired }]) => {
    const [, place, name] = /^route\.request\.(header|querystring)\.(.+)$/s.exec(key) ?? [];
    if (place === undefined || name === undefined) throw closed(`requestParameters ${key}`);
    if (isRequired !== undefined && typeof isRequired !== "boolean") throw closed(`requestParameters ${key}`);
    return isRequired === true ? [{ place: place as "header" | "querystring", name }] : [];
  });
  // A message has neither headers nor a query.
  if (route.RouteKey !== connectKey || parameters.length === 0) return [];
  return [{ kind: "request-validation", parameters, models: {} }];
}

/** Compiles the integration, or the step that answers for one that can't work. */
function compileTarget(route: WebSocketRoute, context: WebSocketRouteContext): StepPlan {
  if (route.Target === undefined && route.RouteKey === connectKey) return { kind: "websocket-accept" };
  try {
    const id = /^integrations\/(.+)$/.exec(route.Target ?? "")?.[1];
    const integration = id === undefined ? undefined : context.integrations.get(id);
    if (integration === undefined) throw misconfigured(`The route ${route.RouteKey} has no integration`);
    return compileWebSocketIntegration(integration, route, context);
  } catch (error) {
    if (error instanceof Refusal && error.step.kind === "misconfigured") return error.step;
    throw error;
  }
}
