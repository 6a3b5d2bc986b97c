import type { Plan } from "../plan/kinds.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Exchange } from "./exchange.ts";
import type { FailureResponses } from "./responses/failure.ts";
import type { Router } from "./routing/match.ts";

/** Runs one step: true goes on to the next one, false says that the step answers, now or later. */
export type RunStep = (exchange: Exchange) => boolean;

export interface MethodProgram {
  readonly plan: Plan["methods"][number];
  readonly steps: readonly RunStep[];
}

/** A stage's plan, linked: everything that can be known before a request comes is computed. */
export interface Program {
  readonly plan: Plan;
  readonly router: Router;
  readonly methods: readonly MethodProgram[];
  readonly responses: FailureResponses;
  readonly isDevelopment: boolean;
  /** Takes the exceptions that end exchanges. */
  readonly logger: Logger;
  /** Called for each exchange: when it begins, and once when it is complete. */
  readonly onBegin: () => void;
  readonly onComplete: (exchange: Exchange) => void;
  /** Lets go of backends and logs, when no request needs them any more. */
  readonly close: () => void;
}
