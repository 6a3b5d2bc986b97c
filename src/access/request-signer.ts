import { hash } from "node:crypto";
import { percentEncode } from "../base/percent-encode.ts";
import { byNameThenValue, canonicalPath, canonicalValue } from "./canonical-request.ts";
import { deriveSigningKey, type SigningKey } from "./signing-key.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A request as it is sent. */
export interface SignableRequest {
  readonly method: string;
  /** Path and query, normalised by {@link normaliseTarget}. */
  readonly target: string;
  readonly host: string;
  /** Names and values in turn. Signing adds its own headers. */
  readonly headers: string[];
  readonly body: Buffer | undefined;
}

export interface SignerOptions {
  /** The service's name in the credential scope. */
  readonly service: string;
  readonly region: string;
}

/**
 * Signs requests for one service in one region. AWS: IAM User Guide, "Create a signed AWS API request". The signing key
 * is derived once for each day and secret.
 */
export class RequestSigner {
  readonly #service: string;
  readonly #region: string;
  readonly #isS3: boolean;
  #second = -1;
  /** YYYYMMDDTHHMMSSZ */
  #date = "";
  #keyDay = "";
  #keySecret = "";
  #key: SigningKey | undefined;

  constructor({ service, region }: SignerOptions) {
    this.#service = service;
    this.#region = region;
    this.#isS3 = service === "s3";
  }

  sign(request: SignableRequest, credentials: Credentials, nowMs: number): void {
    const { method, target, host, headers, body } = request;
    const date = this.#dateOf(nowMs);
    const day = date.slice(0, 8);
    const bodyHash = body === undefined || body.length === 0 ? emptyHash : hash("sha256", body, "hex");
    headers.push("X-Amz-Date", date, "X-Amz-Content-Sha256", bodyHash);
    if (credentials.sessionToken !== undefined) headers.push("X-Amz-Security-Token", credentials.sessionToken);
    // 1. Canonical request.
    const queryAt = target.indexOf("?");
    const path = queryAt < 0 ? target : target.slice(0, queryAt);
    const query = queryAt < 0 ? "" : canonicalQuery(target.slice(queryAt + 1));
    const signed = canonicalHeaders(headers, host);
    const names = signed.map(([name]) => name).join(";");
    let canonical = `${method}\n${this.#isS3 ? path : canonicalPath(path)}\n${query}\n`;
    for (const [name, value] of signed) canonical += `${name}:${value}\n`;
    canonical += `\n${names}\n${bodyHash}`;
    // 2. and 3. String to sign, over the bytes that go on the wire: header values are latin1.
    const scope = `${day}/${this.#region}/${this.#service}/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash("sha256", Buffer.from(canonical, "latin1"), "hex")}`;
    // 4. Signature.
    const signature = this.#keyOf(day, credentials.secretAccessKey).sign(text);
    // 5. Added to the request.
    headers.push(
      "Authorization",
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    );
  }

  #dateOf(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = `${new Date(second * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
    }
    return this.#date;
  }

  #keyOf(day: string, secret: string): SigningKey {
    if (this.#key === undefined || day !== this.#keyDay || secret !== this.#keySecret) {
      this.#key = deriveSigningKey(secret, { day, region: this.#region, service: this.#service });
      this.#keyDay = day;
      this.#keySecret = secret;
    }
    return this.#key;
  }
}

const emptyHash = hash("sha256", "", "hex");

/** Lower-case names of the headers that only the signer may set. */
export const signatureHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
]);

/**
 * Returns the headers that AWS requires to be signed: Host, Content-Type, Content-MD5 and all `x-amz-` headers, sorted,
 * with repeated ones joined.
 */
function canonicalHeaders(headers: readonly string[], host: string): [string, string][] {
  const signed: [string, string][] = [["host", host]];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase();
    if (!name.startsWith("x-amz-") && name !== "content-type" && name !== "content-md5") continue;
    const value = canonicalValue(headers[index + 1]!);
    const same = signed.find(([other]) => other === name);
    if (same === undefined) signed.push([name, value]);
    else same[1] += `,${value}`;
  }
  return signed.sort(([left], [right]) => (left < right ? -1 : 1));
}

function canonicalQuery(query: string): string {
  const pairs = query.split("&").filter((pair) => pair !== "");
  for (const [index, pair] of pairs.entries()) if (!pair.includes("=")) pairs[index] = `${pair}=`;
  // Sorted by name, then by value, and not as joined text: "=" sorts after some characters of names.
  return pairs.sort(byNameThenValue).join("&");
}

const plainPath = /^[A-Za-z0-9\-._~/]*$/;
const plainText = /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/;

/**
 * Encodes a path with its query in the one way that leaves nothing to interpret, so that every service reads exactly
 * what is signed. A `+` in the query counts as a blank. S3's path is encoded once, and `%2F` in a key is a slash.
 */
export function normaliseTarget(target: string, isS3: boolean): string {
  if (plainPath.test(target)) return target;
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const encoded = isS3 ? encodeKey(path) : path;
  return queryAt < 0 ? encoded : `${encoded}?${normaliseQuery(target.slice(queryAt + 1))}`;
}

/**
 * Encodes `/bucket/key`. A slash in the bucket's name stays escaped, so that no caller gets from one bucket into
 * another.
 */
function encodeKey(path: string): string {
  if (plainPath.test(path)) return path;
  return path
    .split("/")
    .map((segment, index) => {
      const decoded = decode(segment);
      return index < 2 ? percentEncode(decoded) : decoded.split("/").map(percentEncode).join("/");
    })
    .join("/");
}

function normaliseQuery(query: string): string {
  return query
    .split("&")
    .map((pair) => {
      const equalsAt = pair.indexOf("=");
      if (equalsAt < 0) return normaliseText(pair);
      return `${normaliseText(pair.slice(0, equalsAt))}=${normaliseText(pair.slice(equalsAt + 1))}`;
    })
    .join("&");
}

const normaliseText = (text: string): string =>
  plainText.test(text) ? text : percentEncode(decode(text.replaceAll("+", " ")));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
