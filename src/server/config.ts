import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Credentials } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { editDistance } from "../base/edit-distance.ts";
import { isObject } from "../base/json-object.ts";
import { UserError } from "../base/user-error.ts";
import { type AwsServiceSettings, endpointName } from "../gateway/integrations/aws-services.ts";
import { type ConfigKey, configKeys, type ServerSettings, variableName } from "./config-keys.ts";
import { isLoopback, originWanted, parseOrigin, parseValue, showBytes, wrongValue } from "./config-values.ts";

/** What a server is started with. */
export interface ServerConfig extends ServerSettings {
  /** What the settings and AWS's own variables say about the services that integrations call. */
  readonly services: AwsServiceSettings;
}

/** Values of flags by the key's name: text as typed, `true` for a switch, texts for a repeated flag. */
export type ConfigFlags = Readonly<
  Partial<Record<keyof ServerSettings | "config", string | boolean | readonly string[]>>
>;

export interface ConfigSources {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Values that replace the settings' own defaults. */
  readonly defaults?: Readonly<Partial<Record<keyof ServerSettings, string>>>;
}

/**
 * Reads all settings: a flag counts before the environment, that before portico.yaml, and that before the default.
 * Throws a `UserError` that says what is allowed.
 */
export async function readConfig({ flags, env, cwd, defaults }: ConfigSources): Promise<ServerConfig> {
  refuseMistypedVariables(env);
  const file = await readConfigFile(typeof flags.config === "string" ? flags.config : env["PORTICO_CONFIG"], cwd);
  const read: Record<string, unknown> = {};
  for (const { default: own, ...key } of configKeys) {
    read[key.name] = readKey({ ...key, default: defaults?.[key.name] ?? own }, flags, env, file, cwd);
  }
  const settings = read as unknown as ServerSettings;
  if (!isLoopback(settings.host) && settings.auth !== "enforce") {
    throw new UserError({
      what: `--host ${settings.host} needs --auth enforce.`,
      isUsage: true,
      why: "On any address but a loopback one, everybody who reaches it could manage your APIs.",
      next: "Add --auth enforce, or listen on 127.0.0.1, ::1 or localhost.",
    });
  }
  if (settings.metricsToken !== undefined && settings.auth !== "enforce") {
    throw new UserError({
      what: "--metrics-token needs --auth enforce.",
      isUsage: true,
      why: "Without it everybody who reaches the server reads its metrics, with any token or none.",
      next: "Add --auth enforce, or leave the token out.",
    });
  }
  if (settings.proxyProtocol && settings.trustedProxies.length === 0) {
    throw new UserError({
      what: "--proxy-protocol needs --trusted-proxies.",
      why: "A PROXY header says who the client is, and anybody could send one.",
      next: "Name the proxies that connect, such as --trusted-proxies 127.0.0.1.",
      isUsage: true,
    });
  }
  if (settings.otlpLogs.length > 0 && settings.otlp === undefined) {
    throw new UserError({
      what: "--otlp-logs needs --otlp.",
      why: "It says which logs the collector gets, and there is no collector.",
      next: "Name the collector, such as --otlp http://localhost:4318, or leave --otlp-logs out.",
      isUsage: true,
    });
  }
  return { ...settings, services: readServices(settings, env) };
}

/** Returns whether a flag, a variable or portico.yaml says where the server listens. */
export async function isAddressSet({ flags, env, cwd }: ConfigSources): Promise<boolean> {
  const file = await readConfigFile(typeof flags.config === "string" ? flags.config : env["PORTICO_CONFIG"], cwd);
  return configKeys.some(
    (key) =>
      (key.name === "host" || key.name === "port") &&
      [flags[key.name], env[variableName(key)], file?.values[key.flag]].some(
        (value) => value !== undefined && value !== null && value !== "",
      ),
  );
}

/**
 * Returns where integrations call AWS services: at the service's own endpoint, otherwise at the endpoint for all
 * services, otherwise at the upstream, otherwise at AWS itself. See docs/internals/architecture.md, "Management calls".
 */
function readServices(
  { endpoints, upstream, realAws, userPool, host, port, domain }: ServerSettings,
  env: ConfigSources["env"],
): AwsServiceSettings {
  const found: Record<string, string> = upstream === undefined ? {} : { "*": upstream };
  const prefix = "AWS_ENDPOINT_URL";
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === "" || (name !== prefix && !name.startsWith(`${prefix}_`))) continue;
    const origin = parseOrigin(value);
    if (origin === undefined) throw wrongValue(name, value, { wanted: originWanted });
    const service = name === prefix ? "*" : name.slice(prefix.length + 1);
    // The variable is meant for clients of this server, and would lead back to it.
    const url = new URL(origin);
    const isOwn = (isLoopback(url.hostname) || domain.includes(url.hostname)) && url.port === String(port);
    if (service !== "*" || !isOwn) found[endpointName(service)] = origin;
  }
  for (const [service, origin] of Object.entries(endpoints)) found[endpointName(service)] = origin;
  return {
    endpoints: found,
    own: ownOrigins({ host, port, domain }),
    ...(realAws ? { credentials: readCredentials(env) } : {}),
    ...(Object.keys(userPool).length === 0 ? {} : { userPools: userPool }),
  };
}

