import { type IssuerKey, isSignedBy, isTime, type UnverifiedToken } from "./json-web-token.ts";

/** What a JWT authorizer of an HTTP API asks of a token, besides its issuer. */
export interface IssuedTokenDemand {
  readonly nowMs: number;
  /** The token is for one of these. */
  readonly audiences: readonly string[];
  /** The route's `AuthorizationScopes`, of which the token has to have one. */
  readonly scopes?: readonly string[];
}

/** Why a token is refused: `error` and `error_description` of the answer (RFC 6750 §3.1). */
export interface IssuedTokenRefusal {
  readonly error: "invalid_token" | "insufficient_scope";
  readonly description: string;
}

/** Returns why the token is refused, its signature first, or undefined if it is accepted. */
export function problemOfIssuedToken(
  token: UnverifiedToken,
  key: IssuerKey,
  demand: IssuedTokenDemand,
): IssuedTokenRefusal | undefined {
  return isSignedBy(token, key)
    ? problemOfIssuedClaims(token.claims, demand)
    : invalid("crypto/rsa: verification error");
}

/**
 * Returns why a token whose signature is right does not meet the demand, or undefined if it does. AWS: API Gateway
 * Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway", authorizing API requests.
 * Unconfirmed: all texts but that about the audience; see docs/compatibility.md, "HTTP APIs, words about tokens".
 */
export function problemOfIssuedClaims(
  claims: UnverifiedToken["claims"],
  { nowMs, audiences, scopes }: IssuedTokenDemand,
): IssuedTokenRefusal | undefined {
  const { aud, client_id: client, exp, nbf, iat } = claims;
  const now = nowMs / 1_000;
  if (!isTime(exp)) return invalid("the token has no time of expiry");
  if (now >= exp) return invalid("the token has expired");
  if (nbf !== undefined && (!isTime(nbf) || now < nbf)) return invalid("the token is not valid yet");
  if (iat !== undefined && (!isTime(iat) || now < iat)) return invalid("the token is used before it was issued");
  // AWS: `client_id` is looked at only if there is no `aud`. RFC 8693 §4.3: it is one text, and no list.
  const meant = aud === undefined ? [client] : [aud].flat();
  const isMeant = meant.some((one) => typeof one === "string" && audiences.includes(one));
  if (!isMeant) return invalid("the token does not have a valid audience");
  if (scopes !== undefined && scopes.length > 0 && !scopesOf(claims).some((one) => scopes.includes(one))) {
    return { error: "insufficient_scope", description: "the token has none of the scopes that the route needs" };
  }
  return undefined;
}

/** Returns the scopes of a token: those of `scope`, and of `scp`. RFC 6749 §3.3: they are separated by blanks. */
export const scopesOf = ({ scope, scp }: UnverifiedToken["claims"]): readonly string[] =>
  [scope, scp].flatMap((given) =>
    (Array.isArray(given) ? given : typeof given === "string" ? given.split(" ") : []).filter(
      (one): one is string => typeof one === "string" && one !== "",
    ),
  );

/**
 * Returns the claims as events and `$context.authorizer.claims` have them: as texts. Unconfirmed: how lists and objects are
 * written; see docs/compatibility.md, "HTTP APIs, claims".
 */
export const issuedClaimTexts = (claims: UnverifiedToken["claims"]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, claimText(value)]));

function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(claimText).join(" ")}]`;
  if (value === null) return "<nil>";
  if (typeof value !== "object") return String(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${claimText(member)}`).join(" ")}]`;
}

const invalid = (description: string): IssuedTokenRefusal => ({ error: "invalid_token", description });
