import { javaDate } from "../base/java-date.ts";
import { type IssuerKey, isSignedBy, isTime, type UnverifiedToken } from "./json-web-token.ts";

/** The requirements that a token has to meet. */
export interface TokenDemand {
  readonly nowMs: number;
  /** AWS: an ID token, or an access token if the method has scopes. */
  readonly use: "id" | "access";
  /** The method's `authorizationScopes`, of which an access token has to have one. */
  readonly scopes?: readonly string[];
  /** The issuer is no user pool but an OpenID provider, whose tokens have no `token_use`. */
  readonly isOpenId?: boolean;
  /** `identityValidationExpression`. */
  readonly isAudience: (audience: string) => boolean;
}

export type TokenDecision =
  | { readonly kind: "accepted"; readonly claims: Readonly<Record<string, string>> }
  | TokenRefusal;

export type TokenRefusal = { readonly kind: "expired" } | { readonly kind: "refused"; readonly reason: string };

/** AWS: Amazon Cognito Developer Guide, "Verifying JSON web tokens". RFC 7518 §3.3. */
export function decideToken(token: UnverifiedToken, key: IssuerKey, demand: TokenDemand): TokenDecision {
  const { claims } = token;
  // We choose the algorithm, not the token: Cognito signs with this one only.
  if (token.algorithm !== "RS256") return refused("it is not signed with RS256");
  if (!isSignedBy(token, key)) return refused("its signature is not the pool's");
  return problemOfClaims(token, demand) ?? { kind: "accepted", claims: claimTexts(claims) };
}

/** Returns why a token whose signature is right does not meet the demand, or undefined if it does. */
export function problemOfClaims(
  token: Pick<UnverifiedToken, "type" | "claims">,
  demand: TokenDemand,
): TokenRefusal | undefined {
  const { exp, nbf, aud = "", scope } = token.claims;
  const use = demand.isOpenId === true ? useOf(token) : token.claims["token_use"];
  const now = demand.nowMs / 1000;
  if (!isTime(exp)) return refused("it has no time of expiry");
  if (now >= exp) return { kind: "expired" };
  if (nbf !== undefined && (typeof nbf !== "number" || now < nbf)) return refused("it is not valid yet");
  if (use !== demand.use)
    return refused(`its token_use is ${JSON.stringify(use)}, and not "${demand.use}"; ${because[demand.use]}`);
  const audiences = Array.isArray(aud) ? aud.map(String) : [String(aud)];
  if (!audiences.some(demand.isAudience)) return refused("its aud does not match the identityValidationExpression");
  if (demand.scopes !== undefined && !hasScope(scope, demand.scopes))
    return refused("it has none of the method's scopes");
  return undefined;
}

/**
 * Returns what a token of an OpenID provider is for. RFC 9068 §2.1: an access token says so in its type. Many providers
 * don't, but give scopes. Any other type, such as a logout token's, is none of the two.
 */
function useOf({ type = "JWT", claims }: Pick<UnverifiedToken, "type" | "claims">): unknown {
  if (typeof type !== "string") return undefined;
  if (/^(?:application\/)?at\+jwt$/i.test(type)) return "access";
  if (!/^JWT$/i.test(type)) return type;
  return claims["token_use"] ?? (claims["scope"] === undefined ? "id" : "access");
}

/** RFC 6749 §3.3: scopes are separated by blanks, and compared as they are. */
const hasScope = (scope: unknown, wanted: readonly string[]): boolean =>
  typeof scope === "string" && scope.split(" ").some((one) => one !== "" && wanted.includes(one));

const because = {
  id: "without authorizationScopes a method takes ID tokens",
  access: "with authorizationScopes a method takes access tokens",
} as const;

const refused = (reason: string): TokenRefusal => ({ kind: "refused", reason });

/**
 * Returns the claims as `$context.authorizer.claims` has them: as strings. AWS quirk: issue and expiry are printed as
 * Java prints dates.
 */
function claimTexts(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, claimText(name, value)]));
}

function claimText(name: string, value: unknown): string {
  if ((name === "exp" || name === "iat") && isTime(value)) return javaDate(value * 1000);
  if (Array.isArray(value)) return value.map((each) => claimText("", each)).join(",");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
