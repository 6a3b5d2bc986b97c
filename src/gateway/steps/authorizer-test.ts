import type { AuthorizerTestPlan } from "../../plan/steps.ts";
import { linkAuthorizer } from "../authorizers/link-authorizer.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";

/** AWS: API Gateway REST API reference, "TestInvokeAuthorizer": a policy that denies is an answer like any other. */
export function linkAuthorizerTest(plan: AuthorizerTestPlan, context: LinkContext): RunStep {
  const authorize = linkAuthorizer(plan.authorizer, { ...context, isTest: true }).forMethod(context.method, answer);
  return (exchange) => {
    const grant = authorize(exchange);
    if (grant !== undefined) answer(exchange, grant);
    return false;
  };
}

function answer(exchange: Exchange, { principalId, policyText, claims }: Grant): void {
  exchange.respond(200, ["Content-Type", "application/json"], JSON.stringify({ principalId, policyText, claims }));
}
