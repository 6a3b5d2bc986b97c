import { isUtf8 } from "node:buffer";
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
import { type StagePlan, stageKey } from "../../plan/plan.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { type Claim, ofBody, problemWithPath, readClaim } from "../caller-claim.ts";
import type { ClaimedCaller, KnownCallers } from "../known-callers.ts";
import type { BelowStage } from "../program.ts";
import { makeExtendedRequestId } from "../request-ids.ts";
import { addHint } from "../responses/failure.ts";
import type { ConnectionCall, ConnectionDirectory, ConnectionOutcome, ConnectionView } from "./connection-call.ts";
import { threadOf } from "./connection-id.ts";

/**
 * Says why a request may not call `@connections`, or undefined: web pages may not, and without signatures only this machine may.
 */
export type GuardCallbacks = (
  request: InboundRequest,
  entry: { readonly isByCustomDomain: boolean },
) => string | undefined;

export interface ConnectionsApiOptions {
  readonly directory: ConnectionDirectory;
  readonly guard: GuardCallbacks;
  /** Every call has to be signed by somebody who may make it. */
  readonly isEnforced: boolean;
  readonly callers: KnownCallers;
  readonly signingKeys: SigningKeys;
  readonly throttles: Throttles;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

type Stage = Pick<StagePlan, "account" | "region" | "apiId" | "stageName">;

/** A call on its way. */
interface Callback {
  readonly request: InboundExchange;
  readonly requestId: string;
  readonly stage: Stage;
  readonly path: string;
  /** Decoded. */
  readonly connectionId: string;
}

type Method = "POST" | "GET" | "DELETE";

const action = "execute-api:ManageConnections";
const pathPattern = /^\/(?:@|%40)connections(?:\/([^/]*))?\/?$/i;
const bytesMax = bounds.connectionPostBytesMax.value;

/**
 * PostToConnection, GetConnection and DeleteConnection: what backends call below a stage's `@connections`.
 * AWS: API Gateway Developer Guide, "Use @connections commands in your backend service"; Amazon API Gateway Management API
 * Reference. Words of refusals are as recorded in docs/internals/aws-facts, or unconfirmed: see docs/compatibility.md,
 * "@connections".
 */
export class ConnectionsApi {
  readonly #options: ConnectionsApiOptions;

  constructor(options: ConnectionsApiOptions) {
    this.#options = options;
  }

  /** Answers a request below a stage, if it is one for a connection. Returns false for any other. */
  answer(request: InboundExchange, stage: Stage, { path, customDomain }: BelowStage): boolean {
    const found = pathPattern.exec(path);
    if (found === null) return false;
    const requestId = makeExtendedRequestId();
    const call: Callback = { request, requestId, stage, path, connectionId: decode(found[1] ?? "") };
    const { guard, isEnforced } = this.#options;
    const problem = guard(request, { isByCustomDomain: customDomain !== undefined });
    if (problem !== undefined) refuse(call, 403, "ForbiddenException", "Forbidden", problem);
    else if (call.connectionId === "" || !isMethod(request.method)) {
      refuse(call, 403, "MissingAuthenticationTokenException", "Missing Authentication Token", methods);
    } else if (isEnforced) this.#verify(call);
    else collect(call, (body) => this.#run(call, body));
    return true;
  }

  /**
   * Answers a call at the server's own address, which names no stage: the connection says which it is. Returns false for any
   * other request. `stageOf` returns a stage that is served there.
   */
  answerWithoutStage(request: InboundExchange, stageOf: (key: string) => Stage | undefined): boolean {
    const path = request.target.split("?", 1)[0]!;
    const connectionId = decode(pathPattern.exec(path)?.[1] ?? "");
    if (threadOf(connectionId) === undefined) return false;
    this.#options.directory.call({ connectionId, stageKey: "" }, { kind: "locate" }, (outcome) => {
      const stage = outcome.kind === "located" ? stageOf(outcome.stageKey) : undefined;
      if (stage === undefined) answer({ request, requestId: makeExtendedRequestId() }, "GET", goneIfLocated(outcome));
      else this.answer(request, stage, { path, query: "" });
    });
    return true;
  }

