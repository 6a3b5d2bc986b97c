import type { Route } from "../../definition/http-api.ts";
import type { ThrottlePlan } from "../../plan/steps.ts";
import { closed } from "../refusal.ts";
import type { RouteContext } from "./compile-route.ts";

/**
 * Returns the step that takes a token from the throttles of route and account.
 * AWS: API Gateway Developer Guide, "Throttle requests to your HTTP APIs for better throughput in API Gateway".
 */
export function compileRouteThrottles({ RouteKey: key }: Route, { stage }: RouteContext): ThrottlePlan[] {
  const own = Object.hasOwn(stage.RouteSettings, key) ? stage.RouteSettings[key] : undefined;
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = own ?? stage.DefaultRouteSettings;
  if (rate !== undefined || burst !== undefined) throw closed(`throttling of ${key}`);
  return [{ kind: "throttle" }];
}
