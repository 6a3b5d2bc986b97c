import type { ReceivedRequest } from "../../access/canonical-request.ts";
import { canCallService, type Principal } from "../../access/principal.ts";
import { SigningKeys } from "../../access/signing-key.ts";
import { readCredentialScope } from "../../access/sigv4-scope.ts";
import { describeOther, readSignature, type SignatureProblem } from "../../access/sigv4-signature.ts";
import {
  checkSignature,
  emptyHash,
  hashOfBody,
  type PlausibleSignature,
  unknownKey,
  verifySignature,
} from "../../access/sigv4-verify.ts";
import type { Clock } from "../../base/clock.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { AccessKeyUses } from "../../services/iam/access-key-uses.ts";
import type { Sessions } from "../../services/sts/sessions.ts";

/** A request's head, as control received it. */
export interface SignedHead {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, as latin1. */
  readonly rawHeaders: readonly string[];
}

/** Who a signature says that the caller is. */
export interface Claim {
  readonly kind: "claimed";
  readonly caller: Principal;
  /** The signing name. */
  readonly service: string;
  readonly region: string;
  /** Returns undefined if the signature is right for this body, and AWS's refusal otherwise. */
  prove(body: Buffer): ApiError | undefined;
}

export type HeadReading =
  | Claim
  /** The request has no signature. */
  | { readonly kind: "unsigned" }
  | { readonly kind: "refused"; readonly error: ApiError };

/**
 * Verifies who makes a call of the management APIs. The head is read first, so that a stranger's body never is.
 * AWS: IAM User Guide, "AWS Signature Version 4 for API requests".
 */
export class Authentication {
  readonly #sessions: Sessions;
  readonly #uses: AccessKeyUses;
  readonly #clock: Clock;
  readonly #keys = new SigningKeys();

  constructor({
    sessions,
    accessKeyUses,
    clock,
  }: {
    readonly sessions: Sessions;
    readonly accessKeyUses: AccessKeyUses;
    readonly clock: Clock;
  }) {
    this.#sessions = sessions;
    this.#uses = accessKeyUses;
    this.#clock = clock;
  }

  /** Reads and checks everything of a signature but what it says of the body. */
  async readHead({ method, target, rawHeaders }: SignedHead): Promise<HeadReading> {
    const headerNames = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    const request: ReceivedRequest = { method, target, rawHeaders, headerNames };
    const header = (name: string): string | undefined => valuesOf(request, name);
    const reading = readSignature(target, header);
    if (reading.kind === "unsigned") return reading;
    if (reading.kind === "broken") return refused(reading.problem);
    if (reading.kind === "foreign") {
      return refused(describeOther(reading.authorization, header("x-amz-date") ?? header("date")));
    }
    if (isAmbiguous(target)) return refused(ambiguous);
    const nowMs = this.#clock.now();
    const headers = Object.fromEntries(["authorization", "x-amz-security-token"].map((name) => [name, header(name)]));
    const scope = readCredentialScope(headers, target);
    // The rest of a malformed credential is nobody's; the check below says what is wrong with it.
    const demand = scope.kind === "scope" ? scope.scope : { service: "apigateway", region: "us-east-1" };
    const signature = checkSignature(reading.signature, request, { ...demand, nowMs });
    if (signature.kind === "refused") return refused(signature.problem);
    if (scope.kind === "malformed") return { kind: "refused", error: new ApiError(scope.code, scope.message) };
    if (signature.payload.kind === "unsigned") return refused(unsignedPayload);
    const found = await this.#sessions.find(signature.accessKeyId, signature.token, nowMs);
    if (found.kind === "refused") return refused(found.problem);
    const { secret, caller } = found;
    if (!canCallService(caller, signature.service)) return refused(unknownKey());
    const { payload } = signature;
    if (payload.kind === "hash") {
      // What the head says of the body is proven before the body is read.
      const problem = verifySignature(request, signature, { secret, keys: this.#keys });
      if (problem !== undefined) return refused(problem);
    }
    const prove = (body: Buffer): ApiError | undefined => {
      const bodyHash = body.length === 0 ? emptyHash : hashOfBody(body);
      if (payload.kind !== "hash" || payload.hash !== bodyHash) {
        const ofBody: PlausibleSignature = { ...signature, payload: { kind: "body" } };
        const problem = verifySignature(request, ofBody, { secret, keys: this.#keys, bodyHash });
        if (problem !== undefined) return toError(problem);
      }
      if (caller.session === undefined) {
        this.#uses.note(signature.accessKeyId, signature.service, signature.region);
      }
      return undefined;
    };
    return { kind: "claimed", caller, service: signature.service, region: signature.region, prove };
  }
}

/**
 * Returns whether a target may be read in another way than it is signed: canonical paths have no empty and no dotted
 * segments, and canonical queries know `;` and no braces. AWS's tools send nothing of that.
 */
function isAmbiguous(target: string): boolean {
  const [path = "", query = ""] = target.split(/\?(.*)/s, 2) as [string, string?];
  return !path.startsWith("/") || /\/(?:\/|\.{1,2}(?:\/|$))/.test(path) || /[;{}]/.test(query);
}

const ambiguous: SignatureProblem = {
  code: "InvalidSignatureException",
  message: "The request's path or query has more than one reading.",
  hint: "write the path without empty and dotted segments, and encode `;`, `{` and `}` in the query",
};

const unsignedPayload: SignatureProblem = {
  code: "InvalidSignatureException",
  message: "The value of 'X-Amz-Content-Sha256' is not supported: 'UNSIGNED-PAYLOAD'.",
  hint: "management calls are signed with their bodies",
};

/** Returns all values of a header, with commas between them. */
function valuesOf({ headerNames, rawHeaders }: ReceivedRequest, name: string): string | undefined {
  const values = headerNames.flatMap((given, index) => (given === name ? [rawHeaders[2 * index + 1]!] : []));
  return values.length === 0 ? undefined : values.join(", ");
}

const toError = ({ code, message, hint }: SignatureProblem): ApiError =>
  // STS declares this error for other tokens, with another status.
  new ApiError(code, message, { hint, ...(code === "ExpiredTokenException" && { status: 403 }) });

const refused = (problem: SignatureProblem): HeadReading => ({ kind: "refused", error: toError(problem) });
