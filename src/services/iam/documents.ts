import { percentEncode } from "../../base/percent-encode.ts";
import type { Scope } from "../../store/store.ts";

/** Kinds of documents. The ids of the first two are names in lower case: AWS tells no names apart by their case. */
export const iamKinds = {
  role: "iam-role",
  policy: "iam-policy",
  /** That an account has its roles here: written with the first one, and never taken away. Its id is `account`. */
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
  /** Policies are kept as the text that they came in. */
  readonly trustPolicy: string;
  readonly inlinePolicies: Readonly<Record<string, string>>;
  /** ARNs, in the order in which they were attached. */
  readonly attachedPolicies: readonly string[];
  readonly permissionsBoundary?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What roles are found by: the ARNs of the policies that they have, and of their boundaries. */
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
  /** What the next version is called: numbers are not used twice. */
  readonly nextVersion: number;
  readonly versions: readonly PolicyVersion[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface AccountDocument {
  readonly roles: number;
  readonly policies: number;
}

/** IAM is one for all regions. */
export const iamScope = (account: string): Scope => ({ account, region: "aws-global" });

export const documentId = (name: string): string => name.toLowerCase();

/** The account and name of a customer's policy. Undefined: the ARN is no such policy's. */
export function parsePolicyArn(arn: string): { readonly account: string; readonly name: string } | undefined {
  const parts = /^arn:aws[a-z-]*:iam::(\d{12}):policy\/(?:[\x21-\x7e]{1,510}\/)?([\w+=,.@-]{1,128})$/.exec(arn);
  return parts === null ? undefined : { account: parts[1]!, name: parts[2]! };
}

export const defaultVersionOf = ({ versions, defaultVersionId }: PolicyDocument): PolicyVersion => {
  const found = versions.find(({ id }) => id === defaultVersionId);
  if (found === undefined) throw new Error(`a policy has no version ${defaultVersionId}, which is its default`);
  return found;
};

/** AWS: IAM API reference, "GetRole": policies are answered percent-encoded, by RFC 3986. */
export const encodePolicy = (text: string): string => percentEncode(text);
