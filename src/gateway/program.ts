import type { InboundExchange, InboundRequest } from "../http/inbound.ts";
import type { Plan } from "../plan/kinds.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Exchange } from "./exchange.ts";
import type { ProgramLife } from "./program-life.ts";
import type { FailureResponses } from "./responses/failure.ts";
import type { CustomDomainEntry } from "./routing/custom-domains.ts";
import type { StageGate } from "./web-acl-gate.ts";
import type { MessageProgram } from "./websocket/message-program.ts";

/** Runs one step. Returns true to continue with the next step, and false if this step answers, now or later. */
export type RunStep = (exchange: Exchange) => boolean;

export interface MethodProgram {
  readonly plan: Plan["methods"][number];
  readonly steps: readonly RunStep[];
}

/** The part of a request's target below the stage, as received. */
export interface BelowStage {
  /** Empty or with a leading slash. */
  readonly path: string;
  /** What follows `?`. */
  readonly query: string;
  /** How the request came by a custom domain name, if it did. */
  readonly customDomain?: CustomDomainEntry;
}

/** An answer that is given before there is an exchange. No gateway response customises it, and no stage logs it. */
export interface FrontRefusal {
  readonly status: number;
  readonly message: string;
  readonly errorType?: string;
  /** Returns the reason, for `x-portico-hint`; called only if somebody sees the hint. */
  readonly hint: () => string;
}

/**
 * A stage's plan after linking: everything that can be known before a request comes is computed. The differences
 * between kinds of API are behind this interface; the gateway, exchanges and steps know no kind.
 */
export interface Program {
  readonly plan: Plan;
  /** Why a part of the stage is closed that this thread can't run; absent if it runs all. */
  readonly problem?: string | undefined;
  readonly responses: FailureResponses;
  /** Logs the exceptions that end exchanges. */
  readonly logger: Logger;
  /** What every request has to pass before it is routed: the stage's web ACL. Absent if it has none. */
  readonly gate?: StageGate | undefined;
  /** Returns the refusal that the front end of this kind of API gives before there is an exchange, or undefined. */
  refusalOf(request: InboundRequest): FrontRefusal | undefined;
  /** Makes the exchange of a request, with the verb, path and ids that this kind of API gives it. */
  open(inbound: InboundExchange, below: BelowStage, nowMs: number): Exchange;
  /** Finds the method that the exchange asks for and runs it, or answers that there is none. */
  route(exchange: Exchange): void;
  /** Takes what comes on WebSockets; absent if this kind of API has none. */
  readonly messages?: MessageProgram | undefined;
  /** Runs the one method of a plan that TestInvokeMethod made; absent if this kind has no such operation. */
  test?(exchange: Exchange): void;
  /** Adds the headers that every answer of the gateway has. */
  addHeaders(exchange: Exchange, headers: string[]): void;
  /** Returns `$context.path`. */
  contextPath(exchange: Exchange): string;
  /**
   * Hears of each exchange when it begins, and once when it is complete. Retiring it releases backends and logs once no
   * exchange needs them any more.
   */
  readonly life: Pick<ProgramLife, "begin" | "complete" | "retire">;
}
