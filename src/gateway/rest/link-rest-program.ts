import { bounds } from "../../base/bounds.ts";
import type { InboundExchange, InboundRequest } from "../../http/inbound.ts";
import type { RestPlan } from "../../plan/rest-plan.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkedMethods } from "../linked-methods.ts";
import type { LinkedStage } from "../linked-stage.ts";
import type { BelowStage, FrontRefusal, Program } from "../program.ts";
import type { ProgramLife } from "../program-life.ts";
import { restHints, StageHints } from "../route-hints.ts";
import { Router } from "../routing/match.ts";
import { verbs } from "../routing/verbs.ts";
import { runMethod } from "../run-traced.ts";
import type { ThreadContext } from "../thread-context.ts";
import { linkWebAclGate, type StageGate } from "../web-acl-gate.ts";
import { GatewayResponses } from "./gateway-responses.ts";
import { refuseRoute } from "./refuse-route.ts";
import { addRestHeaders, openRestExchange } from "./rest-exchange.ts";

/** How long a URL may be, and of which endpoint type the API is, if others may have longer ones. */
interface TargetLimit {
  readonly bytesMax: number;
  readonly ofType: string;
}

/** AWS: "Quotas for configuring and running a REST API": URL length. */
function targetLimitOf({ isEdgeOptimized, privateEndpoint }: RestPlan): TargetLimit {
  if (isEdgeOptimized === true) {
    return { bytesMax: bounds.requestTargetBytesMaxEdge.value, ofType: "of an edge-optimized API " };
  }
  if (privateEndpoint !== undefined) {
    return { bytesMax: bounds.requestTargetBytesMaxPrivate.value, ofType: "of a private API " };
  }
  return { bytesMax: bounds.requestTargetBytesMax.value, ofType: "" };
}

/** Links the plan of a REST API's stage. */
export const linkRestProgram = (plan: RestPlan, stage: LinkedStage): Program => new RestProgram(plan, stage);

class RestProgram implements Program {
  readonly plan: RestPlan;
  readonly responses: GatewayResponses;
  readonly logger: Logger;
  readonly life: ProgramLife;
  readonly gate: StageGate | undefined;
  readonly #thread: ThreadContext;
  readonly #router: Router;
  readonly #methods: LinkedMethods;
  readonly #hints: StageHints;
  readonly #targetLimit: TargetLimit;

  constructor(plan: RestPlan, { thread, life, methods }: LinkedStage) {
    this.plan = plan;
    this.logger = thread.logger;
    this.gate = plan.webAclArn === undefined ? undefined : linkWebAclGate(plan.webAclArn, thread);
    this.#thread = thread;
    this.life = life;
    this.responses = new GatewayResponses(plan.gatewayResponses);
    this.#router = new Router(plan.routes);
    this.#methods = methods;
    this.#hints = new StageHints(plan, thread.undeployed, restHints);
    this.#targetLimit = targetLimitOf(plan);
  }

  refusalOf({ target }: InboundRequest): FrontRefusal | undefined {
    const { bytesMax, ofType } = this.#targetLimit;
    if (target.length <= bytesMax) return undefined;
    const hint = (): string => `a URL ${ofType}may have ${bytesMax} bytes`;
    return { status: 414, message: "Request URI too long", hint };
  }

  open(inbound: InboundExchange, below: BelowStage, nowMs: number): Exchange {
    return openRestExchange(inbound, this, below, nowMs);
  }

  route(exchange: Exchange): void {
    const { httpMethod } = exchange;
    // ANY is any of API Gateway's verbs; TRACE, CONNECT and inventions reach no backend.
    const match = verbs.has(httpMethod) ? this.#router.match(exchange.path, httpMethod) : undefined;
    const index = match?.methodFor(httpMethod);
    if (match === undefined || index === undefined) {
      this.#thread.metrics.add("requestsUnmatched");
      this.#noteResource(exchange);
      refuseRoute(exchange, this.#hints.describe(exchange));
      return;
    }
    exchange.pathNames = match.names;
    exchange.pathValues = match.values;
    runMethod(exchange, this.#methods.at(index), this.#thread);
  }

  /**
   * Lets the refusal of a verb tell the resource and its path parameters.
   * AWS: API Gateway Developer Guide, "Set up a gateway response for a REST API using the API Gateway console".
   */
  #noteResource(exchange: Exchange): void {
    const named = this.#router.match(exchange.path);
    if (named === undefined) return;
    exchange.pathNames = named.names;
    exchange.pathValues = named.values;
    exchange.refusedResource = this.plan.methods[named.methodFor(named.verbs[0]!)!];
  }

  /** A path that does not match the resource has no parameters. */
  test(exchange: Exchange): void {
    const match = this.#router.match(exchange.path);
    if (match !== undefined) {
      exchange.pathNames = match.names;
      exchange.pathValues = match.values;
    }
    runMethod(exchange, this.#methods.at(0), this.#thread);
  }

  addHeaders(exchange: Exchange, headers: string[]): void {
    addRestHeaders(exchange, headers);
  }

  /** AWS quirk: in a test it is the resource's path, as observed. On a custom domain name it is the path that was called. */
  contextPath({ method, pathAsSent, isTest, customDomain }: Exchange): string {
    if (isTest) return method!.plan.resourcePath;
    if (customDomain !== undefined) return `${customDomain.removed}${pathAsSent}`;
    return `/${this.plan.stageName}${pathAsSent}`;
  }
}
