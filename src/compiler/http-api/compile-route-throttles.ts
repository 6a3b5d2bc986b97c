import type { HttpStage, Route, RouteSettings } from "../../definition/http-api.ts";
import type { ThrottleLimitPlan, ThrottlePlan } from "../../plan/steps.ts";
import { closed } from "../refusal.ts";

/** A stage of an HTTP or WebSocket API. */
type ThrottlingStage = Pick<HttpStage, "RouteSettings" | "DefaultRouteSettings">;

/**
 * Returns the step that takes a token from the throttles of route and account. Every route has it, because the account's
 * throttle is for all of them. Throws a refusal.
 * AWS: API Gateway Developer Guide, "Throttle requests to your HTTP APIs for better throughput in API Gateway".
 */
export function compileRouteThrottles(
  { RouteKey: key }: Pick<Route, "RouteKey">,
  { stage }: { readonly stage: ThrottlingStage },
): ThrottlePlan[] {
  const settings = routeSettingsOf(stage, key);
  const ratePerSecond = readLimit(settings, "ThrottlingRateLimit");
  const burst = readLimit(settings, "ThrottlingBurstLimit");
  if (ratePerSecond === undefined && burst === undefined) return [{ kind: "throttle" }];
  const method: ThrottleLimitPlan = {
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    ...(burst === undefined ? {} : { burst }),
  };
  return [{ kind: "throttle", method }];
}

/**
 * Returns the settings of a route. As users report, its entry stands in place of the stage's default as a whole: what it
 * lacks is the account's.
 */
export const routeSettingsOf = (
  { RouteSettings: settings, DefaultRouteSettings: others }: ThrottlingStage,
  key: string,
): RouteSettings => (Object.hasOwn(settings, key) ? settings[key] : undefined) ?? others;

/** Returns undefined for a limit that the account's stands for. Zero and less let nothing through. */
function readLimit(settings: RouteSettings, name: "ThrottlingRateLimit" | "ThrottlingBurstLimit"): number | undefined {
  // The service writes numbers only; a guard that can't be read closes.
  const value: unknown = settings[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return Math.max(0, value);
  throw closed(`throttling limit ${name} ${JSON.stringify(value)}`);
}
