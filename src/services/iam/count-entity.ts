import { bounds } from "../../base/bounds.ts";
import type { Transaction } from "../../store/store.ts";
import { type AccountDocument, iamKinds } from "./documents.ts";
import { limitExceeded } from "./errors.ts";

/** AWS: IAM User Guide, "IAM and AWS STS quotas". */
const quotas = {
  roles: { name: "RolesPerAccount", max: bounds.iamRolesMax.value },
  policies: { name: "PoliciesPerAccount", max: bounds.iamPoliciesMax.value },
} as const;

/** Counts one more (or fewer) role or policy of an account, and marks the account as one whose roles are here. */
export async function countEntity(tx: Transaction, entity: "roles" | "policies", by: 1 | -1): Promise<void> {
  const stored = await tx.get<AccountDocument>(iamKinds.account, "account");
  const account: AccountDocument = stored?.body ?? { roles: 0, policies: 0 };
  const count = account[entity] + by;
  const { name, max } = quotas[entity];
  if (by > 0 && count > max) throw limitExceeded(`Cannot exceed quota for ${name}: ${max}`);
  await tx.put(iamKinds.account, "account", { ...account, [entity]: count });
}
