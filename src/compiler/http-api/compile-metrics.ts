import type { HttpStage, Route } from "../../definition/http-api.ts";
import type { MethodPlan } from "../../plan/plan.ts";
import { routeSettingsOf } from "./compile-route-throttles.ts";

/** Returns whether a route of an HTTP or WebSocket API has metrics of its own. */
export const compileMetrics = (
  stage: Pick<HttpStage, "RouteSettings" | "DefaultRouteSettings">,
  { RouteKey: key }: Pick<Route, "RouteKey">,
): Pick<MethodPlan, "hasMetrics"> =>
  routeSettingsOf(stage, key).DetailedMetricsEnabled === true ? { hasMetrics: true } : {};
