import type { MethodPlan, RouteNode, StagePlan } from "./plan.ts";
import type { GatewayResponsePlan } from "./steps.ts";

/** The plan of a stage of a REST API. */
export interface RestPlan extends StagePlan {
  readonly kind: "rest";
  /** `tracingEnabled`: X-Ray's sampling rules say which requests are recorded. */
  readonly isTraced?: true;
  /** Methods use the stage's response cache, here or in the other plan of a stage with a canary. */
  readonly hasCache?: true;
  /** The gateway responses that the API customises, by type. */
  readonly gatewayResponses: Readonly<Record<string, GatewayResponsePlan>>;
  /** The JSON Schemas, as text, of the models that bodies are validated with and that these refer to, by name. */
  readonly models?: Readonly<Record<string, string>>;
  readonly routes: RouteNode;
  /** The methods. Route nodes refer to them by index. */
  readonly methods: readonly RestMethodPlan[];
  readonly canary?: CanaryPlan;
}

/** The canary of a stage that takes traffic. */
export interface CanaryPlan {
  /** The share of the stage's requests, more than 0 and at most 100, that `plan` serves; which ones is chosen at random. */
  readonly percentTraffic: number;
  readonly plan: RestPlan;
}

export interface RestMethodPlan extends MethodPlan {
  readonly resourceId: string;
}
