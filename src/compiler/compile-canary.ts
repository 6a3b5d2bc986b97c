import type { RestPlan } from "../plan/rest-plan.ts";

/** Returns the plan of a stage, part of whose requests are served by another plan. */
export const withCanary = (plan: RestPlan, canary: RestPlan, percentTraffic: number): RestPlan => ({
  ...plan,
  canary: { percentTraffic, plan: { ...canary, isCanary: true } },
});

/** Returns the plan of a canary that can't be served: it refuses its own requests, and no others. */
export const closedCanary = (plan: RestPlan, deploymentId: string, reason: string): RestPlan => ({
  ...plan,
  deploymentId,
  routes: {},
  methods: [],
  closed: `the canary's deployment ${deploymentId}: ${reason}`,
});
