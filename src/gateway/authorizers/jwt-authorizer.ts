import {
  type IssuedTokenDemand,
  type IssuedTokenRefusal,
  issuedClaimTexts,
  problemOfIssuedClaims,
  problemOfIssuedToken,
  scopesOf,
} from "../../access/issued-token.ts";
import { readToken, type UnverifiedToken } from "../../access/json-web-token.ts";
import { bounds } from "../../base/bounds.ts";
import type { JwtAuthorizerPlan } from "../../plan/authorizers.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import { linkIdentity } from "./identity.ts";
import { linkIssuer } from "./issuers.ts";
import type { AuthorizerContext, LinkedAuthorizer } from "./link-authorizer.ts";
import { endPhase } from "./refusals.ts";
import type { FoundKey } from "./user-pool-keys.ts";
import type { VerifiedToken } from "./verified-tokens.ts";

/**
 * Links a JWT authorizer of an HTTP API.
 * AWS: API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway".
 */
export function linkJwtAuthorizer(plan: JwtAuthorizerPlan, { thread }: AuthorizerContext): LinkedAuthorizer {
  const { clock, userPoolKeys, verifiedTokens } = thread;
  const readIdentity = linkIdentity(plan.identitySources, "one");
  const { isIssuer, address } = linkIssuer(plan.issuer, thread.services);
  return {
    forMethod(_, takeGrant, scopes = []) {
      const refuse = linkRefusal(scopes);
      const demandNow = (): IssuedTokenDemand => ({ nowMs: clock.now(), audiences: plan.audiences, scopes });
      const grantOf = (texts: Grant["claims"], claims: UnverifiedToken["claims"]): Grant => ({
        ...(texts && { claims: texts }),
        scopes: scopes.length === 0 ? null : scopesOf(claims).filter((one) => scopes.includes(one)),
      });
      const conclude = (exchange: Exchange, found: FoundKey, presented: PresentedToken): Grant | undefined => {
        if (found.kind === "unavailable") {
          return refuse(exchange, invalid("OIDC discovery endpoint communication error"), found.problem);
        }
        if (found.kind === "unknown") return refuse(exchange, invalid("the token's kid is none of the issuer's keys"));
        const { key } = found;
        const { text, name, says } = presented;
        if ("key" in says && says.key === key) {
          const problem = problemOfIssuedClaims(says.claims, demandNow());
          return problem === undefined ? grantOf(says.texts, says.claims) : refuse(exchange, problem);
        }
        // The issuer has another key of that name since the token was verified: it is verified again.
        const token = "key" in says ? readToken(text) : says;
        if (typeof token === "string") return refuse(exchange, invalid(token));
        const problem = problemOfIssuedToken(token, key, demandNow());
        if (problem !== undefined) return refuse(exchange, problem);
        const { keyId, issuer, type, claims } = token;
        const texts = issuedClaimTexts(claims);
        verifiedTokens.keep(name, { keyId, issuer, type, claims, key, texts }, text.length);
        return grantOf(texts, claims);
      };
      return (exchange) => {
        const [identity] = readIdentity(exchange) ?? [];
        if (identity === undefined) return refuse(exchange, undefined, "there is no token");
        const text = identity.replace(/^Bearer +/i, "");
        if (text.length > bounds.tokenCharsMax.value) return refuse(exchange, invalid("the token is too long"));
        // No token of a user pool has this name: their claims are written in another way.
        const name = verifiedTokens.nameOf(`jwt ${text}`);
        const says = verifiedTokens.find(name) ?? readToken(text);
        if (typeof says === "string") return refuse(exchange, invalid(says));
        if (!isIssuer(says.issuer)) return refuse(exchange, invalid("the token does not have a valid issuer"));
        const found = userPoolKeys.find(address, says.keyId);
        if (!(found instanceof Promise)) return conclude(exchange, found, { text, name, says });
        exchange.wait(found, (later) => {
          const grant = conclude(exchange, later, { text, name, says });
          if (grant !== undefined) takeGrant(exchange, grant);
        });
        return undefined;
      };
    },
  };
}

/** A token as a caller sent it, and what it says, verified earlier or not. */
interface PresentedToken {
  readonly text: string;
  /** Its name among the verified tokens. */
  readonly name: string;
  readonly says: VerifiedToken | UnverifiedToken;
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
