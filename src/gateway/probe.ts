import type { Plan } from "../plan/kinds.ts";
import type { TraceEvent } from "../telemetry/trace.ts";
import type { Tester } from "./caller.ts";
import type { NamedIdentity } from "./integrations/tls-identities.ts";
import type { SyntheticInput } from "./synthetic-request.ts";

/** A request that is run to be told of: of a method that need not be deployed, or of what the stages serve. */
export interface Probe {
  /** With the one method that is tested; absent: the request goes where its host and target say. */
  readonly plan?: Plan;
  /** Who tests the one method of the plan; absent: the request takes the way of all requests. */
  readonly tester?: Tester;
  /** The client certificate that the plan names. */
  readonly identity?: NamedIdentity;
  readonly request: SyntheticInput;
  readonly bodyCharsMax: number;
  readonly answerBytesMax: number;
  /** What came of the answer by then is the outcome. */
  readonly patienceMs?: number;
}

/** What became of a probe. */
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
  /** No stage's address; only where there is no plan. */
  | { readonly kind: "foreign" }
  /** Our bug, which is in the log. */
  | { readonly kind: "failed" };
