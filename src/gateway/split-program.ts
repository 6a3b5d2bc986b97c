import type { InboundExchange, InboundRequest } from "../http/inbound.ts";
import type { Plan } from "../plan/kinds.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Exchange } from "./exchange.ts";
import type { BelowStage, FrontRefusal, Program } from "./program.ts";
import type { FailureResponses } from "./responses/failure.ts";
import type { StageGate } from "./web-acl-gate.ts";

/**
 * The program of a stage whose canary takes traffic. Each request is the canary's with the same probability, whatever other
 * requests are; its exchange then belongs to that side's program alone. Stages without a canary know nothing of this.
 * AWS: API Gateway Developer Guide, "Set up an API Gateway canary release deployment": "total API traffic is separated at random".
 */
export class SplitProgram implements Program {
  readonly plan: Plan;
  readonly problem: string | undefined;
  readonly responses: FailureResponses;
  readonly logger: Logger;
  readonly gate: StageGate | undefined;
  readonly life: Program["life"];
  readonly #stable: Program;
  readonly #canary: Program;
  /** 0 to 1. */
  readonly #share: number;

  constructor(
    stable: Program,
    percentTraffic: number,
    canary: { readonly program: Program; readonly problem?: string },
  ) {
    this.#stable = stable;
    this.#canary = canary.program;
    this.#share = percentTraffic / 100;
    this.plan = stable.plan;
    this.problem = canary.problem;
    this.responses = stable.responses;
    this.logger = stable.logger;
    this.gate = stable.gate;
    this.life = {
      begin: (exchange) => exchange.program.life.begin(exchange),
      complete: (exchange) => exchange.program.life.complete(exchange),
      retire: () => {
        stable.life.retire();
        canary.program.life.retire();
      },
    };
  }

  refusalOf(request: InboundRequest): FrontRefusal | undefined {
    return this.#stable.refusalOf(request);
  }

  open(inbound: InboundExchange, below: BelowStage, nowMs: number): Exchange {
    // tidy-allow: random – the split shares requests out at random, and which side one meets is nobody's secret.
    const side = Math.random() < this.#share ? this.#canary : this.#stable;
    return side.open(inbound, below, nowMs);
  }

  route(exchange: Exchange): void {
    exchange.program.route(exchange);
  }

  addHeaders(exchange: Exchange, headers: string[]): void {
    exchange.program.addHeaders(exchange, headers);
  }

  contextPath(exchange: Exchange): string {
    return exchange.program.contextPath(exchange);
  }
}
