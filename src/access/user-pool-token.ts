import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { bounds } from "../base/bounds.ts";
import { javaDate } from "../base/java-date.ts";
import { isObject } from "../base/json-object.ts";

/** A parsed token that has not been verified. */
export interface UnverifiedToken {
  readonly keyId: string;
  readonly issuer: string;
  /** The header's `typ`. */
  readonly type: unknown;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

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

/**
 * Splits a token into header, claims and signature (RFC 7515 §3.1, RFC 7519 §7.2). Returns a text that says why if it
 * is not a token that a user pool signs.
 */
export function readToken(text: string): UnverifiedToken | string {
  if (text.length > bounds.tokenCharsMax.value) return "it is too long";
  const parts = text.split(".");
  if (parts.length !== 3 || !parts.every(isEncoded)) return "it is no signed JWT";
  const [header, claims] = parts.slice(0, 2).map(parseObject);
  if (header === undefined || claims === undefined) return "its header or its claims are not a JSON object";
  // We choose the algorithm, not the token: neither `none` nor a MAC with the public key is considered.
  if (header["alg"] !== "RS256") return "it is not signed with RS256";
  // RFC 7515 §4.1.11: extensions that are not understood must be refused.
  if (header["crit"] !== undefined) return "its header has critical extensions";
  const { kid, typ: type } = header;
  const { iss } = claims;
  if (typeof kid !== "string" || typeof iss !== "string") return "it names no key or no issuer";
  const signature = Buffer.from(parts[2]!, "base64url");
  return { keyId: kid, issuer: iss, type, claims, signed: `${parts[0]}.${parts[1]}`, signature };
}

/**
 * Accepts base64url only in its one encoded form. Node also decodes others, and one signature would then have many
 * texts.
 */
const isEncoded = (part: string): boolean =>
  part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;

/** AWS: Amazon Cognito Developer Guide, "Verifying JSON web tokens". RFC 7518 §3.3. */
export function decideToken(token: UnverifiedToken, key: KeyObject, demand: TokenDemand): TokenDecision {
  const { claims, signed, signature } = token;
  if (!verify("RSA-SHA256", Buffer.from(signed), key, signature)) return refused("its signature is not the pool's");
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
  if (use !== demand.use) return refused(`its token_use is ${JSON.stringify(use)}, and not "${demand.use}"`);
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

const refused = (reason: string): TokenRefusal => ({ kind: "refused", reason });

/**
 * Returns the keys that a user pool signs with, by their ids, and leaves out all others. RFC 7517 §5, RFC 7518 §3.3.
 */
export function parseKeySet(text: string): ReadonlyMap<string, KeyObject> {
  const { keys } = JSON.parse(text) as { readonly keys?: unknown };
  const found = new Map<string, KeyObject>();
  if (!Array.isArray(keys)) throw new Error("it has no keys");
  for (const jwk of keys.slice(0, bounds.userPoolKeysMax.value) as unknown[]) {
    const key = parseKey(jwk);
    if (key !== undefined) found.set(key.id, key.key);
  }
  return found;
}

function parseKey(jwk: unknown): { readonly id: string; readonly key: KeyObject } | undefined {
  if (!isObject(jwk)) return undefined;
  const { kid, kty, n, e, use = "sig", alg = "RS256" } = jwk;
  if (typeof kid !== "string" || kty !== "RSA" || use !== "sig" || alg !== "RS256") return undefined;
  if (typeof n !== "string" || typeof e !== "string") return undefined;
  try {
    const key = createPublicKey({ key: { kty, n, e }, format: "jwk" });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    // RFC 7518 §3.3: a key has at least 2048 bits. The upper limit bounds the cost of a verification.
    return bits < 2_048 || bits > 8_192 ? undefined : { id: kid, key };
  } catch {
    return undefined;
  }
}

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

/** Returns whether a value is a number of seconds that a date can have. */
const isTime = (value: unknown): value is number => typeof value === "number" && Math.abs(value) <= 8.64e12;

function parseObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
