import type { MethodPlan, RouteNode, StagePlan } from "./plan.ts";

/** The plan of a stage of an HTTP API. */
export interface HttpApiPlan extends StagePlan {
  readonly kind: "http";
  readonly routes: RouteNode;
  /** The index of the route `$default` in `methods`; absent if there is none. */
  readonly defaultRoute?: number;
  /** Absent: the gateway adds no CORS headers and answers no preflight. */
  readonly cors?: CorsPlan;
  /** The JSON Schemas, as text, of the models that requests are validated with, by name. */
  readonly models?: Readonly<Record<string, string>>;
  /** The routes. Route nodes refer to them by index. */
  readonly methods: readonly HttpRoutePlan[];
}

/** A route. One without a target has a `misconfigured` step. */
export interface HttpRoutePlan extends MethodPlan {
  readonly routeId: string;
}

/** `corsConfiguration`; lists as they are configured. */
export interface CorsPlan {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds?: number;
}
