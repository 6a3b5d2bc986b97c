import type { ClosedPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { RunStep } from "../program.ts";
import { addHint } from "../responses/failure.ts";

/**
 * Refuses every request with 501 and the reason: the method needs a check that can't be enforced yet, and no request
 * passes without it. See docs/internals/architecture.md, "Fail closed".
 */
export const linkClosed =
  (plan: ClosedPlan): RunStep =>
  (exchange) => {
    refuse(exchange, `Portico does not do this yet: ${plan.reason}. The method is closed rather than left unguarded.`);
    return false;
  };

/** Answers with 501, a status of Portico's own: AWS has no such answer, and no gateway response customises it. */
export function refuse(exchange: Exchange, message: string): void {
  const { responses } = exchange.program;
  if (responses.refuse !== undefined && exchange.connection?.eventType === "MESSAGE") {
    responses.refuse(exchange, message);
    return;
  }
  const headers = ["Content-Type", "application/json", "x-amzn-ErrorType", "NotImplementedException"];
  addHint(exchange.request, headers, message);
  exchange.trace?.add({ kind: "refused", reason: message });
  exchange.respond(501, headers, JSON.stringify({ message }));
}
