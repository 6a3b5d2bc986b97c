import type { IAM } from "@aws-sdk/client-iam";
import { bounds } from "../../base/bounds.ts";
import type { OperationName } from "../../families/input.ts";
import { type MergeRules, mergedAs, mergeInto, unmerged } from "../../families/merge.ts";
import { type Change, nowSeconds, present, type Work } from "../../families/work.ts";
import { countEntity } from "./count-entity.ts";
import { documentId, encodePolicy, iamKinds, type RoleDocument } from "./documents.ts";
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from "./errors.ts";
import { changing, defineResource, documents, type IamInput, operations, reading, viewing } from "./iam-families.ts";
import { listPage } from "./list-page.ts";
import { policyNameOf } from "./load-principal.ts";
import { requireAttachable } from "./policies.ts";
import { policyLength, validatePolicy } from "./policy-grammar.ts";
import { tagList, tagPage, withoutTags, withTags } from "./tags.ts";

type RoleWork<Name extends OperationName<IAM>> = Change<object, IamInput<Name>>;

const roles = documents({
  kind: iamKinds.role,
  member: "RoleName",
  idFrom: documentId,
  idOf: (role: RoleDocument) => documentId(role.name),
  missing: (name) => noSuchEntity(`The role with name ${name} cannot be found.`),
});

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

async function createRole(work: RoleWork<"CreateRole">): Promise<RoleDocument> {
  const { input, call, tx } = work;
  const { RoleName: name, AssumeRolePolicyDocument: trustPolicy, Path: path = "/" } = input;
  requireTrustPolicy(trustPolicy);
  if ((await roles.get(work, documentId(name))) !== undefined) {
    throw alreadyExists(`Role with name ${name} already exists.`);
  }
  if (input.PermissionsBoundary !== undefined)
    await requireAttachable(tx, input.PermissionsBoundary, call, "Scope ARN:");
  await countEntity(tx, "roles", 1);
  return present<RoleDocument>({
    path,
    name,
    id: `AROA${call.ids.id(17).toUpperCase()}`,
    arn: `arn:aws:iam::${call.account}:role${path}${name}`,
    createdAt: nowSeconds(call),
    description: input.Description,
    maxSessionSeconds: input.MaxSessionDuration ?? bounds.roleSessionSecondsDefault.value,
    trustPolicy,
    inlinePolicies: {},
    attachedPolicies: [],
    permissionsBoundary: input.PermissionsBoundary,
    tags: withTags({}, input.Tags ?? []),
  });
}

async function checkUnused(role: RoleDocument, { tx }: Change<object>): Promise<void> {
  if (role.attachedPolicies.length > 0) {
    throw deleteConflict("Cannot delete entity, must detach all policies first.");
  }
  if (Object.keys(role.inlinePolicies).length > 0) {
    throw deleteConflict("Cannot delete entity, must delete policies first.");
  }
  await countEntity(tx, "roles", -1);
}

/** What UpdateRole and UpdateRoleDescription change. */
const updateRules: MergeRules<RoleDocument, IamInput<"UpdateRole">> = {
  RoleName: unmerged,
  Description: mergedAs("description"),
  MaxSessionDuration: mergedAs("maxSessionSeconds"),
};

async function listRoles({ tx, input }: Work<object, IamInput<"ListRoles">>): Promise<object> {
  const all = (await tx.list<RoleDocument>(iamKinds.role)).map(({ body }) => body);
  const below = all.filter(({ path }) => path.startsWith(input.PathPrefix ?? "/"));
  const answer = listPage("Roles", below, ({ name }) => documentId(name), input);
  return { ...answer, Roles: (answer as { Roles: RoleDocument[] }).Roles.map(listed) };
}

// ---- Inline policies ----

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

async function attach(role: RoleDocument, { tx, input, call }: RoleWork<"AttachRolePolicy">): Promise<RoleDocument> {
  const { PolicyArn: arn } = input;
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

function listAttached(role: RoleDocument, input: IamInput<"ListAttachedRolePolicies">): object {
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
export const roleOperations = {
  ...defineResource({
    operations: { create: "CreateRole", get: "GetRole", delete: "DeleteRole" },
    place: roles,
    create: createRole,
    onDelete: checkUnused,
    view: (role) => ({ Role: shown(role) }),
  }),
  ...operations({
    ListRoles: reading(listRoles),
    UpdateRole: changing(roles, (role, { input }) => mergeInto(role, input, updateRules)),
    UpdateRoleDescription: changing(
      roles,
      (role, { input }) => mergeInto(role, input, updateRules),
      (role) => ({ Role: shown(role) }),
    ),
    UpdateAssumeRolePolicy: changing(roles, (role, { input }) => {
      requireTrustPolicy(input.PolicyDocument);
      return { ...role, trustPolicy: input.PolicyDocument };
    }),
    PutRolePermissionsBoundary: changing(roles, async (role, { input, tx, call }) => {
      await requireAttachable(tx, input.PermissionsBoundary, call, "Scope ARN:");
      return { ...role, permissionsBoundary: input.PermissionsBoundary };
    }),
    DeleteRolePermissionsBoundary: changing(roles, (role) => {
      if (role.permissionsBoundary === undefined) {
        throw noSuchEntity(`The role with name ${role.name} has no permissions boundary.`);
      }
      const { permissionsBoundary: _, ...rest } = role;
      return rest;
    }),
    TagRole: changing(roles, (role, { input }) => ({ ...role, tags: withTags(role.tags, input.Tags) })),
    UntagRole: changing(roles, (role, { input }) => ({ ...role, tags: withoutTags(role.tags, input.TagKeys) })),
    ListRoleTags: viewing(roles, (role, { input }) => tagPage(role.tags, input)),
    PutRolePolicy: changing(roles, (role, { input }) => withInline(role, input.PolicyName, input.PolicyDocument)),
    GetRolePolicy: viewing(roles, (role, { input: { PolicyName } }) => {
      if (!Object.hasOwn(role.inlinePolicies, PolicyName)) throw inlineMissing(PolicyName);
      const PolicyDocument = encodePolicy(role.inlinePolicies[PolicyName]!);
      return { RoleName: role.name, PolicyName, PolicyDocument };
    }),
    DeleteRolePolicy: changing(roles, (role, { input }) => withoutInline(role, input.PolicyName)),
    ListRolePolicies: viewing(roles, (role, { input }) =>
      listPage("PolicyNames", Object.keys(role.inlinePolicies), (name) => name, input),
    ),
    AttachRolePolicy: changing(roles, attach),
    DetachRolePolicy: changing(roles, (role, { input }) => detach(role, input.PolicyArn)),
    ListAttachedRolePolicies: viewing(roles, (role, { input }) => listAttached(role, input)),
    // There are no instances here, so no role is in a profile.
    ListInstanceProfilesForRole: viewing(roles, () => ({ InstanceProfiles: [], IsTruncated: false })),
  }),
};
