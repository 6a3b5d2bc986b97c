import type { ServerConfig } from "./config.ts";
import { type RunningServer, startServer } from "./start.ts";

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
  await stopOnSignal(server);
  return 0;
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const listener = (): void => {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
      resolve();
    };
    process.on("SIGINT", listener);
    process.on("SIGTERM", listener);
  });
}

async function stopOnSignal(server: RunningServer): Promise<void> {
  const quit = (signal: NodeJS.Signals): void => process.exit(signal === "SIGINT" ? 130 : 143);
  process.once("SIGINT", quit);
  process.once("SIGTERM", quit);
  await server.stop();
  process.off("SIGINT", quit);
  process.off("SIGTERM", quit);
}
