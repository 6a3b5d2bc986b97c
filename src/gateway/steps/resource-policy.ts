import type { ResourcePolicyPlan } from "../../plan/steps.ts";
import { fitsArn } from "../authorizers/method-arn.ts";
import { endPhase } from "../authorizers/refusals.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { stageArnOf } from "../resource-policy.ts";

/**
 * Asks the API's resource policy about an anonymous caller. A stage without a policy has no such step.
 * AWS: API Gateway Developer Guide, "Amazon API Gateway quotas": where a policy is used, it limits the length of URLs.
 */
export function linkResourcePolicy({ needs }: ResourcePolicyPlan, { resourcePolicy, stage }: LinkContext): RunStep {
  const stageArn = stageArnOf(stage);
  return (exchange) => {
    if (!fitsArn(exchange, stageArn)) return false;
    // Where the policy does not decide alone, the step that knows the caller records the decision.
    const phase = needs === "allow" ? exchange.startAuthorization() : undefined;
    const decision = resourcePolicy.decide(exchange) ?? { kind: "not-allowed" };
    const isPassed = decision.kind === "allowed" || (needs === "no-deny" && decision.kind === "not-allowed");
    if (!isPassed) return resourcePolicy.refuse(exchange, decision);
    endPhase(phase, 200);
    return true;
  };
}
