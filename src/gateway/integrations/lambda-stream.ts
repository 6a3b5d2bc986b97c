import { bounds } from "../../base/bounds.ts";
import type { AnswerSink, InvokeOutcome } from "../../functions/function-client.ts";
import type { StreamPlan } from "../../plan/steps.ts";
import type { BodyCollector } from "../../telemetry/trace.ts";
import type { Exchange, Work } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import { refuseAsLate, refuseAsService, traceInvocation, traceOutcome } from "./invocation.ts";
import { parseLambdaMetadata } from "./lambda-response.ts";
import { refuseAsFailed, refuseAsMalformed } from "./proxy-relay.ts";

const delimiter = Buffer.alloc(8);
const metadataBytesMax = bounds.streamMetadataBytesMax.value;
const empty = Buffer.alloc(0);

export interface LambdaStreamOptions {
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly stream: StreamPlan;
  readonly thread: ThreadContext;
}

/**
 * One invocation whose answer goes to the client as it comes: metadata as JSON, eight zero bytes, then the body. A
 * client that reads slowly makes the function wait. When nobody waits any more, the function keeps running and its
 * answer is thrown away, as on AWS.
 * AWS: API Gateway Developer Guide, "Set up a Lambda proxy integration with payload response streaming in API Gateway".
 */
export class LambdaStream implements AnswerSink, Work {
  readonly #exchange: Exchange;
  readonly #options: LambdaStreamOptions;
  readonly #deadlineMs: number;
  #state: "metadata" | "body" | "over" = "metadata";
  /** The part of the metadata that has arrived. */
  #gathered: Buffer = empty;
  #gatheredBytes = 0;
  /** How many bytes may follow by the declared length. */
  #bytesLeft = Number.POSITIVE_INFINITY;
  /** When the last bytes came, or were last asked for. */
  #activeMs = 0;
  #isPaused = false;
  #resume: (() => void) | undefined = undefined;
  #timer: NodeJS.Timeout;
  #traced: BodyCollector | undefined = undefined;

  constructor(exchange: Exchange, options: LambdaStreamOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#deadlineMs = performance.now() + options.timeoutMs;
    this.#timer = setTimeout(checkTime, options.timeoutMs, this);
    exchange.suspend(this);
  }

