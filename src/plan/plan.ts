import type { GatewayResponsePlan, StepPlan } from "./steps.ts";

/** Raised when a plan's meaning changes; a thread refuses a plan of another version. */
export const planVersion = 1;

/**
 * What a stage serves: plain JSON, made by the compiler from a deployment and its stage's settings, linked to closures
 * by every gateway thread. Deterministic: equal inputs give equal plans.
 */
export interface StagePlan {
  readonly version: typeof planVersion;
  readonly kind: "rest";
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  readonly apiName: string;
  readonly stageName: string;
  readonly deploymentId: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly binaryMediaTypes: readonly string[];
  /** The default `execute-api` host answers 403 (`disableExecuteApiEndpoint`). */
  readonly isDefaultEndpointDisabled: boolean;
  readonly accessLog?: AccessLogPlan;
  /** The one method of TestInvokeMethod, and who calls it: there is no stage. */
  readonly test?: TestCaller;
  /** A reason closes the whole stage: every request is answered 501 with it (DESIGN.md §10.1). */
  readonly closed?: string;
  /** The gateway responses that the API customises, by type. */
  readonly gatewayResponses: Readonly<Record<string, GatewayResponsePlan>>;
  /** The JSON Schemas, as text, of the models that bodies are validated with and of those that they refer to, by name. */
  readonly models?: Readonly<Record<string, string>>;
  /** The ids of the VPC links that methods name: a change of one compiles the stage anew. */
  readonly vpcLinks?: readonly string[];
  /** Settings that are stored and have no effect yet; none of them guards anything. `portico status` names them. */
  readonly withoutEffect: readonly string[];
  readonly routes: RouteNode;
  /** What route nodes point to by index. */
  readonly methods: readonly MethodPlan[];
}

/** Who tests a method. */
export interface TestCaller {
  readonly accessKey?: string;
  readonly userAgent?: string;
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

export interface MethodPlan {
  readonly resourceId: string;
  readonly resourcePath: string;
  readonly httpMethod: string;
  readonly operationName?: string;
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
