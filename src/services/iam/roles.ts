import type { IAM } from "@aws-sdk/client-iam";
import { bounds } from "../../base/bounds.ts";
import type { OperationName } from "../../families/input.ts";
import { type MergeRules, mergedAs, mergeInto, unmerged } from "../../families/merge.ts";
import { type Change, nowSeconds, present, type Work } from "../../families/work.ts";
import type { Reader } from "../../store/store.ts";
import { countEntity } from "./count-entity.ts";
import { documentId, encodePolicy, iamKinds, type RoleDocument } from "./documents.ts";
import { boundaryOperationsOf, policyOperationsOf, refuseWithPolicies, shownBoundary } from "./entity-operations.ts";
import { alreadyExists, limitExceeded, noSuchEntity } from "./errors.ts";
import {
  changing,
  defineResource,
  documents,
  type IamInput,
  type IamService,
  operations,
  reading,
  viewing,
} from "./iam-families.ts";
import { entitiesBelow, listPage } from "./list-page.ts";
import { requireAttachable } from "./policies.ts";
import { policyLength, validatePolicy } from "./policy-grammar.ts";
import { tagList, withTags } from "./tags.ts";
import { readTrust, trustedIdsOf } from "./trusted-principals.ts";
import { makeUniqueId } from "./unique-id.ts";

type RoleWork<Name extends OperationName<IAM>> = Change<IamService, IamInput<Name>>;

const roles = documents({
  kind: iamKinds.role,
  member: "RoleName",
  idFrom: documentId,
  idOf: (role: RoleDocument) => documentId(role.name),
  missing: (name) => noSuchEntity(`The role with name ${name} cannot be found.`),
});

/** AWS: IAM API reference, "Role"; policies come percent-encoded (RFC 3986). Lists leave members out. */
const listed = async (tx: Reader, role: RoleDocument): Promise<object> => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: role.createdAt,
  AssumeRolePolicyDocument: encodePolicy((await readTrust(tx, role)).text),
  ...(role.description === undefined ? {} : { Description: role.description }),
  MaxSessionDuration: role.maxSessionSeconds,
});

const shown = async (tx: Reader, role: RoleDocument): Promise<object> => ({
  ...(await listed(tx, role)),
  ...shownBoundary(role),
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
    id: makeUniqueId("AROA", call),
    arn: `arn:aws:iam::${call.account}:role${path}${name}`,
    createdAt: nowSeconds(call),
    description: input.Description,
    maxSessionSeconds: input.MaxSessionDuration ?? bounds.roleSessionSecondsDefault.value,
    trustPolicy,
    trustedIds: await trustedIdsOf(tx, trustPolicy),
    inlinePolicies: {},
    attachedPolicies: [],
    permissionsBoundary: input.PermissionsBoundary,
    tags: withTags({}, input.Tags ?? []),
  });
}

async function checkUnused(role: RoleDocument, { tx }: Change<IamService>): Promise<void> {
  refuseWithPolicies(role);
  await countEntity(tx, "roles", -1);
}

/** What UpdateRole and UpdateRoleDescription change. */
const updateRules: MergeRules<RoleDocument, IamInput<"UpdateRole">> = {
  RoleName: unmerged,
  Description: mergedAs("description"),
  MaxSessionDuration: mergedAs("maxSessionSeconds"),
};

async function listRoles({ tx, input }: Work<IamService, IamInput<"ListRoles">>): Promise<object> {
  const below = await entitiesBelow<RoleDocument>(tx, iamKinds.role, input);
  const answer = listPage("Roles", below, ({ name }) => documentId(name), input);
  const shownRoles: object[] = [];
  for (const role of (answer as { Roles: RoleDocument[] }).Roles) shownRoles.push(await listed(tx, role));
  return { ...answer, Roles: shownRoles };
}

const policies = policyOperationsOf(roles, {
  called: "role",
  member: "RoleName",
  inlineCharsMax: bounds.iamInlinePoliciesCharsMax.value,
});
const bounded = boundaryOperationsOf(roles, "role");

/** AWS: IAM API reference, one page for each operation. */
export const roleOperations = {
  ...defineResource({
    operations: { create: "CreateRole", get: "GetRole", delete: "DeleteRole" },
    place: roles,
    create: createRole,
    onDelete: checkUnused,
    view: async (role, { tx }) => ({ Role: await shown(tx, role) }),
  }),
  ...operations({
    ListRoles: reading(listRoles),
    UpdateRole: changing(roles, (role, { input }) => mergeInto(role, input, updateRules)),
    UpdateRoleDescription: changing(
      roles,
      (role, { input }) => mergeInto(role, input, updateRules),
      async (role, { tx }) => ({ Role: await shown(tx, role) }),
    ),
    UpdateAssumeRolePolicy: changing(roles, async (role, { input, tx }) => {
      const { PolicyDocument: trustPolicy } = input;
      requireTrustPolicy(trustPolicy);
      return { ...role, trustPolicy, trustedIds: await trustedIdsOf(tx, trustPolicy) };
    }),
    PutRolePermissionsBoundary: bounded.putBoundary,
    DeleteRolePermissionsBoundary: bounded.deleteBoundary,
    TagRole: bounded.tag,
    UntagRole: bounded.untag,
    ListRoleTags: bounded.listTags,
    PutRolePolicy: policies.put,
    GetRolePolicy: policies.get,
    DeleteRolePolicy: policies.delete,
    ListRolePolicies: policies.list,
    AttachRolePolicy: policies.attach,
    DetachRolePolicy: policies.detach,
    ListAttachedRolePolicies: policies.listAttached,
    // There are no instances here, so no role is in a profile.
    ListInstanceProfilesForRole: viewing(roles, () => ({ InstanceProfiles: [], IsTruncated: false })),
  }),
};
