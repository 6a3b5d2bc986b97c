import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import { problems } from "../http/http1/problem.ts";
import type { Answer, AnswerObserver, InboundExchange, InboundRequest } from "../http/inbound.ts";
import type { Trace } from "../telemetry/trace.ts";
import { type Caller, callerOf } from "./caller.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import type { MethodProgram, Program } from "./program.ts";
import { parseQuery, type Query } from "./query.ts";
import { makeTraceId, makeTraceParent } from "./request-ids.ts";
import { type FailureType, ourFault } from "./responses/failure.ts";
import type { CustomDomainEntry } from "./routing/custom-domains.ts";
import type { Overrides } from "./templates/overrides.ts";
import type { Payload } from "./templates/payload.ts";
import type { SampledTrace } from "./trace-sampling.ts";
import type { WafOutcome } from "./web-acls.ts";

/** The path parameters of an exchange that matched no route. */
const none: readonly string[] = [];

/** The gateway's own answer to a failure, for `$context.error.*`. */
export interface ExchangeError {
  readonly type: FailureType;
  readonly message: string | null;
  /** How the body violates its model: `$context.error.validationErrorString`. */
  readonly validationErrorString?: string | undefined;
  /** The status that the answer has unless the API customises it. */
  readonly builtInStatus?: number;
}

/** What is known about the integration, for `$context.integration.*`. */
export interface IntegrationOutcome {
  startedAt: number;
  /** Milliseconds until the integration answered; for a streamed answer, until its end. */
  latencyMs: number | undefined;
  /**
   * The answer is passed on as it arrives (`responseTransferMode` STREAM). The next two count milliseconds until all of
   * its headers, and its first byte, had arrived.
   */
  isStreamed: boolean;
  headersMs: number | undefined;
  contentMs: number | undefined;
  /** The backend's status; for a function, its `statusCode`. */
  status: number | undefined;
  /** The status of the Lambda service, or of the backend. */
  serviceStatus: number | undefined;
  /** How long the body of the answer is, as far as it came; undefined without an answer. */
  bytes: number | undefined;
  error: string | undefined;
  requestId: string | undefined;
}

/** One phase of deciding who may call, for `$context.authenticate.*`, `authorize.*` and `authorizer.*` of access logs. */
export interface AccessPhase {
  startedAt: number;
  latencyMs: number | undefined;
  /** 200, or the status of the phase's refusal. */
  status: number | undefined;
  /** Why the phase refused. */
  error: string | undefined;
}

/** Asking an authorizer. */
export interface AuthorizerPhase extends AccessPhase {
  /** Milliseconds until the function answered; 0 if its answer was remembered. */
  integrationLatencyMs: number | undefined;
  /** The status of the Lambda service. */
  integrationStatus: number | undefined;
  requestId: string | undefined;
  /** The function's answer is one to an earlier request. */
  isRemembered: boolean;
}

/** What the checks of a method's caller found out, each if it ran. */
export interface AccessPhases {
  authenticate: AccessPhase | undefined;
  authorizer: AuthorizerPhase | undefined;
  authorize: AccessPhase | undefined;
}

/** Whether the stage's response cache had the answer: it counts as CacheHitCount or CacheMissCount. */
export type CacheResult = "hit" | "miss";

/** Work that an exchange waits for: an invocation, a backend's answer, a promise. */
export interface Work {
  /** Called when nobody waits for the work any more. It ends, or its result is thrown away; it must not answer. */
  abandon(): void;
  /** Called when the client takes more of the answer that the work streams. */
  onDrain?(): void;
}

/** What the program says about a request that it takes: how its kind of API reads it. */
export interface Opening {
  readonly httpMethod: string;
  readonly path: string;
  readonly pathAsSent: string;
  /** The query as received, without `?`. */
  readonly rawQuery: string;
  /** How the request came by a custom domain name; undefined if it came by another address. */
  readonly customDomain: CustomDomainEntry | undefined;
  readonly requestId: string;
  readonly extendedRequestId: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
}

/**
 * One request with its response. Every field is set in the constructor, so that all exchanges have one hidden class;
 * values that most methods don't use are made when somebody asks for them.
 */
export class Exchange implements AnswerObserver {
  /** What was asked. A check in front of the stage may replace it by another that reads the same body. */
  request: InboundRequest;
  /** The answer to the client. A step may replace it by another that answers through it. */
  answer: Answer;
  readonly program: Program;
  /** The verb that the method is chosen by. */
  readonly httpMethod: string;
  /** The path below the stage, as it is matched with routes; begins with a slash. */
  readonly path: string;
  /** The path below the stage, as received; begins with a slash. */
  readonly pathAsSent: string;
  /** The query as received, without `?`. */
  readonly rawQuery: string;
  /** How the request came by a custom domain name; undefined if it came by another address. */
  readonly customDomain: CustomDomainEntry | undefined;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly requestId: string;
  readonly extendedRequestId: string;

