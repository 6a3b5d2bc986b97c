/** The server's own log. Callers never pass secrets in. The server makes one for each thread. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

const levels = ["debug", "info", "warn", "error", "silent"];

/** Makes a logger that hands lines of at least `level` to `write`. */
export function makeLogger(
  level: string,
  write: (at: keyof Logger, message: string, fields: Record<string, unknown>) => void,
): Logger {
  const least = levels.indexOf(level);
  const log =
    (at: keyof Logger) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      if (levels.indexOf(at) >= least) write(at, message, fields);
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
