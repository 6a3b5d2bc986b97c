import type {
  AnswerHead,
  OutboundBody,
  OutboundConnection,
  OutboundFailure,
  OutboundRequest,
} from "../../http/http1-client/outbound.ts";
import { type UnsendableRequest, writeRequestHead } from "../../http/http1-client/request-head.ts";
import type { BodySink } from "../../http/inbound.ts";
import type { BodyCollector } from "../../telemetry/trace.ts";
import { integrationRequestId } from "../context.ts";
import type { Exchange, IntegrationOutcome, Work } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { BackendRoute } from "./backend-pools.ts";

/** How a call failed before the backend answered. */
export type BackendFailure =
  | { readonly kind: "timeout" | "busy" | "too-large" | "malformed-request" | "late-request" }
  /** The connection was refused or reset, the host is unknown, TLS failed, or the answer is not HTTP. */
  | {
      readonly kind: "network";
      readonly detail: string;
      /** The error code of the system or OpenSSL. */
      readonly code?: string | undefined;
      /** True if there never was a connection. */
      readonly isUnconnected?: boolean;
    };

/** The receiver of a call's answer. Exactly one of `begin` and `fail` is called, unless the client goes away before. */
export interface BackendConsumer {
  /**
   * Takes the answer's head; headers are names and values in turn. Returns false to pause the backend until `resume`.
   */
  begin(status: number, headers: readonly string[], call: BackendCall): void;
  /**
   * Takes a part of the body; one that is lent is overwritten after the call. Returns false to pause the backend until
   * `call.resume()`.
   */
  data(chunk: Buffer, isLent: boolean): boolean;
  end(): void;
  /** Says that the answer broke off after `begin`. */
  cut(failure: BackendFailure): void;
  fail(failure: BackendFailure): void;
}

/** What a call sends, and how long it may take. */
export interface BackendCallOptions {
  readonly pool: BackendRoute;
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer | RequestBodyStream | undefined;
  readonly timeoutMs: number;
  /**
   * Set if the answer is streamed (`responseTransferMode` STREAM): it is cut after so many milliseconds without a byte.
   */
  readonly idleMs: number | undefined;
}

/**
 * One call of a backend over HTTP/1.1. It has a time-out, is cancelled when the client goes away, and is repeated once
 * if an idle connection was closed under a request that may be repeated.
 *
 * AWS reads the whole request before it calls the backend and takes the answer as fast as it comes, so the client's
 * upload and download do not count towards the time-out. Portico streams both, so the time-out restarts with each piece
 * of an upload, and stops while the client does not take the answer (the codec bounds that). A streamed answer has to
 * end within the time-out, however fast the client takes it.
 */
export class BackendCall implements OutboundRequest, Work {
  readonly head: string;
  readonly isHead: boolean;
  readonly body: Buffer | RequestBodyStream | undefined;
  connection: OutboundConnection | undefined = undefined;
  readonly #exchange: Exchange;
  readonly #consumer: BackendConsumer;
  readonly #outcome: IntegrationOutcome;
  readonly #pool: BackendRoute;
  readonly #thread: ThreadContext;
  readonly #timeoutMs: number;
  readonly #idleMs: number | undefined;
  #deadlineMs: number;
  /** When the last bytes of a streamed answer came, or were asked for. */
  #activeMs = 0;
  /** The declared length of the answer's body; undefined without one. */
  declaredLength: number | undefined = undefined;
  /** While the answer begins: whether its first bytes, or its end, follow in the same turn. */
  isBodyHere = false;
  #hasBegun = false;
  #isRepeatable: boolean;
  #isPaused = false;
  readonly #traced: BodyCollector | undefined;

