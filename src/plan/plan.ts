import type { StepPlan } from "./steps.ts";

/** Raised when a plan's meaning changes; a thread refuses a plan of another version. */
export const planVersion = 1;

/**
 * What the plan of every kind of stage has. A plan is what a stage serves: plain JSON, made by the compiler from a deployment
 * and its stage's settings, linked to closures by every gateway thread. Deterministic: equal inputs give equal plans. What a
 * kind of API has of its own is in a file of its own; `kinds.ts` names them all.
 */
export interface StagePlan {
  readonly version: typeof planVersion;
  readonly kind: string;
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  readonly apiName: string;
  readonly stageName: string;
  readonly deploymentId: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** The default `execute-api` host answers 403 (`disableExecuteApiEndpoint`). */
  readonly isDefaultEndpointDisabled: boolean;
  readonly accessLog?: AccessLogPlan;
  /** A reason closes the whole stage: every request is answered 501 with it. */
  readonly closed?: string;
  /** The ids of the VPC links that methods name: a change of one compiles the stage anew. */
  readonly vpcLinks?: readonly string[];
  /** Settings that are stored and have no effect yet; none of them guards anything. `portico status` names them. */
  readonly withoutEffect: readonly string[];
  readonly methods: readonly MethodPlan[];
}

export interface AccessLogPlan {
  readonly destinationArn: string;
  readonly format: string;
}

/** A node of the route tree: one path segment. The root node is the path `/`. */
export interface RouteNode {
  readonly statics?: Readonly<Record<string, RouteNode>>;
  /** `{name}` */
  readonly param?: { readonly name: string; readonly node: RouteNode };
  /** `{name+}` */
  readonly greedy?: { readonly name: string; readonly node: RouteNode };
  /** Verb (or `ANY`) → index in `methods`. */
  readonly methods?: Readonly<Record<string, number>>;
}

/** What every kind of API has of a method or route. */
export interface MethodPlan {
  /** As users name it, in hints, logs and the status: `GET /pets/{id}`. */
  readonly routeKey: string;
  /** `loggingLevel` and `dataTraceEnabled` of the stage's method settings; absent: nothing is logged. */
  readonly logging?: MethodLoggingPlan;
  /** Run in order; the last one is the integration. A method that can't be enforced yet has the one step `closed`. */
  readonly steps: readonly StepPlan[];
}

export interface MethodLoggingPlan {
  readonly level: "ERROR" | "INFO";
  readonly hasDataTrace: boolean;
}

/** Names a stage in messages between control and gateway. */
export const stageKey = (apiId: string, stageName: string): string => `${apiId}/${stageName}`;
