import { bounds } from "../../base/bounds.ts";
import type { Change, Work } from "../../families/work.ts";
import { iamPaging, page, pageAnswer, pageWindow } from "../../protocol/paging.ts";
import { everywhere, type Reader } from "../../store/store.ts";
import { awsManagedPolicies } from "./aws-managed-policies.ts";
import { putOwnership, readAccount, readOwnership } from "./count-entity.ts";
import {
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

type DetailList = "UserDetailList" | "GroupDetailList" | "RoleDetailList" | "Policies";

interface Detail {
  readonly id: string;
  /** Makes the answer, which is done for one page only. */
  readonly show: () => object | Promise<object>;
}

/** A part of the list, in the order of ids. */
interface Section {
  readonly filter: NonNullable<IamInput<"GetAccountAuthorizationDetails">["Filter"]>[number];
  readonly list: DetailList;
  /** Returns what comes after an id, or all of it; more than `limit` is not needed. */
  readonly find: (after: string | undefined, limit: number) => Promise<readonly Detail[]>;
}

/**
 * Only a page is read, since all policies of an account may be tens of megabytes. AWS: IAM API reference,
 * "GetAccountAuthorizationDetails": one page has users, groups, roles and policies.
 */
async function getDetails({
  tx,
  input,
}: Work<IamService, IamInput<"GetAccountAuthorizationDetails">>): Promise<object> {
  const { Filter: filter = [], MaxItems, Marker } = input;
  const request = { limit: MaxItems, token: Marker };
  const { limit, after } = pageWindow(request, iamPaging);
  const rows: { readonly key: string; readonly list: DetailList; readonly detail: Detail }[] = [];
  for (const [index, { filter: name, list, find }] of sectionsOf(tx).entries()) {
    if (filter.length > 0 && !filter.includes(name)) continue;
    const prefix = `${index} `;
    // Sections before that of the marker are over, and those after it have not begun.
    if (rows.length > limit || (after !== undefined && prefix < after && !after.startsWith(prefix))) continue;
    const from = after?.startsWith(prefix) === true ? after.slice(prefix.length) : undefined;
    for (const detail of await find(from, limit + 1)) rows.push({ key: prefix + detail.id, list, detail });
  }
  const { rows: listed, ...rest } = pageAnswer(
    page(rows, ({ key }) => key, request, iamPaging),
    iamPaging,
    "rows",
  ) as {
    readonly rows: typeof rows;
  };
  const answer: Record<DetailList, object[]> = {
    UserDetailList: [],
    GroupDetailList: [],
    RoleDetailList: [],
    Policies: [],
  };
  for (const { list, detail } of listed) answer[list].push(await detail.show());
  return { ...answer, ...rest };
}

function sectionsOf(tx: Reader): readonly Section[] {
  const documents =
    <Item>(kind: string, show: (item: Item) => object | Promise<object>): Section["find"] =>
    async (after, limit) => {
      const found = await tx.list<Item>(kind, { limit, ...(after !== undefined && { after }) });
      return found.map(({ id, body }) => ({ id, show: () => show(body) }));
    };
  let counted: Promise<Uses> | undefined;
  const uses = (): Promise<Uses> => {
    counted ??= countUses(tx);
    return counted;
  };
  return [
    {
      filter: "User",
      list: "UserDetailList",
      find: documents<UserDocument>(iamKinds.user, (user) => userDetail(tx, user)),
    },
    { filter: "Group", list: "GroupDetailList", find: documents<GroupDocument>(iamKinds.group, groupDetail) },
    {
      filter: "Role",
      list: "RoleDetailList",
      find: documents<RoleDocument>(iamKinds.role, async (role) => roleDetail(role, (await readTrust(tx, role)).text)),
    },
    {
      filter: "LocalManagedPolicy",
      list: "Policies",
      find: documents<PolicyDocument>(iamKinds.policy, async (policy) => policyDetail(policy, await uses())),
    },
    {
      filter: "AWSManagedPolicy",
      list: "Policies",
      async find(after = "") {
        const { attached, bounded } = await uses();
        // As on AWS, only those that are in use.
        return awsManagedPolicies
          .filter(({ arn }) => (attached.has(arn) || bounded.has(arn)) && arn > after)
          .sort((left, right) => (left.arn < right.arn ? -1 : 1))
          .map((policy) => ({ id: policy.arn, show: async () => policyDetail(policy, await uses()) }));
      },
    },
  ];
}

const inlinePolicies = ({ inlinePolicies: policies }: EntityDocument): object[] =>
  Object.entries(policies).map(([PolicyName, text]) => ({ PolicyName, PolicyDocument: encodePolicy(text) }));

const userDetail = async (tx: Reader, user: UserDocument): Promise<object> => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: user.arn,
  CreateDate: user.createdAt,
  UserPolicyList: inlinePolicies(user),
  GroupList: await groupNames(tx, user),
  AttachedManagedPolicies: user.attachedPolicies.map(attachedPolicy),
  ...shownBoundary(user),
  Tags: tagList(user.tags),
});

async function groupNames(tx: Reader, { groups }: UserDocument): Promise<string[]> {
  const names: string[] = [];
  for (const id of groups) names.push((await tx.get<GroupDocument>(iamKinds.group, id))?.body.name ?? id);
  return names;
}

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
