import { readToken, type UnverifiedToken } from "../../access/json-web-token.ts";
import { decideToken, problemOfClaims, type TokenDemand, type TokenRefusal } from "../../access/user-pool-token.ts";
import { bounds } from "../../base/bounds.ts";
import type { UserPoolAuthorizerPlan } from "../../plan/authorizers.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import { linkIdentity } from "./identity.ts";
import { type LinkedIssuer, linkPoolIssuer } from "./issuers.ts";
import type { AuthorizerContext, LinkedAuthorizer } from "./link-authorizer.ts";
import { refuseCaller, refuseConfiguration } from "./refusals.ts";
import type { FoundKey } from "./user-pool-keys.ts";
import { linkValidation } from "./validation-expression.ts";
import type { VerifiedToken, VerifiedTokens } from "./verified-tokens.ts";

/**
 * Links an authorizer that looks at a token of a user pool: an ID token, or an access token where the method wants scopes.
 * AWS: API Gateway Developer Guide, "Control access to REST APIs using Amazon Cognito user pools as an authorizer".
 */
export function linkUserPoolAuthorizer(plan: UserPoolAuthorizerPlan, { thread }: AuthorizerContext): LinkedAuthorizer {
  const { clock, userPoolKeys, verifiedTokens } = thread;
  const readIdentity = linkIdentity(plan.identitySources, "one");
  const pools = plan.pools.map(({ id, host }) => linkPoolIssuer(id, host, thread.services));
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
      const conclude = (exchange: Exchange, found: FoundKey, presented: TokenCheck): Grant | undefined => {
        if (found.kind === "unknown") return refuseToken(exchange, "its key is none of the pool's");
        if (found.kind === "unavailable") {
          const problem = `the keys of the user pool can't be had: ${found.problem}`;
          return refuseConfiguration(exchange, problem, problem);
        }
        const { key } = found;
        const { text, name, says, demand } = presented;
        if ("key" in says && says.key === key) {
          const problem = problemOfClaims(says, demand);
          return problem === undefined ? { claims: says.texts } : refuse(exchange, problem);
        }
        // The pool has another key of that name since the token was verified: it is verified again.
        const token = "key" in says ? readToken(text) : says;
        if (typeof token === "string") return refuseToken(exchange, token);
        const decision = decideToken(token, key, demand);
        if (decision.kind !== "accepted") return refuse(exchange, decision);
        const { keyId, issuer, type, claims } = token;
        verifiedTokens.keep(name, { keyId, issuer, type, claims, key, texts: decision.claims }, text.length);
        return { claims: decision.claims };
      };
      return (exchange) => {
        const [identity] = readIdentity(exchange) ?? [];
        if (identity === undefined) return refuseCaller(exchange, "there is no token");
        const presented = present(identity.replace(/^Bearer +/i, ""), verifiedTokens);
        if (typeof presented === "string") return refuseToken(exchange, presented);
        const { keyId, issuer } = presented.says;
        const pool = pools.find(({ isIssuer }) => isIssuer(issuer));
        if (pool === undefined) return refuseToken(exchange, "its issuer is none of the authorizer's user pools");
        const found = userPoolKeys.find(pool.address, keyId);
        if (!(found instanceof Promise)) return conclude(exchange, found, { ...presented, demand: demandOf(pool) });
        exchange.wait(found, (later) => {
          const grant = conclude(exchange, later, { ...presented, demand: demandOf(pool) });
          if (grant !== undefined) takeGrant(exchange, grant);
        });
        return undefined;
      };
    },
  };
}

/** A token as a caller sent it, and what is known of it from an earlier request. */
interface PresentedToken {
  readonly text: string;
  /** Its name among the verified tokens. */
  readonly name: string;
  /** What it says, verified or not. */
  readonly says: VerifiedToken | UnverifiedToken;
}

interface TokenCheck extends PresentedToken {
  readonly demand: TokenDemand;
}

/** Returns why the text is no token. */
function present(text: string, verifiedTokens: VerifiedTokens): PresentedToken | string {
  if (text.length > bounds.tokenCharsMax.value) return "it is too long";
  const name = verifiedTokens.nameOf(text);
  const says = verifiedTokens.find(name) ?? readToken(text);
  return typeof says === "string" ? says : { text, name, says };
}

const refuseToken = (exchange: Exchange, reason: string): undefined =>
  refuseCaller(exchange, `the token is refused: ${reason}`);

const refuse = (exchange: Exchange, problem: TokenRefusal): undefined =>
  problem.kind === "refused"
    ? refuseToken(exchange, problem.reason)
    : refuseCaller(exchange, "the token has expired", "The incoming token has expired");
