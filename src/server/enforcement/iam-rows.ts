import type { AccessDemand, AccessQuestion } from "../../protocol/operation.ts";
import {
  type AccessKeyDocument,
  documentId,
  type EntityDocument,
  iamKinds,
  iamScope,
} from "../../services/iam/documents.ts";
import { everywhere } from "../../store/store.ts";
import { type AccessRow, type AccessTable, type RowFacts, rowsOf, tableOf, text } from "./access-rows.ts";

type EntityKind = "user" | "role" | "group";

const arnOf = (account: string, kind: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:${kind}${path}${name}`;

/** Returns the ARN of an entity by its name; one that does not exist has the path that most have. */
async function findArn(kind: EntityKind, name: string, { call, store }: RowFacts): Promise<string> {
  const scope = iamScope(call.account);
  const found = await store.read(scope, (tx) => tx.get<EntityDocument>(iamKinds[kind], documentId(name)));
  return found?.body.arn ?? arnOf(call.account, kind, "/", name);
}

/** The condition keys that a call's input gives. AWS: Service Authorization Reference, "AWS Identity and Access Management". */
function keysOf(question: AccessQuestion): AccessDemand["keys"] {
  const policy = text(question, "PolicyArn");
  const boundary = text(question, "PermissionsBoundary");
  return {
    ...(policy === undefined ? {} : { "iam:policyarn": policy }),
    ...(boundary === undefined ? {} : { "iam:permissionsboundary": boundary }),
  };
}

/**
 * The keys of calls that limit who gets what. A call that makes an entity without a boundary lacks the key; of an entity
 * that exists, its boundary counts.
 */
async function boundaryKeys(
  kind: EntityKind,
  question: AccessQuestion,
  facts: RowFacts,
): Promise<AccessDemand["keys"]> {
  const given = keysOf(question);
  if (given?.["iam:permissionsboundary"] !== undefined || kind === "group") return given;
  const name = text(question, kind === "user" ? "UserName" : "RoleName");
  const found =
    name === undefined
      ? undefined
      : await facts.store.read(iamScope(facts.call.account), (tx) =>
          tx.get<EntityDocument & { readonly permissionsBoundary?: string }>(iamKinds[kind], documentId(name)),
        );
  return { ...given, "iam:permissionsboundary": found?.body.permissionsBoundary ?? null };
}

const action = ({ operation }: AccessQuestion): string => `iam:${operation}`;

/** An entity that the input names; a user that it does not name is the caller. */
const onEntity =
  (kind: EntityKind, member: string): AccessRow =>
  async (question, facts) => {
    const name = text(question, member);
    return {
      action: action(question),
      resource: name === undefined ? facts.caller.identity.arn : await findArn(kind, name, facts),
      keys: (await boundaryKeys(kind, question, facts)) ?? {},
    };
  };

/** An entity that is made: its path is the input's. */
const onNew =
  (kind: string, member: string): AccessRow =>
  (question, { call }) => ({
    action: action(question),
    resource: arnOf(call.account, kind, text(question, "Path") ?? "/", text(question, member) ?? ""),
    keys: { "iam:permissionsboundary": null, ...keysOf(question) },
  });

/** A user or group that gets another path or name: as the one it is, and as the one it becomes. */
const onRenamed =
  (kind: "user" | "group", member: string, newMember: string): AccessRow =>
  async (question, facts) => {
    const name = text(question, member) ?? "";
    const before = await findArn(kind, name, facts);
    const path = text(question, "NewPath") ?? before.slice(before.indexOf("/"), before.lastIndexOf("/") + 1);
    const after = arnOf(
      facts.call.account,
      kind,
      path,
      text(question, newMember) ?? before.slice(before.lastIndexOf("/") + 1),
    );
    return [...new Set([before, after])].map((resource) => ({ action: action(question), resource }));
  };

/** All entities of a kind below a path. */
const onList =
  (kind: string): AccessRow =>
  (question, { call }) => ({
    action: action(question),
    resource: arnOf(call.account, kind, text(question, "PathPrefix") ?? "/", ""),
  });

const onArn =
  (member: string): AccessRow =>
  (question) => ({ action: action(question), resource: text(question, member) ?? "" });

const onEverything: AccessRow = (question) => ({ action: action(question), resource: "*" });

/** The user that has the key. */
const onKeyOwner: AccessRow = async (question, { call, store }) => {
  const id = text(question, "AccessKeyId") ?? "";
  const key = await store.read(everywhere, (tx) => tx.get<AccessKeyDocument>(iamKinds.accessKey, id));
  const isOwn = key !== undefined && key.body.account === call.account;
  return { action: action(question), resource: isOwn ? key.body.ownerArn : "*" };
};

/** AWS: Service Authorization Reference, "AWS Identity and Access Management". */
export const iamTable: AccessTable = tableOf({
  ...rowsOf(
    [
      "AttachUserPolicy",
      "CreateAccessKey",
      "DeleteAccessKey",
      "DeleteUser",
      "DeleteUserPermissionsBoundary",
      "DeleteUserPolicy",
      "DetachUserPolicy",
      "GetUser",
      "GetUserPolicy",
      "ListAccessKeys",
      "ListAttachedUserPolicies",
      "DeleteLoginProfile",
      "GetLoginProfile",
      "ListMFADevices",
      "ListSSHPublicKeys",
      "ListServiceSpecificCredentials",
      "ListSigningCertificates",
      "ListGroupsForUser",
      "ListUserPolicies",
      "ListUserTags",
      "PutUserPermissionsBoundary",
      "PutUserPolicy",
      "TagUser",
      "UntagUser",
      "UpdateAccessKey",
    ],
    onEntity("user", "UserName"),
  ),
  ...rowsOf(
    [
      "AttachRolePolicy",
      "DeleteRole",
      "DeleteRolePermissionsBoundary",
      "DeleteRolePolicy",
      "DetachRolePolicy",
      "GetRole",
      "GetRolePolicy",
      "ListAttachedRolePolicies",
      "ListInstanceProfilesForRole",
      "ListRolePolicies",
      "ListRoleTags",
      "PutRolePermissionsBoundary",
      "PutRolePolicy",
      "TagRole",
      "UntagRole",
      "UpdateAssumeRolePolicy",
      "UpdateRole",
      "UpdateRoleDescription",
    ],
    onEntity("role", "RoleName"),
  ),
  ...rowsOf(
    [
      "AddUserToGroup",
      "AttachGroupPolicy",
      "DeleteGroup",
      "DeleteGroupPolicy",
      "DetachGroupPolicy",
      "GetGroup",
      "GetGroupPolicy",
      "ListAttachedGroupPolicies",
      "ListGroupPolicies",
      "PutGroupPolicy",
      "RemoveUserFromGroup",
    ],
    onEntity("group", "GroupName"),
  ),
  ...rowsOf(
    [
      "CreatePolicyVersion",
      "DeletePolicy",
      "DeletePolicyVersion",
      "GetPolicy",
      "GetPolicyVersion",
      "ListEntitiesForPolicy",
      "ListPolicyTags",
      "ListPolicyVersions",
      "SetDefaultPolicyVersion",
      "TagPolicy",
      "UntagPolicy",
    ],
    onArn("PolicyArn"),
  ),
  ...rowsOf(
    [
      "AddClientIDToOpenIDConnectProvider",
      "DeleteOpenIDConnectProvider",
      "GetOpenIDConnectProvider",
      "ListOpenIDConnectProviderTags",
      "RemoveClientIDFromOpenIDConnectProvider",
      "TagOpenIDConnectProvider",
      "UntagOpenIDConnectProvider",
      "UpdateOpenIDConnectProviderThumbprint",
    ],
    onArn("OpenIDConnectProviderArn"),
  ),
  CreateUser: onNew("user", "UserName"),
  CreateRole: onNew("role", "RoleName"),
  CreateGroup: onNew("group", "GroupName"),
  CreatePolicy: onNew("policy", "PolicyName"),
  CreateOpenIDConnectProvider: (question, { call }) => ({
    action: action(question),
    resource: arnOf(call.account, "oidc-provider", "/", (text(question, "Url") ?? "").replace(/^https:\/\//i, "")),
  }),
  UpdateUser: onRenamed("user", "UserName", "NewUserName"),
  UpdateGroup: onRenamed("group", "GroupName", "NewGroupName"),
  ListUsers: onList("user"),
  ListRoles: onList("role"),
  ListGroups: onList("group"),
  ListInstanceProfiles: onList("instance-profile"),
  ListPolicies: onEverything,
  ListOpenIDConnectProviders: onEverything,
  GetAccessKeyLastUsed: onKeyOwner,
  SimulatePrincipalPolicy: onArn("PolicySourceArn"),
  GetContextKeysForPrincipalPolicy: onArn("PolicySourceArn"),
  ...rowsOf(
    [
      "CreateAccountAlias",
      "DeleteAccountAlias",
      "GetAccountAuthorizationDetails",
      "GetAccountSummary",
      "GetContextKeysForCustomPolicy",
      "ListAccountAliases",
      "ListVirtualMFADevices",
      "SimulateCustomPolicy",
    ],
    onEverything,
  ),
});
