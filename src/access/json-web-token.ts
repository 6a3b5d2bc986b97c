import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { bounds } from "../base/bounds.ts";
import { isObject } from "../base/json-object.ts";

/** The algorithms that tokens may be signed with, and what each is called by Node. RFC 7518 §3.3. */
const algorithms = { RS256: "RSA-SHA256", RS384: "RSA-SHA384", RS512: "RSA-SHA512" } as const;

type Algorithm = keyof typeof algorithms;

/** A parsed token that has not been verified. */
export interface UnverifiedToken {
  readonly keyId: string;
  readonly algorithm: Algorithm;
  readonly issuer: string;
  /** The header's `typ`. */
  readonly type: unknown;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

/**
 * Splits a token into header, claims and signature (RFC 7515 §3.1, RFC 7519 §7.2). Returns a text that says why if it
 * is not a token that an issuer signs.
 */
export function readToken(text: string): UnverifiedToken | string {
  if (text.length > bounds.tokenCharsMax.value) return "it is too long";
  const parts = text.split(".");
  const [headerBytes, claimsBytes, signature] = parts.length === 3 ? parts.map(decode) : [];
  if (headerBytes === undefined || claimsBytes === undefined || signature === undefined) return "it is no signed JWT";
  const header = parseObject(headerBytes);
  const claims = parseObject(claimsBytes);
  if (header === undefined || claims === undefined) return "its header or its claims are not a JSON object";
  // Neither `none` nor a MAC with the public key is considered: all of these need an issuer's RSA key.
  const { alg: algorithm } = header;
  if (!isAlgorithm(algorithm)) return `signing method ${readableName(algorithm)} is invalid`;
  // RFC 7515 §4.1.11: extensions that are not understood must be refused.
  if (header["crit"] !== undefined) return "its header has critical extensions";
  const { kid, typ: type } = header;
  const { iss } = claims;
  if (typeof kid !== "string" || typeof iss !== "string") return "it names no key or no issuer";
  return { keyId: kid, algorithm, issuer: iss, type, claims, signed: text.slice(0, text.lastIndexOf(".")), signature };
}

/**
 * Returns the bytes of a part, or undefined. Accepts base64url only in its one encoded form. Node also decodes others, and
 * one signature would then have many texts.
 */
function decode(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return part !== "" && bytes.toString("base64url") === part ? bytes : undefined;
}

const isAlgorithm = (name: unknown): name is Algorithm => typeof name === "string" && Object.hasOwn(algorithms, name);

/** Returns an algorithm's name for a text that others read. */
const readableName = (name: unknown): string =>
  typeof name === "string" && /^[A-Za-z0-9-]{1,16}$/.test(name) ? name : "unspecified";

/** A public key of an issuer. */
export interface IssuerKey {
  readonly key: KeyObject;
  /** The only algorithm that the key is for; undefined if its issuer does not say. */
  readonly algorithm: Algorithm | undefined;
}

/** Returns whether the token was signed with the key's private half, by the algorithm that the token names. */
export function isSignedBy({ algorithm, signed, signature }: UnverifiedToken, issuerKey: IssuerKey): boolean {
  if (issuerKey.algorithm !== undefined && issuerKey.algorithm !== algorithm) return false;
  return verify(algorithms[algorithm], Buffer.from(signed), issuerKey.key, signature);
}

/**
 * Returns the RSA keys that an issuer signs with, by their ids, and leaves out all others. RFC 7517 §5, RFC 7518 §3.3.
 */
export function parseKeySet(text: string): ReadonlyMap<string, IssuerKey> {
  const { keys } = JSON.parse(text) as { readonly keys?: unknown };
  const found = new Map<string, IssuerKey>();
  if (!Array.isArray(keys)) throw new Error("it has no keys");
  for (const jwk of keys.slice(0, bounds.userPoolKeysMax.value) as unknown[]) {
    const key = parseKey(jwk);
    if (key !== undefined) found.set(key.id, key);
  }
  return found;
}

function parseKey(jwk: unknown): (IssuerKey & { readonly id: string }) | undefined {
  if (!isObject(jwk)) return undefined;
  const { kid, kty, n, e, use = "sig", key_ops: operations = ["verify"], alg } = jwk;
  if (typeof kid !== "string" || kty !== "RSA" || use !== "sig" || (alg !== undefined && !isAlgorithm(alg)))
    return undefined;
  // RFC 7517 §4.3: a key is for these operations only.
  if (!Array.isArray(operations) || !operations.includes("verify")) return undefined;
  if (typeof n !== "string" || typeof e !== "string") return undefined;
  try {
    const key = createPublicKey({ key: { kty, n, e }, format: "jwk" });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    // RFC 7518 §3.3: a key has at least 2048 bits. The upper limit bounds the cost of a verification.
    return bits < 2_048 || bits > 8_192 ? undefined : { id: kid, key, algorithm: alg };
  } catch {
    return undefined;
  }
}

/** Returns whether a value is a number of seconds that a date can have. */
export const isTime = (value: unknown): value is number => typeof value === "number" && Math.abs(value) <= 8.64e12;

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
