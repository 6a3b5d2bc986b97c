import type { Policy } from "../access/policy.ts";
import type { InboundRequest } from "../http/inbound.ts";

/**
 * Who calls: what the request says of itself, and what those said whom the method asks. Events, `$context`, mappings, logs and
 * policies read it here. A step that finds out more sets it here.
 */
export interface Caller {
  readonly sourceAddress: string;
  readonly userAgent: string | undefined;
  /** TestInvokeMethod's or TestInvokeAuthorizer's: there is no client, and no front end that would add headers. */
  readonly isTest: boolean;
  /** Whose signature the request has. */
  iam: IamIdentity | undefined;
  apiKey: CallerApiKey | undefined;
  /** What a Lambda authorizer or a user pool says. */
  grant: Grant | undefined;
}

/** The members are those of `$context.identity`. */
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
}

export interface CallerApiKey {
  readonly id: string;
  readonly value: string;
}

/** What an authorizer says of a caller whom it knows. */
export interface Grant {
  readonly principalId?: string;
  /** What the caller may do; a user pool has no say in that. */
  readonly policy?: Policy;
  readonly policyText?: string;
  /** `$context.authorizer.{name}` */
  readonly context?: Readonly<Record<string, string>>;
  readonly usageIdentifierKey?: string | undefined;
  /** `$context.authorizer.claims.{name}` */
  readonly claims?: Readonly<Record<string, string>>;
}

/** Who calls as far as the request itself says it. */
export const callerOf = (request: InboundRequest): Caller => ({
  sourceAddress: request.remoteAddress,
  userAgent: request.header("user-agent"),
  isTest: false,
  iam: undefined,
  apiKey: undefined,
  grant: undefined,
});

/** Who tests a method or an authorizer, as a probe carries it. */
export interface Tester {
  readonly accessKey?: string;
  readonly userAgent?: string;
}

/** What a test sees of who calls, as observed on AWS; it is the account's root, as GetCallerIdentity says it here. */
export const callerOfTest = ({ accessKey, userAgent }: Tester, account: string, request: InboundRequest): Caller => ({
  sourceAddress: request.remoteAddress,
  userAgent,
  isTest: true,
  iam: { accessKey, accountId: account, caller: account, user: account, userArn: `arn:aws:iam::${account}:root` },
  apiKey: { id: "test-invoke-api-key-id", value: "test-invoke-api-key" },
  grant: undefined,
});

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
};
