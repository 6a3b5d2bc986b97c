import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import { isAddressSet, readConfig } from "../server/config.ts";

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

/**
 * Returns the running server that a command is about: `--endpoint`, or what Portico's own settings say, or where AWS's
 * tools would find it (`AWS_ENDPOINT_URL`), or the default. `givenBy` says for messages what gave the option, if not its flag.
 */
export async function findEndpoint(options: Readonly<Record<string, unknown>>, givenBy = ""): Promise<string> {
  const given = options["endpoint"];
  const { endpoint, from } =
    typeof given === "string" ? { endpoint: given, from: givenBy } : await configuredEndpoint();
  const url = endpoint.replace(/\/+$/, "");
  const isUrl = /^https?:/.test(url) && URL.canParse(url);
  if (isUrl && (await isPortico(url))) return url;
  throw new UserError({
    what: `No Portico answers at ${url}${from === "" ? "" : `, which ${from} names`}.`,
    why: isUrl ? "" : "That is not a URL such as http://localhost:4566.",
    next: "Start one with `portico serve` or `portico up`, or say with --endpoint where it is.",
    isUsage: typeof given === "string" && !isUrl,
  });
}

async function configuredEndpoint(): Promise<{ readonly endpoint: string; readonly from: string }> {
  const sources = { flags: {}, env: process.env, cwd: process.cwd() };
  const config = await readConfig(sources);
  const configured = { endpoint: `http://${urlHost(config.host)}:${config.port}`, from: "" };
  return (await isAddressSet(sources)) ? configured : (awsEndpoint() ?? configured);
}

/**
 * Returns the endpoint that AWS's tools are told of, with the variable that names it. AWS: SDKs and Tools Reference Guide,
 * "Service-specific endpoints".
 */
export function awsEndpoint(
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly endpoint: string; readonly from: string } | undefined {
  if (env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.toLowerCase() === "true") return undefined;
  for (const from of ["AWS_ENDPOINT_URL_API_GATEWAY", "AWS_ENDPOINT_URL"]) {
    const endpoint = env[from];
    if (endpoint !== undefined && endpoint !== "") return { endpoint, from };
  }
  return undefined;
}

export const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/**
 * Returns an endpoint for people, with `localhost`, as in the hosts of APIs (`….localhost`) and in AWS's local tools.
 */
export const showEndpoint = (endpoint: string): string => endpoint.replace("//127.0.0.1:", "//localhost:");
