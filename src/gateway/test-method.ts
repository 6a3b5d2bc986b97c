import type { InboundExchange } from "../http/inbound.ts";
import type { Trace } from "../telemetry/trace.ts";
import { Exchange } from "./exchange.ts";
import type { Program } from "./program.ts";
import { beginTrace, runTraced } from "./run-traced.ts";
import type { ThreadContext } from "./thread-context.ts";

/** Runs the one method of a test's program. A path that is not the resource's has no parameters. */
export function testMethod(
  request: InboundExchange,
  program: Program,
  { thread, trace }: { readonly thread: ThreadContext; readonly trace: Trace },
): void {
  const { target } = request;
  const question = `${target}?`.indexOf("?");
  const path = target.slice(0, question);
  const exchange = new Exchange(request, program, path, target.slice(question + 1), thread.clock.now());
  const match = program.router.match(exchange.path);
  if (match !== undefined) {
    exchange.pathNames = match.names;
    exchange.pathValues = match.values;
  }
  exchange.method = program.methods[0];
  exchange.guard(() => {
    beginTrace(exchange, trace);
    runTraced(exchange, trace, thread);
  });
}