/** Returns the origins by which the server is reached; none, if the port is not known yet. */
function ownOrigins({ host, port, domain }: Pick<ServerSettings, "host" | "port" | "domain">): readonly string[] {
  if (port === 0) return [];
  const isLocal = isLoopback(host) || host === "0.0.0.0" || host === "::";
  const names = [...(isLocal ? ["localhost", "127.0.0.1", "::1"] : []), host, ...domain];
  const origins = names.map((name) => new URL(`http://${name.includes(":") ? `[${name}]` : name}:${port}`).origin);
  return [...new Set(origins)];
}

function readCredentials(env: ConfigSources["env"]): Credentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (accessKeyId === undefined || accessKeyId === "" || secretAccessKey === undefined || secretAccessKey === "") {
    throw new UserError({
      what: "--real-aws needs credentials.",
      why: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set.",
      next: 'Set them, for instance with `eval "$(aws configure export-credentials --format env)"`.',
    });
  }
  return { accessKeyId, secretAccessKey, sessionToken: token === "" ? undefined : token };
}

/** Keys of a project's `portico.yaml` that are for `portico up`, which checks them. */
const projectKeys: readonly string[] = ["api", "functions", "processes"];

interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function readKey(
  key: ConfigKey,
  flags: ConfigFlags,
  env: ConfigSources["env"],
  file: ConfigFile | undefined,
  cwd: string,
): unknown {
  const flag = flags[key.name];
  if (flag !== undefined) return parseValue(key.value, flag, `--${key.flag}`, cwd);
  const variable = env[variableName(key)];
  if (variable !== undefined && variable !== "") return parseValue(key.value, variable, variableName(key), cwd);
  const inFile = file?.values[key.flag];
  // Paths in a file are relative to the file, as its reader expects.
  if (file && inFile !== undefined && inFile !== null)
    return parseValue(key.value, inFile, `${key.flag} in ${file.path}`, dirname(file.path));
  return key.default === undefined ? undefined : parseValue(key.value, key.default, `--${key.flag}`, cwd);
}

async function readConfigFile(given: string | undefined, cwd: string): Promise<ConfigFile | undefined> {
  const path = resolve(cwd, given === undefined || given === "" ? "portico.yaml" : given);
  if (!existsSync(path)) {
    if (given === undefined || given === "") return undefined;
    throw new UserError({
      what: `There is no file ${path}.`,
      why: "It was named as the configuration file.",
      next: "Make it, or leave out --config and PORTICO_CONFIG.",
    });
  }
  return { path, values: await parseConfigFile(path) };
}

async function parseConfigFile(path: string): Promise<Record<string, unknown>> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new UserError({
      what: `The configuration file ${path} can't be read.`,
      why,
      next: "It is a YAML mapping of settings, such as `port: 4566`.",
      cause,
    });
  };
  let values: unknown;
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > bounds.configFileBytesMax.value)
      return refuse(`It is larger than ${showBytes(bounds.configFileBytesMax.value)}.`);
    // Loaded only if there is a file: it is slow to start.
    const { parse } = await import("yaml");
    values = parse(text, { maxAliasCount: 100 }) ?? {};
  } catch (error) {
    if (error instanceof UserError) throw error;
    return refuse(`${error instanceof Error ? error.message.trim() : String(error)}`, error);
  }
  if (!isObject(values)) return refuse("It is not a mapping.");
  for (const key of Object.keys(values)) {
    if (configKeys.some(({ flag }) => flag === key) || projectKeys.includes(key)) continue;
    const known = [...projectKeys, ...configKeys.map(({ flag }) => flag)];
    const near = nearest(key, known);
    throw new UserError({
      what: `${path} has the unknown key "${key.slice(0, 100)}".`,
      why: "",
      next: near ? `Did you mean "${near}"?` : `The keys are ${known.join(", ")}.`,
    });
  }
  return values as Record<string, unknown>;
}

/**
 * Refuses a variable whose name is nearly that of a setting, because it is probably mistyped. Other names are ignored,
 * since they may have another origin (Kubernetes makes `PORTICO_SERVICE_HOST`).
 */
function refuseMistypedVariables(env: ConfigSources["env"]): void {
  const known = configKeys.map(variableName);
  for (const name of Object.keys(env)) {
    if (!name.startsWith("PORTICO_") || known.includes(name) || name === "PORTICO_CONFIG") continue;
    const near = nearest(name, known);
    if (near) throw new UserError({ what: `The variable ${name} is unknown.`, why: "", next: `Did you mean ${near}?` });
  }
}

/** Returns the name that differs by at most two typing mistakes, or undefined. */
function nearest(text: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const name of names) {
    const distance = editDistance(text.slice(0, 64), name);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}