  method: MethodProgram | undefined;
  /** The resource that the path of a refused request names, though it does not have the verb. */
  refusedResource: Pick<MethodProgram["plan"], "resourceId" | "resourcePath"> | undefined;
  pathNames: readonly string[];
  pathValues: readonly string[];
  /** The index of the next step. */
  at: number;
  /** The whole body, decompressed, once a step has read it: it can be read off the connection only once. */
  body: Buffer | undefined;
  /** The whole body as it was received, once a check in front of the stage has read it. */
  receivedBody: Buffer | undefined;
  /** What the stage's web ACL said. */
  waf: WafOutcome | undefined;
  isComplete: boolean;
  status: number;
  error: ExchangeError | undefined;
  integration: IntegrationOutcome | undefined;
  /** Undefined if the cache was not asked: the method has none, or the request was refused before. */
  cacheResult: CacheResult | undefined;
  access: AccessPhases | undefined;
  /** The headers of the integration's answer while it is mapped: names and values in turn. */
  integrationHeaders: readonly string[];
  /** The bodies of request and integration, where templates or mappings read them. */
  requestPayload: Payload | undefined;
  integrationPayload: Payload | undefined;
  overrides: Overrides | undefined;
  /** Of an exchange of a WebSocket API. */
  connection: ConnectionFacts | undefined;
  /** Records what happens, where somebody wants to know: an execution log, a test, `portico explain`. */
  trace: Trace | undefined;
  /** The exchange is recorded for X-Ray or a collector. */
  sampled: SampledTrace | undefined;
  /** The work that the exchange waits for. */
  #work: Work | undefined;
  /** How many parts of an answer that was given are not yet handed over or given up. */
  #holds: number;
  #caller: Caller | undefined;
  #traceId: string | undefined;
  #wholeTrace: string | undefined;
  #query: Query | undefined;

  constructor(inbound: InboundExchange, program: Program, opening: Opening) {
    this.request = inbound;
    this.answer = inbound;
    this.program = program;
    this.httpMethod = opening.httpMethod;
    this.path = opening.path;
    this.pathAsSent = opening.pathAsSent;
    this.rawQuery = opening.rawQuery;
    this.customDomain = opening.customDomain;
    this.startedMs = opening.startedMs;
    this.startedAt = performance.now();
    this.requestId = opening.requestId;
    this.extendedRequestId = opening.extendedRequestId;
    this.method = undefined;
    this.refusedResource = undefined;
    this.pathNames = none;
    this.pathValues = none;
    this.at = 0;
    this.body = undefined;
    this.receivedBody = undefined;
    this.waf = undefined;
    this.isComplete = false;
    this.status = 0;
    this.error = undefined;
    this.integration = undefined;
    this.cacheResult = undefined;
    this.access = undefined;
    this.integrationHeaders = none;
    this.requestPayload = undefined;
    this.integrationPayload = undefined;
    this.overrides = undefined;
    this.connection = undefined;
    this.trace = undefined;
    this.sampled = undefined;
    this.#work = undefined;
    this.#holds = 0;
    this.#caller = undefined;
    this.#traceId = undefined;
    this.#wholeTrace = undefined;
    this.#query = undefined;
    program.life.begin(this);
    inbound.observer = this;
  }

  /**
   * The value of X-Amzn-Trace-Id for the integration: the client's if it has a root, otherwise one that Portico made.
   */
  get traceHeader(): string {
    const root = `Root=${this.traceId}`;
    if (this.sampled?.isForXray === true) return `${root};Parent=${this.sampled.integrationId};Sampled=1`;
    const given = this.request.header("x-amzn-trace-id");
    return given?.includes(root) === true && given.length <= traceHeaderCharsMax ? given : root;
  }

  /** The same for the function of an authorizer. */
  get authorizerTraceHeader(): string {
    if (this.sampled?.isForXray !== true) return this.traceHeader;
    return `Root=${this.traceId};Parent=${this.sampled.authorizerId};Sampled=1`;
  }

  /**
   * The trace header with all of its parts, as a function and the client of a Lambda proxy see it: what the client left out
   * is made. Unconfirmed: `Sampled` is 0 if it says nothing; see docs/compatibility.md, "X-Amzn-Trace-Id".
   */
  get wholeTraceHeader(): string {
    if (this.#wholeTrace === undefined) {
      const root = `Root=${this.traceId}`;
      let header = this.traceHeader;
      if (!header.includes("Parent=")) header = header.replace(root, `${root};Parent=${makeTraceParent()}`);
      this.#wholeTrace = header.includes("Sampled=") ? header : `${header};Sampled=0`;
    }
    return this.#wholeTrace;
  }

