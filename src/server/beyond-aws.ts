import { bounds } from "../base/bounds.ts";
import type { StagePlan } from "../plan/plan.ts";
import type { StepPlan } from "../plan/steps.ts";

/**
 * Returns the routes (`GET /pets`) that a stage serves although AWS would refuse them unless a quota was raised, each
 * with the reason.
 */
export const routesBeyondAws = (plan: StagePlan | undefined): readonly string[] =>
  (plan?.methods ?? []).flatMap(({ routeKey, steps }) =>
    steps.flatMap((step) => {
      const timeoutMs = timeoutOf(step);
      return timeoutMs === undefined || timeoutMs <= bounds.integrationTimeoutMsDefault.value
        ? []
        : [`${routeKey} timeoutInMillis ${timeoutMs}`];
    }),
  );

/** AWS: "Stream the integration response": streamed answers may take longer. */
function timeoutOf(step: StepPlan): number | undefined {
  if ("stream" in step) return undefined;
  if ("backend" in step) return step.backend.timeoutMs;
  return "timeoutMs" in step ? step.timeoutMs : undefined;
}
