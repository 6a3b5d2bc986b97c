import { bounds } from "../../base/bounds.ts";
import type { Change, Work } from "../../families/work.ts";
import { everywhere } from "../../store/store.ts";
import { awsManagedPolicies } from "./aws-managed-policies.ts";
import { putOwnership, readAccount, readOwnership } from "./count-entity.ts";
import {
  documentId,
  type EntityDocument,
  encodePolicy,
  type GroupDocument,
  iamKinds,
  type PolicyDocument,
  type RoleDocument,
  type UserDocument,
} from "./documents.ts";
import { attachedPolicy, shownBoundary } from "./entity-operations.ts";
import { alreadyExists, noSuchEntity } from "./errors.ts";
import { type IamInput, type IamService, operations, reading, writing } from "./iam-families.ts";
import { listPage } from "./list-page.ts";
import { countUses, listedPolicy, shownVersions, type Uses } from "./policies.ts";
import { tagList } from "./tags.ts";
import { readTrust } from "./trusted-principals.ts";

// ---- The alias ----

/** An account has one alias; a new one takes the old one's place. AWS: IAM API reference, "CreateAccountAlias". */
async function createAlias(work: Change<IamService, IamInput<"CreateAccountAlias">>): Promise<object> {
  const { tx, call, input } = work;
  const { AccountAlias: alias } = input;
  const claims = tx.in(everywhere);
  const ownership = await readOwnership(tx);
  if (ownership.alias === alias) return {};
  if ((await claims.get(iamKinds.alias, alias)) !== undefined) {
    throw alreadyExists(`The account alias ${alias} already exists.`);
  }
  if (ownership.alias !== undefined) await claims.delete(iamKinds.alias, ownership.alias);
  await claims.put(iamKinds.alias, alias, { account: call.account });
  await putOwnership(tx, { ...ownership, alias });
  return {};
}

async function deleteAlias({ tx, input }: Change<IamService, IamInput<"DeleteAccountAlias">>): Promise<object> {
  const { alias, ...ownership } = await readOwnership(tx);
  if (alias !== input.AccountAlias) throw noSuchEntity(`The account alias ${input.AccountAlias} cannot be found.`);
  await tx.in(everywhere).delete(iamKinds.alias, alias);
  await putOwnership(tx, ownership);
  return {};
}

async function listAliases({ tx }: Work<IamService>): Promise<object> {
  const { alias } = await readOwnership(tx);
  return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false };
}

// ---- The summary ----

/** AWS: IAM API reference, "GetAccountSummary". What can't be made here is none. */
async function getSummary({ tx }: Work<IamService>): Promise<object> {
  const { roles, policies } = await readAccount(tx);
  const { users, groups, rootAccessKeys } = await readOwnership(tx);
  const { attached, bounded } = await countUses(tx);
  const used = new Set([...attached.keys(), ...bounded.keys()]);
  return {
    SummaryMap: {
      Users: users,
      UsersQuota: bounds.iamUsersMax.value,
      Groups: groups,
      GroupsQuota: bounds.iamGroupsMax.value,
      Roles: roles,
      RolesQuota: bounds.iamRolesMax.value,
      Policies: policies,
      PoliciesQuota: bounds.iamPoliciesMax.value,
      PolicyVersionsInUse: used.size,
      PolicyVersionsInUseQuota: 10_000,
      VersionsPerPolicyQuota: bounds.iamPolicyVersionsMax.value,
      PolicySizeQuota: bounds.iamPolicyCharsMax.value,
      UserPolicySizeQuota: bounds.iamUserPoliciesCharsMax.value,
      GroupPolicySizeQuota: bounds.iamGroupPoliciesCharsMax.value,
      RolePolicySizeQuota: bounds.iamInlinePoliciesCharsMax.value,
      AssumeRolePolicySizeQuota: bounds.iamTrustPolicyCharsMax.value,
      AttachedPoliciesPerUserQuota: bounds.iamAttachedPoliciesMax.value,
      AttachedPoliciesPerGroupQuota: bounds.iamAttachedPoliciesMax.value,
      AttachedPoliciesPerRoleQuota: bounds.iamAttachedPoliciesMax.value,
      GroupsPerUserQuota: bounds.iamGroupsOfUserMax.value,
      AccessKeysPerUserQuota: bounds.iamAccessKeysMax.value,
      AccountAccessKeysPresent: rootAccessKeys.length > 0 ? 1 : 0,
      Providers: await tx.count(iamKinds.openIdProvider),
      AccountMFAEnabled: 0,
      AccountPasswordPresent: 0,
      AccountSigningCertificatesPresent: 0,
      MFADevices: 0,
      MFADevicesInUse: 0,
      InstanceProfiles: 0,
      ServerCertificates: 0,
      SigningCertificatesPerUserQuota: 2,
      GlobalEndpointTokenVersion: 2,
    },
  };
}

