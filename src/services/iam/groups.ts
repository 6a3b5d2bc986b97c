import { bounds } from "../../base/bounds.ts";
import { type Change, nowSeconds, type Work } from "../../families/work.ts";
import { countMember } from "./count-entity.ts";
import { documentId, type GroupDocument, iamKinds, type UserDocument } from "./documents.ts";
import { policyOperationsOf, refuseWithPolicies } from "./entity-operations.ts";
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from "./errors.ts";
import {
  defineResource,
  documents,
  type IamInput,
  type IamService,
  operations,
  reading,
  viewing,
  writing,
} from "./iam-families.ts";
import { entitiesBelow, listPage } from "./list-page.ts";
import { makeUniqueId } from "./unique-id.ts";
import { listedUser, membersOf, users } from "./users.ts";

const groups = documents({
  kind: iamKinds.group,
  member: "GroupName",
  idFrom: documentId,
  idOf: (group: GroupDocument) => documentId(group.name),
  missing: (name) => noSuchEntity(`The group with name ${name} cannot be found.`),
});

/** AWS: IAM API reference, "Group". */
const shown = ({ path, name, id, arn, createdAt }: GroupDocument): object => ({
  Path: path,
  GroupName: name,
  GroupId: id,
  Arn: arn,
  CreateDate: createdAt,
});

const groupArn = (account: string, path: string, name: string): string => `arn:aws:iam::${account}:group${path}${name}`;
const taken = (name: string): Error => alreadyExists(`Group with name ${name} already exists.`);

async function createGroup(work: Change<IamService, IamInput<"CreateGroup">>): Promise<GroupDocument> {
  const { input, call, tx } = work;
  const { GroupName: name, Path: path = "/" } = input;
  if ((await groups.get(work, documentId(name))) !== undefined) throw taken(name);
  await countMember(tx, "groups", 1);
  return {
    path,
    name,
    id: makeUniqueId("AGPA", call),
    arn: groupArn(call.account, path, name),
    createdAt: nowSeconds(call),
    inlinePolicies: {},
    attachedPolicies: [],
  };
}

/** AWS: IAM API reference, "DeleteGroup". */
async function checkUnused(group: GroupDocument, { tx }: Change<IamService>): Promise<void> {
  refuseWithPolicies(group);
  if ((await membersOf(tx, documentId(group.name))).length > 0) {
    throw deleteConflict("Cannot delete entity, must remove users from group first.");
  }
  await countMember(tx, "groups", -1);
}

/** A group that is renamed or moved has another ARN, and keeps id, members and policies. AWS: "UpdateGroup". */
async function updateGroup(work: Change<IamService, IamInput<"UpdateGroup">>): Promise<object> {
  const { input, call, tx } = work;
  const before = await groups.find(work);
  const { NewGroupName: name = before.name, NewPath: path = before.path } = input;
  const [from, to] = [documentId(before.name), documentId(name)];
  if (from !== to) {
    if ((await groups.get(work, to)) !== undefined) throw taken(name);
    for (const user of await membersOf(tx, from)) {
      await users.put({ ...user, groups: user.groups.map((id) => (id === from ? to : id)) }, work);
    }
    await groups.delete(before, work);
  }
  await groups.put({ ...before, name, path, arn: groupArn(call.account, path, name) }, work);
  return {};
}

async function listGroups({ tx, input }: Work<IamService, IamInput<"ListGroups">>): Promise<object> {
  const below = await entitiesBelow<GroupDocument>(tx, iamKinds.group, input);
  return listPage("Groups", below, ({ name }) => documentId(name), input, shown);
}

// ---- Members ----

async function addUser(work: Change<IamService, IamInput<"AddUserToGroup">>): Promise<object> {
  const [group, user] = [await groups.find(work), await users.find(work)];
  const groupId = documentId(group.name);
  if (user.groups.includes(groupId)) return {};
  const max = bounds.iamGroupsOfUserMax.value;
  if (user.groups.length >= max) throw limitExceeded(`Cannot exceed quota for GroupsPerUser: ${max}`);
  await users.put({ ...user, groups: [...user.groups, groupId] }, work);
  return {};
}

async function removeUser(work: Change<IamService, IamInput<"RemoveUserFromGroup">>): Promise<object> {
  const [group, user] = [await groups.find(work), await users.find(work)];
  const groupId = documentId(group.name);
  // Unconfirmed: the wording; see docs/compatibility.md, "IAM, words".
  if (!user.groups.includes(groupId)) throw noSuchEntity(`The user ${user.name} is not in the group ${group.name}.`);
  await users.put({ ...user, groups: user.groups.filter((id) => id !== groupId) }, work);
  return {};
}

/** Returns the groups of a user. */
async function groupsOf(work: Work<IamService>, user: UserDocument): Promise<readonly GroupDocument[]> {
  const found: GroupDocument[] = [];
  for (const id of user.groups) {
    const group = await groups.get(work, id);
    if (group === undefined) throw new Error(`a user is in the group ${id}, which does not exist`);
    found.push(group);
  }
  return found;
}

const policies = policyOperationsOf(groups, {
  called: "group",
  member: "GroupName",
  inlineCharsMax: bounds.iamGroupPoliciesCharsMax.value,
});

/** AWS: IAM API reference, one page for each operation. */
export const groupOperations = {
  ...defineResource({
    operations: { create: "CreateGroup", delete: "DeleteGroup" },
    place: groups,
    create: createGroup,
    onDelete: checkUnused,
    view: (group) => ({ Group: shown(group) }),
  }),
  ...operations({
    GetGroup: viewing(groups, async (group, { tx, input }: Work<IamService, IamInput<"GetGroup">>) => {
      const members = await membersOf(tx, documentId(group.name));
      const answer = listPage("Users", members, ({ name }) => documentId(name), input, listedUser);
      return { ...answer, Group: shown(group) };
    }),
    ListGroups: reading(listGroups),
    UpdateGroup: writing(updateGroup),
    AddUserToGroup: writing(addUser),
    RemoveUserFromGroup: writing(removeUser),
    ListGroupsForUser: viewing(users, async (user, work: Work<IamService, IamInput<"ListGroupsForUser">>) => {
      const found = await groupsOf(work, user);
      return listPage("Groups", found, ({ name }) => documentId(name), work.input, shown);
    }),
    PutGroupPolicy: policies.put,
    GetGroupPolicy: policies.get,
    DeleteGroupPolicy: policies.delete,
    ListGroupPolicies: policies.list,
    AttachGroupPolicy: policies.attach,
    DetachGroupPolicy: policies.detach,
    ListAttachedGroupPolicies: policies.listAttached,
  }),
};
