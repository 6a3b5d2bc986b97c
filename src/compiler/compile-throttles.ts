import { methodSettingsOf } from "../definition/method-settings.ts";
import type { Method, MethodSetting } from "../definition/rest-api.ts";
import { httpMethods } from "../definition/rules.ts";
import type { ThrottleLimitPlan, ThrottlePlan } from "../plan/steps.ts";
import type { MethodContext } from "./compile-method.ts";
import { closed } from "./refusal.ts";

/**
 * Returns the step that takes a token from the throttles of method and account. Every method has it, because the account's
 * throttle is for all of them. Throws a refusal.
 */
export function compileThrottles({ httpMethod }: Method, context: MethodContext): ThrottlePlan[] {
  const limit = compileLimit(context, [httpMethod]);
  const verbs: [string, ThrottleLimitPlan][] = [];
  if (httpMethod === "ANY") {
    // A setting of GET is for GET requests, whatever method serves them.
    for (const verb of httpMethods) {
      if (verb === "ANY") continue;
      const own = compileLimit(context, [verb, "ANY"]);
      if (own !== undefined && !isEqual(own, limit)) verbs.push([verb, own]);
    }
  }
  return [
    {
      kind: "throttle",
      ...(limit === undefined ? {} : { method: limit }),
      ...(verbs.length === 0 ? {} : { verbs: Object.fromEntries(verbs) }),
    },
  ];
}

/** Returns the stage's limit for a verb. If the settings spell one path in several ways, the strictest one counts. */
function compileLimit({ stage, resourcePath }: MethodContext, verbs: readonly string[]): ThrottleLimitPlan | undefined {
  const settings = methodSettingsOf(stage.methodSettings, resourcePath, verbs);
  const ratePerSecond = strictest(settings, "throttlingRateLimit");
  const burst = strictest(settings, "throttlingBurstLimit");
  if (ratePerSecond === undefined && burst === undefined) return undefined;
  return {
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    ...(burst === undefined ? {} : { burst }),
  };
}

/** Returns the smallest number of a limit; undefined if all inherit the account's: absent or -1. */
function strictest(
  settings: readonly MethodSetting[],
  name: "throttlingRateLimit" | "throttlingBurstLimit",
): number | undefined {
  let least: number | undefined;
  for (const setting of settings) {
    // UpdateStage writes numbers only; a guard that can't be read closes.
    const value: unknown = setting[name];
    if (value === undefined || value === -1) continue;
    if (typeof value !== "number" || !Number.isFinite(value))
      throw closed(`throttling limit ${name} ${JSON.stringify(value)}`);
    const limit = Math.max(0, value);
    if (least === undefined || limit < least) least = limit;
  }
  return least;
}

const isEqual = (left: ThrottleLimitPlan, right: ThrottleLimitPlan | undefined): boolean =>
  left.ratePerSecond === right?.ratePerSecond && left.burst === right?.burst;
