import type { AuthorizerPlan } from "../../plan/authorizers.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import { linkLambdaAuthorizer } from "./lambda-authorizer.ts";
import { linkUserPoolAuthorizer } from "./user-pool-authorizer.ts";

/**
 * Asks an authorizer who the caller is. It calls `granted`, now or later, or answers the exchange with a gateway
 * response. It does not check what the policy allows.
 */
export type Authorize = (exchange: Exchange, granted: (grant: Grant) => void) => void;

/**
 * Links an authorizer and returns the function that asks it; `granted` is called, now or later, once `exchange.caller`
 * says who the caller is.
 * AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "Control access to REST APIs using Amazon
 * Cognito user pools".
 */
export function linkAuthorizer(
  plan: AuthorizerPlan,
  context: LinkContext,
): (exchange: Exchange, granted: () => void) => void {
  const authorize =
    plan.kind === "user-pool" ? linkUserPoolAuthorizer(plan, context) : linkLambdaAuthorizer(plan, context);
  return (exchange, granted) => {
    exchange.trace?.add({ kind: "authorizer-start", authorizerId: plan.id });
    authorize(exchange, (grant) => {
      exchange.trace?.add({ kind: "authorizer-end" });
      exchange.caller.grant = grant;
      granted();
    });
  };
}
