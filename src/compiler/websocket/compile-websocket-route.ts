import type { IntegrationResponse } from "../../definition/http-api.ts";
import type { WebSocketIntegration, WebSocketRoute, WebSocketStage } from "../../definition/websocket-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import { connectKey, disconnectKey } from "../../plan/websocket-plan.ts";
import type { IntegrationContext } from "../compile-integration.ts";
import { compileRouteThrottles } from "../http-api/compile-route-throttles.ts";
import type { ModelSet } from "../model-set.ts";
import { misconfigured, Refusal } from "../refusal.ts";
import {
  type AuthorizationContext,
  compileConnectAuthorization,
  compileConnectKey,
} from "./compile-connect-authorization.ts";
import { compileMessageValidation } from "./compile-message-validation.ts";
import { compileWebSocketIntegration } from "./compile-websocket-integration.ts";

/** The parts of stage and API that a route depends on. */
export interface WebSocketRouteContext extends IntegrationContext, AuthorizationContext {
  readonly models: ModelSet;
  readonly region: string;
  readonly stage: WebSocketStage;
  readonly integrations: ReadonlyMap<string, WebSocketIntegration>;
  /** The integration responses, by the integration's id. */
  /** The ids of the routes that have route responses. */
  readonly answering: ReadonlySet<string>;
  readonly responses: ReadonlyMap<string, readonly IntegrationResponse[]>;
}

/** Returns a route's steps in AWS's order, or the one step that refuses. */
export function compileWebSocketRoute(route: WebSocketRoute, context: WebSocketRouteContext): StepPlan[] {
  try {
    const { key, quota } = compileConnectKey(route, context);
    return [
      ...compileConnectAuthorization(route, context),
      ...key,
      ...compileRouteThrottles(route, context),
      ...quota,
      ...compileMessageValidation(route, context.models),
      compileTarget(route, context),
    ];
  } catch (error) {
    if (error instanceof Refusal) return [error.step];
    throw error;
  }
}

/** Compiles the integration, or the step that answers for one that can't work. */
function compileTarget(route: WebSocketRoute, context: WebSocketRouteContext): StepPlan {
  if (route.Target === undefined) return compileUntargeted(route);
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

/** Whoever connects is let in, and who disconnects is told nothing. A message has nowhere to go. */
const compileUntargeted = ({ RouteKey: key }: WebSocketRoute): StepPlan =>
  key === connectKey || key === disconnectKey
    ? { kind: "websocket-accept" }
    : { kind: "misconfigured", detail: `The route ${key} has no integration`, isUnroutable: true };