  /** The trace's root, without `Root=`. */
  get traceId(): string {
    if (this.#traceId === undefined) {
      const given = this.request.header("x-amzn-trace-id")?.slice(0, traceHeaderCharsMax);
      const root = given === undefined ? null : /(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)/.exec(given);
      this.#traceId = root?.[1] ?? makeTraceId(this.startedMs);
    }
    return this.#traceId;
  }

  /** Of an exchange that stands for another one. */
  set traceId(root: string) {
    this.#traceId = root;
  }

  /** Who calls. The object is made when somebody first asks for it. */
  get caller(): Caller {
    this.#caller ??= callerOf(this.request);
    return this.#caller;
  }

  /** Sets the caller of a test, before it runs. */
  set caller(caller: Caller) {
    this.#caller = caller;
  }

  /** The same as `caller.isTest`, without making the caller's object where nobody asked for it. */
  get isTest(): boolean {
    return this.#caller?.isTest === true;
  }

  get query(): Query {
    this.#query ??= this.rawQuery === "" ? noQuery : parseQuery(this.rawQuery);
    return this.#query;
  }

  pathParameter(name: string): string | undefined {
    const index = this.pathNames.indexOf(name);
    return index < 0 ? undefined : this.pathValues[index];
  }

  /** `$context.path` */
  get fullPath(): string {
    return this.program.contextPath(this);
  }

  /** The path that the client called on a custom domain name, with what leads to the stage; else the path below it. */
  get pathOnDomain(): string {
    return this.customDomain === undefined ? this.path : `${this.customDomain.removed}${this.path}`;
  }

  get domainName(): string {
    if (this.connection !== undefined) return this.connection.domainName;
    const { host } = this.request;
    const colon = host.lastIndexOf(":");
    return colon < 0 || host.endsWith("]") ? host : host.slice(0, colon);
  }

  /** Runs the steps from where the exchange is. A step that waited calls this again. */
  run(): void {
    const steps = this.method!.steps;
    while (this.at < steps.length) if (!steps[this.at++]!(this)) return;
  }

  /**
   * Waits for `work`. A step that can't answer at once calls this, and continues when `resume` returns true. If the
   * client goes away before that, or an exception is thrown, the work is abandoned and the exchange ends.
   */
  suspend(work: Work): void {
    assert(this.#work === undefined, "an exchange waits for one thing at a time");
    this.#work = work;
  }

  isWaitingFor(work: Work): boolean {
    return this.#work === work;
  }

  /**
   * Says that the work is done. Returns true once, and false if nobody waits for it any more, in which case its result
   * is to be thrown away.
   */
  resume(work: Work): boolean {
    if (this.#work !== work) return false;
    this.#work = undefined;
    return true;
  }

  /** Waits for a promise, and continues with its value unless the client has gone away. */
  wait<Value>(promise: Promise<Value>, goOn: (value: Value) => void): void {
    const work: Work = { abandon: doNothing };
    this.suspend(work);
    this.follow(promise, (value) => {
      if (this.resume(work)) goOn(value);
    });
  }

  /**
   * Calls back with a promise's value, whether anybody still waits for it or not; a rejection is treated as an
   * exception.
   */
  follow<Value>(promise: Promise<Value>, callback: (value: Value) => void): void {
    promise.then(callback).catch((error: unknown) => this.onException(error));
  }

  /**
   * Runs a callback of a timer, a stream or a library. An exception that it throws ends this exchange and no other. The
   * codec and the HTTP client do the same with their callbacks.
   */
  guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.onException(error);
    }
  }

  onDrain(): void {
    this.#work?.onDrain?.();
  }

  /** `status` is for the log. 499 is nginx's for a client that went away: nobody sees the answer, so that there was none. */
  onClose(status = 499): void {
    if (this.isComplete) return;
    this.#abandon();
    this.status = status;
    this.complete();
  }

  /**
   * Handles a bug of Portico. It is logged, the work under way is abandoned, and the exchange ends: with its gateway
   * response or, where the answer has begun, by closing the connection.
   */
  onException(error: unknown): void {
    this.#report(error);
    if (this.isComplete) {
      // A hold might never be released.
      if (this.#holds > 0) this.answer.abort();
      return;
    }
    this.#abandon();
    try {
      if (this.answer.isBegun) this.cut(`Execution failed due to an internal error: ${ourFault}`);
      else this.program.responses.finish(this, "DEFAULT_5XX", { detail: ourFault, hint: ourFault });
    } catch (another) {
      this.#report(another);
      this.#endPlainly();
    }
  }

  /** Ends the exchange with a plain answer, because making the gateway response or the trace failed. */
  #endPlainly(): void {
    if (this.isComplete) return;
    if (this.answer.isBegun) this.answer.abort();
    else {
      const { status, contentType, body } = problems.internal;
      this.status = status;
      this.answer.respond(status, ["Content-Type", contentType], body);
    }
    this.complete();
  }

