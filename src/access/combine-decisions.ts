import type { PolicyDecision } from "./policy.ts";

/**
 * Decides by what an identity's policies (or a Lambda authorizer's policy) and a resource's policy say of one call. A
 * deny on either side counts first. Then `same-account` needs one of them to allow, and `cross-account` both. Lambda
 * authorizers are always `same-account`. `resource` is undefined if the resource has no policy, which is as if it said
 * nothing.
 * AWS: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow", tables A and B.
 */
export function combineDecisions(
  identity: PolicyDecision,
  resource: PolicyDecision | undefined,
  accounts: "same-account" | "cross-account",
): PolicyDecision {
  const both = resource === undefined ? [identity] : [identity, resource];
  const refusal = both.find(({ kind }) => kind !== "allowed" && kind !== "not-allowed");
  if (refusal !== undefined) return refusal;
  const allowed = both.filter(({ kind }) => kind === "allowed");
  const isEnough = allowed.length >= (accounts === "same-account" ? 1 : 2);
  return isEnough ? allowed[0]! : { kind: "not-allowed" };
}
