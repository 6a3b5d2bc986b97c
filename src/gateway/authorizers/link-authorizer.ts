import type { AuthorizerPlan } from "../../plan/authorizers.ts";
import type { Plan } from "../../plan/kinds.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import { linkJwtAuthorizer } from "./jwt-authorizer.ts";
import { linkLambdaAuthorizer } from "./lambda-authorizer.ts";
import { endPhase } from "./refusals.ts";
import { linkUserPoolAuthorizer } from "./user-pool-authorizer.ts";

/**
 * Asks an authorizer who the caller is. Returns what is known at once. Otherwise it returns undefined: it has answered
 * the exchange with a gateway response, or will call the function that it was linked with. It does not check what the
 * policy allows.
 */
export type Authorize = (exchange: Exchange) => Grant | undefined;

/** Takes what an authorizer says, after a while, about a caller whom it knows. */
export type TakeGrant = (exchange: Exchange, grant: Grant) => void;

/** What an authorizer is linked with: everything but a method, since it guards many. */
export interface AuthorizerContext extends Pick<LinkContext, "stage" | "thread" | "onRetire"> {
  /** The authorizer is tested: nothing is remembered. */
  readonly isTest?: boolean;
}

/** An authorizer, linked for all methods that it guards. */
export interface LinkedAuthorizer {
  /**
   * Returns the function that asks it for requests of a method. `scopes` are those that the method wants of a user pool's
   * token.
   */
  forMethod(method: Plan["methods"][number], takeGrant: TakeGrant, scopes?: readonly string[]): Authorize;
}

/**
 * Links an authorizer. Whoever is granted something is written to `exchange.caller`.
 * AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "Control access to REST APIs using Amazon
 * Cognito user pools".
 */
export function linkAuthorizer(plan: AuthorizerPlan, context: AuthorizerContext): LinkedAuthorizer {
  const linked = linkKind(plan, context);
  const take = (exchange: Exchange, grant: Grant): Grant => {
    exchange.trace?.add({ kind: "authorizer-end" });
    endPhase(exchange.access?.authorizer, 200);
    exchange.caller.grant = grant;
    return grant;
  };
  return {
    forMethod(method, takeGrant, scopes) {
      const taken: TakeGrant = (exchange, grant) => takeGrant(exchange, take(exchange, grant));
      const authorize = linked.forMethod(method, taken, scopes);
      return (exchange) => {
        exchange.trace?.add({ kind: "authorizer-start", authorizerId: plan.id });
        exchange.startAuthorizer();
        const grant = authorize(exchange);
        return grant && take(exchange, grant);
      };
    },
  };
}

function linkKind(plan: AuthorizerPlan, context: AuthorizerContext): LinkedAuthorizer {
  switch (plan.kind) {
    case "jwt":
      return linkJwtAuthorizer(plan, context);
    case "user-pool":
      return linkUserPoolAuthorizer(plan, context);
    case "token":
    case "request":
    case "http-api-request":
      return linkLambdaAuthorizer(plan, context);
    default:
      // A plan that says nothing that is known closes its stage, and is not taken for another kind.
      throw new Error(`authorizers of the kind ${String((plan as { readonly kind: unknown }).kind)}`);
  }
}
