import { createHash } from "node:crypto";
import type { Plan } from "../plan/kinds.ts";
import type { AccessLogWriter } from "../telemetry/access-log-writer.ts";
import { linkAccessLog } from "./access-log.ts";
import type { Exchange } from "./exchange.ts";
import { LinkedModels } from "./linked-models.ts";
import type { Program } from "./program.ts";
import { GatewayResponses } from "./rest/gateway-responses.ts";
import { Router } from "./routing/match.ts";
import { writeExecutionLog } from "./run-traced.ts";
import { linkStep } from "./steps/link-step.ts";
import type { ThreadContext } from "./thread-context.ts";

/** Links a stage's plan: everything that can be known before a request comes is computed here. */
export function linkProgram(plan: Plan, thread: ThreadContext, logs: AccessLogWriter): Program {
  const life = new ProgramLife();
  const models = new LinkedModels(plan.models ?? {});
  const onRetire = (release: () => void): void => life.onRetire(release);
  try {
    return {
      plan,
      router: new Router(plan.routes),
      responses: new GatewayResponses(plan.gatewayResponses, thread.isDevelopment),
      isDevelopment: thread.isDevelopment,
      logger: thread.logger,
      methods: plan.methods.map((method) => ({
        plan: method,
        steps: method.steps.map((step) => linkStep(step, { stage: plan, method, thread, models, onRetire })),
      })),
      onBegin: () => life.begin(),
      onComplete: linkCompletion(plan, thread, { life, log: linkLog(plan, logs, onRetire) }),
      close: () => life.retire(),
    };
  } catch (error) {
    life.retire();
    throw error;
  }
}

/** A program ends when it was replaced and the last request on it is complete. */
class ProgramLife {
  readonly #releases: (() => void)[] = [];
  #running = 0;
  #isRetired = false;

  onRetire(release: () => void): void {
    this.#releases.push(release);
  }

  begin(): void {
    this.#running++;
  }

  end(): void {
    this.#running--;
    this.#settle();
  }

  retire(): void {
    this.#isRetired = true;
    this.#settle();
  }

  #settle(): void {
    if (!this.#isRetired || this.#running > 0) return;
    for (const release of this.#releases.splice(0)) release();
  }
}

type Log = (exchange: Exchange) => void;

function linkCompletion(
  plan: Plan,
  { metrics, executionLogs }: ThreadContext,
  options: { readonly life: ProgramLife; readonly log: Log | undefined },
): Program["onComplete"] {
  const { life, log } = options;
  // A test is no request of any stage's, and is not counted.
  if (plan.test !== undefined) return () => life.end();
  const stage = metrics.stage(`${plan.apiId}/${plan.stageName}`);
  return (exchange) => {
    try {
      metrics.request(stage, exchange.status, performance.now() - exchange.startedAt);
      metrics.add("responseBytes", exchange.answer.responseBytes);
      if (exchange.trace !== undefined) writeExecutionLog(exchange, executionLogs);
      log?.(exchange);
    } finally {
      life.end();
    }
  };
}

function linkLog(plan: Plan, logs: AccessLogWriter, onRetire: (release: () => void) => void): Log | undefined {
  if (plan.accessLog === undefined) return undefined;
  const log = logs.open(plan.accessLog.destinationArn, accessLogStream(plan));
  if (log === undefined) return undefined;
  onRetire(() => log.close());
  const format = linkAccessLog(plan.accessLog.format);
  return (exchange) => log.write(format(exchange));
}

/** Its log stream in the log group; hashed, as AWS's are. */
const accessLogStream = ({ account, apiId, stageName }: Plan): string =>
  createHash("md5").update(`${account}/${apiId}/${stageName}`).digest("hex");
