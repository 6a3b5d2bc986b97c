import {
  type AccessKeyDocument,
  defaultVersionOf,
  iamKinds,
  type PolicyDocument,
  type RoleDocument,
  type UserDocument,
} from "../../services/iam/documents.ts";
import { loadIdentity } from "../../services/iam/load-principal.ts";
import { type SessionKeyDocument, sessionKeyDocument } from "../../services/sts/sessions.ts";
import type { Scope } from "../../store/store.ts";
import type { PublicationSource } from "./publication-source.ts";

/**
 * What threads know of callers with signatures: access keys, users and roles with their policies, and the key that opens
 * session tokens. What can't be read is withdrawn, and then opens nothing.
 */

/** Names of users, roles and policies are unique in their account only. */
const keyOf = (id: string, { account }: Scope): string => `${account}/${id}`;
const idOf = (key: string, scope: Scope): string => key.slice(keyOf("", scope).length);

/** Publishes access keys with their secrets. */
export const accessKeySource: PublicationSource<"access-key"> = {
  extent: { kind: "each", documents: [iamKinds.accessKey] },
  madeFrom: [],
  isAwaited: true,
  failure: "An access key can't be read.",
  async read(tx, { key }) {
    const document = (await tx.get<AccessKeyDocument>(iamKinds.accessKey, key))?.body;
    if (document === undefined) return undefined;
    const { secret, isActive, ownerArn } = document;
    return { sources: [], make: () => ({ value: { secret, isActive, ownerArn } }) };
  },
  isSame: (before, after) => isSameJson(before, after),
};

/** Publishes users or roles with their policies. */
const makeIdentitySource = <Kind extends "iam-user" | "iam-role">(documents: string): PublicationSource<Kind> => ({
  extent: { kind: "each", documents: [documents], keyOf },
  madeFrom: [iamKinds.policy, iamKinds.group],
  isAwaited: true,
  failure: "A user or role can't be read.",
  async read(tx, { key, scope }) {
    const document = (await tx.get<UserDocument | RoleDocument>(documents, idOf(key, scope)))?.body;
    if (document === undefined) return undefined;
    const { identity, sources } = await loadIdentity(tx, document.arn);
    // Threads don't decide who may assume a role.
    const { trustPolicy: _, ...value } = identity ?? {};
    return { sources, make: () => ({ value: identity && (value as typeof identity) }) };
  },
  isSame: (before, after) => isSameJson(before, after),
});

export const userSource = makeIdentitySource<"iam-user">(iamKinds.user);
export const roleSource = makeIdentitySource<"iam-role">(iamKinds.role);

/** Publishes customers' managed policies, for sessions that are limited to them. */
export const managedPolicySource: PublicationSource<"iam-policy"> = {
  extent: { kind: "each", documents: [iamKinds.policy], keyOf },
  madeFrom: [],
  isAwaited: true,
  failure: "A managed policy can't be read.",
  async read(tx, { key, scope }) {
    const policy = (await tx.get<PolicyDocument>(iamKinds.policy, idOf(key, scope)))?.body;
    if (policy === undefined) return undefined;
    return {
      sources: [],
      make: () => ({ value: { arn: policy.arn, document: defaultVersionOf(policy).document } }),
    };
  },
  isSame: (before, after) => isSameJson(before, after),
};

/** Publishes the key that session tokens are sealed with. */
export const sessionKeySource: PublicationSource<"session-key"> = {
  extent: { kind: "each", documents: [sessionKeyDocument.kind] },
  madeFrom: [],
  isAwaited: true,
  failure: "The key of session tokens can't be read.",
  async read(tx, { key }) {
    const document = (await tx.get<SessionKeyDocument>(sessionKeyDocument.kind, key))?.body;
    return document && { sources: [], make: () => ({ value: document.key }) };
  },
  isSame: (before, after) => before === after,
};

const isSameJson = (before: unknown, after: unknown): boolean => JSON.stringify(before) === JSON.stringify(after);
