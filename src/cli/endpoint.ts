import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import { readConfig } from "../server/config.ts";

const probeTimeoutMs = bounds.cliProbeMsMax.value;

/**
 * Returns whether a Portico answers at the endpoint. Other programs on the port don't know the path that it asks for.
 */
export async function isPortico(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_portico/health`, { signal: AbortSignal.timeout(probeTimeoutMs) });
    const answer = (await response.json()) as { readonly status?: unknown } | null;
    return response.ok && answer?.status === "ok";
  } catch {
    return false;
  }
}

/** Returns the running server that a command is about: `--endpoint`, or the port in the settings. */
export async function findEndpoint(options: Readonly<Record<string, unknown>>): Promise<string> {
  const given = options["endpoint"];
  const endpoint = typeof given === "string" ? given.replace(/\/+$/, "") : await configuredEndpoint();
  if (await isPortico(endpoint)) return endpoint;
  throw new UserError({
    what: `No Portico answers at ${endpoint}.`,
    why: /^https?:/.test(endpoint) && URL.canParse(endpoint) ? "" : "That is no URL such as http://localhost:4566.",
    next: "Start one with `portico serve` or `portico up`, or say with --endpoint where it is.",
  });
}

async function configuredEndpoint(): Promise<string> {
  const config = await readConfig({ flags: {}, env: process.env, cwd: process.cwd() });
  return `http://${urlHost(config.host)}:${config.port}`;
}

export const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/**
 * Returns an endpoint for people, with `localhost`, as in the hosts of APIs (`….localhost`) and in AWS's local tools.
 */
export const showEndpoint = (endpoint: string): string => endpoint.replace("//127.0.0.1:", "//localhost:");
