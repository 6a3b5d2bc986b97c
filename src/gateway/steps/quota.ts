import type { CountOutcome } from "../../limits/usage-counter.ts";
import type { QuotaPlan } from "../../plan/steps.ts";
import type { CallerApiKey, KeyUsage } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";

/** How often a call waits until others are saved. */
const waits = 10;

/**
 * Links the count of a key's calls, with the quota of its usage plan. Where more calls are not saved than a crash may forget,
 * the call waits until they are.
 */
export function linkQuota(_plan: QuotaPlan, { thread: { clock, keys } }: LinkContext): RunStep {
  const { counter, saving } = keys;
  const count = (usage: KeyUsage): CountOutcome => {
    const outcome = counter.count(usage.membership, usage.generation, usage.plan.quota, clock.now());
    if (counter.isSaveDue) saving.hurry();
    return outcome;
  };
  return (exchange) => {
    if (exchange.isTest) return true;
    const { apiKey } = exchange.caller;
    if (apiKey?.usage === undefined) return refuseKey(exchange, apiKey);
    const { usage } = apiKey;
    const outcome = count(usage);
    if (outcome === "counted") {
      exchange.trace?.add({ kind: "quota", outcome, planId: usage.plan.id });
      return true;
    }
    if (outcome !== "unsaved") return refuse(exchange, outcome, apiKey);
    // Others may be counted before this one, once there is room again.
    const waitForRoom = (attempts: number): void =>
      exchange.wait(saving.save(), () => {
        const again = count(usage);
        if (again === "counted") exchange.run();
        else if (again === "unsaved" && attempts > 1) waitForRoom(attempts - 1);
        else refuse(exchange, again, apiKey);
      });
    waitForRoom(waits);
    return false;
  };
}

function refuse(exchange: Exchange, outcome: Exclude<CountOutcome, "counted">, apiKey: CallerApiKey): false {
  const plan = apiKey.usage!.plan;
  exchange.trace?.add({ kind: "quota", outcome, planId: plan.id });
  const { responses } = exchange.program;
  switch (outcome) {
    case "exceeded":
      return responses.finish(exchange, "QUOTA_EXCEEDED", {
        hint:
          `The API key ${apiKey.id} has used up its quota in the usage plan ${plan.id}: ${plan.quota?.limit} requests a ` +
          `${plan.quota?.period}. UpdateUsage with /remaining gives it more for this period`,
      });
    case "left":
      return refuseKey(exchange, apiKey);
    case "unsaved":
      // Nobody passes uncounted. The exchange ends with AWS's 500, and control's log says why nothing can be saved.
      throw new Error("The calls of an API key can't be counted, because they can't be saved.");
  }
}

/** The key left its plan while the request was on its way. */
const refuseKey = (exchange: Exchange, apiKey: CallerApiKey | undefined): false =>
  exchange.program.responses.finish(exchange, "INVALID_API_KEY", {
    hint: `The API key ${apiKey?.id ?? ""} is in no usage plan of the stage any more`,
  });
