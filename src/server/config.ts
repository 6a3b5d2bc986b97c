import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import type { Credentials } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { editDistance } from "../base/edit-distance.ts";
import { isObject } from "../base/json-object.ts";
import { UserError } from "../base/user-error.ts";
import { type AwsServiceSettings, endpointName } from "../gateway/integrations/aws-services.ts";
import { type ControlLimits, controlLimits } from "../management/control-limits.ts";

/** What a server is started with. */
export interface ServerConfig extends ServerSettings {
  /** What settings and AWS's own variables say of the services that integrations call. */
  readonly services: AwsServiceSettings;
}

/** Every member is a key of {@link configKeys}. */
interface ServerSettings {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** The data directory, absolute. */
  readonly data: string;
  readonly memory: boolean;
  readonly threads: number;
  /** Seconds that requests under way get when the server stops. */
  readonly drain: number;
  readonly upstream: string | undefined;
  /** Origins by the name of a service. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly realAws: boolean;
  readonly logLevel: LogLevel;
  /** `-` is standard output, else a directory, absolute. */
  readonly accessLog: string;
  /** Bytes that the embedded CloudWatch Logs may take. */
  readonly logsMax: number;
  readonly allowOrigin: readonly string[];
  readonly allowReset: boolean;
  readonly domain: readonly string[];
  /** Bytes of an API Gateway management call's body. */
  readonly managementPayloadMax: number;
  /** AWS's limits that the operator overrides, by name. */
  readonly limit: Readonly<Partial<ControlLimits>>;
  /** See docs/internals/architecture.md, "Faithful, and lenient by name". */
  readonly profile: "aws" | "relaxed";
  /** Bytes of a data plane request's body that is buffered. */
  readonly payloadMax: number;
  /** `host` or `host:port`, by the id, name or load balancer of a VPC link. */
  readonly vpcLink: Readonly<Record<string, readonly string[]>>;
  /** A PEM file, absolute. */
  readonly backendCa: string | undefined;
}

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

type ConfigKind =
  | { readonly kind: "path"; readonly of: "directory" | "file" }
  /** A path, or `-`. */
  | { readonly kind: "sink" }
  | { readonly kind: "switch" }
  | { readonly kind: "loopback-host" }
  | { readonly kind: "origin-url" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "bytes"; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "names" }
  | { readonly kind: "origins" }
  /** `NAME=HOST:PORT`, a name perhaps several times; in YAML a mapping. */
  | { readonly kind: "addresses" }
  /** Origins by name. */
  | { readonly kind: "origin-urls" }
  /** Whole numbers by name. */
  | { readonly kind: "numbers"; readonly names: readonly string[]; readonly min: number; readonly max: number };

export interface ConfigKey {
  readonly name: keyof ServerSettings;
  /** The flag without its dashes; also the key in portico.yaml, and in capitals the end of the `PORTICO_…` name. */
  readonly flag: string;
  /** What stands for the value in the help; absent for a switch. */
  readonly placeholder?: string;
  readonly value: ConfigKind;
  readonly default: string | number | boolean | readonly string[] | undefined;
  readonly help: string;
}

const kib = 1024;
const mib = 1024 * kib;

