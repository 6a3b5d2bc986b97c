import type { Method } from "../definition/rest-api.ts";
import type { StepPlan } from "../plan/steps.ts";
import { closed } from "./refusal.ts";

/** Returns the step that asks for an API key, with its usage plan's throttles and quota. Throws a refusal. */
export function compileApiKey(method: Pick<Method, "apiKeyRequired">): StepPlan[] {
  if (method.apiKeyRequired) throw closed("apiKeyRequired");
  return [];
}
