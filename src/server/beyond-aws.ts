import { bounds } from "../base/bounds.ts";
import type { StagePlan } from "../plan/plan.ts";
import type { StepPlan } from "../plan/steps.ts";

/** What a stage serves and AWS would refuse, unless a quota was raised there: routes (`GET /pets`) with the reason. */
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
