import type { MessagePort } from "node:worker_threads";
import type { BeyondAws } from "../definition/beyond-aws.ts";
import type { EventOutcome, InvokeRequest } from "../functions/function-client.ts";
import type { AwsServiceSettings } from "../gateway/integrations/aws-services.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";
import type { ResumeLimits } from "../gateway/websocket/kept-messages.ts";
import type { Listener } from "../http/listener.ts";
import type { ApiKeyMemory } from "../limits/api-key-memory.ts";
import type { ThrottleLimit, ThrottleMemory } from "../limits/throttles.ts";
import type { PackedPlan } from "../plan/packed-plan.ts";
import type { ExportedLogKind } from "../telemetry/log-sink.ts";
import type { FoundSamples, SampleKey } from "../waf/samples.ts";
import type { GeoFiles } from "./geo-databases.ts";
import type { Publication } from "./publications/publication.ts";
import type { ServerAuthority } from "./server-authority.ts";

/** The data that a gateway thread is started with (`workerData`). */
export interface ThreadStart {
  readonly threadIndex: number;
  readonly threadCount: number;
  readonly host: string;
  readonly port: number;
  readonly isPortShared: boolean;
  /** The control thread's Unix socket, which takes every request that is not for the data plane. */
  readonly controlSocket: string;
  /** The counters that all threads share; `telemetry/` defines their layout. */
  readonly metrics: SharedArrayBuffer;
  /** The token buckets that all threads share. */
  readonly throttles: ThrottleMemory;
  /** The reservoirs of X-Ray's sampling rules. */
  readonly sampling: SharedArrayBuffer;
  /** The counters of rate-based rules of web ACLs. */
  readonly wafRates: SharedArrayBuffer;
  /** Databases of addresses, for geographic statements of web ACLs. */
  readonly geo: GeoFiles;
  /** The offset by which tests have moved the clock, in shared memory. */
  readonly clock: SharedArrayBuffer;
  /** What the listener offers to its connections. */
  readonly listener: Listener;
  /** Signs the certificates by which the thread answers TLS. */
  readonly authority: ServerAuthority;
  readonly settings: ThreadSettings;
}

/** Settings of the data plane that every thread needs, in bytes and milliseconds. */
export interface ThreadSettings {
  readonly payloadBytesMax: number;
  /** The throttle of each account in each region. */
  readonly accountThrottle: ThrottleLimit;
  /** The same of new connections of WebSocket APIs. */
  readonly connectThrottle: ThrottleLimit;
  /** Clients' connections of one thread. */
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly logLevel: string;
  /**
   * The share of exchanges that are traced for an OpenTelemetry collector, where their callers have not decided that: 0
   * to 1. Undefined if there is no collector.
   */
  readonly otlpShare: number | undefined;
  /** The logs that the collector gets, too. */
  readonly otlpLogs: readonly ExportedLogKind[];
  /** Where access logs go: `-` for standard output, otherwise a folder. */
  readonly accessLog: string;
  /** Certificates (PEM) of authorities that are trusted for backends, besides the well-known ones. */
  readonly backendAuthorities: readonly string[];
  /** The host names of `--domain`. */
  readonly domains: readonly string[];
  /** The origins of `--allow-origin`. */
  readonly allowedOrigins: readonly string[];
  /** Whether `--auth enforce` verifies every call of management and of `@connections`. */
  readonly isEnforced: boolean;
  /** What AWS does not have, and this server may do. */
  readonly beyondAws: readonly BeyondAws[];
  /** How much is kept for clients of WebSockets that come back; undefined if nothing is. */
  readonly resume: ResumeLimits | undefined;
  /** Where integrations call AWS services, with the credentials for AWS itself, if it is called. */
  readonly services: AwsServiceSettings;
  /** `--cache-fill-wait`, in milliseconds. */
  readonly cacheFillWaitMs: number;
}

/** The API keys in shared memory. Segments that are added later come through the port, and are read without waiting. */
export interface ApiKeyChannel {
  readonly memory: ApiKeyMemory;
  readonly segments: MessagePort;
}

/** Messages from control to a gateway thread. */
export type ToThread =
  /**
   * The first message: the channels to the functions (used by `functions/`), to the logs (used by a `LogSender`), to the
   * traces (used by a `BatchSender`) and to the metrics (used by a `MetricSender`).
   */
  | {
      readonly kind: "channels";
      readonly functions: MessagePort;
      readonly logs: MessagePort;
      readonly traces: MessagePort;
      readonly metrics: MessagePort;
      readonly apiKeys: ApiKeyChannel;
    }
  /** The channel to another gateway thread (used by a `ConnectionMesh`), which takes the place of one that ended. */
  | { readonly kind: "peer"; readonly thread: number; readonly port: MessagePort }
  | Publication
  /** The publication of a large plan. */
  | { readonly kind: "packed-plan"; readonly key: string; readonly revision: number; readonly packed: PackedPlan }
  /** Everything up to this revision has been sent; the thread answers `applied`. */
  | { readonly kind: "revision"; readonly revision: number }
  /** The outcome of an asynchronous invocation that the thread handed over. */
  | { readonly kind: "event-outcome"; readonly id: number; readonly outcome: EventOutcome }
  /** Control has saved the counts of calls, or could not. */
  | { readonly kind: "usage-saved"; readonly id: number; readonly isSaved: boolean }
  /** A request that Portico makes itself; answered by `probe-outcome`. */
  | { readonly kind: "probe"; readonly id: number; readonly probe: Probe }
  /** Nobody waits for that probe any more. */
  | { readonly kind: "probe-cancel"; readonly id: number }
  /** Asks for the requests that a rule of a web ACL matched; answered by `waf-samples-found`. */
  | { readonly kind: "waf-samples"; readonly id: number; readonly key: SampleKey }
  /** Asks to store what was measured for CloudWatch; answered by `metrics-collected`. */
  | { readonly kind: "collect-metrics"; readonly id: number }
  /** Of so many threads that stop together. */
  | { readonly kind: "stop"; readonly drainMs: number; readonly threads: number };

/** Messages from a gateway thread to control. */
export type FromThread =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "applied"; readonly revision: number }
  /** A publication that the thread could not apply; what it stands for is closed. */
  | {
      readonly kind: "refused";
      readonly publication: Pick<Publication, "kind" | "key" | "revision">;
      readonly reason: string;
    }
  | { readonly kind: "log"; readonly level: string; readonly message: string; readonly fields: Record<string, unknown> }
  /** A user or root called with its own key; told once in a minute for each key. */
  | {
      readonly kind: "access-key-used";
      readonly accessKeyId: string;
      readonly service: string;
      readonly region: string;
    }
  /** An asynchronous invocation, for control to keep and run; answered by `event-outcome`. */
  | { readonly kind: "event"; readonly id: number; readonly event: InvokeRequest }
  /** Asks to save the counts of API keys' calls; answered by `usage-saved`. */
  | { readonly kind: "save-usage"; readonly id: number }
  | {
      readonly kind: "probe-outcome";
      readonly id: number;
      readonly outcome: ProbeOutcome;
    }
  | { readonly kind: "waf-samples-found"; readonly id: number; readonly found: FoundSamples }
  | { readonly kind: "metrics-collected"; readonly id: number }
  | { readonly kind: "stopped" };
