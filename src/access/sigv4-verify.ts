import { hash, timingSafeEqual } from "node:crypto";
import { bounds } from "../base/bounds.ts";
import { canonicalRequest, type ReceivedRequest } from "./canonical-request.ts";
import type { SigningKeys } from "./signing-key.ts";
import {
  hmacAlgorithm,
  missingTime,
  notFiveParts,
  problemWithAlgorithm,
  type Signature,
  type SignatureProblem,
} from "./sigv4-signature.ts";

/** What a signature has to be made for. */
export interface SignatureDemand {
  /** The signing name, such as `execute-api`. */
  readonly service: string;
  readonly region: string;
  readonly nowMs: number;
}

/** A signature that is made for us and for now. It may still be anybody's. */
export interface PlausibleSignature {
  readonly kind: "plausible";
  readonly accessKeyId: string;
  readonly token: string | undefined;
  readonly isPresigned: boolean;
  /** YYYYMMDDTHHMMSSZ */
  readonly time: string;
  readonly region: string;
  readonly service: string;
  /** In lower case and sorted. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payload: SignedPayload;
}

/** What a signature says of the body. */
export type SignedPayload =
  /** The hash that the body has to have, in hexadecimal digits. */
  | { readonly kind: "hash"; readonly hash: string }
  /** The signature counts for the hash that the body has. */
  | { readonly kind: "body" }
  | { readonly kind: "unsigned" };

export type SignatureCheck = PlausibleSignature | { readonly kind: "refused"; readonly problem: SignatureProblem };

/**
 * Checks everything about a signature that needs neither a secret nor the body, in the order in which AWS was seen to
 * check: time, signed headers, algorithm, credential.
 * AWS: IAM User Guide, "Create a signed AWS API request", "Troubleshoot Signature Version 4 signing for AWS API requests".
 */
export function checkSignature(
  signature: Signature,
  { headerNames }: Pick<ReceivedRequest, "headerNames">,
  demand: SignatureDemand,
): SignatureCheck {
  if (signature.time === undefined) return refused(missingTime(signature));
  const time = readTime(signature.time);
  if (time === undefined) {
    const got = signature.time.slice(0, 64);
    return refused({
      code: "IncompleteSignatureException",
      message: `Date must be in ISO-8601 'basic format'. Got '${got}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    });
  }
  const signedHeaders = readSignedHeaders(signature.signedHeaders);
  const credential = signature.credential.split("/");
  const problem =
    problemWithTime(time, signature, demand.nowMs) ??
    problemWithHeaders(signedHeaders, headerNames) ??
    problemWithAlgorithm(signature.algorithm) ??
    problemWithCredential(credential, { ...demand, time: time.text, credential: signature.credential });
  if (problem !== undefined) return refused(problem);
  const payload = readPayload(signature.payload);
  if (payload === undefined) return refused(unsupportedPayload(signature.payload ?? ""));
  return {
    kind: "plausible",
    accessKeyId: credential[0]!,
    token: signature.token,
    isPresigned: signature.place === "query",
    time: time.text,
    region: demand.region,
    service: demand.service,
    signedHeaders,
    signature: signature.signature,
    payload,
  };
}

const refused = (problem: SignatureProblem): SignatureCheck => ({ kind: "refused", problem });
const invalid = (message: string, hint?: string): SignatureProblem => ({
  code: "InvalidSignatureException",
  message,
  ...(hint !== undefined && { hint }),
});

// ---- Time ----

interface SigningTime {
  /** YYYYMMDDTHHMMSSZ */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly ms: number;
}

/** Most requests have the time of one of the last ones. */
let lastTime: SigningTime = { text: "", ms: 0 };

/** Reads ISO 8601's basic form, or the form of the header `Date` (RFC 9110 §5.6.7). */
function readTime(given: string): SigningTime | undefined {
  if (given === lastTime.text) return lastTime;
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(given);
  const isHttpDate = parts === null && /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(given);
  if (parts === null && !isHttpDate) return undefined;
  const ms = parts === null ? Date.parse(given) : Date.parse(given.replace(basicForm, "$1-$2-$3T$4:$5:$6Z"));
  if (Number.isNaN(ms)) return undefined;
  lastTime = { text: basicTime(ms), ms };
  // A day or second that does not exist, such as 20260230T…, would count as another one.
  return parts === null || lastTime.text === given ? lastTime : undefined;
}

const basicForm = /^(....)(..)(..)T(..)(..)(..)Z$/;

const basicTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;

const skewMs = bounds.signatureSkewMs.value;

/** AWS: "Troubleshoot Signature Version 4 signing for AWS API requests": `Signature expired`, `Signature not yet current`. */
function problemWithTime(
  { text, ms }: SigningTime,
  { place, expires }: Signature,
  nowMs: number,
): SignatureProblem | undefined {
  if (ms > nowMs + skewMs) {
    const latest = basicTime(nowMs + skewMs);
    return invalid(
      `Signature not yet current: ${text} is still later than ${latest} (${basicTime(nowMs)} + 5 min.)`,
      clock,
    );
  }
  let validMs = skewMs;
  let valid = "5 min.";
  if (place === "query" && expires !== undefined) {
    const seconds = /^\d{1,9}$/.test(expires) ? Number(expires) : Number.NaN;
    const max = bounds.presignedSecondsMax.value;
    // Unconfirmed: the words are Amazon S3's; see docs/compatibility.md, "signatures, presigned".
    if (Number.isNaN(seconds)) return invalid("X-Amz-Expires should be a number");
    if (seconds > max) {
      return invalid(
        `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${max} seconds`,
      );
    }
    validMs = seconds * 1000;
    valid = `${seconds} sec.`;
  }
  if (ms >= nowMs - validMs) return undefined;
  const earliest = basicTime(nowMs - validMs);
  return invalid(`Signature expired: ${text} is now earlier than ${earliest} (${basicTime(nowMs)} - ${valid})`, clock);
}

const clock = "a signature counts for five minutes, a presigned URL for its X-Amz-Expires: compare the caller's clock";

// ---- Headers ----

function readSignedHeaders(text: string): readonly string[] {
  const names = text.toLowerCase().split(";");
  for (let index = 1; index < names.length; index++) if (names[index - 1]! > names[index]!) return names.sort();
  return names;
}

/**
 * Headers with the prefix that need not be signed. Unconfirmed: see docs/compatibility.md, "signatures, signed headers". CloudFront adds the first to signed requests, and AWS's test suite
 * adds the second after signing. A session token is bound to its access key, whose secret signs.
 */
const mayBeUnsigned: ReadonlySet<string> = new Set(["x-amz-cf-id", "x-amz-security-token"]);

/** AWS: "Create a signed AWS API request": the host and all `x-amz-` headers have to be signed. */
function problemWithHeaders(signed: readonly string[], present: readonly string[]): SignatureProblem | undefined {
  if (signed.length > bounds.signedHeadersMax.value) return invalid("SignedHeaders has too many names.");
  if (!signed.includes("host"))
    return invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  for (const name of present) {
    if (!name.startsWith("x-amz-") || signed.includes(name) || mayBeUnsigned.has(name)) continue;
    return invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
  }
  return undefined;
}

// ---- Algorithm and credential ----

/** As DynamoDB was seen to answer: the parts are compared with their case, and all that are wrong are named. */
function problemWithCredential(
  parts: readonly string[],
  { credential, service, region, time }: SignatureDemand & { readonly time: string; readonly credential: string },
): SignatureProblem | undefined {
  if (parts.length !== 5) return notFiveParts(credential);
  const [accessKeyId = "", day, givenRegion, givenService, terminator] = parts;
  let message = "";
  if (givenRegion !== region) message += `Credential should be scoped to a valid region, not '${short(givenRegion)}'. `;
  if (givenService !== service) message += `Credential should be scoped to correct service: '${service}'. `;
  if (terminator !== "aws4_request") {
    message += `Credential should be scoped with a valid terminator: 'aws4_request', not '${short(terminator)}'. `;
  }
  if (day !== time.slice(0, 8)) {
    message +=
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
      `'${short(day)}' != '${time.slice(0, 8)}', from '${time}'.`;
  }
  if (message !== "") return invalid(message, `sign for the service ${service} in the region ${region}`);
  return accessKeyId === "" || accessKeyId.length > 128 ? unknownKey() : undefined;
}

const short = (text = ""): string => text.slice(0, 64);

/** AWS's answer for an access key that does not exist or is inactive, and for a session token that is not one. */
export const unknownKey = (hint?: string): SignatureProblem => ({
  code: "UnrecognizedClientException",
  message: "The security token included in the request is invalid.",
  ...(hint !== undefined && { hint }),
});

/** AWS's answer for a session that has ended. */
export const expiredSession: SignatureProblem = {
  code: "ExpiredTokenException",
  message: "The security token included in the request is expired",
  hint: "the session has ended: assume the role again, or get a new session token",
};

// ---- Body ----

function readPayload(text: string | undefined): SignedPayload | undefined {
  if (text === undefined) return { kind: "body" };
  if (/^[0-9a-f]{64}$/.test(text)) return { kind: "hash", hash: text };
  return text === "UNSIGNED-PAYLOAD" ? { kind: "unsigned" } : undefined;
}

const unsupportedPayload = (payload: string): SignatureProblem =>
  invalid(
    `The value of 'X-Amz-Content-Sha256' is not supported: '${payload.slice(0, 64)}'.`,
    "sign the body with its SHA-256 hash in hexadecimal digits, or send UNSIGNED-PAYLOAD",
  );

export const emptyHash: string = hash("sha256", "", "hex");

export const hashOfBody = (body: Buffer | undefined): string =>
  body === undefined || body.length === 0 ? emptyHash : hash("sha256", body, "hex");

// ---- The signature itself ----

const computed = Buffer.alloc(64);
const given = Buffer.alloc(64);

/**
 * Returns undefined if the signature is the secret's, and otherwise AWS's refusal, which says what should have been
 * signed. `bodyHash` is needed where the payload's kind is `body`.
 * AWS: IAM User Guide, "Create a signed AWS API request".
 */
export function verifySignature(
  request: ReceivedRequest,
  signature: PlausibleSignature,
  {
    secret,
    keys,
    bodyHash = emptyHash,
  }: { readonly secret: string; readonly keys: SigningKeys; readonly bodyHash?: string },
): SignatureProblem | undefined {
  const { payload, time, region, service, signedHeaders, isPresigned } = signature;
  // Steps 1 and 2: the canonical request and its hash. Header values are bytes.
  const texts = { hash: payload.kind === "hash" ? payload.hash : "", body: bodyHash, unsigned: "UNSIGNED-PAYLOAD" };
  const canonical = canonicalRequest(request, {
    signedHeaders,
    payload: texts[payload.kind],
    isPresigned,
  });
  const day = time.slice(0, 8);
  // Step 3: the string to sign.
  const text =
    `${hmacAlgorithm}\n${time}\n${day}/${region}/${service}/aws4_request\n` +
    hash("sha256", Buffer.from(canonical, "latin1"), "hex");
  // Steps 4 and 5: the signature, compared in a time that does not depend on where it differs.
  computed.write(keys.keyOf(secret, { day, region, service }).sign(text), "latin1");
  given.fill(0).write(signature.signature, "latin1");
  if (timingSafeEqual(computed, given) && /^[0-9a-f]{64}$/.test(signature.signature)) return undefined;
  return describeMismatch(canonical, text);
}

/** AWS shows what should have been signed. Portico masks the secrets in it, because the message may be logged. */
function describeMismatch(canonical: string, text: string): SignatureProblem {
  const shown = maskSecrets(Buffer.from(canonical, "latin1").toString("utf8"));
  return invalid(
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
      "signing method. Consult the service documentation for details.\n\n" +
      `The Canonical String for this request should have been\n'${shown}'\n\nThe String-to-Sign should have been\n'${text}'\n`,
    "the secret is another one, or the request was changed after it was signed: compare the canonical string",
  );
}

const soundsSecret = /authorization|cookie|token|secret|api-?key|passw|credential/i;

function maskSecrets(canonical: string): string {
  const lines = canonical.split("\n");
  // The third line is the query; the headers follow, up to an empty line.
  lines[2] = lines[2]!
    .split("&")
    .map((pair) => mask(pair, "="))
    .join("&");
  for (let index = 3; index < lines.length && lines[index] !== ""; index++) lines[index] = mask(lines[index]!, ":");
  return lines.join("\n");
}

function mask(pair: string, separator: "=" | ":"): string {
  const end = pair.indexOf(separator);
  return end > 0 && soundsSecret.test(pair.slice(0, end)) ? `${pair.slice(0, end + 1)}***` : pair;
}
