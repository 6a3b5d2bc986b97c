import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { BackendFailure } from "./backend-call.ts";
import { refuseBroken, refuseTooLarge } from "./request-body.ts";

/** Turns a call's failure into its gateway response. */
export function answerFailure(
  exchange: Exchange,
  failure: BackendFailure,
  options: { readonly thread: ThreadContext; readonly origin: string; readonly timeoutMs: number },
): void {
  const { responses } = exchange.program;
  switch (failure.kind) {
    case "timeout":
      responses.finish(exchange, "INTEGRATION_TIMEOUT", {
        hint: `${options.origin} did not answer within ${options.timeoutMs} ms`,
      });
      break;
    case "busy":
      responses.finish(exchange, "THROTTLED", { hint: `too many requests wait for ${options.origin}` });
      break;
    case "too-large":
      refuseTooLarge(exchange, options.thread.payloadBytesMax);
      break;
    case "malformed-request":
      refuseBroken(exchange);
      break;
    case "network":
      responses.finish(exchange, "INTEGRATION_FAILURE", { hint: `${options.origin}: ${failure.detail}` });
      break;
  }
}
