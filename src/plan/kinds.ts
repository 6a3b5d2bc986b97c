import type { RestPlan } from "./rest-plan.ts";

/** What a stage serves, whatever the kind of its API; the member `kind` says which. */
export type Plan = RestPlan;
