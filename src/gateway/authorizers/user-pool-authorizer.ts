import { decideToken, readToken, type TokenDemand, type UnverifiedToken } from "../../access/user-pool-token.ts";
import { parseJavaPattern } from "../../language/java/java-pattern.ts";
import type { UserPoolAuthorizerPlan, UserPoolPlan } from "../../plan/authorizers.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import type { AwsServices } from "../integrations/aws-services.ts";
import { linkIdentity } from "./identity.ts";
import type { AuthorizerContext, LinkedAuthorizer } from "./link-authorizer.ts";
import { refuseCaller, refuseConfiguration } from "./refusals.ts";
import type { FoundKey } from "./user-pool-keys.ts";

interface LinkedPool {
  readonly isIssuer: (issuer: string) => boolean;
  /** The address of the pool's key set. */
  readonly address: string;
}

/** AWS: API Gateway Developer Guide, "Control access to REST APIs using Amazon Cognito user pools as an authorizer". */
export function linkUserPoolAuthorizer(plan: UserPoolAuthorizerPlan, { thread }: AuthorizerContext): LinkedAuthorizer {
  const readIdentity = linkIdentity(plan.identitySources, "one");
  const pools = plan.pools.map((pool) => linkPool(pool, thread.services));
  const isAudience = linkAudience(plan.identityValidationExpression);
  const demand = (): TokenDemand => ({ nowMs: thread.clock.now(), use: "id", isAudience });
  return {
    forMethod: (_, takeGrant) => (exchange) => {
      const [identity] = readIdentity(exchange) ?? [];
      if (identity === undefined) return refuseCaller(exchange, "there is no token");
      const token = readToken(identity.replace(/^Bearer +/i, ""));
      if (typeof token === "string") return refuseToken(exchange, token);
      const pool = pools.find(({ isIssuer }) => isIssuer(token.issuer));
      if (pool === undefined) return refuseToken(exchange, "its issuer is none of the authorizer's user pools");
      const found = thread.userPoolKeys.find(pool.address, token.keyId);
      if (!(found instanceof Promise)) return conclude(exchange, { token, found, demand: demand() });
      exchange.wait(found, (later) => {
        const grant = conclude(exchange, { token, found: later, demand: demand() });
        if (grant !== undefined) takeGrant(exchange, grant);
      });
      return undefined;
    },
  };
}

/**
 * Links a pool of AWS, or of the server that the settings name for Cognito. Such servers name themselves as issuer by
 * whatever address they know of themselves.
 */
function linkPool({ id, host }: UserPoolPlan, services: AwsServices): LinkedPool {
  const own = `https://${host}`;
  const origin = services.originOf({ names: ["cognito-idp", "Cognito Identity Provider"], host }) ?? own;
  const isIssuer = (issuer: string): boolean =>
    issuer === `${own}/${id}` || (origin !== own && /^https?:\/\/[^/?#\s]+\/(.+)$/.exec(issuer)?.[1] === id);
  return { isIssuer, address: `${origin}/${id}/.well-known/jwks.json` };
}

function linkAudience(expression: string | undefined): TokenDemand["isAudience"] {
  if (expression === undefined) return () => true;
  const parsed = parseJavaPattern(expression);
  // The compiler closes methods whose expression can't be parsed.
  return parsed.kind === "pattern" ? (audience) => parsed.pattern.matches(audience) : () => false;
}

interface TokenCheck {
  readonly token: UnverifiedToken;
  readonly found: FoundKey;
  readonly demand: TokenDemand;
}

function conclude(exchange: Exchange, { token, found, demand }: TokenCheck): Grant | undefined {
  if (found.kind === "unknown") return refuseToken(exchange, "its key is none of the pool's");
  if (found.kind === "unavailable") {
    const problem = `the keys of the user pool can't be had: ${found.problem}`;
    return refuseConfiguration(exchange, problem, problem);
  }
  const decision = decideToken(token, found.key, demand);
  if (decision.kind === "accepted") return { claims: decision.claims };
  if (decision.kind === "refused") return refuseToken(exchange, decision.reason);
  return refuseCaller(exchange, "the token has expired", "The incoming token has expired");
}

const refuseToken = (exchange: Exchange, reason: string): undefined =>
  refuseCaller(exchange, `the token is refused: ${reason}`);
