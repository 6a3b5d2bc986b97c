import type { Plan } from "../plan/kinds.ts";
import type { Reconciler } from "./reconcile.ts";

/**
 * Returns what the threads were told about a stage, and why nothing passes it if nothing does: its plan could not be made or
 * taken in, or its web ACL can't be asked.
 */
export function findServedPlan(
  reconciler: Reconciler,
  key: string,
): { readonly value: Plan | undefined; readonly problem: string | undefined } | undefined {
  const plan = reconciler.find("plan", key);
  const arn = plan?.value?.webAclArn;
  if (plan === undefined || plan.problem !== undefined || arn === undefined) return plan;
  const webAcl = reconciler.find("web-acl", arn);
  const problem = webAcl?.problem ?? (webAcl?.value?.kind === "closed" ? webAcl.value.reason : undefined);
  if (webAcl?.value?.kind === "web-acl" && problem === undefined) {
    const { withoutEffect = [] } = webAcl.value;
    if (plan.value === undefined || withoutEffect.length === 0) return plan;
    return { ...plan, value: { ...plan.value, withoutEffect: [...plan.value.withoutEffect, ...withoutEffect] } };
  }
  return { value: plan.value, problem: `its web ACL can't be asked: ${problem ?? "it is not there"}` };
}
