import type {
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

/** How a call failed before it answered. */
export type BackendFailure =
  | { readonly kind: "timeout" | "busy" | "too-large" | "malformed-request" }
  /** Refused, unknown host, TLS, reset, no HTTP. */
  | {
      readonly kind: "network";
      readonly detail: string;
      /** Of the system or OpenSSL. */
      readonly code?: string | undefined;
      /** There never was a connection. */
      readonly isUnconnected?: boolean;
    };

/** Who a call answers to. Exactly one of `begin` and `fail` is called, unless the client is gone before. */
export interface BackendConsumer {
  /** The answer's head; headers are names and values in turn. False: not now, until `resume`. */
  begin(status: number, headers: readonly string[], call: BackendCall): void;
  /** False pauses the backend until `call.resume()`. */
  data(chunk: Buffer): boolean;
  end(): void;
  /** The answer broke off after `begin`. */
  cut(failure: BackendFailure): void;
  fail(failure: BackendFailure): void;
}

/** What is sent. */
export interface BackendCallOptions {
  readonly pool: BackendRoute;
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer | RequestBodyStream | undefined;
  readonly timeoutMs: number;
  /** The answer is streamed (`responseTransferMode` STREAM), and cut after so long without a byte of it. */
  readonly idleMs: number | undefined;
}

/**
 * One call of a backend over HTTP/1.1: with a time-out, cancelled when the client goes, repeated once when a connection
 * that had been idle was closed under a request that may be repeated.
 *
 * AWS has the whole request before it calls the backend and takes the answer as fast as that comes, and counts neither
 * the client's upload nor its download. Here both stream, so the time-out starts anew with each piece of an upload, and
 * stands still while the client does not take the answer (which the codec bounds). A streamed answer has to end within
 * the time-out, however it is taken.
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
  /** When a streamed answer's last bytes came, or were asked for. */
  #activeMs = 0;
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

  /** Has the backend's answer no body, whatever its headers say? RFC 9112 §6.3. */
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

  /** Ends the call without an answer: it was given another way. */
  cancel(): void {
    if (this.#isDone) return;
    this.#exchange.resume(this);
    this.abandon();
  }

  abandon(): void {
    this.#stop();
    this.#pool.cancel(this);
  }

  /** The time-out starts anew. */
  extend(): void {
    this.#deadlineMs = performance.now() + this.#timeoutMs;
  }

  /** The request's body will not come to its end. */
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

  onHead(status: number, headers: readonly string[]): void {
    this.#hasBegun = true;
    this.#outcome.status = status;
    this.#outcome.serviceStatus = status;
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

  onData(chunk: Buffer): boolean {
    if (this.#isDone) return true;
    this.#traced?.add(chunk);
    if (this.#idleMs !== undefined) {
      this.#activeMs = performance.now();
      this.#outcome.contentMs ??= this.#activeMs - this.#outcome.startedAt;
    }
    const isTaken = this.#consumer.data(chunk);
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

  /** Nobody waits for it any more. */
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

/** RFC 9110 §9.2.2; PUT and DELETE are idempotent, too, but a backend may have acted on them. */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

function headOf({ pool, method, path, headers, body }: BackendCallOptions): string | UnsendableRequest {
  const bodyLength = body === undefined ? undefined : (body.length ?? -1);
  return writeRequestHead({ method, path, host: pool.host, headers, bodyLength });
}

/** A request's body on its way to the backend, no faster than the backend takes it. */
export class RequestBodyStream implements BodySink, OutboundBody {
  readonly length: number | undefined;
  /** Whose body it is. */
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

  /** From the connection. A request with a body is not repeated, so that this comes once. */
  start(connection: OutboundConnection): void {
    this.#connection = connection;
    this.#exchange.request.streamBody(this);
  }

  resume(): void {
    if (this.#connection !== undefined) this.#exchange.request.resumeBody();
  }

  /** Nobody wants it any more; what still comes is thrown away. */
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
    // The codec, which calls this, answers by itself first: it knows better what was wrong.
    else process.nextTick(() => exchange.guard(() => call.bodyBroke({ kind: "malformed-request" })));
  }
}
