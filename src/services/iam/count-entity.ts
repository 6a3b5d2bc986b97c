import { bounds } from "../../base/bounds.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { type AccountDocument, iamKinds, type OwnershipDocument } from "./documents.ts";
import { limitExceeded } from "./errors.ts";

/** AWS: IAM User Guide, "IAM and AWS STS quotas". */
const quotas = {
  users: { name: "UsersPerAccount", max: bounds.iamUsersMax.value },
  groups: { name: "GroupsPerAccount", max: bounds.iamGroupsMax.value },
  roles: { name: "RolesPerAccount", max: bounds.iamRolesMax.value },
  policies: { name: "PoliciesPerAccount", max: bounds.iamPoliciesMax.value },
} as const;

/** Returns the counts of an account's roles and policies. */
export const readAccount = async (tx: Reader): Promise<AccountDocument> =>
  (await tx.get<AccountDocument>(iamKinds.account, "account"))?.body ?? { roles: 0, policies: 0 };

/** Returns what an account has besides roles and policies. */
export const readOwnership = async (tx: Reader): Promise<OwnershipDocument> =>
  (await tx.get<OwnershipDocument>(iamKinds.ownership, "account"))?.body ?? { users: 0, groups: 0, rootAccessKeys: [] };

export const putOwnership = (tx: Transaction, ownership: OwnershipDocument): Promise<void> =>
  tx.put(iamKinds.ownership, "account", ownership);

/** Counts one more (or fewer) role or policy of an account, and marks the account as one whose roles are here. */
export async function countEntity(tx: Transaction, entity: "roles" | "policies", by: 1 | -1): Promise<void> {
  const account = await readAccount(tx);
  const count = account[entity] + by;
  checkQuota(entity, count, by);
  await tx.put(iamKinds.account, "account", { ...account, [entity]: count });
}

/** Counts one more (or fewer) user or group of an account. Its roles may still be elsewhere. */
export async function countMember(tx: Transaction, entity: "users" | "groups", by: 1 | -1): Promise<void> {
  const ownership = await readOwnership(tx);
  const count = ownership[entity] + by;
  checkQuota(entity, count, by);
  await putOwnership(tx, { ...ownership, [entity]: count });
}

function checkQuota(entity: keyof typeof quotas, count: number, by: 1 | -1): void {
  const { name, max } = quotas[entity];
  if (by > 0 && count > max) throw limitExceeded(`Cannot exceed quota for ${name}: ${max}`);
}
