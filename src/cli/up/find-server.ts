import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/user-error.ts";
import { type ConfigFlags, isAddressSet, readConfig } from "../../server/config.ts";
import { type LogLevel, logLevels } from "../../server/config-keys.ts";
import { awsEndpoint, isPortico, showEndpoint, urlHost } from "../endpoint.ts";
import type { Output } from "../output.ts";
import { shortPath } from "../short-path.ts";
import { showAdministrator } from "../show-administrator.ts";
import { useCredentials } from "../signed-calls.ts";
import { withoutPrefix } from "./function-output.ts";
import { type Project, settingsFileName } from "./project.ts";

/** The server that `up` deploys to. */
export interface ServerInUse {
  /** Its URL, without a slash at the end. */
  readonly endpoint: string;
  /** The URL for people, with `localhost`. */
  readonly shownEndpoint: string;
  /** The server runs in this process, and ends with it. */
  readonly isOurs: boolean;
  close(): Promise<void>;
}

/** Returns the server at `--endpoint`, or the Portico that answers on the port, or a new one in this process. */
export async function findOrStartServer(wanted: {
  readonly endpoint: string | undefined;
  readonly flags: ConfigFlags;
  readonly project: Project;
  readonly output: Output;
  /** A document that is only mocked was seldom written for API Gateway, and may be large. */
  readonly takesAnyDocument: boolean;
}): Promise<ServerInUse> {
  if (wanted.endpoint !== undefined) {
    const endpoint = wanted.endpoint.replace(/\/+$/, "");
    if (await isPortico(endpoint)) return running(endpoint);
    throw new UserError({
      what: `No Portico answers at ${endpoint}.`,
      why: "",
      next: "Start one with `portico serve`, or leave out --endpoint: `up` then starts one itself.",
    });
  }
  // The project's own portico.yaml may also have the server's settings.
  const own = join(wanted.project.folder, settingsFileName);
  const hasConfig = wanted.flags.config !== undefined || (process.env["PORTICO_CONFIG"] ?? "") !== "";
  const flags = !hasConfig && existsSync(own) ? { ...wanted.flags, config: own } : wanted.flags;
  const defaults = {
    // What the project has installed, its functions find.
    awsSdk: wanted.project.folder,
    ...(wanted.takesAnyDocument ? { profile: "relaxed", managementPayloadMax: "128MB" } : {}),
  };
  const sources = { flags, env: process.env, cwd: process.cwd(), defaults };
  const config = await readConfig(sources);
  // Where AWS's tools find a Portico, `up` uses it, too; if none answers there, the variable is for another server.
  const ofAws = (await isAddressSet(sources)) ? undefined : awsEndpoint()?.endpoint.replace(/\/+$/, "");
  if (ofAws !== undefined && (await isPortico(ofAws))) return running(ofAws);
  const endpoint = `http://${urlHost(config.host)}:${config.port}`;
  if (config.port !== 0 && (await isPortico(endpoint))) return running(endpoint);
  const { startServer } = await import("../../server/start.ts");
  const server = await startServer(config, makeLogger(wanted.output, config.logLevel));
  const shownEndpoint = showEndpoint(server.url);
  if (server.administrator !== undefined) {
    useCredentials(server.url, server.administrator);
    showAdministrator(server.administrator, config, wanted.output);
  }
  const kept = config.memory ? "nothing is kept" : `data in ${shortPath(config.data)}`;
  if (ofAws !== undefined) wanted.output.note(`At ${ofAws}, which AWS_ENDPOINT_URL names, no Portico answers.`);
  wanted.output.note(`Portico runs: AWS_ENDPOINT_URL=${shownEndpoint} for AWS tools, ${kept}`);
  return { endpoint: server.url, shownEndpoint, isOurs: true, close: () => server.stop() };
}

function running(endpoint: string): ServerInUse {
  return { endpoint, shownEndpoint: showEndpoint(endpoint), isOurs: false, close: async () => undefined };
}

type Write = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Makes the server's log for a person: functions' output, and the server's own lines from `level` on. */
function makeLogger(output: Output, level: LogLevel): Record<"debug" | "info" | "warn" | "error", Write> {
  const least = logLevels.indexOf(level);
  const log =
    (at: LogLevel): Write =>
    (message, { function: name, requestId: _, ...fields } = {}) => {
      if (typeof name === "string") output.line(`${output.paint("dim", `${name} |`)} ${withoutPrefix(message)}`);
      else if (logLevels.indexOf(at) >= least)
        output.note(`${at}  ${message}${Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ""}`);
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
