import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { defaultAccount } from "../../access/sigv4-scope.ts";
import { bounds } from "../../base/bounds.ts";
import { ApiError, accessDenied } from "../../protocol/errors.ts";
import { addressOf } from "../../protocol/management.ts";
import type { Admission } from "../../protocol/operation.ts";
import type { BodyReader, RequestBody } from "../body-reader.ts";
import type { Authentication, Claim } from "./authentication.ts";
import { type ManagementEnforcement, missingToken, type VerifiedCall } from "./enforcement.ts";

/** What `--auth enforce` puts before everything that control answers. */
export interface ControlGate {
  readonly authentication: Authentication;
  readonly enforcement: ManagementEnforcement;
  /** The bearer token that opens the metrics, for Prometheus, which can't sign. */
  readonly metricsToken: string | undefined;
}

/** Returns whether the request brings the token that opens the metrics. Nothing else is opened by it. */
export function bearsMetricsToken({ headers }: IncomingMessage, { metricsToken }: ControlGate): boolean {
  const given = /^Bearer ([!-~]+)$/i.exec(headers.authorization ?? "")?.[1];
  if (metricsToken === undefined || given === undefined) return false;
  // Digests have one length, so the time that this takes says nothing of the token.
  return timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", metricsToken, "buffer"));
}

/** A request whose signature was read, with its body. */
export type VerifiedRequest =
  /** `body` is a short form's, which names the operation, and empty for all others. */
  | { readonly kind: "refused"; readonly error: ApiError; readonly body: Buffer }
  | { readonly kind: "unsigned"; readonly body: Buffer }
  | { readonly kind: "verified"; readonly claim: Claim; readonly call: VerifiedCall; readonly body: RequestBody }
  /** It was broken off, or all requests together hold too much. */
  | { readonly kind: "unread" };

/**
 * Verifies a request. A body is read if the head names an access key that exists here; of a request that is not signed,
 * only a short form is.
 */
export async function verifyRequest(
  request: IncomingMessage,
  { authentication }: ControlGate,
  { bodies, bodyBytesMax }: { readonly bodies: BodyReader; readonly bodyBytesMax: number },
): Promise<VerifiedRequest> {
  const { method = "GET", url: target = "/" } = request;
  const reading = await authentication.readHead({ method, target, rawHeaders: request.rawHeaders });
  if (reading.kind !== "claimed") {
    const form = isForm(request) ? await readForm(request, bodies) : nothing;
    return form === undefined ? { kind: "unread" } : { ...reading, body: form };
  }
  const body = await bodies.read(request, bodyBytesMax);
  if (body === undefined) return { kind: "unread" };
  const error = body.isWhole ? reading.prove(body.bytes) : tooLarge(bodyBytesMax);
  if (error !== undefined) {
    body.release();
    return { kind: "refused", error, body: nothing };
  }
  const { "user-agent": userAgent, "x-portico-peer": peer } = request.headers;
  const call = {
    caller: reading.caller,
    sourceAddress: addressOf(typeof peer === "string" ? peer : undefined),
    region: reading.region,
    userAgent,
  };
  return { kind: "verified", claim: reading, call, body };
}

const nothing = Buffer.alloc(0);

const isForm = ({ method, headers }: IncomingMessage): boolean =>
  method === "POST" && headers["content-type"]?.toLowerCase().startsWith("application/x-www-form-urlencoded") === true;

/** Reads a short form; a longer one counts as none. */
async function readForm(request: IncomingMessage, bodies: BodyReader): Promise<Buffer | undefined> {
  const form = await bodies.read(request, bounds.unsignedFormBytesMax.value);
  form?.release();
  return form && (form.isWhole ? form.bytes : nothing);
}

const tooLarge = (bytesMax: number): ApiError =>
  new ApiError("RequestEntityTooLargeException", `Request must be smaller than ${bytesMax} bytes`);

/** Returns whose a request is, for the management APIs; `isOwned` says whether it is for one of them. */
export function admissionOf(verified: Exclude<VerifiedRequest, { kind: "unread" }>, isOwned: boolean): Admission {
  if (verified.kind === "refused") return { kind: "refused", error: verified.error };
  if (verified.kind === "unsigned") return isOwned ? { kind: "unsigned" } : { kind: "refused", error: missingToken() };
  return { kind: "caller", caller: verified.call.caller };
}

/** The signing name of requests for Portico's own endpoints. */
const ownService = "portico";

/**
 * Throws unless the caller may use one of Portico's own endpoints. They tell of all accounts, so they belong to the
 * server's own, and no other account's users may use them.
 */
export function requireOperation(
  { enforcement }: ControlGate,
  { claim, call }: Extract<VerifiedRequest, { kind: "verified" }>,
  { method, path }: { readonly method: string; readonly path: string },
): void {
  if (claim.service !== ownService) {
    throw accessDenied(`Sign requests for ${path.slice(0, 200)} for the service ${ownService}, not ${claim.service}.`);
  }
  const verb = method === "HEAD" ? "GET" : method;
  const resource = `arn:aws:portico:${call.region}:${defaultAccount}:${path}`;
  enforcement.require({ action: `portico:${verb}`, resource }, call);
}

/**
 * Throws unless the caller may make a call of a service that Portico does not have, and that `--upstream` gets. Nobody here
 * knows its action and resource, whatever the request says of them. So the caller has to be allowed every action of the
 * service on everything, and no policy of its may deny anything.
 */
export function requirePassOn(
  { enforcement }: ControlGate,
  { claim, call }: Extract<VerifiedRequest, { kind: "verified" }>,
): void {
  enforcement.requireEvery(claim.service, call);
}