  /** Runs the call of somebody who may make it, and refuses all others. A stranger's body is not read. */
  #verify(call: Callback): void {
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
      if (payload.kind !== "body" || this.#isAllowed(call, claim.caller)) this.#run(call, body);
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
    const { request, stage, connectionId } = call;
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
    const arn = (owner: string, id: string): string =>
      `arn:aws:execute-api:${region}:${owner}:${stage.apiId}/${stage.stageName}/${request.method}/@connections${id}`;
    // AWS quirk: the resource ends in these very characters, whichever connection it is. A policy that denies one
    // connection, or the guide's form without any, is meant to deny.
    let decision = decide(arn(account, "/{connectionId}"));
    for (const id of ["", `/${connectionId}`]) {
      if (decision.kind !== "allowed") break;
      const other = decide(arn(account, id));
      if (other.kind === "explicitly-denied") decision = other;
    }
    const problem = problemOf(decision, action);
    if (problem === undefined) return true;
    const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${arn(`********${account.slice(-4)}`, "/{connectionId}")}`;
    const hint = `the caller's policies have to allow ${action} on ${arn(account, "/*")}, and the caller has to be of the API's account: ${problem}`;
    refuse(call, 403, "AccessDeniedException", message, hint);
    return false;
  }

  #run(call: Callback, body: Buffer): void {
    const { request, stage, connectionId } = call;
    if (!this.#takeToken(stage)) {
      this.#options.metrics.add("requestsThrottled");
      refuse(call, 429, limitExceeded, "Too Many Requests", "the account's throttle counts calls of @connections, too");
      return;
    }
    if (threadOf(connectionId) === undefined) {
      const message = `Invalid connectionId: ${connectionId}`;
      refuse(call, 400, "BadRequestException", message, undefined, { connectionId, requestId: call.requestId });
      return;
    }
    const method = request.method as Method;
    if (method === "POST" && !isUtf8(body)) {
      const hint = "messages to clients are text: a client would close the connection (RFC 6455 §8.1)";
      refuse(call, 400, "BadRequestException", "Invalid message: it is not UTF-8", hint);
      return;
    }
    const target = { connectionId, stageKey: stageKey(stage.apiId, stage.stageName) };
    this.#options.directory.call(target, callOf[method](body), (outcome) =>
      answer(call, method, goneIfLocated(outcome)),
    );
  }

  #takeToken(stage: Stage): boolean {
    const { throttles, clock } = this.#options;
    const { account, methods: buckets } = throttles;
    if (isLifted(account)) return true;
    const bucket = accountBucket(throttles, stage);
    return buckets.take(bucket, account.ratePerSecond, account.burst, clock.now());
  }
}

const limitExceeded = "LimitExceededException";
const methods = "below @connections there are POST, GET and DELETE of a connection's id";
const unsigned =
  "the server has --auth enforce: sign calls of @connections for the service execute-api, as AWS's SDKs do";

const callOf: Readonly<Record<Method, (body: Buffer) => ConnectionCall>> = {
  POST: (data) => ({ kind: "post", data }),
  GET: () => ({ kind: "get" }),
  DELETE: () => ({ kind: "delete" }),
};

const isMethod = (method: string): method is Method => Object.hasOwn(callOf, method);

/** The statuses of success. AWS: the interface model of apigatewaymanagementapi. */
const statuses: Readonly<Record<Method, number>> = { POST: 200, GET: 200, DELETE: 204 };

/** Reads the body, and answers the request itself if that is not possible. */
function collect(call: Callback, taken: (body: Buffer) => void): void {
  const { request } = call;
  request.collect(bytesMax, (outcome, body) => {
    if (outcome === "ok") taken(body);
    else if (outcome === "too-large") {
      const { connectionId, requestId } = call;
      const hint = `a message may have ${bytesMax} bytes`;
      refuse(call, 413, "PayloadTooLargeException", "Message too long", hint, { connectionId, requestId });
    } else if (outcome !== "aborted") {
      const { status, contentType, body: text, hint } = outcome === "timeout" ? problems.bodyTimeout : problems.chunk;
      const headers = ["Content-Type", contentType];
      addHint(request, headers, hint);
      request.respond(status, headers, text);
    }
  });
}

type Answer = Exclude<ConnectionOutcome, { readonly kind: "located" }>;

const goneIfLocated = (outcome: ConnectionOutcome): Answer => (outcome.kind === "located" ? { kind: "gone" } : outcome);

function answer(call: Pick<Callback, "request" | "requestId">, method: Method, outcome: Answer): void {
  const { request, requestId } = call;
  switch (outcome.kind) {
    case "done":
      request.respond(statuses[method], ["x-amzn-RequestId", requestId], undefined);
      return;
    case "found": {
      const headers = ["Content-Type", "application/json", "x-amzn-RequestId", requestId];
      request.respond(statuses[method], headers, describe(outcome.connection));
      return;
    }
    case "gone":
      refuse(
        call,
        410,
        "GoneException",
        undefined,
        "there is no such connection of this stage, not yet or not any more",
      );
      return;
    case "full":
      // AWS: "… or the WebSocket client side buffer is full."
      refuse(
        call,
        429,
        limitExceeded,
        "Too Many Requests",
        "the client does not read as fast as messages are sent to it",
      );
      return;
    case "busy":
      refuse(call, 429, limitExceeded, "Too Many Requests", "too many calls of @connections are under way");
      return;
    case "late":
      refuse(
        call,
        500,
        "InternalServerErrorException",
        "Internal server error",
        "the thread that has the connection hangs",
      );
  }
}

/** AWS: AWS CLI Command Reference, apigatewaymanagementapi, "get-connection", Examples: a client without a user agent has none. */
const describe = ({ connectedMs, lastActiveMs, sourceIp, userAgent }: ConnectionView): string =>
  JSON.stringify({
    connectedAt: new Date(connectedMs).toISOString(),
    identity: { sourceIp, userAgent },
    lastActiveAt: new Date(lastActiveMs).toISOString(),
  });

function refuseSignature(call: Callback, { code, message, hint }: SignatureProblem): void {
  refuse(call, 403, code, message, hint);
}

/** Answers an error; without a message it has no body. */
function refuse(
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

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
