import type { RestPlan } from "./rest-plan.ts";

/** What a stage serves, whatever the kind of its API; the member `kind` says which. */
export type Plan = RestPlan;

/** The kinds of API. Whatever handles plans by kind is a table with these keys, so that a kind can't be forgotten. */
export type PlanKind = Plan["kind"];

/** The plan of a kind. */
export type PlanOf<Kind extends PlanKind> = Extract<Plan, { readonly kind: Kind }>;
