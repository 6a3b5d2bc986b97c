import type { MessagePort } from "node:worker_threads";
import type { LogDelivery } from "../../telemetry/log-sink.ts";
import type { LogsOperationName } from "./operation-names.ts";

/** What the logs' thread is started with (`workerData`). */
export interface LogsStart {
  /** The file of the logs; undefined keeps them in memory. */
  readonly path: string | undefined;
  readonly bytesMax: number;
  /** What tests have moved the clock by, in shared memory. */
  readonly clock: SharedArrayBuffer;
}

/** Control → the logs' thread. */
export type ToLogs =
  /** A sender's port, with the delivery that made it worth a thread. */
  | { readonly kind: "connect"; readonly port: MessagePort; readonly first: LogDelivery }
  /** An operation of the `logs` service; answered by `answer`, `refused` or `failed`. */
  | {
      readonly kind: "call";
      readonly id: number;
      readonly operation: LogsOperationName;
      readonly input: unknown;
      readonly account: string;
      readonly region: string;
    }
  /** Empties everything; answered as a call. */
  | { readonly kind: "reset"; readonly id: number }
  /** Stores what has been sent, and ends. */
  | { readonly kind: "stop" };

/** The logs' thread → control. */
export type FromLogs =
  | { readonly kind: "answer"; readonly id: number; readonly output: object }
  | {
      readonly kind: "refused";
      readonly id: number;
      readonly code: string;
      readonly message: string;
      readonly status: number | undefined;
      readonly hint: string | undefined;
    }
  | { readonly kind: "failed"; readonly id: number; readonly error: string }
  /** What is wrong with the logs themselves, for the server's log. */
  | { readonly kind: "trouble"; readonly message: string }
  /** Lines that were lost, and why. */
  | { readonly kind: "dropped"; readonly lines: number; readonly why: string };
