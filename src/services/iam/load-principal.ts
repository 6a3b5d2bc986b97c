import {
  type Identity,
  type NamedPolicy,
  type Principal,
  principalOfIdentity,
  principalOfSession,
  rootByArn,
  type Session,
} from "../../access/principal.ts";
import { everywhere, type Reader } from "../../store/store.ts";
import { awsManagedPolicyOf } from "./aws-managed-policies.ts";
import {
  type AccessKeyDocument,
  defaultVersionOf,
  documentId,
  type EntityDocument,
  type GroupDocument,
  iamKinds,
  iamScope,
  type PolicyDocument,
  parsePolicyArn,
  type RoleDocument,
  type UserDocument,
} from "./documents.ts";
import { parseIdentityArn, type Source } from "./identity-arn.ts";
import { readTrust } from "./trusted-principals.ts";

export interface LoadedIdentity {
  /** Undefined if it does not exist. */
  readonly identity: Identity | undefined;
  /** The documents that it was read from, existing or not. A change of one of them changes the identity. */
  readonly sources: readonly Source[];
}

export interface LoadedPrincipal {
  /** Undefined if there is no such user or role, or not the one that the session was made for. */
  readonly principal: Principal | undefined;
  readonly sources: readonly Source[];
}

/** An access key with its owner. */
export interface LoadedAccessKey {
  /** Undefined if no such key exists here. */
  readonly key: AccessKeyDocument | undefined;
  /** Undefined if the key or its owner does not exist. Whether the key is active is not looked at. */
  readonly principal: Principal | undefined;
  readonly sources: readonly Source[];
}

/** Reads an access key of a user or a root, with its owner and the owner's policies. */
export async function loadAccessKey(reader: Reader, accessKeyId: string): Promise<LoadedAccessKey> {
  const source: Source = { scope: everywhere, kind: iamKinds.accessKey, id: accessKeyId };
  const key = (await reader.in(everywhere).get<AccessKeyDocument>(iamKinds.accessKey, accessKeyId))?.body;
  if (key === undefined) return { key, principal: undefined, sources: [source] };
  const { identity, sources } = await loadIdentity(reader, key.ownerArn);
  return { key, principal: identity && principalOfIdentity(identity), sources: [source, ...sources] };
}

/** Reads whom a session, opened from its token, belongs to. Whether it has expired is not looked at. */
export async function loadSession(reader: Reader, session: Session): Promise<LoadedPrincipal> {
  const { identity, sources } = await loadIdentity(reader, session.issuerArn);
  if (identity === undefined) return { principal: undefined, sources };
  const texts = new Map<string, string>();
  for (const arn of session.policyArns ?? []) texts.set(arn, await readPolicy(reader, identity.account, arn));
  return {
    principal: principalOfSession(identity, session, (arn) => texts.get(arn)),
    sources: [...sources, ...(session.policyArns ?? []).flatMap((arn) => policySources(arn))],
  };
}

/** Reads a user, a role or a root by its ARN, with its current policies. */
export async function loadIdentity(reader: Reader, arn: string): Promise<LoadedIdentity> {
  const parts = parseIdentityArn(arn);
  if (parts === undefined) return { identity: undefined, sources: [] };
  const { kind, account, name } = parts;
  if (kind === "root") return { identity: rootByArn(arn), sources: [] };
  const scope = iamScope(account);
  const tx = reader.in(scope);
  const own: Source = { scope, kind: iamKinds[kind], id: documentId(name) };
  const document = (await tx.get<RoleDocument | UserDocument>(own.kind, own.id))?.body;
  // AWS: names in ARNs are compared with their case, and the path is part of the ARN.
  if (document === undefined || document.arn !== arn) return { identity: undefined, sources: [own] };
  const sources: Source[] = [own];
  const read = async (policyArn: string): Promise<NamedPolicy> => {
    sources.push(...policySources(policyArn));
    return { name: policyNameOf(policyArn), arn: policyArn, document: await readPolicy(reader, account, policyArn) };
  };
  const policies = await policiesOf(document, read);
  for (const groupId of "groups" in document ? document.groups : []) {
    sources.push({ scope, kind: iamKinds.group, id: groupId });
    const group = (await tx.get<GroupDocument>(iamKinds.group, groupId))?.body;
    if (group === undefined) throw new Error(`a user is in the group ${groupId}, which does not exist`);
    policies.push(...(await policiesOf(group, read)).map((policy) => ({ ...policy, group: group.name })));
  }
  const { permissionsBoundary: boundary } = document;
  const trust = "trustPolicy" in document ? await readTrust(tx, document) : undefined;
  if (trust !== undefined) sources.push(...trust.sources);
  return {
    identity: {
      kind,
      account,
      arn,
      id: document.id,
      name: document.name,
      path: document.path,
      tags: document.tags,
      policies,
      ...(boundary !== undefined && { permissionsBoundary: await read(boundary) }),
      ...(trust !== undefined && { trustPolicy: trust.text }),
    },
    sources,
  };
}

/** Reads the policies of a group of the account by its name; undefined if there is none. Groups are no principals. */
export async function loadGroupPolicies(
  reader: Reader,
  account: string,
  groupName: string,
): Promise<readonly NamedPolicy[] | undefined> {
  const tx = reader.in(iamScope(account));
  const group = (await tx.get<GroupDocument>(iamKinds.group, documentId(groupName)))?.body;
  if (group === undefined) return undefined;
  const read = async (arn: string): Promise<NamedPolicy> => ({
    name: policyNameOf(arn),
    arn,
    document: await readPolicy(reader, account, arn),
  });
  return (await policiesOf(group, read)).map((policy) => ({ ...policy, group: group.name }));
}

async function policiesOf(
  { inlinePolicies, attachedPolicies }: EntityDocument,
  read: (policyArn: string) => Promise<NamedPolicy>,
): Promise<NamedPolicy[]> {
  const policies: NamedPolicy[] = Object.entries(inlinePolicies).map(([name, document]) => ({ name, document }));
  for (const arn of attachedPolicies) policies.push(await read(arn));
  return policies;
}

export const policyNameOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

const policySources = (arn: string): Source[] => {
  const policy = parsePolicyArn(arn);
  return policy === undefined
    ? []
    : [{ scope: iamScope(policy.account), kind: iamKinds.policy, id: documentId(policy.name) }];
};

/**
 * Reads a policy of the account, or one of AWS's. A missing one is not a valid policy, which denies everything; an attached
 * policy can't be deleted.
 */
async function readPolicy(reader: Reader, account: string, arn: string): Promise<string> {
  const managed = awsManagedPolicyOf(arn);
  if (managed !== undefined) return managed.document;
  const policy = parsePolicyArn(arn);
  if (policy === undefined || policy.account !== account) return "";
  const stored = await reader.in(iamScope(account)).get<PolicyDocument>(iamKinds.policy, documentId(policy.name));
  return stored === undefined || stored.body.arn !== arn ? "" : defaultVersionOf(stored.body).document;
}
