import { parseRoleArn, type RoleAccess } from "../../access/role-access.ts";
import type { Reader } from "../../store/store.ts";
import { iamKinds, iamScope } from "./documents.ts";
import type { Source } from "./identity-arn.ts";
import { loadIdentity } from "./load-principal.ts";

export interface LoadedRole {
  /** Undefined if the role does not exist. */
  readonly role: RoleAccess | undefined;
  /** Whether the account's roles are kept here. If so, an unknown role exists nowhere. */
  readonly isAccountHere: boolean;
  /** The documents that it was read from, existing or not. A change of one of them changes the role. */
  readonly sources: readonly Source[];
}

/** Reads a role with its current policies. */
export async function loadRole(reader: Reader, arn: string): Promise<LoadedRole> {
  const parts = parseRoleArn(arn);
  if (parts === undefined) return { role: undefined, isAccountHere: false, sources: [] };
  const { identity, sources } = await loadIdentity(reader, arn);
  if (identity === undefined) {
    const scope = iamScope(parts.account);
    const isAccountHere = (await reader.in(scope).get(iamKinds.account, "account")) !== undefined;
    // Once an account's roles are here, they stay here.
    const account: Source = { scope, kind: iamKinds.account, id: "account" };
    return { role: undefined, isAccountHere, sources: [...sources, ...(isAccountHere ? [] : [account])] };
  }
  const { id, tags, trustPolicy = "", policies, permissionsBoundary: boundary } = identity;
  const role: RoleAccess = {
    arn,
    id,
    tags,
    trustPolicy,
    policies: policies.map(({ document }) => document),
    ...(boundary !== undefined && { permissionsBoundary: boundary.document }),
  };
  return { role, isAccountHere: true, sources };
}
