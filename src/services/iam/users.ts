import { bounds } from "../../base/bounds.ts";
import { type Change, nowSeconds, present, type Work } from "../../families/work.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { everywhere, type Reader } from "../../store/store.ts";
import { countMember } from "./count-entity.ts";
import { type AccessKeyDocument, documentId, iamKinds, type UserDocument } from "./documents.ts";
import { boundaryOperationsOf, policyOperationsOf, refuseWithPolicies, shownBoundary } from "./entity-operations.ts";
import { alreadyExists, deleteConflict, noSuchEntity, validationError } from "./errors.ts";
import {
  defineResource,
  documents,
  type IamInput,
  type IamService,
  operations,
  reading,
  writing,
} from "./iam-families.ts";
import { entitiesBelow, listPage } from "./list-page.ts";
import { requireAttachable } from "./policies.ts";
import { tagList, withTags } from "./tags.ts";
import { makeUniqueId } from "./unique-id.ts";

export const users = documents({
  kind: iamKinds.user,
  member: "UserName",
  idFrom: documentId,
  idOf: (user: UserDocument) => documentId(user.name),
  missing: (name) => noSuchEntity(`The user with name ${name} cannot be found.`),
});

/** AWS: IAM API reference, "User"; lists leave boundary and tags out. */
export const listedUser = ({ path, name, id, arn, createdAt }: UserDocument): object => ({
  Path: path,
  UserName: name,
  UserId: id,
  Arn: arn,
  CreateDate: createdAt,
});

const shown = (user: UserDocument): object => ({
  ...listedUser(user),
  ...shownBoundary(user),
  ...(Object.keys(user.tags).length === 0 ? {} : { Tags: tagList(user.tags) }),
});