/** Every setting of the server: flags, environment, portico.yaml, `--help` and the reference are read from here. */
export const configKeys: readonly ConfigKey[] = [
  {
    name: "host",
    flag: "host",
    placeholder: "HOST",
    value: { kind: "loopback-host" },
    default: "127.0.0.1",
    help: "loopback address to listen on",
  },
  {
    name: "port",
    flag: "port",
    placeholder: "PORT",
    value: { kind: "integer", min: 0, max: 65535 },
    default: 4566,
    help: "port to listen on; 0 takes a free one",
  },
  {
    name: "data",
    flag: "data",
    placeholder: "DIR",
    value: { kind: "path", of: "directory" },
    default: ".portico",
    help: "directory of everything that is kept",
  },
  { name: "memory", flag: "memory", value: { kind: "switch" }, default: false, help: "keep nothing: for tests" },
  {
    name: "threads",
    flag: "threads",
    placeholder: "N",
    value: { kind: "integer", min: 1, max: 256 },
    // Without reusePort (Linux) the kernel does not spread connections over several listeners.
    default: process.platform === "linux" ? Math.min(availableParallelism(), 256) : 1,
    help: "gateway threads; one for each core by default",
  },
  {
    name: "drain",
    flag: "drain",
    placeholder: "SECONDS",
    value: { kind: "integer", min: 0, max: 3600 },
    default: 10,
    help: "seconds that requests under way get when the server stops",
  },
  {
    name: "upstream",
    flag: "upstream",
    placeholder: "URL",
    value: { kind: "origin-url" },
    default: undefined,
    help: "the server that gets calls of AWS services that Portico does not embed",
  },
  {
    name: "endpoints",
    flag: "endpoints",
    placeholder: "SERVICE=URL",
    value: { kind: "origin-urls" },
    default: [],
    help: "where the AWS services are that integrations call, such as sqs=http://localhost:4567; `*` means every other one",
  },
  {
    name: "realAws",
    flag: "real-aws",
    value: { kind: "switch" },
    default: false,
    help: "let integrations call AWS itself where no endpoint is set, with the credentials in AWS_ACCESS_KEY_ID and so on",
  },
  {
    name: "logLevel",
    flag: "log-level",
    placeholder: "LEVEL",
    value: { kind: "choice", of: logLevels },
    default: "warn",
    help: "lowest level of the server's log, on standard error",
  },
  {
    name: "accessLog",
    flag: "access-log",
    placeholder: "DIR",
    value: { kind: "sink" },
    default: "-",
    help: "directory of the stages' access logs; - is standard output",
  },
  {
    name: "logsMax",
    flag: "logs-max",
    placeholder: "SIZE",
    value: { kind: "bytes", min: 1 * mib, max: 1_048_576 * mib },
    default: 1_024 * mib,
    help: "room for the embedded CloudWatch Logs (with --memory 128MB at most); the oldest lines are dropped first",
  },
  {
    name: "allowOrigin",
    flag: "allow-origin",
    placeholder: "ORIGINS",
    value: { kind: "origins" },
    default: [],
    help: "web origins that may use the management API, such as http://localhost:3000",
  },
  {
    name: "allowReset",
    flag: "allow-reset",
    value: { kind: "switch" },
    default: false,
    help: "let POST /_portico/reset delete everything, even without --memory",
  },
  {
    name: "domain",
    flag: "domain",
    placeholder: "NAMES",
    value: { kind: "names" },
    default: [],
    help: "more host names that this server is known by",
  },
  {
    name: "managementPayloadMax",
    flag: "management-payload-max",
    placeholder: "SIZE",
    value: { kind: "bytes", min: 64 * kib, max: 512 * mib },
    // AWS: API Gateway quotas, "Maximum API definition file size for import" 6 MB.
    default: 6 * mib,
    help: "largest body of an API Gateway management call",
  },
  {
    name: "limit",
    flag: "limit",
    placeholder: "NAME=N",
    value: { kind: "numbers", names: Object.keys(controlLimits), min: 1, max: 1_000_000 },
    default: [],
    help: `a number in place of AWS's limit, such as resourcesPerApi=1000; one of ${Object.keys(controlLimits).join(", ")}`,
  },
  {
    name: "profile",
    flag: "profile",
    placeholder: "NAME",
    value: { kind: "choice", of: ["aws", "relaxed"] },
    default: "aws",
    help: "`relaxed` lifts AWS's limits, and imports documents that AWS refuses for model names or second path variables",
  },
  {
    name: "payloadMax",
    flag: "payload-max",
    placeholder: "SIZE",
    value: { kind: "bytes", min: 1 * kib, max: 512 * mib },
    // AWS: API Gateway quotas, "Payload size" 10 MB.
    default: bounds.payloadBytesMax.value,
    help: "largest body that is buffered for an integration",
  },
  {
    name: "vpcLink",
    flag: "vpc-link",
    placeholder: "NAME=ADDRESS",
    value: { kind: "addresses" },
    default: [],
    help: "where a VPC link leads, by its id, name or load balancer's ARN: HOST:PORT, or HOST for the port of the integration's URI; several are used in turn",
  },
  {
    name: "backendCa",
    flag: "backend-ca",
    placeholder: "FILE",
    value: { kind: "path", of: "file" },
    default: undefined,
    help: "PEM file of more certificate authorities for backends' certificates",
  },
];

