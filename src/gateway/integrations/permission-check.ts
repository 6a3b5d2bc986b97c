import { makeConditionContext } from "../../access/condition-keys.ts";
import { type Policy, type PolicyDecision, parsePolicy } from "../../access/policy.ts";
import { bounds } from "../../base/bounds.ts";
import type { FunctionFacts } from "../../functions/function-client.ts";

interface PolicyDecisions {
  readonly revision: string;
  readonly policy: Policy;
  readonly decisions: Map<string, PolicyDecision["kind"]>;
}

/**
 * Decides whether API Gateway may invoke a function for a method. Decisions are remembered until the function's policy
 * changes.
 * AWS: Lambda Developer Guide, "Granting API Gateway access": AddPermission with a SourceArn.
 */
export class PermissionCheck {
  readonly #known = new Map<string, PolicyDecisions>();

  /** Returns the function's policy, parsed; undefined if it has none. */
  policyOf(facts: FunctionFacts): Policy | undefined {
    return facts.policy === undefined ? undefined : this.#find(facts, facts.policy).policy;
  }

  #find(facts: FunctionFacts, text: string): PolicyDecisions {
    let known = this.#known.get(facts.functionArn);
    if (known === undefined || known.revision !== facts.policyRevision) {
      known = { revision: facts.policyRevision, policy: parsePolicy(text), decisions: new Map() };
      if (this.#known.size >= bounds.permissionDecisionsMax.value) this.#known.clear();
      this.#known.set(facts.functionArn, known);
    }
    return known;
  }

  decide(facts: FunctionFacts, sourceArn: string, account: string): PolicyDecision["kind"] {
    if (facts.policy === undefined) return "not-allowed";
    const known = this.#find(facts, facts.policy);
    let decision = known.decisions.get(sourceArn);
    if (decision === undefined) {
      decision = known.policy.decide({
        action: "lambda:InvokeFunction",
        resource: facts.functionArn,
        servicePrincipal: "apigateway.amazonaws.com",
        context: makeConditionContext({
          kind: "service",
          sourceArn,
          sourceAccount: account,
          resource: facts.functionArn,
        }),
      }).kind;
      if (known.decisions.size >= bounds.permissionDecisionsMax.value) known.decisions.clear();
      known.decisions.set(sourceArn, decision);
    }
    return decision;
  }
}
