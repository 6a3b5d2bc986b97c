import { availableParallelism } from "node:os";
import { bounds } from "../base/bounds.ts";
import type { IpNetwork } from "../base/ip-address.ts";
import { type BeyondAws, beyondAws, beyondAwsNames } from "../definition/beyond-aws.ts";
import { type ResumeLimits, resumeLimitsDefault } from "../gateway/websocket/kept-messages.ts";
import type { VpcEndpoint } from "../http/listener.ts";
import { type ControlLimit, type ControlLimits, controlLimits } from "../management/control-limits.ts";
import { type ExportedLogKind, exportedLogKinds } from "../telemetry/log-sink.ts";
import type { ConfigValueForm } from "./config-values.ts";

/** The settings of a server. Every member is a key of {@link configKeys}. */
export interface ServerSettings {
  readonly host: string;
  /** The port to listen on; 0 takes a free one. */
  readonly port: number;
  /** `enforce`: every management call has to be signed and allowed. */
  readonly auth: "off" | "enforce";
  /** The bearer token that opens the metrics; never logged or shown. */
  readonly metricsToken: string | undefined;
  /** The data directory, absolute. */
  readonly data: string;
  readonly memory: boolean;
  readonly threads: number;
  /** Seconds that requests under way have to finish when the server stops. */
  readonly drain: number;
  readonly upstream: string | undefined;
  /** The origins of AWS services, by a service's name. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly realAws: boolean;
  /** The issuer of the tokens of a Cognito user pool, by the pool's id. */
  readonly userPool: Readonly<Record<string, string>>;
  readonly logLevel: LogLevel;
  /** `-` for standard output, otherwise the absolute path of a directory. */
  readonly accessLog: string;
  /** The greatest number of bytes that the embedded CloudWatch Logs may hold. */
  readonly logsMax: number;
  /** The greatest number of bytes that the embedded X-Ray may hold. */
  readonly tracesMax: number;
  /** `host:port` of an X-Ray daemon. */
  readonly xrayDaemon: string | undefined;
  /** The base address of an OpenTelemetry collector. */
  readonly otlp: string | undefined;
  /** Headers of the requests to it, which no message shows. */
  readonly otlpHeaders: Readonly<Record<string, string>>;
  /** The logs that it gets, too. */
  readonly otlpLogs: readonly ExportedLogKind[];
  /** The percentage of requests that are traced for it. */
  readonly otlpSample: number;
  /** The greatest number of bytes that the embedded CloudWatch's metrics may take. */
  readonly metricsMax: number;
  readonly allowOrigin: readonly string[];
  readonly allowReset: boolean;
  readonly domain: readonly string[];
  /** The greatest number of bytes of the body of an API Gateway management call. */
  readonly managementPayloadMax: number;
  /** AWS's limits that the operator overrides, by name. */
  readonly limit: Readonly<Partial<ControlLimits>>;
  /** See docs/internals/architecture.md, "Faithful, and lenient by name". */
  readonly profile: "aws" | "relaxed";
  /** What AWS does not have, and this server may do. */
  readonly beyondAws: readonly BeyondAws[];
  /** How much is kept for a client of a WebSocket that may come back. */
  readonly websocketResume: Readonly<Partial<ResumeLimits>>;
  /** The greatest number of bytes of a data plane request's body that is buffered. */
  readonly payloadMax: number;
  /** The share of the machine's memory that response caches may fill together, in percent. */
  readonly cacheMemory: number;
  /** How many milliseconds a request waits for another one that fills its entry of a response cache; 0: it does not. */
  readonly cacheFillWait: number;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly IpNetwork[];
  /** Every connection begins with a PROXY header. */
  readonly proxyProtocol: boolean;
  /** VPC endpoints with the networks whose clients come through them; the smallest network comes first. */
  readonly vpcEndpoint: readonly VpcEndpoint[];
  /** `host` or `host:port`, by the id, name or load balancer of a VPC link. */
  readonly vpcLink: Readonly<Record<string, readonly string[]>>;
  /** The absolute path of a PEM file. */
  readonly backendCa: string | undefined;
  /** The absolute paths of databases of addresses, for web ACLs. */
  readonly geoDatabase: string | undefined;
  readonly asnDatabase: string | undefined;
  /** The absolute path of the folder whose packages have the AWS SDK that functions find. */
  readonly awsSdk: string;
}

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface ConfigKey {
  readonly name: keyof ServerSettings;
  /**
   * The flag without its dashes. It is also the key in portico.yaml and, in capitals, the end of the variable's name,
   * `PORTICO_…`.
   */
  readonly flag: string;
  /** The word that stands for the value in the help; absent for a switch. */
  readonly placeholder?: string;
  readonly value: ConfigValueForm;
  readonly default: string | number | boolean | readonly string[] | undefined;
  readonly help: string;
}

