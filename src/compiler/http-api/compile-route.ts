import type { HttpIntegration, HttpStage, IntegrationResponse, Route } from "../../definition/http-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import type { RoleAsker } from "../compile-credentials.ts";
import type { ModelSet } from "../model-set.ts";
import { misconfigured, Refusal } from "../refusal.ts";
import type { Surroundings } from "../surroundings.ts";
import { compileRouteApiKey } from "./compile-route-api-key.ts";
import { compileRouteAuthorization } from "./compile-route-authorization.ts";
import { compileRouteIntegration } from "./compile-route-integration.ts";
import { compileRouteThrottles } from "./compile-route-throttles.ts";
import { compileRouteValidation } from "./compile-route-validation.ts";
import type { RouteAuthorizers } from "./route-authorizers.ts";

/** The parts of stage and API that a route depends on. */
export interface RouteContext extends RoleAsker {
  readonly region: string;
  readonly stage: HttpStage;
  /** `ApiKeySelectionExpression` */
  readonly apiKeySelection: string;
  readonly surroundings: Surroundings;
  readonly integrations: ReadonlyMap<string, HttpIntegration>;
  /** By the integration's id. */
  readonly integrationResponses: ReadonlyMap<string, readonly IntegrationResponse[]>;
  readonly authorizers: RouteAuthorizers;
  readonly models: ModelSet;
}

/**
 * Returns a route's steps in AWS's order: only those that it has configured, or the one step that refuses.
 * See docs/internals/architecture.md, "The request path".
 */
export function compileRoute(route: Route, context: RouteContext): StepPlan[] {
  try {
    const { key, quota } = compileRouteApiKey(route, context);
    return [
      ...compileRouteAuthorization(route, context),
      ...key,
      ...compileRouteThrottles(route, context),
      ...quota,
      ...compileRouteValidation(route, context),
      compileTarget(route, context),
    ];
  } catch (error) {
    if (error instanceof Refusal) return [error.step];
    throw error;
  }
}

/** Compiles the integration, or the step that answers for one that can't work. */
function compileTarget(route: Route, context: RouteContext): StepPlan {
  try {
    const id = /^integrations\/(.+)$/.exec(route.Target ?? "")?.[1];
    const integration = id === undefined ? undefined : context.integrations.get(id);
    if (integration === undefined) throw misconfigured(`The route ${route.RouteKey} has no integration`);
    return compileRouteIntegration(integration, route, context);
  } catch (error) {
    if (error instanceof Refusal && error.step.kind === "misconfigured") return error.step;
    throw error;
  }
}