  #abandon(): void {
    const work = this.#work;
    this.#work = undefined;
    if (work !== undefined) this.#attempt(() => work.abandon());
  }

  /** Runs a callback whose failure must not keep the exchange from ending. */
  #attempt(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    this.program.logger.error("an exchange failed", {
      requestId: this.requestId,
      traceId: this.traceId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }

  /**
   * Drops the request's body and everything parsed from it, because nothing reads it any more: neither stays in memory
   * while the integration works. A message's bytes stay: it may choose the template of the answer.
   */
  forgetBody(): void {
    if (this.connection !== undefined) {
      this.requestPayload?.forgetParsed();
      return;
    }
    this.body = undefined;
    this.receivedBody = undefined;
    this.requestPayload = undefined;
  }

  /** Sends the whole answer, after adding the gateway's own headers to `headers`. */
  respond(status: number, headers: string[], body: Buffer | string | undefined): void {
    if (this.isComplete) return;
    this.status = status;
    this.trace?.respond(status, headers, body);
    this.addGatewayHeaders(headers);
    this.answer.respond(status, headers, body);
    this.complete();
  }

  /** Ends a streamed answer of which everything has been written. */
  end(): void {
    this.answer.end();
    this.complete();
  }

  /**
   * Breaks off a streamed answer that can't be completed; the connection's end tells the client. `line` is written to
   * the execution log.
   */
  cut(line: string): void {
    this.trace?.addFailure([line]);
    this.answer.abort();
    this.complete();
  }

  /** Adds the headers that every answer of the gateway has. */
  addGatewayHeaders(headers: string[]): void {
    this.program.addHeaders(this, headers);
  }

  /** Counts and logs the exchange. It is called once, when the answer is written to its end or given up. */
  complete(): void {
    if (this.isComplete) return;
    this.isComplete = true;
    if (this.trace !== undefined) this.#attempt(() => this.trace!.complete(this.status));
    if (this.#holds === 0) this.#conclude();
  }

  /**
   * Says that the answer takes time after it was given. The exchange is counted and logged only after `release` was
   * called as often as `hold`.
   */
  hold(): void {
    this.#holds++;
  }

  /** Says that the part that `hold` was called for was handed over or given up. */
  release(): void {
    assert(this.#holds > 0, "an exchange is released as often as it was held");
    this.#holds--;
    if (this.#holds === 0 && this.isComplete) this.#conclude();
  }

  #conclude(): void {
    try {
      this.program.life.complete(this);
    } catch (error) {
      this.#report(error);
    }
  }

  /** The phases of deciding who may call, to record one. */
  get accessPhases(): AccessPhases {
    this.access ??= { authenticate: undefined, authorizer: undefined, authorize: undefined };
    return this.access;
  }

  /** Records that the method's authorizer is asked now. */
  startAuthorizer(): AuthorizerPhase {
    const phase: AuthorizerPhase = {
      startedAt: performance.now(),
      latencyMs: undefined,
      status: undefined,
      error: undefined,
      integrationLatencyMs: undefined,
      integrationStatus: undefined,
      requestId: undefined,
      isRemembered: false,
    };
    this.accessPhases.authorizer = phase;
    return phase;
  }

  /** Records that a signature is looked at now. */
  startAuthentication(): AccessPhase {
    const phase = startPhase();
    this.accessPhases.authenticate = phase;
    return phase;
  }

  /** Records that policies are asked now. */
  startAuthorization(): AccessPhase {
    const phase = startPhase();
    this.accessPhases.authorize = phase;
    return phase;
  }

  /** Records that the integration is called now. */
  startIntegration(isStreamed = false): IntegrationOutcome {
    this.integration = {
      startedAt: performance.now(),
      latencyMs: undefined,
      isStreamed,
      headersMs: undefined,
      contentMs: undefined,
      status: undefined,
      serviceStatus: undefined,
      bytes: undefined,
      error: undefined,
      requestId: undefined,
    };
    return this.integration;
  }
}

const startPhase = (): AccessPhase => ({
  startedAt: performance.now(),
  latencyMs: undefined,
  status: undefined,
  error: undefined,
});

const doNothing = (): void => undefined;
const noQuery: Query = new Map();
const traceHeaderCharsMax = bounds.traceHeaderCharsMax.value;
