import type { MisconfiguredPlan } from "../../plan/steps.ts";
import type { RunStep } from "../program.ts";
import { configurationError, type FailureType } from "../responses/failure.ts";

/** Answers as AWS does for an integration that can't work. */
export const linkMisconfigured =
  (plan: MisconfiguredPlan): RunStep =>
  (exchange) => {
    if (plan.integrationError !== undefined) exchange.startIntegration().error = plan.integrationError;
    const help = plan.hint === undefined ? "" : `. ${plan.hint}`;
    const failure = configurationError(plan.detail, help);
    return exchange.program.responses.finish(exchange, typeOf(plan), failure);
  };

function typeOf({ isUnreachable, isUnroutable }: MisconfiguredPlan): FailureType {
  if (isUnroutable === true) return "RESOURCE_NOT_FOUND";
  return isUnreachable === true ? "INTEGRATION_FAILURE" : "API_CONFIGURATION_ERROR";
}
