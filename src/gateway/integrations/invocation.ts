import type { InvokeOutcome } from "../../functions/function-client.ts";
import type { LambdaProxyPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import { parseLambdaResponse } from "./lambda-response.ts";
import { type IsBinary, mediaTypeOf } from "./media-types.ts";

/** One invocation for one exchange, with its time-out. Lambda goes on when nobody waits any more, as on AWS. */
export class Invocation {
  readonly #exchange: Exchange;
  readonly #plan: LambdaProxyPlan;
  readonly #thread: ThreadContext;
  readonly #isBinary: IsBinary;
  readonly #timer: NodeJS.Timeout;
  #isDone = false;

  constructor(
    exchange: Exchange,
    options: { readonly plan: LambdaProxyPlan; readonly thread: ThreadContext; readonly isBinary: IsBinary },
  ) {
    this.#exchange = exchange;
    this.#plan = options.plan;
    this.#thread = options.thread;
    this.#isBinary = options.isBinary;
    this.#timer = setTimeout(timedOut, options.plan.timeoutMs, this);
    exchange.request.onClose = () => {
      if (!this.#finish()) return;
      exchange.status = 499;
      exchange.complete();
    };
  }

  start(event: string): void {
    const { functions, logger } = this.#thread;
    this.#exchange.startIntegration();
    this.#thread.metrics.add("functionInvocations");
    functions
      .invoke({ functionArn: this.#plan.functionArn, payload: event, traceId: this.#exchange.traceHeader })
      .then((outcome) => this.#answer(outcome))
      .catch((error: unknown) => {
        // Our bug: this exchange ends, and only this one.
        logger.error("answering an invocation failed", { error: String(error) });
        if (this.#finish() || !this.#exchange.isComplete) {
          this.#exchange.program.responses.finish(this.#exchange, "DEFAULT_5XX");
        }
      });
  }

  timeOut(): void {
    if (!this.#finish()) return;
    this.#measure();
    this.#exchange.integration!.error = "Execution failed due to a timeout error";
    this.#thread.metrics.add("integrationErrors");
    this.#exchange.program.responses.finish(this.#exchange, "INTEGRATION_TIMEOUT", {
      hint: `${this.#plan.functionArn} did not answer within ${this.#plan.timeoutMs} ms`,
    });
  }

  /** False: it was done before. */
  #finish(): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    clearTimeout(this.#timer);
    this.#exchange.request.onClose = undefined;
    return true;
  }

  #measure(): void {
    const integration = this.#exchange.integration!;
    integration.latencyMs = performance.now() - integration.startedAt;
    this.#thread.metrics.integration(integration.latencyMs);
  }

  #answer(outcome: InvokeOutcome): void {
    if (!this.#finish()) return;
    this.#measure();
    const exchange = this.#exchange;
    const integration = exchange.integration!;
    integration.requestId = outcome.requestId;
    integration.serviceStatus = outcome.kind === "service-error" ? outcome.status : 200;
    switch (outcome.kind) {
      case "ok":
        this.#relay(outcome.payload);
        break;
      case "function-error":
        this.#thread.metrics.add("functionErrors");
        integration.error = `Lambda Customer Function Error:${outcome.errorMessage}`;
        this.#fail(
          502,
          `Lambda execution failed with status 200 due to customer function error: ${outcome.errorMessage}. ` +
            `Lambda request id: ${outcome.requestId}`,
        );
        break;
      case "service-error":
        this.#thread.metrics.add("functionServiceErrors");
        integration.error = outcome.message;
        if (outcome.code === "RequestTooLargeException") {
          exchange.program.responses.finish(exchange, "REQUEST_TOO_LARGE", { hint: outcome.message });
          break;
        }
        this.#fail(500, `Lambda invocation failed with status: ${outcome.status}. ${outcome.code}: ${outcome.message}`);
        break;
    }
  }

  /** AWS quirk: an INTEGRATION_FAILURE, whose own status and message are those of a network error. */
  #fail(status: number, hint: string): void {
    this.#thread.metrics.add("integrationErrors");
    const failure = { status, message: "Internal server error", hint };
    this.#exchange.program.responses.finish(this.#exchange, "INTEGRATION_FAILURE", failure);
  }

  #relay(payload: Buffer): void {
    const exchange = this.#exchange;
    const response = parseLambdaResponse(payload);
    if (response.kind === "malformed") {
      const detail = "Execution failed due to configuration error: Malformed Lambda proxy response";
      exchange.integration!.error = detail;
      this.#fail(502, `${detail}: ${response.detail}`);
      return;
    }
    exchange.integration!.status = response.status;
    response.headers.push("X-Amzn-Trace-Id", `Root=${exchange.traceId}`);
    const { body } = response;
    const isDecoded = response.isBase64Encoded && body !== undefined && this.#accepts();
    exchange.respond(response.status, response.headers, isDecoded ? Buffer.from(body, "base64") : body);
  }

  /** Base64 is decoded only for a caller whose first accepted type is binary for the API. */
  #accepts(): boolean {
    const accept = this.#exchange.request.header("accept");
    return this.#isBinary(accept === undefined ? "application/json" : mediaTypeOf(accept.split(",", 1)[0]!));
  }
}

const timedOut = (invocation: Invocation): void => invocation.timeOut();
