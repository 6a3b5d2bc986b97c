import type { MethodPlan, RouteNode, StagePlan } from "./plan.ts";
import type { GatewayResponsePlan } from "./steps.ts";

/** The plan of a stage of a REST API. */
export interface RestPlan extends StagePlan {
  readonly kind: "rest";
  /** `tracingEnabled`: X-Ray's sampling rules say which requests are recorded. */
  readonly isTraced?: true;
  /** The gateway responses that the API customises, by type. */
  readonly gatewayResponses: Readonly<Record<string, GatewayResponsePlan>>;
  /** The JSON Schemas, as text, of the models that bodies are validated with and that these refer to, by name. */
  readonly models?: Readonly<Record<string, string>>;
  readonly routes: RouteNode;
  /** The methods. Route nodes refer to them by index. */
  readonly methods: readonly RestMethodPlan[];
}

export interface RestMethodPlan extends MethodPlan {
  readonly resourceId: string;
}
