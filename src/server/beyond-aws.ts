import { bounds } from "../base/bounds.ts";
import type { Plan, PlanKind } from "../plan/kinds.ts";
import type { StepPlan } from "../plan/steps.ts";

/**
 * Returns what a stage serves although AWS would refuse it: routes (`GET /pets`) with the setting that it has not, or not
 * without a raised quota, and the stage's own settings.
 */
export function servedBeyondAws(plan: Plan | undefined): readonly string[] {
  if (plan === undefined) return [];
  const ofCanary = "canary" in plan ? servedBeyondAws(plan.canary?.plan) : [];
  const ofRoutes = plan.methods.flatMap(({ routeKey, steps }) =>
    steps.flatMap((step) => {
      const setting = settingBeyondAws(plan.kind, step);
      return setting === undefined ? [] : [`${routeKey} ${setting}`];
    }),
  );
  const isGuarded = plan.kind === "http" && plan.webAclArn !== undefined && plan.closed === undefined;
  if (isGuarded) return ["web ACL of an HTTP API", ...ofRoutes];
  return [...ofRoutes, ...ofCanary.map((what) => `${what}, of the canary`)];
}

function settingBeyondAws(kind: PlanKind, step: StepPlan): string | undefined {
  if (kind === "http" && step.kind === "api-key") return "ApiKeyRequired of an HTTP API";
  if (kind === "http" && "responses" in step) return "templates of an HTTP API";
  if (kind === "http" && step.kind === "request-validation") return "request validation of an HTTP API";
  const timeoutMs = timeoutOf(step);
  return timeoutMs === undefined || timeoutMs <= timeoutMsMax[kind] ? undefined : `timeoutInMillis ${timeoutMs}`;
}

/** AWS's longest time-outs of integrations, by kind of API. */
const timeoutMsMax: Readonly<Record<PlanKind, number>> = {
  rest: bounds.integrationTimeoutMsDefault.value,
  http: bounds.httpIntegrationTimeoutMsDefault.value,
  websocket: bounds.integrationTimeoutMsDefault.value,
};

/** AWS: "Stream the integration response": streamed answers may take longer. */
function timeoutOf(step: StepPlan): number | undefined {
  if ("stream" in step) return undefined;
  if ("backend" in step) return step.backend.timeoutMs;
  return "timeoutMs" in step ? step.timeoutMs : undefined;
}
