import type { ServerConfig } from "./config.ts";
import { startServer } from "./start.ts";
import { untilSignal } from "./until-signal.ts";

/**
 * Runs a server until a signal ends it: SIGTERM and SIGINT drain, a second one quits at once. Prints one line, with the
 * address, when it is ready, and nothing before. Answers the process's exit code.
 */
export async function serve(config: ServerConfig, print: (url: string) => void): Promise<number> {
  // From the start: a signal that comes while it starts must not leave a lock's facts and a socket behind.
  const signal = untilSignal();
  const server = await startServer(config);
  print(server.url);
  await signal;
  await server.stop();
  return 0;
}
