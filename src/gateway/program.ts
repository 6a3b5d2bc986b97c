import type { InboundExchange, InboundRequest } from "../http/inbound.ts";
import type { Plan } from "../plan/kinds.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Exchange } from "./exchange.ts";
import type { FailureResponses } from "./responses/failure.ts";

/** Runs one step: true goes on to the next one, false says that the step answers, now or later. */
export type RunStep = (exchange: Exchange) => boolean;

export interface MethodProgram {
  readonly plan: Plan["methods"][number];
  readonly steps: readonly RunStep[];
}

/** What of a request's target is below the stage, as received. */
export interface BelowStage {
  /** Empty or with a leading slash. */
  readonly path: string;
  /** What follows `?`. */
  readonly query: string;
}

/** An answer before there is an exchange: no gateway response customises it, and no stage logs it. */
export interface FrontRefusal {
  readonly status: number;
  readonly message: string;
  readonly errorType?: string;
  /** Why, for `x-portico-hint`; made only where somebody sees it. */
  readonly hint: () => string;
}

/**
 * A stage's plan, linked: everything that can be known before a request comes is computed. What differs between kinds of API
 * is behind this interface; the gateway, exchanges and steps know no kind.
 */
export interface Program {
  readonly plan: Plan;
  readonly responses: FailureResponses;
  /** Takes the exceptions that end exchanges. */
  readonly logger: Logger;
  /** What the front of this kind of API refuses of itself; undefined: nothing. */
  refusalOf(request: InboundRequest): FrontRefusal | undefined;
  /** Makes the exchange of a request: its verb, path and ids are as this kind of API has them. */
  open(inbound: InboundExchange, below: BelowStage, nowMs: number): Exchange;
  /** Finds what the exchange asks for and runs it, or answers that it is not there. */
  route(exchange: Exchange): void;
  /** Runs the one method of a plan that TestInvokeMethod made; absent: this kind has no such operation. */
  test?(exchange: Exchange): void;
  /** Adds the headers that every answer of the gateway has. */
  addHeaders(exchange: Exchange, headers: string[]): void;
  /** `$context.path` */
  contextPath(exchange: Exchange): string;
  /** Called for each exchange: when it begins, and once when it is complete. */
  onBegin(): void;
  onComplete(exchange: Exchange): void;
  /** Lets go of backends and logs, when no request needs them any more. */
  close(): void;
}
