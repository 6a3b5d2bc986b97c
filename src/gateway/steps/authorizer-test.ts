import { assert } from "../../base/assert.ts";
import type { AuthorizerTestPlan } from "../../plan/steps.ts";
import { linkAuthorizer } from "../authorizers/link-authorizer.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";

/** AWS: API Gateway REST API reference, "TestInvokeAuthorizer": a policy that denies is an answer like any other. */
export function linkAuthorizerTest(plan: AuthorizerTestPlan, context: LinkContext): RunStep {
  const authorize = linkAuthorizer(plan.authorizer, context);
  return (exchange) => {
    authorize(exchange, () => {
      const { grant } = exchange.caller;
      assert(grant !== undefined, "an authorizer that grants says whom");
      const { principalId, policyText, claims } = grant;
      exchange.respond(200, ["Content-Type", "application/json"], JSON.stringify({ principalId, policyText, claims }));
    });
    return false;
  };
}
