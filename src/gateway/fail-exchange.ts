import type { Logger } from "../telemetry/logger.ts";
import type { Exchange } from "./exchange.ts";
import { ourFault } from "./responses/failure.ts";

/** Our bug: this exchange ends, and only this one. */
export function failExchange(exchange: Exchange, logger: Logger, error: unknown): void {
  logger.error("an exchange failed", {
    requestId: exchange.requestId,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  exchange.program.responses.finish(exchange, "DEFAULT_5XX", { hint: ourFault });
}
