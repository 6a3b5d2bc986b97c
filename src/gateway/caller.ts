import type { CallerAccess } from "../access/authorize.ts";
import type { Policy } from "../access/policy.ts";
import type { Principal } from "../access/principal.ts";
import type { InboundRequest } from "../http/inbound.ts";
import type { VpcEndpoint } from "../http/listener.ts";
import type { UsagePlanFacts } from "../plan/usage-plan.ts";

/**
 * Who calls: what the request says about its caller, and what authorizers and other checks of the method found out.
 * Events, `$context`, mappings, logs and policies read it here, and a step that finds out more writes it here.
 */
export interface Caller {
  readonly sourceAddress: string;
  readonly userAgent: string | undefined;
  /**
   * True for a request of TestInvokeMethod or TestInvokeAuthorizer, which has no client and no front end that would add
   * headers.
   */
  readonly isTest: boolean;
  /** The VPC endpoint that a request for a private API came through. */
  vpcEndpoint: Pick<VpcEndpoint, "id" | "vpcId"> | undefined;
  /** The identity that signed the request. */
  iam: IamIdentity | undefined;
  apiKey: CallerApiKey | undefined;
  /** What a Lambda authorizer or a user pool said about the caller. */
  grant: Grant | undefined;
}

/** An IAM identity; its members are those of `$context.identity`. */
export interface IamIdentity {
  readonly accessKey?: string | undefined;
  readonly accountId?: string;
  readonly caller?: string;
  readonly user?: string;
  readonly userArn?: string;
  readonly principalOrgId?: string;
  readonly cognitoIdentityPoolId?: string;
  readonly cognitoIdentityId?: string;
  readonly cognitoAuthenticationType?: string;
  readonly cognitoAuthenticationProvider?: string;
  /** The identity with its policies, for calls that are made in its name; only a verified signature brings it. */
  readonly signer?: Signer;
}

export interface Signer {
  readonly principal: Principal;
  /** The principal's policies, parsed. */
  readonly access: CallerAccess;
}

export interface CallerApiKey {
  readonly id: string;
  readonly value: string;
  /** What the calls are counted by; absent in a test. */
  readonly usage?: KeyUsage;
}

/** A key's place in the usage plan that it has the stage through. */
export interface KeyUsage {
  readonly plan: UsagePlanFacts;
  readonly membership: number;
  readonly generation: number;
}

/** What an authorizer says about a caller whom it knows. */
export interface Grant {
  readonly principalId?: string;
  /** What the caller may do; absent for user pools, which do not decide that. */
  readonly policy?: Policy;
  readonly policyText?: string;
  /** `$context.authorizer.{name}` */
  readonly context?: Readonly<Record<string, string>>;
  /** Of an HTTP API's Lambda authorizer: its context as a JSON object, with values as they were given. */
  readonly contextText?: string;
  /** Of an HTTP API's Lambda authorizer: it says that the caller may not call. */
  readonly isDenied?: true;
  readonly usageIdentifierKey?: string | undefined;
  /** `$context.authorizer.claims.{name}` */
  readonly claims?: Readonly<Record<string, string>>;
  /** Of who connected to a WebSocket API: how long the authorizer's function took. */
  readonly integrationLatencyMs?: number;
  /** Of a JWT authorizer: the token's scopes that the route asks for; null if it asks for none. */
  readonly scopes?: readonly string[] | null;
}

/** Returns what the request itself says about its caller. */
export const callerOf = (request: InboundRequest): Caller => ({
  sourceAddress: request.client.address,
  userAgent: request.header("user-agent"),
  isTest: false,
  vpcEndpoint: undefined,
  iam: undefined,
  apiKey: undefined,
  grant: undefined,
});

/** The caller of a test of a method or an authorizer, as a probe carries it. */
export interface Tester {
  readonly accessKey?: string;
  readonly userAgent?: string;
  /** The user or session who tests; absent for the account's root. */
  readonly identity?: { readonly id: string; readonly arn: string };
}

/** Returns the caller that a test sees, as observed on AWS: whoever tests, as GetCallerIdentity reports it. */
export function callerOfTest(tester: Tester, account: string, request: InboundRequest): Caller {
  const { accessKey, userAgent, identity = { id: account, arn: `arn:aws:iam::${account}:root` } } = tester;
  return {
    sourceAddress: request.client.address,
    userAgent,
    isTest: true,
    vpcEndpoint: undefined,
    iam: { accessKey, accountId: account, caller: identity.id, user: identity.id, userArn: identity.arn },
    apiKey: { id: "test-invoke-api-key-id", value: "test-invoke-api-key" },
    grant: undefined,
  };
}

/** `$context.identity.{name}` by name, in the order of Lambda's events. */
export const identityVariables: Readonly<Record<string, (caller: Caller) => string | undefined>> = {
  cognitoIdentityPoolId: ({ iam }) => iam?.cognitoIdentityPoolId,
  cognitoIdentityId: ({ iam }) => iam?.cognitoIdentityId,
  cognitoAuthenticationType: ({ iam }) => iam?.cognitoAuthenticationType,
  cognitoAuthenticationProvider: ({ iam }) => iam?.cognitoAuthenticationProvider,
  principalOrgId: ({ iam }) => iam?.principalOrgId,
  accessKey: ({ iam }) => iam?.accessKey,
  accountId: ({ iam }) => iam?.accountId,
  caller: ({ iam }) => iam?.caller,
  user: ({ iam }) => iam?.user,
  userArn: ({ iam }) => iam?.userArn,
  apiKey: ({ apiKey }) => apiKey?.value,
  apiKeyId: ({ apiKey }) => apiKey?.id,
  sourceIp: ({ sourceAddress }) => sourceAddress,
  userAgent: ({ userAgent }) => userAgent,
  vpcId: ({ vpcEndpoint }) => vpcEndpoint?.vpcId,
  vpceId: ({ vpcEndpoint }) => vpcEndpoint?.id,
};