// ---- Everything ----

interface DetailRow {
  readonly list: "UserDetailList" | "GroupDetailList" | "RoleDetailList" | "Policies";
  readonly key: string;
  readonly shown: object;
}

/** AWS: IAM API reference, "GetAccountAuthorizationDetails": one page has users, groups, roles and policies. */
async function getDetails({
  tx,
  input,
}: Work<IamService, IamInput<"GetAccountAuthorizationDetails">>): Promise<object> {
  const { Filter: filter } = input;
  const isAsked = (name: NonNullable<typeof filter>[number]): boolean =>
    filter === undefined || filter.length === 0 || filter.includes(name);
  const all = async <Item>(kind: string): Promise<Item[]> => (await tx.list<Item>(kind)).map(({ body }) => body);
  const rows: DetailRow[] = [];
  const add = (list: DetailRow["list"], name: string, shown: object): unknown =>
    rows.push({ list, key: `${list} ${documentId(name)}`, shown });
  const groups = new Map((await all<GroupDocument>(iamKinds.group)).map((group) => [documentId(group.name), group]));
  if (isAsked("User")) {
    for (const user of await all<UserDocument>(iamKinds.user)) {
      const names = user.groups.map((id) => groups.get(id)?.name ?? id);
      add("UserDetailList", user.name, userDetail(user, names));
    }
  }
  if (isAsked("Group")) for (const group of groups.values()) add("GroupDetailList", group.name, groupDetail(group));
  if (isAsked("Role")) {
    for (const role of await all<RoleDocument>(iamKinds.role)) {
      add("RoleDetailList", role.name, roleDetail(role, (await readTrust(tx, role)).text));
    }
  }
  const uses = await countUses(tx);
  if (isAsked("LocalManagedPolicy")) {
    for (const policy of await all<PolicyDocument>(iamKinds.policy)) {
      add("Policies", `${policy.name} own`, policyDetail(policy, uses));
    }
  }
  if (isAsked("AWSManagedPolicy")) {
    // As on AWS, only those that are in use.
    for (const policy of awsManagedPolicies) {
      if (!uses.attached.has(policy.arn) && !uses.bounded.has(policy.arn)) continue;
      add("Policies", `${policy.name} aws`, policyDetail(policy, uses));
    }
  }
  const { rows: shown, ...page } = listPage("rows", rows, ({ key }) => key, input) as { rows: DetailRow[] };
  const of = (list: DetailRow["list"]): object[] => shown.filter((row) => row.list === list).map((row) => row.shown);
  return {
    UserDetailList: of("UserDetailList"),
    GroupDetailList: of("GroupDetailList"),
    RoleDetailList: of("RoleDetailList"),
    Policies: of("Policies"),
    ...page,
  };
}

const inlinePolicies = ({ inlinePolicies: policies }: EntityDocument): object[] =>
  Object.entries(policies).map(([PolicyName, text]) => ({ PolicyName, PolicyDocument: encodePolicy(text) }));

const userDetail = (user: UserDocument, groupNames: readonly string[]): object => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: user.arn,
  CreateDate: user.createdAt,
  UserPolicyList: inlinePolicies(user),
  GroupList: groupNames,
  AttachedManagedPolicies: user.attachedPolicies.map(attachedPolicy),
  ...shownBoundary(user),
  Tags: tagList(user.tags),
});

const groupDetail = (group: GroupDocument): object => ({
  Path: group.path,
  GroupName: group.name,
  GroupId: group.id,
  Arn: group.arn,
  CreateDate: group.createdAt,
  GroupPolicyList: inlinePolicies(group),
  AttachedManagedPolicies: group.attachedPolicies.map(attachedPolicy),
});

const roleDetail = (role: RoleDocument, trustPolicy: string): object => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: role.createdAt,
  AssumeRolePolicyDocument: encodePolicy(trustPolicy),
  InstanceProfileList: [],
  RolePolicyList: inlinePolicies(role),
  AttachedManagedPolicies: role.attachedPolicies.map(attachedPolicy),
  ...shownBoundary(role),
  Tags: tagList(role.tags),
  RoleLastUsed: {},
});

const policyDetail = (policy: Parameters<typeof listedPolicy>[0], uses: Uses): object => ({
  ...listedPolicy(policy, uses),
  PolicyVersionList: shownVersions(policy, true),
});

/** AWS: IAM API reference, one page for each operation. */
export const accountOperations = operations({
  CreateAccountAlias: writing(createAlias),
  DeleteAccountAlias: writing(deleteAlias),
  ListAccountAliases: reading(listAliases),
  GetAccountSummary: reading(getSummary),
  GetAccountAuthorizationDetails: reading(getDetails),
});
