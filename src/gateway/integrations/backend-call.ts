import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { Exchange, IntegrationOutcome } from "../exchange.ts";
import type { BodySink } from "../inbound.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { BackendPool, BackendRequest } from "./backend-pools.ts";

/** How a call failed before it answered. */
export type BackendFailure =
  | { readonly kind: "timeout" | "busy" | "too-large" | "malformed-request" }
  /** Refused, unknown host, TLS, reset, no HTTP. */
  | { readonly kind: "network"; readonly detail: string };

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
  readonly pool: BackendPool;
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Buffer | RequestBodyStream | undefined;
  readonly timeoutMs: number;
}

/**
 * One call of a backend over HTTP/1.1: with a time-out, cancelled when the client goes, repeated once when a connection
 * that had been idle was closed under a request that may be repeated. A handler of undici's dispatch().
 *
 * AWS has the whole request before it calls the backend and takes the answer as fast as that comes, and counts neither
 * the client's upload nor its download. Here both stream, so the time-out starts anew with each piece of an upload, and
 * stands still while the client does not take the answer (which the codec bounds).
 */
export class BackendCall implements BackendRequest {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
  readonly #exchange: Exchange;
  readonly #consumer: BackendConsumer;
  readonly #outcome: IntegrationOutcome;
  readonly #pool: BackendPool;
  readonly #body: Buffer | RequestBodyStream | undefined;
  readonly #thread: ThreadContext;
  readonly #timer: NodeJS.Timeout;
  #abort: ((error: Error) => void) | undefined = undefined;
  #resume: (() => void) | undefined = undefined;
  #hasBegun = false;
  #isDone = false;
  #isRepeatable: boolean;
  #isPaused = false;

