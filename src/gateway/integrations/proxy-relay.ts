import type { InvokeOutcome } from "../../functions/function-client.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import { decodeBase64, refuseUndecodable } from "./content-handling.ts";
import { failInvocation, type InvocationConsumer } from "./invocation.ts";
import { parseLambdaResponse } from "./lambda-response.ts";
import { acceptedMediaType, type IsBinary } from "./media-types.ts";

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
    // Base64 is decoded only for a caller whose first accepted type is binary for the API.
    const isDecoded = response.isBase64Encoded && this.#isBinary(acceptedMediaType(exchange.request));
    const content = isDecoded && body !== undefined ? decodeBase64(body) : body;
    if (content === undefined && body !== undefined) refuseUndecodable(exchange);
    else exchange.respond(response.status, response.headers, content);
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