/** Values of flags by the key's name: text as typed, `true` for a switch, texts for a repeated flag. */
export type ConfigFlags = Readonly<
  Partial<Record<keyof ServerSettings | "config", string | boolean | readonly string[]>>
>;

export interface ConfigSources {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What counts in place of a setting's own default. */
  readonly defaults?: Readonly<Partial<Record<keyof ServerSettings, string>>>;
}

/** Flag over environment over portico.yaml over default. Throws a `UserError` that says what would be right. */
export async function readConfig({ flags, env, cwd, defaults }: ConfigSources): Promise<ServerConfig> {
  refuseMistypedVariables(env);
  const file = await readConfigFile(typeof flags.config === "string" ? flags.config : env["PORTICO_CONFIG"], cwd);
  const read: Record<string, unknown> = {};
  for (const { default: own, ...key } of configKeys) {
    read[key.name] = readKey({ ...key, default: defaults?.[key.name] ?? own }, flags, env, file, cwd);
  }
  const settings = read as unknown as ServerSettings;
  return { ...settings, services: readServices(settings, env) };
}

/**
 * Where integrations call AWS services: an endpoint of the service's own, else the one for all services, else the upstream,
 * else AWS itself. See docs/internals/architecture.md, "Management calls".
 */
function readServices(
  { endpoints, upstream, realAws, port, domain }: ServerSettings,
  env: ConfigSources["env"],
): AwsServiceSettings {
  const found: Record<string, string> = upstream === undefined ? {} : { "*": upstream };
  const prefix = "AWS_ENDPOINT_URL";
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === "" || (name !== prefix && !name.startsWith(`${prefix}_`))) continue;
    const origin = parseOrigin(value);
    if (origin === undefined) throw wrongValue(name, value, { wanted: originWanted });
    const service = name === prefix ? "*" : name.slice(prefix.length + 1);
    // It is there for the clients of this server, and would lead back to it.
    const url = new URL(origin);
    const isOwn = (isLoopback(url.hostname) || domain.includes(url.hostname)) && url.port === String(port);
    if (service !== "*" || !isOwn) found[endpointName(service)] = origin;
  }
  for (const [service, origin] of Object.entries(endpoints)) found[endpointName(service)] = origin;
  return { endpoints: found, ...(realAws ? { credentials: readCredentials(env) } : {}) };
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

/** Keys that a `portico.yaml` in a project's folder has for `portico up`, which checks them. */
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
  if (flag !== undefined) return parseValue(key, flag, `--${key.flag}`, cwd);
  const variable = env[variableName(key)];
  if (variable !== undefined && variable !== "") return parseValue(key, variable, variableName(key), cwd);
  const inFile = file?.values[key.flag];
  // Paths in a file are relative to the file, as its reader expects.
  if (file && inFile !== undefined && inFile !== null)
    return parseValue(key, inFile, `${key.flag} in ${file.path}`, dirname(file.path));
  return key.default === undefined ? undefined : parseValue(key, key.default, `--${key.flag}`, cwd);
}

/** Is the flag repeated for more values? */
export const takesMany = ({ value }: ConfigKey): boolean =>
  ["names", "origins", "origin-urls", "numbers", "addresses"].includes(value.kind);

export const variableName = (key: ConfigKey): string => `PORTICO_${key.flag.toUpperCase().replaceAll("-", "_")}`;

