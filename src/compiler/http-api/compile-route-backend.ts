import type { HttpIntegration, Route } from "../../definition/http-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import { closed } from "../refusal.ts";
import type { RouteContext } from "./compile-route.ts";

/** Compiles the call of an HTTP backend, public or private. */
export function compileRouteBackend(_integration: HttpIntegration, _route: Route, _context: RouteContext): StepPlan {
  throw closed("IntegrationType HTTP_PROXY");
}
