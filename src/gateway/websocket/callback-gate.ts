import { type AccessDecision, authorize, problemOf } from "../../access/authorize.ts";
import { makeInvokeContext } from "../../access/invoke-conditions.ts";
import type { SigningKeys } from "../../access/signing-key.ts";
import { describeOther, type SignatureProblem } from "../../access/sigv4-signature.ts";
import { emptyHash, hashOfBody, verifySignature } from "../../access/sigv4-verify.ts";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { problems } from "../../http/http1/problem.ts";
import type { InboundExchange, InboundRequest } from "../../http/inbound.ts";
import { accountBucket, isLifted, type Throttles } from "../../limits/throttles.ts";
import type { StagePlan } from "../../plan/plan.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { type Claim, ofBody, problemWithPath, readClaim } from "../caller-claim.ts";
import type { ClaimedCaller, KnownCallers } from "../known-callers.ts";
import { addHint } from "../responses/failure.ts";

/**
 * Says why a request may not call `@connections`, or undefined: web pages may not, and without signatures only this machine may.
 */
export type GuardCallbacks = (
  request: InboundRequest,
  entry: { readonly isByCustomDomain: boolean },
) => string | undefined;

export interface CallbackGateOptions {
  readonly guard: GuardCallbacks;
  /** Every call has to be signed by somebody who may make it. */
  readonly isEnforced: boolean;
  readonly callers: KnownCallers;
  readonly signingKeys: SigningKeys;
  readonly throttles: Throttles;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** The stage whose connections are called. */
export type CalledStage = Pick<StagePlan, "account" | "region" | "apiId" | "stageName">;

/** A call on its way. */
export interface Callback {
  readonly request: InboundExchange;
  readonly requestId: string;
  readonly stage: CalledStage;
  /** Below the stage, as it was sent. */
  readonly path: string;
  /** What is called, as policies name it: `@connections/{connectionId}`. */
  readonly resource: string;
  /** A policy that denies one of these denies the call, too. */
  readonly alsoDenied: readonly string[];
  /** Further members of errors about the body. */
  readonly errorMembers: object;
}

const action = "execute-api:ManageConnections";
const bytesMax = bounds.connectionPostBytesMax.value;

/** Decides who may call a stage's connections, in one way for AWS's calls and for those beyond AWS. */
export class CallbackGate {
  readonly #options: CallbackGateOptions;

  constructor(options: CallbackGateOptions) {
    this.#options = options;
  }

  /** Returns whether the request may call connections at all, and refuses it if not. */
  lets(call: Pick<Callback, "request" | "requestId">, entry: { readonly isByCustomDomain: boolean }): boolean {
    const problem = this.#options.guard(call.request, entry);
    if (problem === undefined) return true;
    refuse(call, 403, "ForbiddenException", "Forbidden", problem);
    return false;
  }

