import type { AuthorizerPlan } from "./authorizers.ts";
import type { StepPlan } from "./steps.ts";

/** The version is raised when a plan's meaning changes. A thread refuses a plan of another version. */
export const planVersion = 1;

/**
 * The common part of all plans. A plan describes what a stage serves. It is plain JSON: the compiler makes it from a
 * deployment and its stage's settings, and every gateway thread links it to closures. Equal inputs give equal plans.
 * Each kind of API adds its own members in a file of its own; `kinds.ts` names them all.
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
  /** Bodies of these media types are not text. HTTP APIs have no such setting. */
  readonly binaryMediaTypes: readonly string[];
  /** The stage has a canary, which may take no traffic. */
  readonly hasCanary?: true;
  /** The plan is that of a stage's canary: its requests are the canary's. */
  readonly isCanary?: true;
  /** The front of an edge-optimized API writes the names of some headers in its own case. */
  readonly isEdgeOptimized?: true;
  /** Whether the default `execute-api` host answers 403 (`disableExecuteApiEndpoint`). */
  readonly isDefaultEndpointDisabled: boolean;
  /** The API is private: it answers requests that came through a VPC endpoint, and refuses all others. */
  readonly privateEndpoint?: PrivateEndpointPlan;
  readonly accessLog?: AccessLogPlan;
  /**
   * The API's resource policy as JSON; absent if it has none. Threads link it once for all methods. It decides only where
   * a method's steps ask it.
   */
  readonly resourcePolicy?: string;
  /** The web ACL that every request of the stage has to pass first. */
  readonly webAclArn?: string;
  /** A reason closes the whole stage: every request is answered 501 with it. */
  readonly closed?: string;
  /** The authorizers that methods name, by id, as they were deployed. Steps refer to them. */
  readonly authorizers?: Readonly<Record<string, AuthorizerPlan>>;
  /** Tells the stage from those of its name that were deleted: it finds nothing that they remembered. */
  readonly birthId?: string;
  /** How often the authorizers' cache was flushed. Results that were remembered before another number are forgotten. */
  readonly authorizerFlushes?: number;
  /** The ids of the VPC links that methods name. A change of one compiles the stage again. */
  readonly vpcLinks?: readonly string[];
  /** Settings that are stored and have no effect yet. None of them guards anything. `portico status` names them. */
  readonly withoutEffect: readonly string[];
  readonly methods: readonly MethodPlan[];
}

/** The members of a plan by which a whole stage is guarded, with what each does. test/gates/ proves it of each one. */
export const stageGates = {
  closed: "refuses every request with 501: the stage asks for what can't be enforced",
  isDefaultEndpointDisabled: "refuses every request by the API's default host with 403",
  privateEndpoint: "refuses with 403 who did not come through a VPC endpoint",
  webAclArn: "refuses with 403 what the stage's web ACL blocks, before a route is looked for",
  resourcePolicy: "says who may call, where a method's steps ask it",
} as const satisfies Partial<Record<keyof StagePlan, string>>;

export type StageGateName = keyof typeof stageGates;

export interface PrivateEndpointPlan {
  /** The VPC endpoints that the API is associated with: hosts may name these. */
  readonly vpcEndpointIds: readonly string[];
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
  /** Indexes in `methods` by verb (or `ANY`). */
  readonly methods?: Readonly<Record<string, number>>;
}

/** The common part of a method or route of every kind of API. */
export interface MethodPlan {
  /** The name for users, in hints, logs and the status: `GET /pets/{id}`, or `$default`. */
  readonly routeKey: string;
  /** `/pets/{id}`; of an HTTP API's default route `$default`. */
  readonly resourcePath: string;
  /** The verb, or `ANY`. */
  readonly httpMethod: string;
  /** Of a REST API's method. */
  readonly resourceId?: string;
  readonly operationName?: string;
  /** `loggingLevel` and `dataTraceEnabled` of the stage's method settings; absent if nothing is logged. */
  readonly logging?: MethodLoggingPlan;
  /** The method has metrics of its own in CloudWatch: `metricsEnabled`, `DetailedMetricsEnabled`. */
  readonly hasMetrics?: true;
  /**
   * The steps run in order, and the last one is the integration. A method whose guards can't be enforced yet has the
   * one step `closed`.
   */
  readonly steps: readonly StepPlan[];
}

export interface MethodLoggingPlan {
  readonly level: "ERROR" | "INFO";
  readonly hasDataTrace: boolean;
}

/** Returns the key of a stage in messages between control and gateway. */
export const stageKey = (apiId: string, stageName: string): string => `${apiId}/${stageName}`;
