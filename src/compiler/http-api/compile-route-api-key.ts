import { beyondAwsFlag } from "../../definition/beyond-aws.ts";
import { apiKeyInHeader, apiKeyOfAuthorizer, type Route } from "../../definition/http-api.ts";
import type { ApiKeyPlan, QuotaPlan } from "../../plan/steps.ts";
import { compileApiKey, compileQuota } from "../compile-api-key.ts";
import { closed } from "../refusal.ts";
import type { RouteContext } from "./compile-route.ts";

const sources = new Map<unknown, ApiKeyPlan["source"]>([
  [apiKeyInHeader, "HEADER"],
  [apiKeyOfAuthorizer, "AUTHORIZER"],
]);

/**
 * Returns the steps of a route that requires an API key: the one that finds the key, which comes before the throttles, and
 * the one that counts the call, which comes after them. They are those of REST APIs. Throws a refusal.
 */
export function compileRouteApiKey(
  { ApiKeyRequired }: Route,
  { apiKeySelection, surroundings: { beyondAws } }: RouteContext,
): { readonly key: readonly ApiKeyPlan[]; readonly quota: readonly QuotaPlan[] } {
  // A guard that can't be read closes.
  const required: unknown = ApiKeyRequired;
  if (required === false || required === undefined) return { key: [], quota: [] };
  if (required !== true) throw closed(`ApiKeyRequired ${JSON.stringify(required)}`);
  if (!beyondAws.includes("http-api-keys")) throw closed(`ApiKeyRequired, without ${beyondAwsFlag("http-api-keys")}`);
  const apiKeySource = sources.get(apiKeySelection);
  if (apiKeySource === undefined) throw closed(`ApiKeySelectionExpression ${JSON.stringify(apiKeySelection)}`);
  const apiKeyRequired = true;
  return { key: compileApiKey({ apiKeyRequired }, { apiKeySource }), quota: compileQuota({ apiKeyRequired }) };
}