  /** Runs the call with its body if its caller may make it and the throttle lets it, and answers all others. */
  admit(call: Callback, run: (body: Buffer) => void): void {
    const throttled = (body: Buffer): void => {
      if (this.#takeToken(call.stage)) run(body);
      else {
        this.#options.metrics.add("requestsThrottled");
        refuse(
          call,
          429,
          limitExceeded,
          "Too Many Requests",
          "the account's throttle counts calls of @connections, too",
        );
      }
    };
    if (this.#options.isEnforced) this.#verify(call, throttled);
    else collect(call, throttled);
  }

  /** Runs the call of somebody who may make it, and refuses all others. A stranger's body is not read. */
  #verify(call: Callback, run: (body: Buffer) => void): void {
    const { request, stage, path } = call;
    const { callers, clock } = this.#options;
    const reading = readClaim(request, callers, { region: stage.region, nowMs: clock.now() });
    switch (reading.kind) {
      case "unsigned":
        refuse(call, 403, "MissingAuthenticationTokenException", "Missing Authentication Token", unsigned);
        return;
      case "foreign":
        refuseSignature(call, describeOther(reading.authorization, request.header("x-amz-date")));
        return;
      case "refused":
        refuseSignature(call, reading.problem);
        return;
    }
    const { claim } = reading;
    const { payload } = claim.signature;
    const ambiguity = problemWithPath(path);
    if (ambiguity !== undefined) {
      refuseSignature(call, ambiguity);
      return;
    }
    // What says the body's hash is verified before the body is read.
    if (payload.kind !== "body" && !(this.#isProven(call, claim, emptyHash) && this.#isAllowed(call, claim.caller))) {
      return;
    }
    collect(call, (body) => {
      const hash = hashOfBody(body);
      const isIntact = payload.kind === "unsigned" || (payload.kind === "hash" && payload.hash === hash);
      if (!isIntact && !this.#isProven(call, ofBody(claim), hash)) return;
      if (payload.kind !== "body" || this.#isAllowed(call, claim.caller)) run(body);
    });
  }

  #isProven(call: Callback, { signature, caller }: Claim, bodyHash: string): boolean {
    const { signingKeys, callers, clock } = this.#options;
    const problem = verifySignature(call.request, signature, { secret: caller.secret, keys: signingKeys, bodyHash });
    if (problem === undefined) {
      callers.noteUse(caller, clock.now(), call.stage.region);
      return true;
    }
    refuseSignature(call, problem);
    return false;
  }

  /** A WebSocket API has no resource policy: only callers of its own account are allowed anything. */
  #isAllowed(call: Callback, { iam }: ClaimedCaller): boolean {
    const { request, stage, resource, alsoDenied } = call;
    const { account, region } = stage;
    const { principal, access } = iam.signer;
    const context = makeInvokeContext({
      sourceAddress: request.client.address,
      userAgent: request.header("user-agent"),
      referer: request.header("referer"),
      isEncrypted: request.client.isEncrypted,
      nowMs: this.#options.clock.now(),
      account,
      region,
      vpcEndpoint: undefined,
      principal,
    });
    const decide = (resource: string): AccessDecision => authorize({ action, resource, context }, access, { account });
    const arn = (owner: string, of: string): string =>
      `arn:aws:execute-api:${region}:${owner}:${stage.apiId}/${stage.stageName}/${request.method}/${of}`;
    let decision = decide(arn(account, resource));
    for (const of of alsoDenied) {
      if (decision.kind !== "allowed") break;
      const other = decide(arn(account, of));
      if (other.kind === "explicitly-denied") decision = other;
    }
    const problem = problemOf(decision, action);
    if (problem === undefined) return true;
    const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${arn(`********${account.slice(-4)}`, resource)}`;
    const hint = `the caller's policies have to allow ${action} on ${arn(account, resource.replace(/[^/]*$/, "*"))}, and the caller has to be of the API's account: ${problem}`;
    refuse(call, 403, "AccessDeniedException", message, hint);
    return false;
  }

  #takeToken(stage: CalledStage): boolean {
    const { throttles, clock } = this.#options;
    const { account, methods: buckets } = throttles;
    if (isLifted(account)) return true;
    const bucket = accountBucket(throttles, stage);
    return buckets.take(bucket, account.ratePerSecond, account.burst, clock.now());
  }
}

export const limitExceeded = "LimitExceededException";
const unsigned =
  "the server has --auth enforce: sign calls of @connections for the service execute-api, as AWS's SDKs do";

/** Reads the body, and answers the request itself if that is not possible. */
function collect(call: Callback, taken: (body: Buffer) => void): void {
  const { request } = call;
  request.collect(bytesMax, (outcome, body) => {
    if (outcome === "ok") taken(body);
    else if (outcome === "too-large") {
      const hint = `a message may have ${bytesMax} bytes`;
      refuse(call, 413, "PayloadTooLargeException", "Message too long", hint, call.errorMembers);
    } else if (outcome !== "aborted") {
      const { status, contentType, body: text, hint } = outcome === "timeout" ? problems.bodyTimeout : problems.chunk;
      const headers = ["Content-Type", contentType];
      addHint(request, headers, hint);
      request.respond(status, headers, text);
    }
  });
}

function refuseSignature(call: Callback, { code, message, hint }: SignatureProblem): void {
  refuse(call, 403, code, message, hint);
}

/** Answers an error; without a message it has no body. */
export function refuse(
  { request, requestId }: Pick<Callback, "request" | "requestId">,
  status: number,
  errorType: string,
  message: string | undefined,
  hint: string | undefined,
  more: object = {},
): void {
  const headers = ["x-amzn-RequestId", requestId, "x-amzn-ErrorType", errorType];
  if (message !== undefined) headers.push("Content-Type", "application/json");
  if (hint !== undefined) addHint(request, headers, hint);
  request.respond(status, headers, message && JSON.stringify({ message, ...more }));
}
