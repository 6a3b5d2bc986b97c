import { constants } from "node:os";
import type { ServerConfig } from "./config.ts";
import { startServer } from "./start.ts";

/**
 * Runs a server until a signal ends it: SIGTERM and SIGINT drain, a second one quits at once. Prints one line, with the
 * address, when it is ready, and nothing before. Answers the process's exit code.
 */
export async function serve(config: ServerConfig, print: (url: string) => void): Promise<number> {
  // From the start: a signal that comes while it starts must not leave a lock's facts and a socket behind.
  const signal = nextSignal();
  const server = await startServer(config);
  print(server.url);
  await signal;
  await server.stop();
  return 0;
}

/** A terminal sends Ctrl-C to npm and to `bin/portico.js`, too, which pass it on: one key may come as two signals. */
const sameSignalMs = 300;

/** Resolves at the first signal that asks to stop; from then on another one ends the process at once. */
function nextSignal(): Promise<void> {
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
