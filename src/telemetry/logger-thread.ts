import { type Logger, makeLogger } from "./logger.ts";

/** A line that the main thread is asked to log. */
export interface LogMessage {
  readonly kind: "log";
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/**
 * Makes a gateway thread's log. Its lines go to the main thread as messages, so that they come out whole and in one
 * place.
 */
export function makeThreadLogger(level: string, post: (message: LogMessage) => void): Logger {
  return makeLogger(level, (at, message, fields) => post({ kind: "log", level: at, message, fields }));
}
