import type { ValuePlan } from "./values.ts";

/** How an authorizer decides; that it does nothing else is its step's business. */
export type AuthorizerPlan = LambdaAuthorizerPlan | UserPoolAuthorizerPlan;

/** Where a caller's identity is looked for. */
export interface IdentitySourcePlan {
  /** As it is configured: `method.request.header.Authorization`. */
  readonly expression: string;
  /** Absent: it is known to have no value. */
  readonly value?: ValuePlan;
}

export interface LambdaAuthorizerPlan {
  /** `TOKEN` sends the identity alone, `REQUEST` the request. */
  readonly kind: "token" | "request";
  readonly id: string;
  readonly identitySources: readonly IdentitySourcePlan[];
  /** Of a TOKEN: what the whole token has to match. */
  readonly identityValidationExpression?: string;
  readonly functionArn: string;
  /** Who invokes it, which is allowed; absent: API Gateway, and the function's policy has to allow it. */
  readonly roleArn?: string;
  readonly timeoutMs: number;
}

export interface UserPoolAuthorizerPlan {
  readonly kind: "user-pool";
  readonly id: string;
  readonly identitySources: readonly IdentitySourcePlan[];
  /** What the token's audience has to match. */
  readonly identityValidationExpression?: string;
  readonly pools: readonly UserPoolPlan[];
}

export interface UserPoolPlan {
  /** `us-east-1_AbCdEfGhI` */
  readonly id: string;
  /** Cognito's, on AWS. */
  readonly host: string;
}
