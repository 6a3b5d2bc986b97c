import { parseRoleArn, type RoleAccess } from "../../access/role-access.ts";
import type { Reader, Scope } from "../../store/store.ts";
import { awsManagedPolicyOf } from "./aws-managed-policies.ts";
import {
  defaultVersionOf,
  documentId,
  iamKinds,
  iamScope,
  type PolicyDocument,
  parsePolicyArn,
  type RoleDocument,
} from "./documents.ts";

/** A document that a role was read from. */
export interface Source {
  readonly scope: Scope;
  readonly kind: string;
  readonly id: string;
}

export interface LoadedRole {
  /** Undefined if the role does not exist. */
  readonly role: RoleAccess | undefined;
  readonly document: RoleDocument | undefined;
  /** Whether the account's roles are kept here. If so, an unknown role exists nowhere. */
  readonly isAccountHere: boolean;
  /** The documents that it was read from, existing or not. A change of one of them changes the role. */
  readonly sources: readonly Source[];
}

/** Reads a role with its current policies. */
export async function loadRole(reader: Reader, arn: string): Promise<LoadedRole> {
  const parts = parseRoleArn(arn);
  if (parts === undefined) return { role: undefined, document: undefined, isAccountHere: false, sources: [] };
  const scope = iamScope(parts.account);
  const tx = reader.in(scope);
  const id = documentId(parts.name);
  const source = (kind: string, of: string): Source => ({ scope, kind, id: of });
  const document = (await tx.get<RoleDocument>(iamKinds.role, id))?.body;
  // AWS: names in ARNs are compared with their case, and the path is part of the ARN.
  if (document === undefined || document.arn !== arn) {
    const isAccountHere = (await tx.get(iamKinds.account, "account")) !== undefined;
    // Once an account's roles are here, they stay here.
    const sources = [source(iamKinds.role, id), ...(isAccountHere ? [] : [source(iamKinds.account, "account")])];
    return { role: undefined, document: undefined, isAccountHere, sources };
  }
  const named = [...document.attachedPolicies, ...(document.permissionsBoundary ? [document.permissionsBoundary] : [])];
  const texts = new Map<string, string>();
  for (const policyArn of named) texts.set(policyArn, await readPolicy(tx, policyArn));
  const role: RoleAccess = {
    arn,
    id: document.id,
    tags: document.tags,
    trustPolicy: document.trustPolicy,
    policies: [
      ...Object.values(document.inlinePolicies),
      ...document.attachedPolicies.map((policyArn) => texts.get(policyArn) ?? ""),
    ],
    ...(document.permissionsBoundary && { permissionsBoundary: texts.get(document.permissionsBoundary) ?? "" }),
  };
  const policySources = named.flatMap((policyArn) => {
    const policy = parsePolicyArn(policyArn);
    return policy === undefined ? [] : [source(iamKinds.policy, documentId(policy.name))];
  });
  return { role, document, isAccountHere: true, sources: [source(iamKinds.role, id), ...policySources] };
}

/**
 * Reads a policy. A missing one is not a valid policy, which denies everything; an attached policy can't be deleted.
 */
async function readPolicy(tx: Reader, arn: string): Promise<string> {
  const managed = awsManagedPolicyOf(arn);
  if (managed !== undefined) return managed.document;
  const policy = parsePolicyArn(arn);
  const stored = policy && (await tx.get<PolicyDocument>(iamKinds.policy, documentId(policy.name)));
  return stored === undefined ? "" : defaultVersionOf(stored.body).document;
}
