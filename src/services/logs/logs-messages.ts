import type { MessagePort } from "node:worker_threads";
import type { LogDelivery } from "../../telemetry/log-sink.ts";
import type { LogsOperationName } from "./operation-names.ts";

/** What the logs' thread is started with (`workerData`). */
export interface LogsStart {
  /** The file of the logs; undefined keeps them in memory. */
  readonly path: string | undefined;
  readonly bytesMax: number;
  /** The time by which tests have moved the clock, in shared memory. */
  readonly clock: SharedArrayBuffer;
}

/** Control → the logs' thread. */
export type ToLogs =
  /** A sender's port, with its first delivery. */
  | { readonly kind: "connect"; readonly port: MessagePort; readonly first: LogDelivery }
  /** An operation of the `logs` service; answered by an `outcome`. */
  | ({ readonly kind: "call"; readonly id: number } & LogsCall)
  /** Deletes everything; also answered by an `outcome`. */
  | { readonly kind: "reset"; readonly id: number }
  /** Stores the lines that were sent, and ends. */
  | { readonly kind: "stop" };

/** One operation of the `logs` service, with its validated input. */
export interface LogsCall {
  readonly operation: LogsOperationName;
  readonly input: unknown;
  readonly account: string;
  readonly region: string;
}

/** How a call ended: with its output, with an error that AWS has a name for, or with a bug of ours. */
export type LogsOutcome =
  | { readonly kind: "answer"; readonly output: object }
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly message: string;
      readonly status: number | undefined;
      readonly hint: string | undefined;
    }
  | { readonly kind: "failed"; readonly error: string };

/** The logs' thread → control. */
export type FromLogs =
  | { readonly kind: "outcome"; readonly id: number; readonly outcome: LogsOutcome }
  /** A problem of the logs themselves, for the server's log. */
  | { readonly kind: "trouble"; readonly message: string }
  /** Lines that were lost, and why. */
  | { readonly kind: "dropped"; readonly lines: number; readonly why: string };
