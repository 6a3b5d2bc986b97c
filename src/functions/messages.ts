import type { LogStreamAddress } from "../telemetry/log-sink.ts";
import type { StartFailure } from "./environment.ts";
import type { AliasSpec } from "./function-spec.ts";
import type { PlatformLogFormat } from "./invocation-log.ts";

/** The messages between the function manager and a client in another thread (or the same one), from the manager. */
export type ToClient =
  /** The first message. `inFlight` counts the invocations of all clients, `ownInFlight` this client's. */
  | {
      readonly kind: "settings";
      readonly inFlight: SharedArrayBuffer;
      readonly ownInFlight: SharedArrayBuffer;
      readonly concurrencyMax: number;
      readonly isInvocationLogged: boolean;
    }
  /** A function was added or changed; null if it was removed. Answered by `ack`. */
  | {
      readonly kind: "function";
      readonly functionArn: string;
      readonly facts: ClientFacts | null;
      readonly ack: number;
    }
  /** An alias was made or changed; null if it was removed. Answered by `ack`. */
  | {
      readonly kind: "alias";
      readonly aliasArn: string;
      readonly alias: AliasSpec | null;
      readonly ack: number;
    }
  /** A lease: the environment is the client's until it releases or condemns it, or it ends. */
  | {
      readonly kind: "grant";
      readonly functionArn: string;
      readonly revisionId: string;
      readonly environment: number;
      readonly socketPath: string;
      /** The log stream of the environment. */
      readonly log: LogStreamAddress;
      /** How long it took to start, for the first invocation's report; absent for a warm one. */
      readonly initMs?: number;
    }
  /** No environment could be started. All invocations that wait for one get this answer. */
  | {
      readonly kind: "start-failed";
      readonly functionArn: string;
      /** The log of the environment that did not come up. */
      readonly log: LogStreamAddress;
      readonly failure: StartFailure;
    }
  | {
      readonly kind: "refused";
      readonly functionArn: string;
      readonly code: string;
      readonly status: number;
      readonly message: string;
    }
  /** Another client waits: the client releases an idle environment, if it has one. Answered by `recalled`. */
  | { readonly kind: "recall"; readonly functionArn: string }
  /** There is no room for an environment that a client waits for: the client releases all idle ones. */
  | { readonly kind: "recall-idle" }
  /** The environment has more memory than it may have, and gets no further invocation. Answered by `condemn`. */
  | { readonly kind: "overrun"; readonly environment: number }
  /** The environment's process has ended. */
  | { readonly kind: "ended"; readonly environment: number; readonly reason: string };

export interface ClientFacts {
  readonly name: string;
  /** `$LATEST`, or the number of a published version. */
  readonly version: string;
  readonly policy: string | undefined;
  readonly policyRevision: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly platformLog: PlatformLogFormat;
  readonly revisionId: string;
}

export type FromClient =
  | { readonly kind: "ack"; readonly ack: number }
  /** The client wants so many more (or fewer) environments than before. */
  | { readonly kind: "want"; readonly functionArn: string; readonly change: number }
  | { readonly kind: "release"; readonly environment: number }
  | { readonly kind: "recalled"; readonly functionArn: string; readonly environment: number | null }
  /** The environment must be ended: it overran its time or its memory, or broke the protocol. */
  | { readonly kind: "condemn"; readonly environment: number }
  /** Functions' output, and with `isInvocationLogged` the START, END and REPORT lines. */
  | { readonly kind: "log"; readonly entries: readonly LogEntry[] };

export interface LogEntry {
  readonly functionName: string;
  readonly requestId: string;
  readonly text: string;
  readonly isPlatform: boolean;
}
