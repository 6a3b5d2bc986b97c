import { methodSettingLevels } from "../definition/method-settings.ts";
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

/**
 * Returns the stage's limit for a verb. If the settings spell one path in several ways, the strictest one counts.
 * Unconfirmed: -1 inherits from the next key that covers the method; see docs/compatibility.md, "throttles, inherited".
 */
function compileLimit({ stage, resourcePath }: MethodContext, verbs: readonly string[]): ThrottleLimitPlan | undefined {
  const levels = methodSettingLevels(stage.methodSettings, resourcePath, verbs);
  const ratePerSecond = mostSpecific(levels, "throttlingRateLimit");
  const burst = mostSpecific(levels, "throttlingBurstLimit");
  if (ratePerSecond === undefined && burst === undefined) return undefined;
  return {
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    ...(burst === undefined ? {} : { burst }),
  };
}

/** Returns a limit of the most specific keys that have it; undefined if all inherit the account's. */
function mostSpecific(levels: ReturnType<typeof methodSettingLevels>, name: LimitName): number | undefined {
  for (const settings of levels) {
    const limits = settings.map((setting) => readLimit(setting, name)).filter((limit) => limit !== undefined);
    if (limits.length > 0) return Math.min(...limits);
  }
  return undefined;
}

/** Returns undefined for a limit that is inherited: absent or -1. Other negative numbers let nothing through. */
function readLimit(setting: MethodSetting, name: LimitName): number | undefined {
  // UpdateStage writes numbers only; a guard that can't be read closes.
  const value: unknown = setting[name];
  if (value === undefined || value === -1) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return Math.max(0, value);
  throw closed(`throttling limit ${name} ${JSON.stringify(value)}`);
}

type LimitName = "throttlingRateLimit" | "throttlingBurstLimit";

const isEqual = (left: ThrottleLimitPlan, right: ThrottleLimitPlan | undefined): boolean =>
  left.ratePerSecond === right?.ratePerSecond && left.burst === right?.burst;