  constructor(exchange: Exchange, consumer: BackendConsumer, options: BackendCallOptions, thread: ThreadContext) {
    this.#exchange = exchange;
    this.#consumer = consumer;
    this.#thread = thread;
    this.#pool = options.pool;
    this.#body = options.body;
    this.#isRepeatable = options.body === undefined && repeatable.has(options.method);
    // The class has the methods of undici's handler interface with buffers for headers, which its types call legacy.
    this.handler = this as unknown as Dispatcher.DispatchHandler;
    this.options = {
      path: options.path,
      method: options.method as Dispatcher.HttpMethod,
      headers: options.headers,
      body: options.body ?? null,
    };
    this.#outcome = exchange.startIntegration();
    exchange.request.onClose = () => this.#clientGone();
    this.#timer = setTimeout(timedOut, options.timeoutMs, this);
    if (options.body instanceof RequestBodyStream) options.body.onProgress = () => this.#timer.refresh();
    if (!this.#pool.send(this)) this.#fail({ kind: "busy" });
  }

  isCancelled(): boolean {
    return this.#isDone;
  }

  /** Has the backend's answer no body, whatever its headers say? RFC 9112 §6.3. */
  isBodiless(status: number): boolean {
    return this.options.method === "HEAD" || status === 204 || status === 304;
  }

  /** The client takes more. */
  resume(): void {
    if (this.#isDone || !this.#isPaused) return;
    this.#isPaused = false;
    this.#timer.refresh();
    this.#resume?.();
  }

  /** Ends the call without an answer: it was given another way. */
  cancel(): void {
    this.#finish();
    this.#abort?.(new Error("cancelled"));
  }

  /** From the timer. */
  timeOut(): void {
    if (this.#isDone) return;
    if (this.#isPaused) {
      this.#timer.refresh();
      return;
    }
    this.#outcome.error = "Execution failed due to a timeout error";
    this.#fail({ kind: "timeout" });
    this.#abort?.(new Error("timed out"));
  }

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    if (this.#isDone) abort(new Error("cancelled"));
  }

  onHeaders(status: number, rawHeaders: readonly Buffer[], resume: () => void): boolean {
    if (this.#isDone) return true;
    // Interim answers are the backend's and our connection's own affair. RFC 9110 §15.2.
    if (status < 200) return true;
    const headers: string[] = [];
    for (const part of rawHeaders) headers.push(part.toString("latin1"));
    this.#resume = resume;
    this.#hasBegun = true;
    this.#outcome.status = status;
    this.#outcome.serviceStatus = status;
    this.#exchange.integrationHeaders = headers;
    this.#measure();
    this.#consumer.begin(status, headers, this);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#isDone) return true;
    const isTaken = this.#consumer.data(chunk);
    this.#isPaused = !isTaken;
    return isTaken;
  }

  onComplete(): void {
    if (this.#isDone) return;
    this.#finish();
    this.#consumer.end();
  }

  onError(error: Error & { readonly code?: string }): void {
    if (this.#isDone) return;
    if (this.#isRepeatable && !this.#hasBegun && wasIdleConnectionClosed(error)) {
      this.#isRepeatable = false;
      this.#abort = undefined;
      if (this.#pool.send(this)) return;
    }
    const broken = this.#body instanceof RequestBodyStream ? this.#body.failure : undefined;
    this.#outcome.error = `${error.code === undefined ? "" : `${error.code}: `}${error.message}`;
    this.#fail(broken ?? { kind: "network", detail: this.#outcome.error });
  }

  #fail(failure: BackendFailure): void {
    this.#finish();
    this.#thread.metrics.add("integrationErrors");
    if (this.#hasBegun) this.#consumer.cut(failure);
    else {
      this.#measure();
      this.#consumer.fail(failure);
    }
  }

  #measure(): void {
    this.#outcome.latencyMs = performance.now() - this.#outcome.startedAt;
    this.#thread.metrics.integration(this.#outcome.latencyMs);
  }

  #finish(): void {
    this.#isDone = true;
    if (this.#body instanceof RequestBodyStream) this.#body.destroy();
    clearTimeout(this.#timer);
    this.#exchange.request.onClose = undefined;
    this.#exchange.request.onDrain = undefined;
  }

  #clientGone(): void {
    if (this.#isDone) return;
    this.#finish();
    this.#abort?.(new Error("the client is gone"));
    // nginx's number for it: nobody gets to see the answer, but the log should say that there was none.
    this.#exchange.status = 499;
    this.#exchange.complete();
  }
}

const timedOut = (call: BackendCall): void => call.timeOut();

/** RFC 9110 §9.2.2; PUT and DELETE are idempotent, too, but a backend may have acted on them. */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

const wasIdleConnectionClosed = (error: { readonly code?: string }): boolean =>
  error.code === "ECONNRESET" || error.code === "EPIPE" || error.code === "UND_ERR_SOCKET";

/** A request's body on its way to the backend, no faster than the backend takes it. */
export class RequestBodyStream extends Readable implements BodySink {
  failure: BackendFailure | undefined = undefined;
  /** Called when some of it came, and at its end. */
  onProgress: (() => void) | undefined = undefined;
  readonly #exchange: Exchange;
  readonly #bytesMax: number;
  readonly #thread: ThreadContext;
  #bytes = 0;
  #isStarted = false;

  constructor(exchange: Exchange, thread: ThreadContext) {
    super({ highWaterMark: 65_536 });
    this.#exchange = exchange;
    this.#thread = thread;
    this.#bytesMax = thread.payloadBytesMax;
    // Whoever reads it is told by undici; an error that comes after undici has let go of it must not end the thread.
    this.on("error", () => {});
  }

  override _read(): void {
    if (this.#isStarted) this.#exchange.request.resumeBody();
    else {
      this.#isStarted = true;
      this.#exchange.request.streamBody(this);
    }
  }

  data(chunk: Buffer): boolean {
    if (this.destroyed) return true;
    this.#bytes += chunk.length;
    this.#thread.metrics.add("requestBytes", chunk.length);
    if (this.#bytes > this.#bytesMax) {
      this.failure = { kind: "too-large" };
      this.destroy(new Error("the request is too large"));
      return false;
    }
    this.onProgress?.();
    return this.push(chunk);
  }

  end(): void {
    if (this.destroyed) return;
    this.onProgress?.();
    this.push(null);
  }

  error(reason: "aborted" | "malformed" | "timeout"): void {
    this.failure = { kind: "malformed-request" };
    this.destroy(new Error(`the request's body broke off: ${reason}`));
  }
}
