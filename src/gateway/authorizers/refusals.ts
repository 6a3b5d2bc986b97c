import type { AccessPhase, Exchange } from "../exchange.ts";

/** Records how a phase of deciding who may call ended: with 200, or a refusal. */
export function endPhase(phase: AccessPhase | undefined, status: number, error?: string): void {
  if (phase === undefined) return;
  phase.latencyMs = performance.now() - phase.startedAt;
  phase.status = status;
  phase.error = error;
}

/** Answers with 401: the authorizer does not know the caller. */
export function refuseCaller(exchange: Exchange, hint: string, message = "Unauthorized"): undefined {
  const log = [`Unauthorized request: ${exchange.requestId}`];
  endPhase(exchange.access?.authorizer, 401, message);
  exchange.program.responses.finish(exchange, "UNAUTHORIZED", { message, hint, log });
}

/**
 * Answers with 500: the authorizer can't be asked, or its answer can't be understood. AWS shows `detail` in the
 * execution log only.
 */
export function refuseConfiguration(exchange: Exchange, detail: string, hint: string): undefined {
  const log = [`Execution failed due to configuration error: ${detail}`];
  endPhase(exchange.access?.authorizer, 500, detail);
  exchange.program.responses.finish(exchange, "AUTHORIZER_CONFIGURATION_ERROR", { hint, log });
}

/** Answers with 500: the authorizer's function did not answer in time. */
export function refuseLate(exchange: Exchange, hint: string): undefined {
  const line = "Execution failed due to a timeout error";
  endPhase(exchange.access?.authorizer, 500, line);
  exchange.program.responses.finish(exchange, "AUTHORIZER_FAILURE", { hint, log: [line] });
}