/** Answers the value, or what would be right. */
type Parse<K extends ConfigKind["kind"]> = (
  value: unknown,
  rule: Extract<ConfigKind, { kind: K }>,
  base: string,
) => { readonly value: unknown } | { readonly wanted: string; readonly why?: string };

const parsers: { readonly [K in ConfigKind["kind"]]: Parse<K> } = {
  path: (value, { of }, base) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? { value: resolve(base, value) }
      : { wanted: `the path of a ${of}` },
  sink: (value, _rule, base) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? { value: value === "-" ? "-" : resolve(base, value) }
      : { wanted: "the path of a directory, or - for standard output" },
  switch: (value) => {
    if (typeof value === "boolean") return { value };
    if (value === "true" || value === "1") return { value: true };
    if (value === "false" || value === "0") return { value: false };
    return { wanted: "true or false" };
  },
  "loopback-host": (value) => {
    if (typeof value === "string" && isLoopback(value)) return { value };
    const wanted = "a loopback address: 127.0.0.1, ::1 or localhost";
    return typeof value === "string" && value !== ""
      ? {
          wanted,
          why: "On any other address, everybody who reaches it could manage your APIs: enforcing authentication on the management API is not there yet.",
        }
      : { wanted };
  },
  "origin-url": (value) => {
    const origin = parseOrigin(value);
    return origin === undefined ? { wanted: originWanted } : { value: origin };
  },
  "origin-urls": (value) => {
    const origins: Record<string, string> = {};
    for (const [name, text] of pairs(value) ?? [["", ""]]) {
      const origin = parseOrigin(text);
      if (!/^(\*|[\w .-]{1,64})$/.test(name) || origin === undefined) {
        return { wanted: `SERVICE=URL, each URL ${originWanted}` };
      }
      origins[name] = origin;
    }
    return { value: origins };
  },
  integer: (value, { min, max }) => {
    const number = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
    return typeof number === "number" && Number.isInteger(number) && number >= min && number <= max
      ? { value: number }
      : { wanted: `a whole number from ${min} to ${max}` };
  },
  bytes: (value, { min, max }) => {
    const match = /^(\d{1,12})\s*(B|KB|MB)?$/i.exec(String(value));
    const unit = { B: 1, KB: kib, MB: mib }[match?.[2]?.toUpperCase() ?? "B"];
    const bytes = match && unit ? Number(match[1]) * unit : Number.NaN;
    return bytes >= min && bytes <= max
      ? { value: bytes }
      : { wanted: `a size from ${showBytes(min)} to ${showBytes(max)}, such as ${showBytes(max / 8)}` };
  },
  choice: (value, { of }) =>
    typeof value === "string" && of.includes(value) ? { value } : { wanted: `one of ${of.join(", ")}` },
  names: (value) => {
    const names = texts(value)?.map((name) => name.toLowerCase());
    return names?.every((name) => name.length <= 253 && /^[a-z0-9]([a-z0-9-.]*[a-z0-9])?$/.test(name))
      ? { value: names }
      : { wanted: "host names, separated by commas, such as gateway.example.com" };
  },
  origins: (value) => {
    const origins = texts(value);
    return origins?.every((origin) => origin === "null" || URL.parse(origin)?.origin === origin)
      ? { value: origins }
      : { wanted: "web origins, separated by commas, each with its scheme and no path, such as http://localhost:3000" };
  },
  numbers: (value, { names, min, max }) => {
    const numbers: Record<string, number> = {};
    const wanted = `NAME=N, N from ${min} to ${max}, and NAME one of ${names.join(", ")}`;
    for (const [name, text] of pairs(value) ?? [["", ""]]) {
      const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      if (!names.includes(name) || !(number >= min && number <= max)) return { wanted };
      numbers[name] = number;
    }
    return { value: numbers };
  },
  addresses: (value) => {
    const wanted =
      "names with addresses, such as orders=127.0.0.1:8081; whether TLS is spoken is said by the integration's URI";
    const addresses: Record<string, string[]> = Object.create(null);
    for (const [name, address] of pairs(value) ?? [["", ""]]) {
      if (name === "" || !isAddress(address)) return { wanted };
      addresses[name] = [...(addresses[name] ?? []), address];
    }
    return { value: { ...addresses } };
  },
};

