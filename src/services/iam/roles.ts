import { bounds } from "../../base/bounds.ts";
import type { CallContext, Handler, Operations } from "../../protocol/operation.ts";
import type { Reader, Store, Transaction } from "../../store/store.ts";
import { countEntity } from "./count-entity.ts";
import { documentId, encodePolicy, iamKinds, iamScope, type RoleDocument } from "./documents.ts";
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from "./errors.ts";
import { type ListInput, listPage } from "./list-page.ts";
import { policyNameOf, requireAttachable } from "./policies.ts";
import { policyLength, validatePolicy } from "./policy-grammar.ts";
import { type Tag, tagList, tagPage, withoutTags, withTags } from "./tags.ts";

interface RoleInput {
  readonly RoleName: string;
}

const roleMissing = (name: string): Error => noSuchEntity(`The role with name ${name} cannot be found.`);

async function requireRole(tx: Reader, name: string): Promise<RoleDocument> {
  const stored = await tx.get<RoleDocument>(iamKinds.role, documentId(name));
  if (stored === undefined) throw roleMissing(name);
  return stored.body;
}

const put = (tx: Transaction, role: RoleDocument): Promise<void> => tx.put(iamKinds.role, documentId(role.name), role);

/** AWS: IAM API reference, "Role"; policies come percent-encoded (RFC 3986). Lists leave members out. */
const listed = (role: RoleDocument): object => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: role.createdAt,
  AssumeRolePolicyDocument: encodePolicy(role.trustPolicy),
  ...(role.description === undefined ? {} : { Description: role.description }),
  MaxSessionDuration: role.maxSessionSeconds,
});

const shown = (role: RoleDocument): object => ({
  ...listed(role),
  ...(role.permissionsBoundary === undefined
    ? {}
    : {
        PermissionsBoundary: {
          PermissionsBoundaryType: "Policy",
          PermissionsBoundaryArn: role.permissionsBoundary,
        },
      }),
  ...(Object.keys(role.tags).length === 0 ? {} : { Tags: tagList(role.tags) }),
  RoleLastUsed: {},
});

