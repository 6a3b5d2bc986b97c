import type { RestPlan } from "../plan/rest-plan.ts";

/** Returns the plan of a stage, part of whose requests are served by another plan. */
export function withCanary(plan: RestPlan, canary: RestPlan, percentTraffic: number): RestPlan {
  // The cache's metrics are rates of all requests of the stage: both sides count, whichever uses the cache.
  const hasCache = plan.hasCache ?? canary.hasCache;
  const shared = hasCache === undefined ? {} : { hasCache };
  return { ...plan, ...shared, canary: { percentTraffic, plan: { ...canary, ...shared, isCanary: true } } };
}

/** Returns the plan of a canary that can't be served: it refuses its own requests, and no others. */
export const closedCanary = (plan: RestPlan, deploymentId: string, reason: string): RestPlan => ({
  ...plan,
  deploymentId,
  routes: {},
  methods: [],
  closed: `the canary's deployment ${deploymentId}: ${reason}`,
});
