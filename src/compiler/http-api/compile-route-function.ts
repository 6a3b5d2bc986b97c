import type { HttpIntegration, Route } from "../../definition/http-api.ts";
import type { StepPlan } from "../../plan/steps.ts";
import { closed } from "../refusal.ts";
import type { RouteContext } from "./compile-route.ts";

/** Compiles the call of a Lambda function. */
export function compileRouteFunction(_integration: HttpIntegration, _route: Route, _context: RouteContext): StepPlan {
  throw closed("IntegrationType AWS_PROXY");
}
