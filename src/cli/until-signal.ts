/** npm and `bin/portico.js` pass on what the terminal has sent to this process, too: one Ctrl-C may come twice. */
const sameSignalMs = 300;

/** Resolves at the first signal that asks to stop; a second one ends the process at once, in case stopping hangs. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const listener = (): void => {
      first ??= performance.now();
      if (performance.now() - first > sameSignalMs) process.exit(130);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, listener);
  });
}
