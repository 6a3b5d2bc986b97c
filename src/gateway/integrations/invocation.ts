import type { EventOutcome, InvokeOutcome } from "../../functions/function-client.ts";
import type { TracedCall } from "../../telemetry/traced-exchange.ts";
import type { Exchange, Work } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";

/** The receiver of a function's answer. */
export interface InvocationConsumer {
  ok(payload: Buffer): void;
  /** Called when the function failed; `payload` is `{"errorMessage":…}`. */
  functionError(outcome: Extract<InvokeOutcome, { readonly kind: "function-error" }>): void;
  /** Called when Lambda itself refused. Returns false if it is answered as for REST APIs. */
  serviceError?(outcome: Extract<InvokeOutcome, { readonly kind: "service-error" }>): boolean;
}

export interface InvocationOptions {
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly thread: ThreadContext;
  /** JSON, encoded as base64. */
  readonly clientContext?: string | undefined;
}

/**
 * One invocation for one exchange, with its time-out. The function keeps running when nobody waits any more, as on AWS.
 */
export class Invocation implements Work {
  readonly #exchange: Exchange;
  readonly #consumer: InvocationConsumer;
  readonly #options: InvocationOptions;
  readonly #timer: NodeJS.Timeout;

  constructor(exchange: Exchange, consumer: InvocationConsumer, options: InvocationOptions) {
    this.#exchange = exchange;
    this.#consumer = consumer;
    this.#options = options;
    this.#timer = setTimeout(timedOut, options.timeoutMs, this);
    exchange.suspend(this);
  }

