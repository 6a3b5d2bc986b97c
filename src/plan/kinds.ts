import type { HttpApiPlan } from "./http-api-plan.ts";
import type { RestPlan } from "./rest-plan.ts";
import type { WebSocketPlan } from "./websocket-plan.ts";

/** The plan of a stage of any kind of API. The member `kind` says which. */
export type Plan = RestPlan | HttpApiPlan | WebSocketPlan;

/** The kinds of API. Code that handles plans by kind is a table with these keys, so that no kind can be forgotten. */
export type PlanKind = Plan["kind"];

/** The plan of a kind. */
export type PlanOf<Kind extends PlanKind> = Extract<Plan, { readonly kind: Kind }>;
