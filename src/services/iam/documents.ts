import { percentEncode } from "../../base/percent-encode.ts";
import type { Scope } from "../../store/store.ts";

/**
 * Kinds of documents. The ids of roles, policies, users and groups are their names in lower case, because names that differ
 * only in case are one on AWS. An account's documents are in {@link iamScope}.
 */
export const iamKinds = {
  role: "iam-role",
  policy: "iam-policy",
  user: "iam-user",
  group: "iam-group",
  /** An OpenID Connect provider, by its URL without the scheme. */
  openIdProvider: "iam-openid-provider",
  /**
   * Says that an account's roles are here. It is written with the first role or policy and never removed. Its id is
   * `account`.
   */
  account: "iam-account",
  /** What an account has besides: counts of users and groups, its root's keys, its alias. Its id is `account`. */
  ownership: "iam-ownership",
  /** The owner of an account's alias, by the alias, in the scope that belongs to no account. */
  alias: "iam-account-alias",
  /**
   * An access key, by its id, with its secret. It is in the scope that belongs to no account, since a key's id alone says
   * whose it is.
   */
  accessKey: "iam-access-key",
} as const;

/** The kinds that a role is read from. */
export const roleKinds: readonly string[] = [iamKinds.role, iamKinds.policy, iamKinds.account];

/** What users, groups and roles have in common. */
export interface EntityDocument {
  readonly path: string;
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  /** Seconds since 1970, as all times here. */
  readonly createdAt: number;
  /** By name. Policies are stored as the text that was sent. */
  readonly inlinePolicies: Readonly<Record<string, string>>;
  /** The ARNs of managed policies, in the order in which they were attached. */
  readonly attachedPolicies: readonly string[];
}

export interface RoleDocument extends EntityDocument {
  readonly description?: string;
  readonly maxSessionSeconds: number;
  readonly trustPolicy: string;
  /** Whom the trust policy meant when it was saved: the ids of users and roles, by their ARNs. */
  readonly trustedIds?: Readonly<Record<string, string>>;
  readonly permissionsBoundary?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface UserDocument extends EntityDocument {
  /** The ids of the documents of its groups. */
  readonly groups: readonly string[];
  /** The ids of its access keys, the oldest first. */
  readonly accessKeys: readonly string[];
  readonly permissionsBoundary?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export type GroupDocument = EntityDocument;

export interface AccessKeyDocument {
  readonly id: string;
  /** In clear, since signatures are made with it. It is answered once, when the key is made, and never logged. */
  readonly secret: string;
  readonly isActive: boolean;
  readonly createdAt: number;
  readonly account: string;
  /** The ARN of its user, or of the account's root. */
  readonly ownerArn: string;
}

const policiesOf = ({
  attachedPolicies,
  permissionsBoundary: boundary,
}: EntityDocument & { readonly permissionsBoundary?: string }): readonly string[] =>
  boundary === undefined ? attachedPolicies : [...attachedPolicies, boundary];

/** The indexes: the ARNs of an entity's policies and of its boundary; and the groups of users. */
export const iamIndexes = {
  [iamKinds.role]: { policy: policiesOf },
  [iamKinds.group]: { policy: policiesOf },
  [iamKinds.user]: { policy: policiesOf, group: ({ groups }: UserDocument) => groups },
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

export interface OwnershipDocument {
  readonly users: number;
  readonly groups: number;
  /** The ids of the root's access keys, the oldest first. */
  readonly rootAccessKeys: readonly string[];
  readonly alias?: string;
}

export interface OpenIdProviderDocument {
  readonly arn: string;
  /** Without the scheme, as it was given: `accounts.example.com/path`. */
  readonly url: string;
  readonly createdAt: number;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
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
