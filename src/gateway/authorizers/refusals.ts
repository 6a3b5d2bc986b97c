import type { Exchange } from "../exchange.ts";

/** Answers with 401: the authorizer does not know the caller. */
export function refuseCaller(exchange: Exchange, hint: string, message = "Unauthorized"): undefined {
  const log = [`Unauthorized request: ${exchange.requestId}`];
  exchange.program.responses.finish(exchange, "UNAUTHORIZED", { message, hint, log });
}

/**
 * Answers with 500: the authorizer can't be asked, or its answer can't be understood. AWS shows `detail` in the
 * execution log only.
 */
export function refuseConfiguration(exchange: Exchange, detail: string, hint: string): undefined {
  const log = [`Execution failed due to configuration error: ${detail}`];
  exchange.program.responses.finish(exchange, "AUTHORIZER_CONFIGURATION_ERROR", { hint, log });
}
