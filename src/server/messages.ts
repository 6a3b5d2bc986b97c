import type { MessagePort } from "node:worker_threads";
import type { EventOutcome, InvokeRequest } from "../functions/function-client.ts";
import type { AwsServiceSettings } from "../gateway/integrations/aws-services.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";
import type { Listener } from "../http/listener.ts";
import type { ExecutionLogEntry } from "../telemetry/execution-log.ts";
import type { Publication } from "./publications/publication.ts";

/** What a gateway thread is started with (`workerData`). */
export interface ThreadStart {
  readonly threadIndex: number;
  readonly host: string;
  readonly port: number;
  readonly isPortShared: boolean;
  /** The control thread's Unix socket, to which everything that is not data plane is handed. */
  readonly controlSocket: string;
  /** Counters shared by all threads; laid out by `telemetry/`. */
  readonly metrics: SharedArrayBuffer;
  /** What tests have moved the clock by, in shared memory. */
  readonly clock: SharedArrayBuffer;
  /** What its connections are offered. */
  readonly listener: Listener;
  readonly settings: ThreadSettings;
}

/** Settings of the data plane that every thread needs; bytes and milliseconds. */
export interface ThreadSettings {
  readonly payloadBytesMax: number;
  readonly headerBytesMax: number;
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly logLevel: string;
  /** Where access logs go: `-` is standard output, else a folder. */
  readonly accessLog: string;
  /** Certificates of authorities, PEM, that backends may be vouched for by, besides the known ones. */
  readonly backendAuthorities: readonly string[];
  /** With the credentials for AWS itself, if it is called. */
  readonly services: AwsServiceSettings;
}

/** Control → gateway thread. */
export type ToThread =
  /** The channels to the functions (`functions/` speaks on it) and to the logs (a `LogSender` does); the first message. */
  | { readonly kind: "channels"; readonly functions: MessagePort; readonly logs: MessagePort }
  | Publication
  /** Everything up to this revision has been sent; the thread answers `applied`. */
  | { readonly kind: "revision"; readonly revision: number }
  /** What became of an asynchronous invocation that the thread handed over. */
  | { readonly kind: "event-outcome"; readonly id: number; readonly outcome: EventOutcome }
  /** Control has written a batch of execution logs; `chars` as the batch said. */
  | { readonly kind: "execution-logs-taken"; readonly chars: number }
  /** A request of Portico's own; answered by `probe-outcome`. */
  | { readonly kind: "probe"; readonly id: number; readonly probe: Probe }
  /** Nobody waits for that one any more. */
  | { readonly kind: "probe-cancel"; readonly id: number }
  | { readonly kind: "stop"; readonly drainMs: number };

/** Gateway thread → control. */
export type FromThread =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "applied"; readonly revision: number }
  /** A publication that could not be taken in; what it stands for is closed. */
  | {
      readonly kind: "refused";
      readonly publication: Pick<Publication, "kind" | "key" | "revision">;
      readonly reason: string;
    }
  | { readonly kind: "log"; readonly level: string; readonly message: string; readonly fields: Record<string, unknown> }
  /** An asynchronous invocation, for control to keep and run; answered by `event-outcome`. */
  | { readonly kind: "event"; readonly id: number; readonly event: InvokeRequest }
  /** Execution logs of finished requests; answered by `execution-logs-taken`. */
  | { readonly kind: "execution-logs"; readonly entries: readonly ExecutionLogEntry[]; readonly chars: number }
  | {
      readonly kind: "probe-outcome";
      readonly id: number;
      readonly outcome: ProbeOutcome;
    }
  | { readonly kind: "stopped" };
