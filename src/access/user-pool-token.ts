import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { bounds } from "../base/bounds.ts";
import { javaDate } from "../base/java-date.ts";
import { isObject } from "../base/json-object.ts";

/** A token, read and not yet believed. */
export interface UnverifiedToken {
  readonly keyId: string;
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

/** What a token has to be. */
export interface TokenDemand {
  readonly nowMs: number;
  /** AWS: an ID token; an access token where the method has scopes. */
  readonly use: "id" | "access";
  /** `identityValidationExpression`. */
  readonly isAudience: (audience: string) => boolean;
}

export type TokenDecision =
  | { readonly kind: "accepted"; readonly claims: Readonly<Record<string, string>> }
  | { readonly kind: "expired" }
  | { readonly kind: "refused"; readonly reason: string };

/** RFC 7515 §3.1, RFC 7519 §7.2: header, claims and signature; or why it is no token that a user pool signs. */
export function readToken(text: string): UnverifiedToken | string {
  if (text.length > bounds.tokenCharsMax.value) return "it is too long";
  const parts = text.split(".");
  if (parts.length !== 3 || !parts.every(isEncoded)) return "it is no signed JWT";
  const [header, claims] = parts.slice(0, 2).map(parseObject);
  if (header === undefined || claims === undefined) return "its header or its claims are no JSON object";
  // The algorithm is ours to choose, never the token's: neither `none` nor a MAC with the public key is looked at.
  if (header["alg"] !== "RS256") return "it is not signed with RS256";
  // RFC 7515 §4.1.11: extensions that are not understood must be refused.
  if (header["crit"] !== undefined) return "its header has critical extensions";
  const { kid } = header;
  const { iss } = claims;
  if (typeof kid !== "string" || typeof iss !== "string") return "it names no key or no issuer";
  const signature = Buffer.from(parts[2]!, "base64url");
  return { keyId: kid, issuer: iss, claims, signed: `${parts[0]}.${parts[1]}`, signature };
}

/** base64url as it is encoded: Node decodes others, too, and one signature would have many texts. */
const isEncoded = (part: string): boolean =>
  part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;

/** AWS: Amazon Cognito Developer Guide, "Verifying JSON web tokens". */
export function decideToken(token: UnverifiedToken, key: KeyObject, demand: TokenDemand): TokenDecision {
  const { claims, signed, signature } = token;
  if (!verify("RSA-SHA256", Buffer.from(signed), key, signature)) return refused("its signature is not the pool's");
  const { exp, nbf, token_use: use, aud = "" } = claims;
  const now = demand.nowMs / 1000;
  if (!isTime(exp)) return refused("it has no time of expiry");
  if (now >= exp) return { kind: "expired" };
  if (nbf !== undefined && (typeof nbf !== "number" || now < nbf)) return refused("it is not valid yet");
  if (use !== demand.use) return refused(`its token_use is ${JSON.stringify(use)}, and not "${demand.use}"`);
  const audiences = Array.isArray(aud) ? aud.map(String) : [String(aud)];
  if (!audiences.some(demand.isAudience)) return refused("its aud does not match the identityValidationExpression");
  return { kind: "accepted", claims: claimTexts(claims) };
}

const refused = (reason: string): TokenDecision => ({ kind: "refused", reason });

/** The keys that a user pool signs with, by their ids; others are left out. RFC 7517 §5, RFC 7518 §3.3. */
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
    // RFC 7518 §3.3: 2048 bits or more; the longest one bounds what a verification costs.
    return bits < 2_048 || bits > 8_192 ? undefined : { id: kid, key };
  } catch {
    return undefined;
  }
}

/** Claims as `$context.authorizer.claims` has them: texts. AWS quirk: issue and expiry as Java prints dates. */
function claimTexts(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, claimText(name, value)]));
}

function claimText(name: string, value: unknown): string {
  if ((name === "exp" || name === "iat") && isTime(value)) return javaDate(value * 1000);
  if (Array.isArray(value)) return value.map((each) => claimText("", each)).join(",");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** Seconds that a date can have. */
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
