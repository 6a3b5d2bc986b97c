import type { MisconfiguredPlan } from "../../plan/steps.ts";
import type { RunStep } from "../program.ts";

/** Answers as AWS does for an integration that can't work. */
export const linkMisconfigured =
  (plan: MisconfiguredPlan): RunStep =>
  (exchange) => {
    const line = `Execution failed due to configuration error: ${plan.detail}`;
    return exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", {
      hint: plan.hint === undefined ? line : `${line}. ${plan.hint}`,
      log: [line],
    });
  };
