import type { Exchange } from "../exchange.ts";

/** Whoever it is, it is not known: 401. */
export function refuseCaller(exchange: Exchange, hint: string, message = "Unauthorized"): void {
  const log = [`Unauthorized request: ${exchange.requestId}`];
  exchange.program.responses.finish(exchange, "UNAUTHORIZED", { message, hint, log });
}

/** The authorizer can't be asked, or what it says can't be understood: 500. AWS has `detail` in the execution log only. */
export function refuseConfiguration(exchange: Exchange, detail: string, hint: string): void {
  const log = [`Execution failed due to configuration error: ${detail}`];
  exchange.program.responses.finish(exchange, "AUTHORIZER_CONFIGURATION_ERROR", { hint, log });
}