export const userArn = (account: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:user${path}${name}`;

/**
 * Returns the name of the user that a call is about: the one that it names, else its caller's. Undefined stands for the
 * account's root. AWS: IAM API reference, "GetUser", "CreateAccessKey": the name is found by the access key.
 */
export function userNameOf(named: string | undefined, { caller }: CallContext): string | undefined {
  if (named !== undefined) return named;
  if (caller === undefined || caller.type === "Account") return undefined;
  if (caller.userName !== undefined) return caller.userName;
  throw validationError("Must specify userName when calling with non-User credentials");
}

/** Returns the user that a call is about, or undefined for the account's root. */
export async function findUser<In extends { readonly UserName?: string | undefined }>(
  work: Work<IamService, In>,
): Promise<UserDocument | undefined> {
  const UserName = userNameOf(work.input.UserName, work.call);
  return UserName === undefined ? undefined : users.find({ ...work, input: { UserName } });
}

async function createUser(work: Change<IamService, IamInput<"CreateUser">>): Promise<UserDocument> {
  const { input, call, tx } = work;
  const { UserName: name, Path: path = "/", PermissionsBoundary: permissionsBoundary } = input;
  if ((await users.get(work, documentId(name))) !== undefined) throw taken(name);
  if (permissionsBoundary !== undefined) await requireAttachable(tx, permissionsBoundary, call, "Scope ARN:");
  await countMember(tx, "users", 1);
  return present<UserDocument>({
    path,
    name,
    id: makeUniqueId("AIDA", call),
    arn: userArn(call.account, path, name),
    createdAt: nowSeconds(call),
    inlinePolicies: {},
    attachedPolicies: [],
    groups: [],
    accessKeys: [],
    permissionsBoundary,
    tags: withTags({}, input.Tags ?? []),
  });
}

const taken = (name: string): Error => alreadyExists(`User with name ${name} already exists.`);

async function getUser(work: Work<IamService, IamInput<"GetUser">>): Promise<object> {
  const { account } = work.call;
  const user = await findUser(work);
  if (user !== undefined) return { User: shown(user) };
  // When an account was made is not known here.
  return { User: { Path: "/", UserId: account, Arn: `arn:aws:iam::${account}:root`, CreateDate: 0 } };
}

async function listUsers({ tx, input }: Work<IamService, IamInput<"ListUsers">>): Promise<object> {
  const below = await entitiesBelow<UserDocument>(tx, iamKinds.user, input);
  return listPage("Users", below, ({ name }) => documentId(name), input, listedUser);
}

/** A user who is renamed or moved has another ARN, and keeps id, keys, groups and policies. AWS: "UpdateUser". */
async function updateUser(work: Change<IamService, IamInput<"UpdateUser">>): Promise<object> {
  const { input, call, tx } = work;
  const before = await users.find(work);
  const { NewUserName: name = before.name, NewPath: path = before.path } = input;
  const isSameDocument = documentId(name) === documentId(before.name);
  if (!isSameDocument && (await users.get(work, documentId(name))) !== undefined) throw taken(name);
  const user: UserDocument = { ...before, name, path, arn: userArn(call.account, path, name) };
  if (!isSameDocument) await users.delete(before, work);
  await users.put(user, work);
  const keys = tx.in(everywhere);
  for (const id of user.accessKeys) {
    const key = await keys.get<AccessKeyDocument>(iamKinds.accessKey, id);
    if (key === undefined) throw new Error(`a user has the access key ${id}, which does not exist`);
    await keys.put(iamKinds.accessKey, id, { ...key.body, ownerArn: user.arn });
  }
  return {};
}

/** AWS: IAM API reference, "DeleteUser". */
async function checkUnused(user: UserDocument, { tx }: Change<IamService>): Promise<void> {
  refuseWithPolicies(user);
  if (user.accessKeys.length > 0) throw deleteConflict("Cannot delete entity, must delete access keys first.");
  if (user.groups.length > 0) throw deleteConflict("Cannot delete entity, must remove users from group first.");
  await countMember(tx, "users", -1);
}

/** Returns the members of a group, in the order of their names. */
export const membersOf = async (tx: Reader, groupId: string): Promise<readonly UserDocument[]> =>
  (await tx.list<UserDocument>(iamKinds.user, { where: { index: "group", key: groupId } })).map(({ body }) => body);

const policies = policyOperationsOf(users, {
  called: "user",
  member: "UserName",
  inlineCharsMax: bounds.iamUserPoliciesCharsMax.value,
});
const bounded = boundaryOperationsOf(users, "user");

/** Makes the list of something that no user has here, since it can't be made. */
const none =
  (member: string) =>
  async (work: Work<IamService, { readonly UserName?: string | undefined }>): Promise<object> => {
    await findUser(work);
    return { [member]: [], IsTruncated: false };
  };
const noLoginProfile = (name: string): Error => noSuchEntity(`Login Profile for User ${name} cannot be found.`);

/** AWS: IAM API reference, one page for each operation. */
export const userOperations = {
  ...defineResource({
    operations: { create: "CreateUser", delete: "DeleteUser" },
    place: users,
    create: createUser,
    onDelete: checkUnused,
    view: (user) => ({ User: shown(user) }),
  }),
  ...operations({
    GetUser: reading(getUser),
    ListUsers: reading(listUsers),
    UpdateUser: writing(updateUser),
    PutUserPermissionsBoundary: bounded.putBoundary,
    DeleteUserPermissionsBoundary: bounded.deleteBoundary,
    TagUser: bounded.tag,
    UntagUser: bounded.untag,
    ListUserTags: bounded.listTags,
    PutUserPolicy: policies.put,
    GetUserPolicy: policies.get,
    DeleteUserPolicy: policies.delete,
    ListUserPolicies: policies.list,
    AttachUserPolicy: policies.attach,
    DetachUserPolicy: policies.detach,
    ListAttachedUserPolicies: policies.listAttached,
    // Passwords, MFA devices, certificates and other services' credentials can't be made here, so no user has any.
    ListMFADevices: reading(none("MFADevices")),
    ListSSHPublicKeys: reading(none("SSHPublicKeys")),
    ListSigningCertificates: reading(none("Certificates")),
    ListServiceSpecificCredentials: reading(none("ServiceSpecificCredentials")),
    ListVirtualMFADevices: reading(async () => ({ VirtualMFADevices: [], IsTruncated: false })),
    GetLoginProfile: reading(async (work: Work<IamService, IamInput<"GetLoginProfile">>) => {
      throw noLoginProfile((await findUser(work))?.name ?? "root");
    }),
    DeleteLoginProfile: reading(async (work: Work<IamService, IamInput<"DeleteLoginProfile">>) => {
      throw noLoginProfile((await findUser(work))?.name ?? "root");
    }),
  }),
};
