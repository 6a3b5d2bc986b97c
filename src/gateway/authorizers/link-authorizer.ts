import type { Policy } from "../../access/policy.ts";
import type { AuthorizerPlan } from "../../plan/authorizers.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import { linkLambdaAuthorizer } from "./lambda-authorizer.ts";
import { linkUserPoolAuthorizer } from "./user-pool-authorizer.ts";

/** What an authorizer says of a caller whom it knows. */
export interface Grant {
  readonly principalId?: string;
  /** What the caller may do; a user pool has no say in that. */
  readonly policy?: Policy;
  readonly policyText?: string;
  /** `$context.authorizer.{name}` */
  readonly context?: Readonly<Record<string, string>>;
  readonly usageIdentifierKey?: string | undefined;
  /** `$context.authorizer.claims.{name}` */
  readonly claims?: Readonly<Record<string, string>>;
}

/**
 * Asks an authorizer who the caller is: calls `granted`, now or later, or answers the exchange with a gateway response. What
 * the policy allows is not asked.
 */
export type Authorize = (exchange: Exchange, granted: (grant: Grant) => void) => void;

/** AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "Control access to REST APIs using Amazon Cognito user pools". */
export function linkAuthorizer(plan: AuthorizerPlan, context: LinkContext): Authorize {
  const authorize =
    plan.kind === "user-pool" ? linkUserPoolAuthorizer(plan, context) : linkLambdaAuthorizer(plan, context);
  return (exchange, granted) => {
    exchange.trace?.add({ kind: "authorizer-start", authorizerId: plan.id });
    authorize(exchange, (grant) => {
      exchange.trace?.add({ kind: "authorizer-end" });
      granted(grant);
    });
  };
}
