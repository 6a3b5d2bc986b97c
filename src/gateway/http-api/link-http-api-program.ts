import { assert } from "../../base/assert.ts";
import { bounds } from "../../base/bounds.ts";
import type { InboundExchange, InboundRequest } from "../../http/inbound.ts";
import type { HttpApiPlan } from "../../plan/http-api-plan.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkedMethods } from "../linked-methods.ts";
import type { LinkedStage } from "../linked-stage.ts";
import type { BelowStage, FrontRefusal, MethodProgram, Program } from "../program.ts";
import type { ProgramLife } from "../program-life.ts";
import { httpApiHints, StageHints } from "../route-hints.ts";
import { Router } from "../routing/match.ts";
import { verbs } from "../routing/verbs.ts";
import { runMethod } from "../run-traced.ts";
import type { ThreadContext } from "../thread-context.ts";
import { openV2Exchange } from "../v2-exchange.ts";
import { linkWebAclGate, type StageGate } from "../web-acl-gate.ts";
import { type Cors, isPreflight, linkCors } from "./cors.ts";
import { httpApiResponses } from "./http-api-responses.ts";

/** AWS: "Quotas for configuring and running an HTTP API": total combined size of request line and header values. */
const headBytesMax = bounds.requestHeaderBytesMax.value;

/** Unconfirmed: the texts; see docs/compatibility.md, "HTTP APIs, words of errors". */
const targetTooLong: FrontRefusal = {
  status: 414,
  message: "Request URI Too Large",
  hint: () => `the request line has ${headBytesMax} bytes or more`,
};
const headersTooLarge: FrontRefusal = {
  status: 431,
  message: "Request Header Fields Too Large",
  hint: () => `request line and headers together may have ${headBytesMax} bytes`,
};

/** Links the plan of an HTTP API's stage. */
export const linkHttpApiProgram = (plan: HttpApiPlan, stage: LinkedStage): Program => new HttpApiProgram(plan, stage);

class HttpApiProgram implements Program {
  readonly plan: HttpApiPlan;
  readonly responses = httpApiResponses;
  readonly logger: Logger;
  readonly life: ProgramLife;
  readonly gate: StageGate | undefined;
  readonly #thread: ThreadContext;
  readonly #router: Router;
  readonly #methods: LinkedMethods;
  readonly #default: MethodProgram | undefined;
  readonly #cors: Cors | undefined;
  readonly #hints: StageHints;

  constructor(plan: HttpApiPlan, { thread, life, methods }: LinkedStage) {
    this.plan = plan;
    this.logger = thread.logger;
    this.gate = plan.webAclArn === undefined ? undefined : linkWebAclGate(plan.webAclArn, thread);
    this.#thread = thread;
    this.life = life;
    this.#router = new Router(plan.routes, "exact-first");
    this.#methods = methods;
    if (plan.defaultRoute !== undefined) {
      assert(plan.defaultRoute < plan.methods.length, "the default route is one of the routes");
      this.#default = this.#methods.at(plan.defaultRoute);
    }
    this.#cors = plan.cors === undefined ? undefined : linkCors(plan.cors);
    this.#hints = new StageHints(plan, thread.undeployed, httpApiHints);
  }

  refusalOf({ headBytes, target }: InboundRequest): FrontRefusal | undefined {
    if (headBytes <= headBytesMax) return undefined;
    return target.length >= headBytesMax ? targetTooLong : headersTooLarge;
  }

  open(inbound: InboundExchange, below: BelowStage, nowMs: number): Exchange {
    return openV2Exchange(inbound, this, below, nowMs);
  }

  route(exchange: Exchange): void {
    const { httpMethod } = exchange;
    // Unconfirmed: ANY and $default are any of API Gateway's verbs; see docs/compatibility.md, "HTTP APIs, routing".
    if (verbs.has(httpMethod)) {
      const match = this.#router.match(exchange.path, httpMethod);
      const index = match?.methodFor(httpMethod);
      if (match !== undefined && index !== undefined) {
        exchange.pathNames = match.names;
        exchange.pathValues = match.values;
        runMethod(exchange, this.#methods.at(index), this.#thread);
        return;
      }
      if (this.#default !== undefined) {
        runMethod(exchange, this.#default, this.#thread);
        return;
      }
    }
    if (this.#cors !== undefined && isPreflight(exchange)) {
      this.#cors.answer(exchange);
      return;
    }
    this.#thread.metrics.add("requestsUnmatched");
    this.responses.finish(exchange, "RESOURCE_NOT_FOUND", { hint: this.#describeMissing(exchange) });
  }

  #describeMissing(exchange: Exchange): string | undefined {
    const hint = this.#hints.describe(exchange);
    if (hint === undefined || !isPreflight(exchange)) return hint;
    return `${hint}; the API has no corsConfiguration, so that preflights need routes of their own`;
  }

  /** Every answer has the id, in the letter case of AWS: "Troubleshooting issues with HTTP API JWT authorizers". */
  addHeaders(exchange: Exchange, headers: string[]): void {
    if (this.#cors !== undefined) this.#cors.replace(exchange, headers);
    headers.push("apigw-requestid", exchange.requestId);
  }

  /** The stage `$default` is in no path. */
  contextPath({ pathAsSent }: Exchange): string {
    return this.plan.stageName === "$default" ? pathAsSent : `/${this.plan.stageName}${pathAsSent}`;
  }
}
