import type { ResourcePolicyPlan } from "../../plan/steps.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";

/** Asks the API's resource policy about an anonymous caller. A stage without a policy has no such step. */
export function linkResourcePolicy({ needs }: ResourcePolicyPlan, { resourcePolicy }: LinkContext): RunStep {
  return (exchange) => {
    const decision = resourcePolicy.decide(exchange) ?? { kind: "not-allowed" };
    const isPassed = decision.kind === "allowed" || (needs === "no-deny" && decision.kind === "not-allowed");
    return isPassed ? true : resourcePolicy.refuse(exchange, decision);
  };
}
