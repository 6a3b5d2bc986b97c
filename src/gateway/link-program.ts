import type { StagePlan } from "../plan/plan.ts";
import type { AccessLogWriter } from "../telemetry/access-log-writer.ts";
import { linkAccessLog } from "./access-log.ts";
import type { Exchange } from "./exchange.ts";
import type { Program } from "./program.ts";
import { GatewayResponses } from "./responses/gateway-responses.ts";
import { Router } from "./routing/match.ts";
import { linkStep } from "./steps/link-step.ts";
import type { ThreadContext } from "./thread-context.ts";

/** Links a stage's plan: everything that can be known before a request comes is computed here. */
export function linkProgram(plan: StagePlan, thread: ThreadContext, logs: AccessLogWriter): Program {
  const releases: (() => void)[] = [];
  const close = (): void => {
    for (const release of releases.splice(0)) release();
  };
  try {
    return {
      ...linkParts(plan, thread, (release) => releases.push(release)),
      onComplete: linkCompletion(plan, thread, logs),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function linkParts(
  plan: StagePlan,
  thread: ThreadContext,
  onRetire: (release: () => void) => void,
): Omit<Program, "onComplete" | "close"> {
  const methods = plan.methods.map((method) => ({
    plan: method,
    steps: method.steps.map((step) => linkStep(step, { stage: plan, method, thread, onRetire })),
  }));
  return {
    plan,
    methods,
    router: new Router(plan.routes),
    responses: new GatewayResponses(plan.gatewayResponses, thread.isDevelopment),
    isDevelopment: thread.isDevelopment,
  };
}

function linkCompletion(plan: StagePlan, thread: ThreadContext, logs: AccessLogWriter): Program["onComplete"] {
  const { metrics } = thread;
  const stage = metrics.stage(`${plan.apiId}/${plan.stageName}`);
  const log = linkLog(plan, logs);
  return (exchange) => {
    metrics.request(stage, exchange.status, performance.now() - exchange.startedAt);
    metrics.add("responseBytes", exchange.request.responseBytes);
    log?.(exchange);
  };
}

function linkLog(plan: StagePlan, logs: AccessLogWriter): ((exchange: Exchange) => void) | undefined {
  if (plan.accessLog === undefined) return undefined;
  const write = logs.open(plan.accessLog.destinationArn);
  if (write === undefined) return undefined;
  const format = linkAccessLog(plan.accessLog.format);
  return (exchange) => write(format(exchange));
}
