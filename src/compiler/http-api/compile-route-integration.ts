import type { HttpIntegration, Route } from "../../definition/http-api.ts";
import { isCustomType } from "../../definition/http-integration-rules.ts";
import type { StepPlan } from "../../plan/steps.ts";
import type { RouteContext } from "./compile-route.ts";
import { compileRouteBackend } from "./compile-route-backend.ts";
import { compileRouteFunction } from "./compile-route-function.ts";
import { compileRouteService } from "./compile-route-service.ts";
import { compileRouteTemplates } from "./compile-route-templates.ts";

/**
 * Compiles a route's integration to its step. Throws a refusal for one that can't be run.
 * AWS: API Gateway Developer Guide, "Create integrations for HTTP APIs in API Gateway".
 */
export function compileRouteIntegration(integration: HttpIntegration, route: Route, context: RouteContext): StepPlan {
  if (isCustomType(integration.IntegrationType)) return compileRouteTemplates(integration, route, context);
  if (integration.IntegrationType === "HTTP_PROXY") return compileRouteBackend(integration, route, context);
  if (integration.IntegrationSubtype !== undefined) return compileRouteService(integration, route, context);
  return compileRouteFunction(integration, route, context);
}
