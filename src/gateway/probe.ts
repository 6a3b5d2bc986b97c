import type { Plan } from "../plan/kinds.ts";
import type { TraceEvent } from "../telemetry/trace.ts";
import type { Tester } from "./caller.ts";
import type { NamedIdentity } from "./integrations/tls-identities.ts";
import type { SyntheticInput } from "./synthetic-request.ts";

/** A request that Portico runs to report on it: to a method that need not be deployed, or to what the stages serve. */
export interface Probe {
  /** The plan with the one method that is tested. If it is absent, the request goes where its host and target say. */
  readonly plan?: Plan;
  /** The caller who tests the one method of the plan. If it is absent, the request is treated like every other. */
  readonly tester?: Tester;
  /** The client certificate that the plan names. */
  readonly identity?: NamedIdentity;
  readonly request: SyntheticInput;
  /** A text message that the client of a WebSocket sends once it is connected. */
  readonly message?: Uint8Array | undefined;
  readonly bodyCharsMax: number;
  readonly answerBytesMax: number;
  /** Milliseconds to wait; the part of the answer that has come by then is the outcome. */
  readonly patienceMs?: number;
}

/** The outcome of a probe. */
export type ProbeOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Names and values in turn. */
      readonly headers: readonly string[];
      readonly body: Uint8Array;
      readonly isCut: boolean;
      readonly latencyMs: number;
      readonly events: readonly TraceEvent[];
    }
  /** The address is not a stage's; only possible without a plan. */
  | { readonly kind: "foreign" }
  /** A bug of Portico, which is in the log. */
  | { readonly kind: "failed" };
