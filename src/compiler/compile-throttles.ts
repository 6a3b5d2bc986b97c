import { bounds } from "../base/bounds.ts";
import { methodSettingsOf } from "../definition/method-settings.ts";
import type { Method } from "../definition/rest-api.ts";
import type { StepPlan } from "../plan/steps.ts";
import type { MethodContext } from "./compile-method.ts";
import { closed } from "./refusal.ts";

/** Returns the step that takes a token from the throttles of method, stage and account. Throws a refusal. */
export function compileThrottles(method: Method, context: MethodContext): StepPlan[] {
  const { methodSettings } = context.stage;
  for (const setting of methodSettingsOf(methodSettings, context.resourcePath, method.httpMethod)) {
    if (isStricter(setting.throttlingRateLimit, bounds.throttlingRatePerSecond.value)) {
      throw closed(`throttlingRateLimit ${setting.throttlingRateLimit}`);
    }
    if (isStricter(setting.throttlingBurstLimit, bounds.throttlingBurst.value)) {
      throw closed(`throttlingBurstLimit ${setting.throttlingBurstLimit}`);
    }
  }
  return [];
}

/** -1 inherits the account's limit. */
const isStricter = (limit: number | undefined, ofAccount: number): boolean =>
  limit !== undefined && limit >= 0 && limit < ofAccount;
