import {
  type IssuedTokenDemand,
  type IssuedTokenRefusal,
  issuedClaimTexts,
  problemOfIssuedClaims,
  problemOfIssuedToken,
  scopesOf,
} from "../../access/issued-token.ts";
import type { JwtAuthorizerPlan } from "../../plan/authorizers.ts";
import type { Exchange } from "../exchange.ts";
import { linkIdentity } from "./identity.ts";
import { linkIssuer } from "./issuers.ts";
import type { AuthorizerContext, LinkedAuthorizer } from "./link-authorizer.ts";
import { endPhase } from "./refusals.ts";
import { linkTokenCheck, type TokenRules } from "./token-check.ts";

/**
 * Links a JWT authorizer of an HTTP API.
 * AWS: API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway".
 */
export function linkJwtAuthorizer(plan: JwtAuthorizerPlan, { thread }: AuthorizerContext): LinkedAuthorizer {
  const { clock } = thread;
  const readIdentity = linkIdentity(plan.identitySources, "one");
  const issuers = [linkIssuer(plan.issuer, thread.services)];
  return {
    forMethod(_, takeGrant, scopes = []) {
      const refuse = linkRefusal(scopes);
      const demandNow = (): IssuedTokenDemand => ({ nowMs: clock.now(), audiences: plan.audiences, scopes });
      const rules: TokenRules = {
        // No token of a user pool has this name: their claims are written in another way.
        prefix: "jwt ",
        issuers,
        tooLong: "the token is too long",
        otherIssuer: "the token does not have a valid issuer",
        refuse: (exchange, problem) => refuse(exchange, invalid(problem)),
        refuseKey: (exchange, found) =>
          found.kind === "unavailable"
            ? refuse(exchange, invalid("OIDC discovery endpoint communication error"), found.problem)
            : refuse(exchange, invalid("the token's kid is none of the issuer's keys")),
        verify(exchange, token, key) {
          const problem = problemOfIssuedToken(token, key, demandNow());
          return problem === undefined ? issuedClaimTexts(token.claims) : refuse(exchange, problem);
        },
        accepts(exchange, { claims }) {
          const problem = problemOfIssuedClaims(claims, demandNow());
          if (problem !== undefined) refuse(exchange, problem);
          return problem === undefined;
        },
        grantOf: (claims, says) => ({
          claims,
          scopes: scopes.length === 0 ? null : scopesOf(says).filter((one) => scopes.includes(one)),
        }),
      };
      const check = linkTokenCheck(thread, rules, takeGrant);
      return (exchange) => {
        const [identity] = readIdentity(exchange) ?? [];
        return identity === undefined ? refuse(exchange, undefined, "there is no token") : check(exchange, identity);
      };
    },
  };
}

const invalid = (description: string): IssuedTokenRefusal => ({ error: "invalid_token", description });

/**
 * Links the answer to a token that is refused; without a refusal, there is none. AWS: API Gateway Developer Guide,
 * "Troubleshooting issues with HTTP API JWT authorizers", the header `www-authenticate`.
 */
function linkRefusal(
  scopes: readonly string[],
): (exchange: Exchange, refusal: IssuedTokenRefusal | undefined, why?: string) => undefined {
  const challenge = `Bearer scope="${scopes.join(" ").replaceAll(/[^\x21\x23-\x5b\x5d-\x7e ]/g, "")}"`;
  return (exchange, refusal, why = refusal?.description ?? "") => {
    const isKnown = refusal?.error === "insufficient_scope";
    endPhase(exchange.access?.authorizer, isKnown ? 403 : 401, why);
    const says =
      refusal === undefined
        ? "Bearer"
        : `${challenge} error="${refusal.error}" error_description="${refusal.description}"`;
    exchange.program.responses.finish(exchange, isKnown ? "ACCESS_DENIED" : "UNAUTHORIZED", {
      hint: `the token is refused: ${why}`,
      headers: ["www-authenticate", says],
    });
  };
}