/** An integration can't be given less time. */
const limitMins: Readonly<Partial<Record<ControlLimit, number>>> = {
  integrationTimeoutMs: bounds.integrationTimeoutMsMin.value,
  httpIntegrationTimeoutMs: bounds.integrationTimeoutMsMin.value,
};

const kib = 1024;
const mib = 1024 * kib;

/** Every setting of the server: flags, environment, portico.yaml, `--help` and the reference are read from here. */
export const configKeys: readonly ConfigKey[] = [
  {
    name: "host",
    flag: "host",
    placeholder: "HOST",
    value: { kind: "host" },
    default: "127.0.0.1",
    help: "address to listen on; other than loopback only with --auth enforce",
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
    name: "auth",
    flag: "auth",
    placeholder: "MODE",
    value: { kind: "choice", of: ["off", "enforce"] },
    default: "off",
    help: "`enforce` verifies the signature of every management call, and asks the policies of its caller",
  },
  {
    name: "metricsToken",
    flag: "metrics-token",
    placeholder: "TOKEN",
    value: { kind: "secret" },
    default: undefined,
    help: "with --auth enforce: the bearer token by which Prometheus may read /_portico/metrics; as PORTICO_METRICS_TOKEN no list of processes shows it",
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
    name: "userPool",
    flag: "user-pool",
    placeholder: "POOL=ISSUER",
    value: { kind: "issuers" },
    default: [],
    help: "the OpenID provider that stands for a Cognito user pool, such as us-east-1_AbCdEfGhI=http://localhost:3000/oidc",
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
    name: "tracesMax",
    flag: "traces-max",
    placeholder: "SIZE",
    value: { kind: "bytes", min: 1 * mib, max: 1_048_576 * mib },
    default: 256 * mib,
    help: "room for the embedded X-Ray (with --memory 64MB at most); the oldest traces are dropped first",
  },
  {
    name: "xrayDaemon",
    flag: "xray-daemon",
    placeholder: "HOST:PORT",
    value: { kind: "address" },
    default: undefined,
    help: "X-Ray daemon that gets the segments of traced stages, too, by UDP",
  },
  {
    name: "otlp",
    flag: "otlp",
    placeholder: "URL",
    value: { kind: "base-url" },
    default: undefined,
    help: "OpenTelemetry collector that gets traces by OTLP/HTTP, such as http://localhost:4318",
  },
  {
    name: "otlpLogs",
    flag: "otlp-logs",
    placeholder: "LOGS",
    value: { kind: "choices", of: exportedLogKinds },
    default: [],
    help: "logs of stages that it gets, too: `access`, `execution`",
  },
  {
    name: "otlpHeaders",
    flag: "otlp-headers",
    placeholder: "NAME=VALUE",
    value: { kind: "secret-headers" },
    default: [],
    help: "headers of the requests to it, such as a key",
  },
  {
    name: "otlpSample",
    flag: "otlp-sample",
    placeholder: "PERCENT",
    value: { kind: "integer", min: 0, max: 100 },
    default: 5,
    help: "how many of the requests are traced for it, where their callers have not decided that",
  },
  {
    name: "metricsMax",
    flag: "metrics-max",
    placeholder: "SIZE",
    value: { kind: "bytes", min: 1 * mib, max: 1_048_576 * mib },
    default: 512 * mib,
    help: "room for the embedded CloudWatch's metrics (with --memory 64MB at most); the oldest points are dropped first",
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
    value: { kind: "numbers", names: Object.keys(controlLimits), min: 1, max: 1_000_000, mins: limitMins },
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
    name: "beyondAws",
    flag: "beyond-aws",
    placeholder: "NAMES",
    value: { kind: "choices", of: beyondAwsNames },
    default: [],
    help: `what AWS does not have, by name: ${beyondAwsNames.map((name) => `\`${name}\` (${beyondAws[name]})`).join("; ")}`,
  },
  {
    name: "websocketResume",
    flag: "websocket-resume",
    placeholder: "NAME=N",
    value: { kind: "numbers", names: Object.keys(resumeLimitsDefault), min: 1, max: 16 * mib },
    default: [],
    help: `what \`--beyond-aws websocket-resume\` keeps for one client: ${Object.entries(resumeLimitsDefault)
      .map(([name, number]) => `${name}=${number}`)
      .join(", ")} unless they are set`,
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
    name: "cacheMemory",
    flag: "cache-memory",
    placeholder: "PERCENT",
    value: { kind: "integer", min: 1, max: 75 },
    default: 25,
    help: "share of the machine's memory, in percent, that the response caches of all stages may fill together",
  },
  {
    name: "cacheFillWait",
    flag: "cache-fill-wait",
    placeholder: "MS",
    value: { kind: "integer", min: 0, max: 30_000 },
    // AWS is not known to let requests wait for each other.
    default: 0,
    help: "milliseconds that a request waits for another one that fetches the same answer for a response cache; 0: each calls the integration",
  },
  {
    name: "trustedProxies",
    flag: "trusted-proxies",
    placeholder: "NETWORKS",
    value: { kind: "networks" },
    default: [],
    help: "proxies whose X-Forwarded-For, -Proto and -Port are believed, such as 127.0.0.1 or 10.0.0.0/8",
  },
  {
    name: "proxyProtocol",
    flag: "proxy-protocol",
    value: { kind: "switch" },
    default: false,
    help: "require a PROXY header (version 1 or 2) of every connection, from --trusted-proxies only",
  },
  {
    name: "vpcEndpoint",
    flag: "vpc-endpoint",
    placeholder: "ID=NETWORK",
    value: { kind: "vpc-endpoints" },
    default: [],
    help: "the VPC endpoint that clients of a network come through, such as vpce-0a1b2c/vpc-0d4e5f=10.0.0.0/8: who may call private APIs",
  },
  {
    name: "vpcLink",
    flag: "vpc-link",
    placeholder: "NAME=ADDRESS",
    value: { kind: "addresses" },
    default: [],
    help: "where a VPC link leads, by its id, name or load balancer's ARN, or by the ARN of a listener or Cloud Map service, with instances' attributes behind it: HOST:PORT, or HOST for the port of the integration's URI; several are used in turn",
  },
  {
    name: "backendCa",
    flag: "backend-ca",
    placeholder: "FILE",
    value: { kind: "path", of: "file" },
    default: undefined,
    help: "PEM file of more certificate authorities for backends' certificates",
  },
  {
    name: "geoDatabase",
    flag: "geo-database",
    placeholder: "FILE",
    value: { kind: "path", of: "file" },
    default: undefined,
    help: "database of addresses' countries (.mmdb), for GeoMatchStatement of web ACLs",
  },
  {
    name: "asnDatabase",
    flag: "asn-database",
    placeholder: "FILE",
    value: { kind: "path", of: "file" },
    default: undefined,
    help: "database of addresses' autonomous systems (.mmdb), for AsnMatchStatement of web ACLs",
  },
  {
    name: "awsSdk",
    flag: "aws-sdk",
    placeholder: "DIR",
    value: { kind: "path", of: "directory" },
    default: ".",
    help: "folder whose node_modules, virtual environment or Python packages have the AWS SDK that functions find, as on AWS",
  },
];

/** Returns whether the flag can be repeated for several values. */
export const takesMany = ({ value }: ConfigKey): boolean =>
  [
    "choices",
    "names",
    "origins",
    "origin-urls",
    "numbers",
    "addresses",
    "networks",
    "vpc-endpoints",
    "issuers",
  ].includes(value.kind);

export const variableName = (key: ConfigKey): string => `PORTICO_${key.flag.toUpperCase().replaceAll("-", "_")}`;
