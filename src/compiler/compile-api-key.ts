import type { Method } from "../definition/rest-api.ts";
import type { ApiKeyPlan, QuotaPlan } from "../plan/steps.ts";
import type { MethodContext } from "./compile-method.ts";
import { closed } from "./refusal.ts";

/** Returns the step that finds the caller's API key and its usage plan, with the plan's throttles. Throws a refusal. */
export function compileApiKey(
  { apiKeyRequired }: Pick<Method, "apiKeyRequired">,
  { apiKeySource }: Pick<MethodContext, "apiKeySource">,
): ApiKeyPlan[] {
  if (!apiKeyRequired) return [];
  const source: unknown = apiKeySource;
  if (source !== "HEADER" && source !== "AUTHORIZER") throw closed(`apiKeySource ${JSON.stringify(source)}`);
  return [{ kind: "api-key", source }];
}

/**
 * Returns the step that counts the call. It comes after all throttles, so that a call that one of them refuses is not counted.
 * Unconfirmed: docs/compatibility.md, "a usage plan's quota".
 */
export function compileQuota({ apiKeyRequired }: Pick<Method, "apiKeyRequired">): QuotaPlan[] {
  return apiKeyRequired ? [{ kind: "quota" }] : [];
}
