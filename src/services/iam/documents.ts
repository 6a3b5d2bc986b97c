import { percentEncode } from "../../base/percent-encode.ts";
import type { Scope } from "../../store/store.ts";

/**
 * Kinds of documents. The ids of the first two are names in lower case, because names that differ only in case are one
 * on AWS.
 */
export const iamKinds = {
  role: "iam-role",
  policy: "iam-policy",
  /**
   * Says that an account's roles are here. It is written with the first role and never removed. Its id is `account`.
   */
  account: "iam-account",
} as const;

export interface RoleDocument {
  readonly path: string;
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  /** Seconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly description?: string;
  readonly maxSessionSeconds: number;
  /** Policies are stored as the text that was sent. */
  readonly trustPolicy: string;
  readonly inlinePolicies: Readonly<Record<string, string>>;
  /** The ARNs of managed policies, in the order in which they were attached. */
  readonly attachedPolicies: readonly string[];
  readonly permissionsBoundary?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The index of roles: the ARNs of their policies and of their boundaries. */
export const iamIndexes = {
  [iamKinds.role]: {
    policy: ({ attachedPolicies, permissionsBoundary: boundary }: RoleDocument) =>
      boundary === undefined ? attachedPolicies : [...attachedPolicies, boundary],
  },
} as const;

export interface PolicyVersion {
  readonly id: string;
  readonly document: string;
  readonly createdAt: number;
}

export interface PolicyDocument {
  readonly path: string;
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly description?: string;
  readonly defaultVersionId: string;
  /** The number of the next version. Numbers are not used twice. */
  readonly nextVersion: number;
  readonly versions: readonly PolicyVersion[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface AccountDocument {
  readonly roles: number;
  readonly policies: number;
}

/** Returns the scope of an account's IAM documents, which belong to no region. */
export const iamScope = (account: string): Scope => ({ account, region: "aws-global" });

export const documentId = (name: string): string => name.toLowerCase();

/** Returns the account and name in the ARN of a customer's policy, or undefined for another ARN. */
export function parsePolicyArn(arn: string): { readonly account: string; readonly name: string } | undefined {
  const parts = /^arn:aws[a-z-]*:iam::(\d{12}):policy\/(?:[\x21-\x7e]{1,510}\/)?([\w+=,.@-]{1,128})$/.exec(arn);
  return parts === null ? undefined : { account: parts[1]!, name: parts[2]! };
}

export const defaultVersionOf = ({ versions, defaultVersionId }: PolicyDocument): PolicyVersion => {
  const found = versions.find(({ id }) => id === defaultVersionId);
  if (found === undefined) throw new Error(`a policy has no version ${defaultVersionId}, which is its default`);
  return found;
};

/** Percent-encodes a policy for an answer. AWS: IAM API reference, "GetRole": by RFC 3986. */
export const encodePolicy = (text: string): string => percentEncode(text);
