import type { InvokeOutcome } from "../../functions/function-client.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import { failInvocation, type InvocationConsumer } from "./invocation.ts";
import { parseLambdaResponse } from "./lambda-response.ts";
import { type IsBinary, mediaTypeOf } from "./media-types.ts";

/** Answers an exchange with the answer of a Lambda proxy integration's function. */
export class ProxyRelay implements InvocationConsumer {
  readonly #exchange: Exchange;
  readonly #thread: ThreadContext;
  readonly #isBinary: IsBinary;

  constructor(exchange: Exchange, thread: ThreadContext, isBinary: IsBinary) {
    this.#exchange = exchange;
    this.#thread = thread;
    this.#isBinary = isBinary;
  }

  functionError(outcome: FunctionError): void {
    refuseAsFailed(this.#exchange, this.#thread, outcome);
  }

  ok(payload: Buffer): void {
    const exchange = this.#exchange;
    const response = parseLambdaResponse(payload);
    if (response.kind === "malformed") {
      refuseAsMalformed(exchange, this.#thread, response.detail);
      return;
    }
    exchange.integration!.status = response.status;
    response.headers.push("X-Amzn-Trace-Id", exchange.wholeTraceHeader);
    const { body } = response;
    const isDecoded = response.isBase64Encoded && body !== undefined && this.#accepts();
    exchange.respond(response.status, response.headers, isDecoded ? Buffer.from(body, "base64") : body);
  }

  /**
   * Returns whether base64 is decoded for this caller: only if the first type that it accepts is binary for the API.
   */
  #accepts(): boolean {
    const accept = this.#exchange.request.header("accept");
    return this.#isBinary(accept === undefined ? "application/json" : mediaTypeOf(accept.split(",", 1)[0]!));
  }
}

type FunctionError = Extract<InvokeOutcome, { readonly kind: "function-error" }>;

export function refuseAsFailed(
  exchange: Exchange,
  thread: ThreadContext,
  { errorMessage, requestId }: FunctionError,
): void {
  const line =
    `Lambda execution failed with status 200 due to customer function error: ${errorMessage}. ` +
    `Lambda request id: ${requestId}`;
  failInvocation(exchange, thread, { status: 502, hint: line, log: [line] });
}

export function refuseAsMalformed(exchange: Exchange, thread: ThreadContext, detail: string): void {
  const error = "Execution failed due to configuration error: Malformed Lambda proxy response";
  exchange.integration!.error = error;
  const line = `${error}: ${detail}`;
  failInvocation(exchange, thread, { status: 502, hint: line, log: [line] });
}
