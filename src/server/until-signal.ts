import { constants } from "node:os";

/**
 * A terminal also sends Ctrl-C to npm and to `bin/portico.js`, which pass it on, so one key press may come as several
 * signals.
 */
const sameSignalMs = 300;

/** Resolves at the first signal that asks to stop; a later one ends the process at once, in case stopping hangs. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const listener = (signal: NodeJS.Signals): void => {
      first ??= performance.now();
      if (performance.now() - first > sameSignalMs) process.exit(128 + constants.signals[signal]);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, listener);
  });
}