  /** Invokes the function; `body` is what the trace shows, if the integration made nothing of which the event was made. */
  start(event: Buffer | string, body = event): void {
    const { functionArn, thread, clientContext } = this.#options;
    this.#exchange.startIntegration();
    traceInvocation(this.#exchange, {
      purpose: "integration",
      functionArn,
      type: "RequestResponse",
      clientContext,
      payload: body,
    });
    thread.metrics.add("functionInvocations");
    const outcome = thread.functions.invoke({
      functionArn,
      payload: event,
      traceId: this.#exchange.wholeTraceHeader,
      ...(clientContext === undefined ? {} : { clientContext }),
    });
    this.#exchange.follow(outcome, (answer) => this.#answer(answer));
  }

  timeOut(): void {
    this.#exchange.guard(() => {
      if (!this.#finish()) return;
      this.#measure();
      refuseAsLate(this.#exchange, this.#options);
    });
  }

  abandon(): void {
    clearTimeout(this.#timer);
  }

  /** Returns false if nobody waits any more. */
  #finish(): boolean {
    clearTimeout(this.#timer);
    return this.#exchange.resume(this);
  }

  #measure(): void {
    const integration = this.#exchange.integration!;
    integration.latencyMs = performance.now() - integration.startedAt;
    this.#options.thread.metrics.integration(integration.latencyMs);
  }

  #answer(outcome: InvokeOutcome): void {
    if (!this.#finish()) return;
    this.#measure();
    const { thread } = this.#options;
    const integration = this.#exchange.integration!;
    integration.requestId = outcome.requestId;
    integration.serviceStatus = outcome.kind === "service-error" ? outcome.status : 200;
    integration.bytes = outcome.kind === "service-error" ? undefined : outcome.payload.length;
    traceOutcome(this.#exchange, outcome);
    switch (outcome.kind) {
      case "ok":
        this.#consumer.ok(outcome.payload);
        break;
      case "function-error":
        thread.metrics.add("functionErrors");
        integration.error = `Lambda Customer Function Error:${outcome.errorMessage}`;
        this.#consumer.functionError(outcome);
        break;
      case "service-error":
        if (this.#consumer.serviceError?.(outcome) !== true) refuseAsService(this.#exchange, thread, outcome);
        break;
    }
  }
}

/** Answers an exchange whose function did not answer in time. */
export function refuseAsLate(
  exchange: Exchange,
  { functionArn, timeoutMs, thread }: Pick<InvocationOptions, "functionArn" | "timeoutMs" | "thread">,
): void {
  exchange.integration!.error = "Execution failed due to a timeout error";
  thread.metrics.add("integrationErrors");
  exchange.program.responses.finish(exchange, "INTEGRATION_TIMEOUT", {
    hint: `${functionArn} did not answer within ${timeoutMs} ms`,
  });
}

/**
 * Answers an exchange whose invocation the Lambda service refused: with a gateway error, whatever the integration maps.
 */
export function refuseAsService(
  exchange: Exchange,
  thread: ThreadContext,
  outcome: Extract<InvokeOutcome, { readonly kind: "service-error" }>,
): void {
  thread.metrics.add("functionServiceErrors");
  exchange.integration!.error = outcome.message;
  if (outcome.code === "RequestTooLargeException") {
    exchange.program.responses.finish(exchange, "REQUEST_TOO_LARGE", { hint: outcome.message });
    return;
  }
  const hint = `Lambda invocation failed with status: ${outcome.status}. ${outcome.code}: ${outcome.message}`;
  const log = [
    `Lambda invocation failed with status: ${outcome.status}. Lambda request id: ${outcome.requestId}`,
    `Execution failed due to configuration error: ${outcome.message}`,
  ];
  failInvocation(exchange, thread, { status: 500, hint, log });
}

/**
 * Answers an exchange whose function failed. AWS quirk: this is an INTEGRATION_FAILURE, whose own status and message
 * are those of a network error.
 */
export function failInvocation(
  exchange: Exchange,
  thread: ThreadContext,
  { status, hint, log }: { readonly status: number; readonly hint: string; readonly log: readonly string[] },
): void {
  thread.metrics.add("integrationErrors");
  const failure = { status, message: "Internal server error", hint, log };
  exchange.program.responses.finish(exchange, "INTEGRATION_FAILURE", failure);
}

/** Records the call to Lambda, in the form of its Invoke operation. */
export function traceInvocation(
  exchange: Exchange,
  call: {
    readonly purpose: TracedCall["purpose"];
    readonly functionArn: string;
    readonly type: "RequestResponse" | "Event";
    readonly clientContext: string | undefined;
    readonly payload: Buffer | string;
    readonly isStreamed?: boolean;
  },
): void {
  const { trace, sampled } = exchange;
  if (sampled !== undefined) sampled.targets[call.purpose] = { kind: "function", arn: call.functionArn };
  if (trace === undefined) return;
  const region = call.functionArn.split(":", 4)[3] ?? "";
  const headers = ["X-Amz-Invocation-Type", call.type, "X-Amzn-Trace-Id", exchange.wholeTraceHeader];
  if (call.clientContext !== undefined) headers.push("X-Amz-Client-Context", call.clientContext);
  trace.add({
    kind: "endpoint-request",
    isInvocation: true,
    httpMethod: "POST",
    uri: `https://lambda.${region}.amazonaws.com${invocationPath(call.functionArn, call.isStreamed)}`,
    headers,
    body: trace.body(call.payload),
  });
}

const invocationPath = (functionArn: string, isStreamed: boolean | undefined): string =>
  isStreamed === true
    ? `/2021-11-15/functions/${functionArn}/response-streaming-invocations`
    : `/2015-03-31/functions/${functionArn}/invocations`;

/** Records Lambda's answer, in the form of its Invoke operation. */
export function traceOutcome(exchange: Exchange, outcome: InvokeOutcome | EventOutcome): void {
  const { trace, integration } = exchange;
  if (trace === undefined) return;
  const payload =
    outcome.kind === "accepted"
      ? ""
      : outcome.kind === "service-error"
        ? JSON.stringify({ message: outcome.message })
        : outcome.payload;
  const headers = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(payload))];
  headers.push("x-amzn-RequestId", outcome.requestId);
  if (outcome.kind === "function-error") headers.push("X-Amz-Function-Error", "Unhandled");
  if (outcome.kind === "service-error") headers.push("x-amzn-ErrorType", outcome.code);
  trace.add({
    kind: "endpoint-response",
    status: integration?.serviceStatus ?? 200,
    latencyMs: integration?.latencyMs ?? 0,
    headers,
    requestId: outcome.requestId,
  });
  trace.add({ kind: "endpoint-response-body", body: trace.body(payload) });
}

const timedOut = (invocation: Invocation): void => invocation.timeOut();
