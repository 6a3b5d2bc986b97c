import type { Job, RunJob } from "../base/job.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Has work for an exchange done outside of the gateway thread, whose other requests go on meanwhile, and goes on with its
 * outcome unless the exchange is over by then. What can't be done now is answered as AWS answers when it has no room.
 */
export function runExchangeJob<Input, Output>(
  exchange: Exchange,
  { runJob, job, input }: { readonly runJob: RunJob; readonly job: Job<Input, Output>; readonly input: Input },
  goOn: (output: Output) => void,
): void {
  const isWanted = (): boolean => !exchange.isComplete;
  const outcome = runJob(job, input, { isWanted }).then(
    (output) => ({ output }),
    (error: unknown) => ({ error }),
  );
  // It does not suspend the exchange: a backend whose answer nobody reads may be under way, too.
  exchange.follow(outcome, (result) => {
    if (exchange.isComplete) return;
    if ("output" in result) goOn(result.output);
    else refuse(exchange, result.error);
  });
}

function refuse(exchange: Exchange, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  const { requestId, traceId } = exchange;
  exchange.program.logger.warn("Work on a large body was not done.", { requestId, traceId, reason });
  exchange.program.responses.finish(exchange, "INTEGRATION_FAILURE", {
    status: 503,
    message: "Service Unavailable",
    phase: "execution",
    hint: `the body, or what a template makes of it, takes too long just now: ${reason}`,
  });
}
