import type { PayloadFormat } from "./payload-format.ts";
import type { ValuePlan } from "./values.ts";

/** How an authorizer decides. */
export type AuthorizerPlan =
  | LambdaAuthorizerPlan
  | HttpApiLambdaAuthorizerPlan
  | UserPoolAuthorizerPlan
  | JwtAuthorizerPlan;

/** A place where an authorizer looks for the caller's identity. */
export interface IdentitySourcePlan {
  /** The expression as it is configured: `method.request.header.Authorization`. */
  readonly expression: string;
  /** Absent if the expression is known to have no value. */
  readonly value?: ValuePlan;
}

/** A Lambda authorizer of a REST API. */
export interface LambdaAuthorizerPlan extends InvokedAuthorizerPlan {
  /** `TOKEN` sends the identity alone, `REQUEST` the request. */
  readonly kind: "token" | "request";
  /** For a TOKEN: the pattern that the whole token has to match. */
  readonly identityValidationExpression?: string;
}

/** A Lambda authorizer of an HTTP API. */
export interface HttpApiLambdaAuthorizerPlan extends InvokedAuthorizerPlan {
  readonly kind: "http-api-request";
  readonly payloadFormat: PayloadFormat;
  /** The function says whether the caller may call, and answers no policy. */
  readonly hasSimpleResponses: boolean;
}

/** The common part of authorizers whose function decides. */
export interface InvokedAuthorizerPlan {
  readonly id: string;
  readonly identitySources: readonly IdentitySourcePlan[];
  readonly functionArn: string;
  /**
   * The role that invokes the function, which is allowed to. If absent, API Gateway invokes it, and the function's
   * policy has to allow that.
   */
  readonly roleArn?: string;
  readonly timeoutMs: number;
  /** A result is remembered for so many seconds; 0 remembers none. */
  readonly resultTtlSeconds: number;
  /** Why the function can't be invoked, whatever its policy says. The authorizer then answers AWS's 500. */
  readonly problem?: ConfigurationProblem;
}

export interface ConfigurationProblem {
  /** The line of the execution log. */
  readonly detail: string;
  /** What helps, for `x-portico-hint` only. */
  readonly hint?: string;
}

export interface UserPoolAuthorizerPlan {
  readonly kind: "user-pool";
  readonly id: string;
  readonly identitySources: readonly IdentitySourcePlan[];
  /** The pattern that the token's audience has to match. */
  readonly identityValidationExpression?: string;
  readonly pools: readonly UserPoolPlan[];
}

export interface UserPoolPlan {
  /** `us-east-1_AbCdEfGhI` */
  readonly id: string;
  /** Cognito's host on AWS. */
  readonly host: string;
}

/** A JWT authorizer of an HTTP API. */
export interface JwtAuthorizerPlan {
  readonly kind: "jwt";
  readonly id: string;
  /** One. */
  readonly identitySources: readonly IdentitySourcePlan[];
  readonly issuer: string;
  readonly audiences: readonly string[];
}
