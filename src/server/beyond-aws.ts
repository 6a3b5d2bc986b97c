import { bounds } from "../base/bounds.ts";
import type { Plan, PlanKind } from "../plan/kinds.ts";
import type { StepPlan } from "../plan/steps.ts";

/**
 * Returns the routes (`GET /pets`) that a stage serves although AWS would refuse them unless a quota was raised, each
 * with the reason.
 */
export const routesBeyondAws = (plan: Plan | undefined): readonly string[] =>
  (plan?.methods ?? []).flatMap(({ routeKey, steps }) =>
    steps.flatMap((step) => {
      const timeoutMs = timeoutOf(step);
      return plan === undefined || timeoutMs === undefined || timeoutMs <= timeoutMsMax[plan.kind]
        ? []
        : [`${routeKey} timeoutInMillis ${timeoutMs}`];
    }),
  );

/** AWS's longest time-outs of integrations, by kind of API. */
const timeoutMsMax: Readonly<Record<PlanKind, number>> = {
  rest: bounds.integrationTimeoutMsDefault.value,
  http: bounds.httpIntegrationTimeoutMsDefault.value,
};

/** AWS: "Stream the integration response": streamed answers may take longer. */
function timeoutOf(step: StepPlan): number | undefined {
  if ("stream" in step) return undefined;
  if ("backend" in step) return step.backend.timeoutMs;
  return "timeoutMs" in step ? step.timeoutMs : undefined;
}
