import type { MessagePort } from "node:worker_threads";

/** Control → the thread of a service. */
export type ToServiceThread<Delivery> =
  /** A sender's port, with its first delivery. */
  | { readonly kind: "connect"; readonly port: MessagePort; readonly first: Delivery }
  /** An operation of the service; answered by an `outcome`. */
  | ({ readonly kind: "call"; readonly id: number } & ThreadCall)
  /** Deletes everything; also answered by an `outcome`. */
  | { readonly kind: "reset"; readonly id: number }
  /** Stores what was sent, and ends. */
  | { readonly kind: "stop" };

/** One operation of the service, with its validated input. */
export interface ThreadCall {
  readonly operation: string;
  readonly input: unknown;
  readonly account: string;
  readonly region: string;
}

/** How a call ended: with its output, with an error that AWS has a name for, or with a bug of ours. */
export type ThreadOutcome =
  | { readonly kind: "answer"; readonly output: object }
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly message: string;
      readonly status: number | undefined;
      readonly hint: string | undefined;
      readonly members: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "failed"; readonly error: string };

/** The thread of a service → control. */
export type FromServiceThread =
  | { readonly kind: "outcome"; readonly id: number; readonly outcome: ThreadOutcome }
  /** A problem of the service itself, for the server's log. */
  | { readonly kind: "trouble"; readonly message: string }
  /** Deliveries, or parts of them, that were lost, and why. `notBy` names who did not get them, if it was not the service itself. */
  | { readonly kind: "dropped"; readonly count: number; readonly why: string; readonly notBy?: string };
