import { decideToken, problemOfClaims, type TokenDemand, type TokenRefusal } from "../../access/user-pool-token.ts";
import type { UserPoolAuthorizerPlan } from "../../plan/authorizers.ts";
import type { Exchange } from "../exchange.ts";
import { linkIdentity } from "./identity.ts";
import { type LinkedIssuer, linkPoolIssuer } from "./issuers.ts";
import type { AuthorizerContext, LinkedAuthorizer } from "./link-authorizer.ts";
import { refuseCaller, refuseConfiguration } from "./refusals.ts";
import { linkTokenCheck, type TokenRules } from "./token-check.ts";
import { linkValidation } from "./validation-expression.ts";

/**
 * Links an authorizer that looks at a token of a user pool: an ID token, or an access token where the method wants scopes.
 * AWS: API Gateway Developer Guide, "Control access to REST APIs using Amazon Cognito user pools as an authorizer".
 */
export function linkUserPoolAuthorizer(plan: UserPoolAuthorizerPlan, { thread }: AuthorizerContext): LinkedAuthorizer {
  const { clock } = thread;
  const readIdentity = linkIdentity(plan.identitySources, "one");
  const issuers = plan.pools.map(({ id, host }) => linkPoolIssuer(id, host, thread.services));
  const isAudience = linkValidation(plan.identityValidationExpression);
  return {
    forMethod(_, takeGrant, scopes) {
      const demandOf = ({ isOpenId }: LinkedIssuer): TokenDemand => ({
        nowMs: clock.now(),
        isOpenId,
        use: scopes === undefined ? "id" : "access",
        ...(scopes && { scopes }),
        isAudience,
      });
      const rules: TokenRules = {
        prefix: "",
        issuers,
        tooLong: "it is too long",
        otherIssuer: "its issuer is none of the authorizer's user pools",
        refuse: refuseToken,
        refuseKey(exchange, found) {
          if (found.kind === "unknown") return refuseToken(exchange, "its key is none of the pool's");
          const problem = `the keys of the user pool can't be had: ${found.problem}`;
          return refuseConfiguration(exchange, problem, problem);
        },
        verify(exchange, token, key, issuer) {
          const decision = decideToken(token, key, demandOf(issuer));
          return decision.kind === "accepted" ? decision.claims : refuse(exchange, decision);
        },
        accepts(exchange, token, issuer) {
          const problem = problemOfClaims(token, demandOf(issuer));
          if (problem !== undefined) refuse(exchange, problem);
          return problem === undefined;
        },
        grantOf: (claims) => ({ claims }),
      };
      const check = linkTokenCheck(thread, rules, takeGrant);
      return (exchange) => {
        const [identity] = readIdentity(exchange) ?? [];
        return identity === undefined ? refuseCaller(exchange, "there is no token") : check(exchange, identity);
      };
    },
  };
}

const refuseToken = (exchange: Exchange, reason: string): undefined =>
  refuseCaller(exchange, `the token is refused: ${reason}`);

const refuse = (exchange: Exchange, problem: TokenRefusal): undefined =>
  problem.kind === "refused"
    ? refuseToken(exchange, problem.reason)
    : refuseCaller(exchange, "the token has expired", "The incoming token has expired");