function requireTrustPolicy(text: string): void {
  validatePolicy(text, "trust");
  const max = bounds.iamTrustPolicyCharsMax.value;
  if (policyLength(text) > max) throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${max}`);
}

interface CreateRoleInput extends RoleInput {
  readonly Path?: string;
  readonly AssumeRolePolicyDocument: string;
  readonly Description?: string;
  readonly MaxSessionDuration?: number;
  readonly PermissionsBoundary?: string;
  readonly Tags?: readonly Tag[];
}

async function createRole(tx: Transaction, input: CreateRoleInput, call: CallContext): Promise<object> {
  const { RoleName: name, AssumeRolePolicyDocument: trustPolicy, Path: path = "/" } = input;
  requireTrustPolicy(trustPolicy);
  if ((await tx.get(iamKinds.role, documentId(name))) !== undefined) {
    throw alreadyExists(`Role with name ${name} already exists.`);
  }
  if (input.PermissionsBoundary !== undefined)
    await requireAttachable(tx, input.PermissionsBoundary, call, "Scope ARN:");
  await countEntity(tx, "roles", 1);
  const role: RoleDocument = {
    path,
    name,
    id: `AROA${call.ids.id(17).toUpperCase()}`,
    arn: `arn:aws:iam::${call.account}:role${path}${name}`,
    createdAt: Math.floor(call.clock.now() / 1000),
    ...(input.Description === undefined ? {} : { description: input.Description }),
    maxSessionSeconds: input.MaxSessionDuration ?? bounds.roleSessionSecondsDefault.value,
    trustPolicy,
    inlinePolicies: {},
    attachedPolicies: [],
    ...(input.PermissionsBoundary === undefined ? {} : { permissionsBoundary: input.PermissionsBoundary }),
    tags: withTags({}, input.Tags ?? []),
  };
  await put(tx, role);
  return { Role: shown(role) };
}

async function deleteRole(tx: Transaction, { RoleName: name }: RoleInput): Promise<object> {
  const role = await requireRole(tx, name);
  if (role.attachedPolicies.length > 0) {
    throw deleteConflict("Cannot delete entity, must detach all policies first.");
  }
  if (Object.keys(role.inlinePolicies).length > 0) {
    throw deleteConflict("Cannot delete entity, must delete policies first.");
  }
  await tx.delete(iamKinds.role, documentId(name));
  await countEntity(tx, "roles", -1);
  return {};
}

interface UpdateRoleInput extends RoleInput {
  readonly Description?: string;
  readonly MaxSessionDuration?: number;
}

const described = (role: RoleDocument, { Description, MaxSessionDuration }: UpdateRoleInput): RoleDocument => ({
  ...role,
  ...(Description === undefined ? {} : { description: Description }),
  ...(MaxSessionDuration === undefined ? {} : { maxSessionSeconds: MaxSessionDuration }),
});

async function listRoles(tx: Reader, input: ListInput & { readonly PathPrefix?: string }): Promise<object> {
  const roles = (await tx.list<RoleDocument>(iamKinds.role)).map(({ body }) => body);
  const below = roles.filter(({ path }) => path.startsWith(input.PathPrefix ?? "/"));
  const answer = listPage("Roles", below, ({ name }) => documentId(name), input);
  return { ...answer, Roles: (answer as { Roles: RoleDocument[] }).Roles.map(listed) };
}

// ---- Inline policies ----

interface RolePolicyInput extends RoleInput {
  readonly PolicyName: string;
}

const inlineMissing = (name: string): Error => noSuchEntity(`The role policy with name ${name} cannot be found.`);

function withInline(role: RoleDocument, name: string, document: string): RoleDocument {
  validatePolicy(document, "identity");
  const inlinePolicies = { ...role.inlinePolicies, [name]: document };
  const length = Object.values(inlinePolicies).reduce((sum, text) => sum + policyLength(text), 0);
  const max = bounds.iamInlinePoliciesCharsMax.value;
  if (length > max) throw limitExceeded(`Maximum policy size of ${max} bytes exceeded for role ${role.name}`);
  return { ...role, inlinePolicies };
}

function withoutInline(role: RoleDocument, name: string): RoleDocument {
  if (!Object.hasOwn(role.inlinePolicies, name)) throw inlineMissing(name);
  const { [name]: _, ...inlinePolicies } = role.inlinePolicies;
  return { ...role, inlinePolicies };
}

// ---- Attached policies ----

interface AttachInput extends RoleInput {
  readonly PolicyArn: string;
}

async function attach(
  tx: Transaction,
  role: RoleDocument,
  { PolicyArn: arn }: AttachInput,
  call: CallContext,
): Promise<RoleDocument> {
  await requireAttachable(tx, arn, call);
  if (role.attachedPolicies.includes(arn)) return role;
  const max = bounds.iamAttachedPoliciesMax.value;
  if (role.attachedPolicies.length >= max) throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${max}`);
  return { ...role, attachedPolicies: [...role.attachedPolicies, arn] };
}