  start(event: Buffer | string): void {
    const { functionArn, thread } = this.#options;
    const call = { functionArn, type: "RequestResponse", clientContext: undefined, payload: event } as const;
    this.#exchange.startIntegration(true);
    traceInvocation(this.#exchange, { purpose: "integration", ...call, isStreamed: true });
    thread.metrics.add("functionInvocations");
    const traceId = this.#exchange.wholeTraceHeader;
    const outcome = thread.functions.invoke({ functionArn, payload: event, traceId, sink: this });
    this.#exchange.follow(outcome, (answer) => this.#answer(answer));
  }

  data(chunk: Buffer, resume: () => void): boolean {
    this.#resume = resume;
    this.#exchange.guard(() => {
      if (this.#state === "metadata") this.#readMetadata(chunk);
      else if (this.#state === "body") this.#write(chunk);
    });
    return !this.#isPaused;
  }

  /** The client has the whole answer, even if the function keeps running. */
  end(): void {
    this.#exchange.guard(() => {
      if (this.#state === "metadata") this.#refuse("it ended before the eight zero bytes that follow its metadata");
      else if (this.#finish()) this.#exchange.end();
    });
  }

  onDrain(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#activeMs = performance.now();
    this.#resume?.();
  }

  /** Called when the time-out, or the rest of it, has passed, or when the stream may have been idle for too long. */
  onTimer(): void {
    this.#exchange.guard(() => this.#checkTime());
  }

  #checkTime(): void {
    const nowMs = performance.now();
    const { idleMs } = this.#options.stream;
    const isIdle = this.#state === "body" && !this.#isPaused && nowMs - this.#activeMs >= idleMs;
    if (nowMs < this.#deadlineMs && !isIdle) {
      const idleAtMs = (this.#isPaused ? nowMs : this.#activeMs) + idleMs;
      const nextMs = this.#state === "body" ? Math.min(this.#deadlineMs, idleAtMs) : this.#deadlineMs;
      this.#timer = setTimeout(checkTime, Math.ceil(nextMs - nowMs), this);
    } else if (this.#state === "metadata") {
      this.#finish();
      refuseAsLate(this.#exchange, this.#options);
    } else this.#cut("Execution failed due to a timeout error");
  }

  #readMetadata(chunk: Buffer): void {
    if (this.#gathered === empty) this.#gathered = Buffer.allocUnsafe(metadataBytesMax);
    const searchedBytes = Math.max(0, this.#gatheredBytes - delimiter.length + 1);
    const taken = chunk.copy(this.#gathered, this.#gatheredBytes);
    const gathered = this.#gathered.subarray(0, this.#gatheredBytes + taken);
    const end = gathered.indexOf(delimiter, searchedBytes);
    if (end < 0) {
      this.#gatheredBytes = gathered.length;
      if (taken < chunk.length) this.#refuse(`its first ${metadataBytesMax} bytes have no eight zero bytes in them`);
      return;
    }
    const rest = chunk.subarray(end + delimiter.length - this.#gatheredBytes);
    this.#begin(gathered.subarray(0, end));
    if (this.#state === "body") this.#write(rest);
  }

  #begin(text: Buffer): void {
    const exchange = this.#exchange;
    const metadata = parseLambdaMetadata(text);
    if (metadata.kind === "malformed") {
      this.#refuse(metadata.detail);
      return;
    }
    const { status, headers, contentLength } = metadata;
    const { integration, answer } = exchange;
    this.#state = "body";
    this.#gathered = empty;
    this.#activeMs = performance.now();
    integration!.headersMs = this.#activeMs - integration!.startedAt;
    this.#options.thread.metrics.integration(integration!.headersMs);
    integration!.status = status;
    const isBodiless = status === 204 || status === 304 || exchange.httpMethod === "HEAD";
    if (contentLength !== undefined && !isBodiless) this.#bytesLeft = contentLength;
    this.#traceHead(status, headers);
    exchange.addGatewayHeaders(headers);
    headers.push("X-Amzn-Trace-Id", exchange.wholeTraceHeader);
    exchange.status = status;
    answer.startResponse(status, headers, contentLength);
    clearTimeout(this.#timer);
    this.#checkTime();
  }

  #write(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const { integration, answer } = this.#exchange;
    this.#activeMs = performance.now();
    integration!.contentMs ??= this.#activeMs - integration!.startedAt;
    this.#traced?.add(chunk);
    this.#bytesLeft -= chunk.length;
    // The client would read bytes beyond the declared length as the next answer.
    if (this.#bytesLeft < 0) this.#cut("the answer is longer than its Content-Length");
    else this.#isPaused = !answer.write(chunk);
  }

  #answer(outcome: InvokeOutcome): void {
    const { thread } = this.#options;
    if (outcome.kind === "function-error") thread.metrics.add("functionErrors");
    if (this.#state === "over") return;
    const integration = this.#exchange.integration!;
    integration.requestId = outcome.requestId;
    integration.serviceStatus = outcome.kind === "service-error" ? outcome.status : 200;
    if (outcome.kind === "ok") {
      if (this.#state === "body") this.end();
      else this.#refuse("it has no metadata and eight zero bytes before its body (awslambda.HttpResponseStream.from)");
      return;
    }
    const isService = outcome.kind === "service-error";
    const error = isService ? outcome.message : `Lambda Customer Function Error:${outcome.errorMessage}`;
    if (this.#state === "body") {
      this.#cut(error);
      return;
    }
    this.#finish();
    integration.error = error;
    traceOutcome(this.#exchange, outcome);
    if (isService) refuseAsService(this.#exchange, thread, outcome);
    else refuseAsFailed(this.#exchange, thread, outcome);
  }

  /** Answers with a failure; the client has received nothing yet. */
  #refuse(detail: string): void {
    if (this.#finish()) refuseAsMalformed(this.#exchange, this.#options.thread, detail);
  }

  /**
   * Breaks the answer off. The client has received a part of it, and only the connection's end can tell it that the
   * rest is missing.
   */
  #cut(error: string): void {
    if (!this.#finish()) return;
    this.#exchange.integration!.error = error;
    this.#options.thread.metrics.add("integrationErrors");
    this.#exchange.cut(error);
  }

  #traceHead(status: number, headers: readonly string[]): void {
    const { trace, integration } = this.#exchange;
    if (trace === undefined) return;
    const latencyMs = integration?.headersMs ?? 0;
    const answered = ["Content-Type", "application/vnd.awslambda.http-integration-response"];
    trace.add({ kind: "endpoint-response", status: 200, latencyMs, headers: answered });
    trace.beginResponse(status, headers);
    this.#traced = trace.collectBody();
  }

  /** Returns false if nobody waits any more. */
  #finish(): boolean {
    if (!this.#exchange.resume(this)) return false;
    this.abandon();
    return true;
  }

  /** Throws away the bytes that still come. */
  abandon(): void {
    this.#state = "over";
    this.#gathered = empty;
    clearTimeout(this.#timer);
    if (this.#traced !== undefined) {
      this.#exchange.trace?.add({ kind: "endpoint-response-body", body: this.#traced.body });
    }
    const integration = this.#exchange.integration!;
    integration.latencyMs = performance.now() - integration.startedAt;
    if (integration.headersMs === undefined) this.#options.thread.metrics.integration(integration.latencyMs);
    // The function can write on.
    this.onDrain();
  }
}

const checkTime = (stream: LambdaStream): void => stream.onTimer();