function parseValue(key: ConfigKey, value: unknown, where: string, base: string): unknown {
  const parse = parsers[key.value.kind] as Parse<ConfigKind["kind"]>;
  const parsed = parse(value, key.value as never, base);
  if ("value" in parsed) return parsed.value;
  throw wrongValue(where, value, parsed);
}

function wrongValue(where: string, value: unknown, { wanted, why = "" }: { wanted: string; why?: string }): UserError {
  const isFlags = Array.isArray(value) && value.every((one) => typeof one === "string");
  const shown = isFlags ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value);
  return new UserError({
    what: `${where}: ${shown === "" || shown === undefined ? "an empty value" : `"${shown.slice(0, 200)}"`} won't do.`,
    why,
    next: `It takes ${wanted}.`,
  });
}

/** Scheme, host and port; undefined for anything else. */
function parseOrigin(value: unknown): string | undefined {
  const url = typeof value === "string" ? URL.parse(value) : null;
  const isOrigin =
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "" &&
    url.password === "";
  return isOrigin ? url.origin : undefined;
}

const originWanted = "the URL of a server without a path, such as http://localhost:4567";

/** A list as a YAML sequence, a repeated flag, or one text with commas. */
function texts(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((item) => typeof item === "string")) return undefined;
  return list
    .flatMap((item) => item.split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Names with their values: a YAML mapping, or a list of `NAME=VALUE`. */
function pairs(value: unknown): [name: string, value: string][] | undefined {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, member]) => [member].flat().map((each) => [name, String(each)]));
  }
  return texts(value)?.map((text) => {
    const sign = text.indexOf("=");
    return sign < 0 ? [text, ""] : [text.slice(0, sign).trim(), text.slice(sign + 1).trim()];
  });
}

/** `host`, `host:port`; an IPv6 address in brackets. */
function isAddress(text: string): boolean {
  if (text.length > 300 || !/^(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i.test(text)) return false;
  return URL.parse(`http://${text}/`) !== null;
}

const showBytes = (bytes: number): string => (bytes >= mib ? `${bytes / mib}MB` : `${bytes / kib}KB`);

/** Is this host one that only this machine reaches? */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

async function readConfigFile(given: string | undefined, cwd: string): Promise<ConfigFile | undefined> {
  const path = resolve(cwd, given === undefined || given === "" ? "portico.yaml" : given);
  if (!existsSync(path)) {
    if (given === undefined || given === "") return undefined;
    throw new UserError({
      what: `There is no file ${path}.`,
      why: "It was named as the configuration file.",
      next: "Make it, or leave --config and PORTICO_CONFIG away.",
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
    const known = configKeys.map(({ flag }) => flag);
    const near = nearest(key, known);
    throw new UserError({
      what: `${path} has the unknown key "${key.slice(0, 100)}".`,
      why: "",
      next: near ? `Did you mean "${near}"?` : `The keys are ${known.join(", ")}.`,
    });
  }
  return values as Record<string, unknown>;
}

/** A variable that is nearly one of ours is a slip. Others may be anybody's (Kubernetes makes `PORTICO_SERVICE_HOST`). */
function refuseMistypedVariables(env: ConfigSources["env"]): void {
  const known = configKeys.map(variableName);
  for (const name of Object.keys(env)) {
    if (!name.startsWith("PORTICO_") || known.includes(name) || name === "PORTICO_CONFIG") continue;
    const near = nearest(name, known);
    if (near) throw new UserError({ what: `The variable ${name} is unknown.`, why: "", next: `Did you mean ${near}?` });
  }
}

/** The name at most two slips away. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const name of names) {
    const distance = editDistance(text.slice(0, 64), name);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}
