import { isInvokeKey } from "../access/invoke-conditions.ts";
import { parsePolicy } from "../access/policy.ts";
import type { RestApi } from "../definition/rest-api.ts";
import type { ResourcePolicyPlan, StepPlan } from "../plan/steps.ts";

/** Returns the API's resource policy, or undefined if it has none. An empty text removes a policy. */
export function resourcePolicyOf({ policy }: Pick<RestApi, "policy">): string | undefined {
  return policy === undefined || policy.trim() === "" ? undefined : policy;
}

/**
 * Returns what is wrong with the API's resource policy: it can't be read, or asks for what nobody here knows. Each of its
 * statements would refuse on its own, and nobody would see why, so the stage is closed.
 */
export function problemOfPolicy(restApi: Pick<RestApi, "policy">): string | undefined {
  const text = resourcePolicyOf(restApi);
  if (text === undefined) return undefined;
  const { problem, conditionKeys } = parsePolicy(text);
  if (problem !== undefined) return `that can't be read: ${problem}`;
  const unknown = conditionKeys.find((key) => !isInvokeKey(key.toLowerCase()));
  return unknown === undefined ? undefined : `with the condition key ${unknown.slice(0, 128)}`;
}

/**
 * Returns the step by which the API's resource policy decides on a method's callers; none if there is no policy.
 * AWS: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow". A policy decides
 * alone for methods without authorization, at once, and for those with a user pool, once the caller is known. A Lambda
 * authorizer is not asked about callers whom the policy denies; after it, as after IAM's authentication, the step that
 * knows the caller asks `LinkContext.resourcePolicy` itself.
 */
export function compileResourcePolicy(
  { hasResourcePolicy }: { readonly hasResourcePolicy: boolean },
  needs: ResourcePolicyPlan["needs"],
): StepPlan[] {
  return hasResourcePolicy ? [{ kind: "resource-policy", needs }] : [];
}