  constructor(exchange: Exchange, consumer: BackendConsumer, options: BackendCallOptions, thread: ThreadContext) {
    const { pool, method, body, timeoutMs, idleMs } = options;
    this.#exchange = exchange;
    this.#consumer = consumer;
    this.#thread = thread;
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
    this.#idleMs = idleMs;
    this.#isRepeatable = body === undefined && repeatable.has(method);
    this.body = body;
    this.isHead = method === "HEAD";
    this.#traced = exchange.trace?.collectBody();
    const outcome = exchange.startIntegration(idleMs !== undefined);
    this.#outcome = outcome;
    this.#deadlineMs = outcome.startedAt + timeoutMs;
    const head = headOf(options);
    this.head = typeof head === "string" ? head : "";
    exchange.suspend(this);
    if (body instanceof RequestBodyStream) body.call = this;
    if (typeof head !== "string") this.#failOnNetwork({ detail: head.problem });
    else if (!pool.send(this)) this.#fail({ kind: "busy" });
  }

  /** Returns whether the backend's answer has no body, whatever its headers say. RFC 9112 §6.3. */
  isBodiless(status: number): boolean {
    return this.isHead || status === 204 || status === 304;
  }

  onDrain(): void {
    if (this.#isDone || !this.#isPaused) return;
    this.#isPaused = false;
    if (this.#idleMs === undefined) this.extend();
    else this.#activeMs = performance.now();
    this.connection?.resume();
  }

  /** Ends the call; the exchange was answered in another way. */
  cancel(): void {
    if (this.#isDone) return;
    this.#exchange.resume(this);
    this.abandon();
  }

  abandon(): void {
    this.#stop();
    this.#pool.cancel(this);
  }

  /** Restarts the time-out. */
  extend(): void {
    this.#deadlineMs = performance.now() + this.#timeoutMs;
  }

  /** Says that the request's body will not be completed. */
  bodyBroke(failure: BackendFailure): void {
    if (this.#isDone) return;
    this.#pool.cancel(this);
    this.#outcome.error = "the request's body broke off";
    this.#fail(failure);
  }

  sweep(nowMs: number): void {
    if ((nowMs < this.#deadlineMs && !this.#isIdle(nowMs)) || this.#isDone) return;
    if (this.#isPaused && this.#idleMs === undefined) {
      this.extend();
      return;
    }
    this.#pool.cancel(this, true);
    this.#outcome.error = "Execution failed due to a timeout error";
    this.#fail({ kind: "timeout" });
  }

  onHead({ status, headers, contentLength }: AnswerHead, isBodyHere: boolean): void {
    this.#hasBegun = true;
    this.declaredLength = contentLength === -1 ? undefined : contentLength;
    this.isBodyHere = isBodyHere;
    this.#outcome.status = status;
    this.#outcome.serviceStatus = status;
    this.#outcome.bytes = 0;
    this.#exchange.integrationHeaders = headers;
    const latencyMs = this.#measure();
    this.#thread.metrics.integration(latencyMs);
    if (this.#idleMs !== undefined) {
      this.#activeMs = this.#outcome.startedAt + latencyMs;
      this.#outcome.headersMs = latencyMs;
    }
    this.#exchange.trace?.add({
      kind: "endpoint-response",
      status,
      latencyMs,
      headers,
      requestId: integrationRequestId(this.#exchange),
    });
    this.#consumer.begin(status, headers, this);
  }

  onData(chunk: Buffer, isLent: boolean): boolean {
    if (this.#isDone) return true;
    this.#traced?.add(chunk);
    this.#outcome.bytes! += chunk.length;
    if (this.#idleMs !== undefined) {
      this.#activeMs = performance.now();
      this.#outcome.contentMs ??= this.#activeMs - this.#outcome.startedAt;
    }
    const isTaken = this.#consumer.data(chunk, isLent);
    this.#isPaused = !isTaken;
    return isTaken;
  }

  onEnd(): void {
    if (this.#isDone) return;
    this.#finish();
    if (this.#traced !== undefined) {
      this.#exchange.trace?.add({ kind: "endpoint-response-body", body: this.#traced.body });
    }
    this.#consumer.end();
  }

  onFailure(failure: OutboundFailure): void {
    if (this.#isDone) return;
    this.connection = undefined;
    if (this.#isRepeatable && failure.isStale) {
      this.#isRepeatable = false;
      if (this.#pool.resend(this)) return;
    }
    if (failure.isUnconnected && this.#pool.sendElsewhere(this)) return;
    const { code, message, isUnconnected } = failure;
    this.#failOnNetwork({ detail: `${code === undefined ? "" : `${code}: `}${message}`, code, isUnconnected });
  }

  onException(error: unknown): void {
    this.#exchange.onException(error);
  }

  #failOnNetwork(failure: Omit<Extract<BackendFailure, { readonly kind: "network" }>, "kind">): void {
    this.#outcome.error = failure.detail;
    this.#fail({ kind: "network", ...failure });
  }

  #fail(failure: BackendFailure): void {
    this.#finish();
    this.#thread.metrics.add("integrationErrors");
    if (this.#hasBegun) this.#consumer.cut(failure);
    else {
      this.#thread.metrics.integration(this.#measure());
      this.#consumer.fail(failure);
    }
  }

  #isIdle(nowMs: number): boolean {
    return this.#idleMs !== undefined && this.#hasBegun && !this.#isPaused && nowMs - this.#activeMs >= this.#idleMs;
  }

  #measure(): number {
    const latencyMs = performance.now() - this.#outcome.startedAt;
    this.#outcome.latencyMs = latencyMs;
    return latencyMs;
  }

  /** True if nobody waits for the call any more. */
  get #isDone(): boolean {
    return !this.#exchange.isWaitingFor(this);
  }

  #finish(): void {
    this.#exchange.resume(this);
    this.#stop();
  }

  #stop(): void {
    if (this.#hasBegun && this.#idleMs !== undefined) this.#measure();
    if (this.body instanceof RequestBodyStream) this.body.stop();
  }
}

/** RFC 9110 §9.2.2; PUT and DELETE are idempotent as well, but the backend may have acted on them already. */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

function headOf({ pool, method, path, headers, body }: BackendCallOptions): string | UnsendableRequest {
  const bodyLength = body === undefined ? undefined : (body.length ?? -1);
  return writeRequestHead({ method, path, host: pool.host, headers, bodyLength });
}

/** Streams a request's body to the backend, no faster than the backend takes it. */
export class RequestBodyStream implements BodySink, OutboundBody {
  readonly length: number | undefined;
  /** The call that the body belongs to. */
  call: BackendCall | undefined = undefined;
  readonly #exchange: Exchange;
  readonly #thread: ThreadContext;
  #connection: OutboundConnection | undefined = undefined;
  #bytes = 0;

  constructor(exchange: Exchange, thread: ThreadContext) {
    this.length = exchange.request.contentLength;
    this.#exchange = exchange;
    this.#thread = thread;
  }

  /** Called by the connection, once: a request with a body is not repeated. */
  start(connection: OutboundConnection): void {
    this.#connection = connection;
    this.#exchange.request.streamBody(this);
  }

  resume(): void {
    if (this.#connection !== undefined) this.#exchange.request.resumeBody();
  }

  /** Stops the stream because nobody wants the body any more; bytes that still come are thrown away. */
  stop(): void {
    this.call = undefined;
    this.#connection = undefined;
  }

  data(chunk: Buffer): boolean {
    if (this.#connection === undefined) return true;
    this.#bytes += chunk.length;
    this.#thread.metrics.add("requestBytes", chunk.length);
    if (this.#bytes > this.#thread.payloadBytesMax) {
      this.call?.bodyBroke({ kind: "too-large" });
      return true;
    }
    this.call?.extend();
    return this.#connection.writeBody(chunk);
  }

  end(): void {
    this.call?.extend();
    this.#connection?.endBody();
  }

  error(reason: "aborted" | "malformed" | "timeout"): void {
    const { call } = this;
    if (call === undefined) return;
    const exchange = this.#exchange;
    if (reason === "aborted") exchange.onClose();
    // The codec, which calls this, answers first, because it knows better what was wrong.
    else {
      const kind = reason === "timeout" ? "late-request" : "malformed-request";
      process.nextTick(() => exchange.guard(() => call.bodyBroke({ kind })));
    }
  }
}
