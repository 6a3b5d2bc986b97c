import { createHash } from "node:crypto";
import type { Plan } from "../plan/kinds.ts";
import { stageKey } from "../plan/plan.ts";
import type { CanaryCounts } from "../telemetry/canary-counts.ts";
import type { ExecutionLogWriter } from "../telemetry/execution-log.ts";
import { linkAccessLog } from "./access-log.ts";
import { describeTraced } from "./describe-traced.ts";
import type { Exchange } from "./exchange.ts";
import { writeExecutionLog } from "./run-traced.ts";
import { StageMetrics } from "./stage-metrics.ts";
import type { ThreadContext } from "./thread-context.ts";
import type { SampleExchange } from "./trace-sampling.ts";

/**
 * Whether a program serves a stage or runs a test. A test is not a request of any stage, so it is neither counted nor
 * logged.
 */
export type ProgramUse = "serve" | "test";

/**
 * The life of a program of any kind. It counts and logs the program's exchanges, and ends once the program was replaced
 * and its last exchange is complete.
 */
export class ProgramLife {
  readonly #thread: ThreadContext;
  readonly #isCounted: boolean;
  readonly #stageKey: string;
  /** The rows of the metrics by method; undefined is that of requests which no method took. */
  readonly #rows = new Map<Plan["methods"][number] | undefined, number>();
  readonly #isOfCanary: boolean;
  readonly #canaryCounts: CanaryCounts | undefined;
  readonly #stageMetrics: StageMetrics | undefined;
  readonly #log: ((exchange: Exchange) => void) | undefined;
  readonly #executionLog: ExecutionLogWriter;
  readonly #sample: SampleExchange | undefined;
  readonly #releases: (() => void)[] = [];
  #running = 0;
  #isRetired = false;

  constructor(plan: Plan, thread: ThreadContext, use: ProgramUse) {
    this.#thread = thread;
    this.#isCounted = use === "serve";
    this.#stageKey = stageKey(plan.apiId, plan.stageName);
    this.#isOfCanary = plan.isCanary === true;
    const counts = this.#isCounted && plan.hasCanary === true ? thread.canaryCounts : undefined;
    this.#canaryCounts = counts?.get(this.#stageKey);
    // The plan of a stage that can't be served may not say whose it is.
    const recorder = this.#isCounted && plan.closed === undefined ? thread.recorder : undefined;
    this.#stageMetrics = recorder && new StageMetrics(plan, recorder);
    this.#executionLog = thread.executionLogs.open(plan);
    this.#log = this.#isCounted ? this.#openLog(plan) : undefined;
    this.#sample = this.#isCounted ? thread.sampling.link(plan) : undefined;
  }

  /** Called when the program is retired and no exchange is on it. */
  onRetire(release: () => void): void {
    this.#releases.push(release);
  }

  begin(exchange: Exchange): void {
    this.#running++;
    this.#thread.underWay.begin();
    if (this.#sample !== undefined) exchange.sampled = this.#sample(exchange);
  }

  complete(exchange: Exchange): void {
    try {
      if (this.#isCounted) this.#count(exchange);
    } finally {
      this.#running--;
      this.#thread.underWay.end();
      this.#settle();
    }
  }

  /** Keeps the program alive for an exchange that is to come, even if it is retired meanwhile, until the function is called. */
  hold(): () => void {
    this.#running++;
    this.#thread.underWay.begin();
    return () => {
      this.#running--;
      this.#thread.underWay.end();
      this.#settle();
    };
  }

  #count(exchange: Exchange): void {
    const { metrics } = this.#thread;
    const latencyMs = performance.now() - exchange.startedAt;
    const row = this.#rowOf(exchange.method?.plan);
    metrics.request(row, exchange.status, latencyMs);
    this.#stageMetrics?.count(exchange, latencyMs);
    this.#canaryCounts?.add(this.#isOfCanary, exchange.status, latencyMs);
    if (exchange.error?.type === "THROTTLED") metrics.routeEvent(row, "throttled");
    if (exchange.cacheResult !== undefined) {
      metrics.routeEvent(row, exchange.cacheResult === "hit" ? "cacheHits" : "cacheMisses");
    }
    metrics.add("responseBytes", exchange.answer.responseBytes);
    if (exchange.trace !== undefined) writeExecutionLog(exchange, this.#executionLog);
    if (exchange.sampled !== undefined) this.#thread.traces.write(describeTraced(exchange, exchange.sampled));
    this.#log?.(exchange);
  }

  #rowOf(method: Plan["methods"][number] | undefined): number {
    const known = this.#rows.get(method);
    if (known !== undefined) return known;
    const row = this.#thread.metrics.route(this.#stageKey, method?.routeKey);
    this.#rows.set(method, row);
    return row;
  }

  /** Counts a message that was sent to a client of a WebSocket API. */
  countSent(): void {
    this.#stageMetrics?.countSent();
  }

  /** Retires the program: it takes no further exchange. */
  retire(): void {
    this.#isRetired = true;
    this.#settle();
  }

  #settle(): void {
    if (!this.#isRetired || this.#running > 0) return;
    for (const release of this.#releases.splice(0)) release();
  }

  #openLog(plan: Plan): ((exchange: Exchange) => void) | undefined {
    if (plan.accessLog === undefined) return undefined;
    const { account, region, kind: apiKind, apiId, apiName, stageName } = plan;
    const log = this.#thread.accessLogs.open(plan.accessLog.destinationArn, {
      stream: accessLogStream(plan),
      isOfCanary: plan.isCanary === true,
      stage: { account, region, apiKind, apiId, apiName, stageName },
    });
    if (log === undefined) return undefined;
    this.onRetire(() => log.close());
    const format = linkAccessLog(plan.accessLog.format, plan.kind);
    return (exchange) => log.write(format(exchange), exchange);
  }
}

/** Returns the name of the stage's log stream in the log group: a hash, as on AWS. */
const accessLogStream = ({ account, apiId, stageName }: Plan): string =>
  createHash("md5").update(`${account}/${apiId}/${stageName}`).digest("hex");
