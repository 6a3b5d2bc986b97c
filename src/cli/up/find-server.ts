import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/user-error.ts";
import { type ConfigFlags, readConfig } from "../../server/config.ts";
import { isPortico, showEndpoint, urlHost } from "../endpoint.ts";
import { type Project, settingsFileName } from "./project.ts";

/** The server that `up` deploys to. */
export interface ServerInUse {
  /** Its URL, without a slash at the end. */
  readonly endpoint: string;
  /** The same for people: with `localhost`. */
  readonly shownEndpoint: string;
  /** It runs in this process, and ends with it. */
  readonly isOurs: boolean;
  close(): Promise<void>;
}

/** The server at `--endpoint`, or the Portico that answers on the port, or a new one in this process. */
export async function findOrStartServer(wanted: {
  readonly endpoint: string | undefined;
  readonly flags: ConfigFlags;
  readonly project: Project;
}): Promise<ServerInUse> {
  if (wanted.endpoint !== undefined) {
    const endpoint = wanted.endpoint.replace(/\/+$/, "");
    if (await isPortico(endpoint)) return running(endpoint);
    throw new UserError({
      what: `No Portico answers at ${endpoint}.`,
      why: "",
      next: "Start one with `portico serve`, or leave --endpoint away: `up` then starts one itself.",
    });
  }
  // The project's own portico.yaml may have the server's settings, too.
  const own = join(wanted.project.folder, settingsFileName);
  const hasConfig = wanted.flags.config !== undefined || (process.env["PORTICO_CONFIG"] ?? "") !== "";
  const flags = !hasConfig && existsSync(own) ? { ...wanted.flags, config: own } : wanted.flags;
  const config = await readConfig({ flags, env: process.env, cwd: process.cwd() });
  const endpoint = `http://${urlHost(config.host)}:${config.port}`;
  if (config.port !== 0 && (await isPortico(endpoint))) return running(endpoint);
  const { startServer } = await import("../../server/start.ts");
  const server = await startServer(config);
  return { endpoint: server.url, shownEndpoint: showEndpoint(server.url), isOurs: true, close: () => server.stop() };
}

function running(endpoint: string): ServerInUse {
  return { endpoint, shownEndpoint: showEndpoint(endpoint), isOurs: false, close: async () => undefined };
}