function detach(role: RoleDocument, arn: string): RoleDocument {
  if (!role.attachedPolicies.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
  return { ...role, attachedPolicies: role.attachedPolicies.filter((one) => one !== arn) };
}

interface ListAttachedInput extends ListInput, RoleInput {
  readonly PathPrefix?: string;
}

function listAttached(role: RoleDocument, input: ListAttachedInput): object {
  const prefix = input.PathPrefix ?? "/";
  const below = role.attachedPolicies.filter((arn) => arn.slice(arn.indexOf(":policy/") + 7).startsWith(prefix));
  const policies = below.map((PolicyArn) => ({ PolicyName: policyNameOf(PolicyArn), PolicyArn }));
  return listPage(
    "AttachedPolicies",
    policies,
    (one) => `${one.PolicyName.toLowerCase()} ${one.PolicyArn.split(":")[4]}`,
    input,
  );
}

/** AWS: IAM API reference, one page for each operation. */
export function makeRoleOperations(store: Store): Operations {
  type Read<Input> = (role: RoleDocument, input: Input) => object;
  type Change<Input> = (
    role: RoleDocument,
    input: Input,
    tx: Transaction,
    call: CallContext,
  ) => RoleDocument | Promise<RoleDocument>;

  const reading =
    <Input extends RoleInput>(read: Read<Input>): Handler<Input> =>
    (input, { account }) =>
      store.read(iamScope(account), async (tx) => read(await requireRole(tx, input.RoleName), input));
  const changing =
    <Input extends RoleInput>(
      change: Change<Input>,
      answer: (role: RoleDocument) => object = () => ({}),
    ): Handler<Input> =>
    (input, call) =>
      store.write(iamScope(call.account), async (tx) => {
        const role = await change(await requireRole(tx, input.RoleName), input, tx, call);
        await put(tx, role);
        return answer(role);
      });

  return {
    CreateRole: (input: CreateRoleInput, call: CallContext) =>
      store.write(iamScope(call.account), (tx) => createRole(tx, input, call)),
    DeleteRole: (input: RoleInput, { account }: CallContext) =>
      store.write(iamScope(account), (tx) => deleteRole(tx, input)),
    ListRoles: (input: ListInput, { account }: CallContext) =>
      store.read(iamScope(account), (tx) => listRoles(tx, input)),
    GetRole: reading((role) => ({ Role: shown(role) })),
    UpdateRole: changing<UpdateRoleInput>(described),
    UpdateRoleDescription: changing<UpdateRoleInput>(described, (role) => ({ Role: shown(role) })),
    UpdateAssumeRolePolicy: changing<RoleInput & { readonly PolicyDocument: string }>((role, { PolicyDocument }) => {
      requireTrustPolicy(PolicyDocument);
      return { ...role, trustPolicy: PolicyDocument };
    }),
    PutRolePermissionsBoundary: changing<RoleInput & { readonly PermissionsBoundary: string }>(
      async (role, { PermissionsBoundary }, tx, call) => {
        await requireAttachable(tx, PermissionsBoundary, call, "Scope ARN:");
        return { ...role, permissionsBoundary: PermissionsBoundary };
      },
    ),
    DeleteRolePermissionsBoundary: changing((role) => {
      if (role.permissionsBoundary === undefined) {
        throw noSuchEntity(`The role with name ${role.name} has no permissions boundary.`);
      }
      const { permissionsBoundary: _, ...rest } = role;
      return rest;
    }),
    TagRole: changing<RoleInput & { readonly Tags: readonly Tag[] }>((role, { Tags }) => ({
      ...role,
      tags: withTags(role.tags, Tags),
    })),
    UntagRole: changing<RoleInput & { readonly TagKeys: readonly string[] }>((role, { TagKeys }) => ({
      ...role,
      tags: withoutTags(role.tags, TagKeys),
    })),
    ListRoleTags: reading<RoleInput & ListInput>((role, input) => tagPage(role.tags, input)),
    PutRolePolicy: changing<RolePolicyInput & { readonly PolicyDocument: string }>((role, input) =>
      withInline(role, input.PolicyName, input.PolicyDocument),
    ),
    GetRolePolicy: reading<RolePolicyInput>((role, { PolicyName }) => {
      if (!Object.hasOwn(role.inlinePolicies, PolicyName)) throw inlineMissing(PolicyName);
      const PolicyDocument = encodePolicy(role.inlinePolicies[PolicyName]!);
      return { RoleName: role.name, PolicyName, PolicyDocument };
    }),
    DeleteRolePolicy: changing<RolePolicyInput>((role, { PolicyName }) => withoutInline(role, PolicyName)),
    ListRolePolicies: reading<RoleInput & ListInput>((role, input) =>
      listPage("PolicyNames", Object.keys(role.inlinePolicies), (name) => name, input),
    ),
    AttachRolePolicy: changing<AttachInput>((role, input, tx, call) => attach(tx, role, input, call)),
    DetachRolePolicy: changing<AttachInput>((role, { PolicyArn }) => detach(role, PolicyArn)),
    ListAttachedRolePolicies: reading<ListAttachedInput>(listAttached),
    // There are no instances, so that no role is in a profile.
    ListInstanceProfilesForRole: reading(() => ({ InstanceProfiles: [], IsTruncated: false })),
  };
}
