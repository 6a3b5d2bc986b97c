import { bounds } from "../base/bounds.ts";
import type { ServerConfig } from "./config.ts";
import { type RunningServer, startServer } from "./start.ts";
import { untilSignal } from "./until-signal.ts";

/**
 * Runs a server until a signal ends it: SIGTERM and SIGINT drain it, and a second signal ends it at once. It prints one
 * line with the address when it is ready, and nothing before. Returns the process's exit code.
 */
export async function serve(config: ServerConfig, print: (server: RunningServer) => void): Promise<number> {
  // Signals are handled from the beginning: one that comes during the start must not leave `holder.json` and a socket
  // behind.
  const signal = untilSignal();
  const server = await startServer(config);
  print(server);
  await signal;
  await server.stop();
  // Everything is closed. Whatever keeps the process alive is forgotten by somebody, and nobody waits for it.
  setTimeout(() => {
    server.logger.warn("The process was kept alive after its stop.", { by: process.getActiveResourcesInfo() });
    process.exit(0);
  }, bounds.processExitMsMax.value).unref();
  return 0;
}
