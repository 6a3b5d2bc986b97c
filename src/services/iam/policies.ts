import { bounds } from "../../base/bounds.ts";
import type { Operation } from "../../families/make-families.ts";
import type { Place } from "../../families/place.ts";
import { type Change, nowSeconds, present, type Work } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { iamPaging, pageWindow } from "../../protocol/paging.ts";
import type { Reader } from "../../store/store.ts";
import { type AwsManagedPolicy, awsManagedPolicies, awsManagedPolicyOf, isAwsManaged } from "./aws-managed-policies.ts";
import { countEntity } from "./count-entity.ts";
import {
  documentId,
  type EntityDocument,
  encodePolicy,
  type GroupDocument,
  iamKinds,
  type PolicyDocument,
  type PolicyVersion,
  parsePolicyArn,
  type RoleDocument,
  type UserDocument,
} from "./documents.ts";
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity, validationError } from "./errors.ts";
import { changing, defineResource, type IamInput, type IamService, operations, reading } from "./iam-families.ts";
import { listPage } from "./list-page.ts";
import { policyLength, validatePolicy } from "./policy-grammar.ts";
import { tagList, tagPage, withoutTags, withTags } from "./tags.ts";
import { makeUniqueId } from "./unique-id.ts";

/** A customer's policy, or one of AWS's. */
type AnyPolicy = PolicyDocument | AwsManagedPolicy;

const policyMissing = (arn: string): ApiError =>
  noSuchEntity(`Policy ${arn} was not found.`, isAwsManaged(arn) ? managedHint : undefined);

const managedHint =
  "Of AWS's own policies Portico has those that stacks around an API attach; `aws iam list-policies --scope AWS` lists " +
  "them. Others can be made with create-policy.";

async function findPolicy(tx: Reader, arn: string, account: string): Promise<PolicyDocument | undefined> {
  const parts = parsePolicyArn(arn);
  if (parts === undefined) throw validationError(`ARN ${arn.slice(0, 256)} is not valid.`);
  if (parts.account !== account) return undefined;
  const stored = await tx.get<PolicyDocument>(iamKinds.policy, documentId(parts.name));
  return stored?.body.arn === arn ? stored.body : undefined;
}

async function requirePolicy(tx: Reader, arn: string, account: string): Promise<PolicyDocument> {
  const policy = isAwsManaged(arn) ? undefined : await findPolicy(tx, arn, account);
  if (policy === undefined) throw policyMissing(arn);
  return policy;
}

/** Throws unless the ARN is a policy that the account's roles can have. AWS's words for a boundary call it a scope. */
export async function requireAttachable(
  tx: Reader,
  arn: string,
  { account }: CallContext,
  as: "Policy" | "Scope ARN:" = "Policy",
): Promise<void> {
  const isThere = isAwsManaged(arn)
    ? awsManagedPolicyOf(arn) !== undefined
    : (await findPolicy(tx, arn, account)) !== undefined;
  if (isThere) return;
  throw noSuchEntity(`${as} ${arn} does not exist or is not attachable.`, isAwsManaged(arn) ? managedHint : undefined);
}

/** Users, groups and roles that have a policy. */
interface Holders {
  readonly groups: readonly GroupDocument[];
  readonly users: readonly UserDocument[];
  readonly roles: readonly RoleDocument[];
}

/** Returns those that have the policy, or those whose boundary it is. */
async function holdersOf(tx: Reader, arn: string, as: "PermissionsPolicy" | "PermissionsBoundary"): Promise<Holders> {
  const find = async <Item extends PolicyHolder>(kind: string): Promise<Item[]> =>
    (await tx.list<Item>(kind, { where: { index: "policy", key: arn } }))
      .map(({ body }) => body)
      .filter(({ attachedPolicies, permissionsBoundary }) =>
        as === "PermissionsBoundary" ? permissionsBoundary === arn : attachedPolicies.includes(arn),
      );
  return { groups: await find(iamKinds.group), users: await find(iamKinds.user), roles: await find(iamKinds.role) };
}

type PolicyHolder = EntityDocument & { readonly permissionsBoundary?: string };

/** How often a policy is used. */
export interface Uses {
  readonly attached: ReadonlyMap<string, number>;
  readonly bounded: ReadonlyMap<string, number>;
}

/** Returns how often one policy is used. */
async function countUsesOf(tx: Reader, arn: string): Promise<Uses> {
  const count = async (use: "PermissionsPolicy" | "PermissionsBoundary"): Promise<ReadonlyMap<string, number>> =>
    new Map([[arn, Object.values(await holdersOf(tx, arn, use)).flat().length]]);
  return { attached: await count("PermissionsPolicy"), bounded: await count("PermissionsBoundary") };
}

export async function countUses(tx: Reader): Promise<Uses> {
  const attached = new Map<string, number>();
  const bounded = new Map<string, number>();
  const count = (map: Map<string, number>, arn: string): unknown => map.set(arn, (map.get(arn) ?? 0) + 1);
  for (const kind of [iamKinds.group, iamKinds.user, iamKinds.role]) {
    for (const { body } of await tx.list<PolicyHolder>(kind)) {
      for (const arn of body.attachedPolicies) count(attached, arn);
      if (body.permissionsBoundary !== undefined) count(bounded, body.permissionsBoundary);
    }
  }
  return { attached, bounded };
}

/** AWS: IAM API reference, "Policy"; lists leave description and tags out. */
export function listedPolicy(policy: PolicyDocument | AwsManagedPolicy, uses: Uses): object {
  const { arn, path, name } = policy;
  const isOwn = "versions" in policy;
  const updatedAt = isOwn ? policy.updatedAt : Date.parse(policy.updated) / 1000;
  return {
    PolicyName: name,
    PolicyId: isOwn ? policy.id : managedId(name),
    Arn: arn,
    Path: path,
    DefaultVersionId: isOwn ? policy.defaultVersionId : policy.versionId,
    AttachmentCount: uses.attached.get(arn) ?? 0,
    PermissionsBoundaryUsageCount: uses.bounded.get(arn) ?? 0,
    IsAttachable: true,
    CreateDate: isOwn ? policy.createdAt : updatedAt,
    UpdateDate: updatedAt,
  };
}

/** Makes the id of one of AWS's policies from its name, in the form of AWS's ids. */
const managedId = (name: string): string =>
  `ANPA${name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, "")
    .padEnd(17, "X")
    .slice(0, 17)}`;

const shown = (policy: PolicyDocument, uses: Uses): object => ({
  ...listedPolicy(policy, uses),
  ...(policy.description === undefined ? {} : { Description: policy.description }),
  Tags: tagList(policy.tags),
});

const noUses: Uses = { attached: new Map(), bounded: new Map() };

function requireDocument(text: string): void {
  validatePolicy(text, "identity");
  const max = bounds.iamPolicyCharsMax.value;
  if (policyLength(text) > max) throw limitExceeded(`Cannot exceed quota for PolicySize: ${max}`);
}

async function createPolicy({
  tx,
  input,
  call,
}: Change<IamService, IamInput<"CreatePolicy">>): Promise<PolicyDocument> {
  const { PolicyName: name, Path: path = "/", PolicyDocument: document } = input;
  requireDocument(document);
  if ((await tx.get(iamKinds.policy, documentId(name))) !== undefined) {
    throw alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
  }
  await countEntity(tx, "policies", 1);
  const now = nowSeconds(call);
  return present<PolicyDocument>({
    path,
    name,
    id: makeUniqueId("ANPA", call),
    arn: `arn:aws:iam::${call.account}:policy${path}${name}`,
    createdAt: now,
    updatedAt: now,
    description: input.Description,
    defaultVersionId: "v1",
    nextVersion: 2,
    versions: [{ id: "v1", document, createdAt: now }],
    tags: withTags({}, input.Tags ?? []),
  });
}

async function checkUnused(policy: PolicyDocument, { tx }: Change<IamService>): Promise<void> {
  for (const use of ["PermissionsPolicy", "PermissionsBoundary"] as const) {
    const holders = Object.values(await holdersOf(tx, policy.arn, use));
    if (holders.some((some) => some.length > 0)) throw deleteConflict("Cannot delete a policy attached to entities.");
  }
  if (policy.versions.length > 1) {
    throw deleteConflict(
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
    );
  }
  await countEntity(tx, "policies", -1);
}

async function listPolicies({ tx, input }: Work<IamService, IamInput<"ListPolicies">>): Promise<object> {
  const { Scope = "All", PathPrefix = "/" } = input;
  const uses = await countUses(tx);
  const isUsed = ({ arn }: { readonly arn: string }): boolean =>
    (input.PolicyUsageFilter !== "PermissionsBoundary" && uses.attached.has(arn)) ||
    (input.PolicyUsageFilter !== "PermissionsPolicy" && uses.bounded.has(arn));
  const needsUse = input.OnlyAttached === true || input.PolicyUsageFilter !== undefined;
  const isFiltered = needsUse || PathPrefix !== "/";
  const own = Scope === "AWS" ? [] : await ownPolicies(tx, input, isFiltered);
  const all = [...own, ...(Scope === "Local" ? [] : awsManagedPolicies)];
  const chosen = all.filter((policy) => policy.path.startsWith(PathPrefix) && (!needsUse || isUsed(policy)));
  return listPage("Policies", chosen, listKey, input, (policy) => listedPolicy(policy, uses));
}

const listKey = ({ name, arn }: AnyPolicy): string => `${documentId(name)} ${arn.split(":")[4]}`;

/** Returns an account's policies; if none is filtered out, those from the page that is asked for to the one after it. */
async function ownPolicies(
  tx: Reader,
  input: IamInput<"ListPolicies">,
  isFiltered: boolean,
): Promise<readonly PolicyDocument[]> {
  const { limit, after } = pageWindow({ limit: input.MaxItems, token: input.Marker }, iamPaging);
  const window = isFiltered
    ? {}
    : { limit: limit + 1, ...(after !== undefined && { after: after.slice(0, after.lastIndexOf(" ")) }) };
  return (await tx.list<PolicyDocument>(iamKinds.policy, window)).map(({ body }) => body);
}

// ---- Versions ----

const versionMissing = ({ PolicyArn, VersionId }: IamInput<"GetPolicyVersion">): ApiError =>
  noSuchEntity(`Policy ${PolicyArn} version ${VersionId} does not exist or is not attachable.`);

const shownVersion = (version: PolicyVersion, isDefault: boolean, hasDocument: boolean): object => ({
  ...(hasDocument ? { Document: encodePolicy(version.document) } : {}),
  VersionId: version.id,
  IsDefaultVersion: isDefault,
  CreateDate: version.createdAt,
});

/** Returns the versions of a policy, the newest first. */
export function shownVersions(policy: AnyPolicy, hasDocuments: boolean): object[] {
  const { versions, default: defaultId } = versionsOf(policy);
  return versions.map((version) => shownVersion(version, version.id === defaultId, hasDocuments));
}

function withVersion(policy: PolicyDocument, document: string, isDefault: boolean, now: number): PolicyDocument {
  requireDocument(document);
  const max = bounds.iamPolicyVersionsMax.value;
  if (policy.versions.length >= max) {
    throw limitExceeded(
      `A managed policy can have up to ${max} versions. Before you create a new version, you must delete an existing version.`,
    );
  }
  const id = `v${policy.nextVersion}`;
  return {
    ...policy,
    updatedAt: now,
    nextVersion: policy.nextVersion + 1,
    versions: [{ id, document, createdAt: now }, ...policy.versions],
    ...(isDefault ? { defaultVersionId: id } : {}),
  };
}

function requireVersion(policy: PolicyDocument, input: IamInput<"GetPolicyVersion">): PolicyVersion {
  const version = policy.versions.find(({ id }) => id === input.VersionId);
  if (version === undefined) throw versionMissing(input);
  return version;
}

const versionsOf = (policy: AnyPolicy): { versions: readonly PolicyVersion[]; default: string } =>
  "versions" in policy
    ? { versions: policy.versions, default: policy.defaultVersionId }
    : {
        versions: [{ id: policy.versionId, document: policy.document, createdAt: Date.parse(policy.updated) / 1000 }],
        default: policy.versionId,
      };

/** AWS: IAM API reference, "ListEntitiesForPolicy": one page has groups, users and roles. */
async function listEntities({ tx, input }: Work<IamService, IamInput<"ListEntitiesForPolicy">>): Promise<object> {
  const holders = await holdersOf(tx, input.PolicyArn, input.PolicyUsageFilter ?? "PermissionsPolicy");
  const rows = [
    ...rowsOf("PolicyGroups", "Group", holders.groups),
    ...rowsOf("PolicyUsers", "User", holders.users),
    ...rowsOf("PolicyRoles", "Role", holders.roles),
  ].filter(
    ({ filter, path }) =>
      (input.EntityFilter === undefined || input.EntityFilter === filter) && path.startsWith(input.PathPrefix ?? "/"),
  );
  const { rows: listedRows, ...page } = listPage("rows", rows, ({ key }) => key, input) as { rows: EntityRow[] };
  const of = (list: EntityRow["list"]): object[] =>
    listedRows.filter((row) => row.list === list).map(({ shown }) => shown);
  return { PolicyGroups: of("PolicyGroups"), PolicyUsers: of("PolicyUsers"), PolicyRoles: of("PolicyRoles"), ...page };
}

interface EntityRow {
  readonly list: "PolicyGroups" | "PolicyUsers" | "PolicyRoles";
  readonly filter: "Group" | "User" | "Role";
  readonly key: string;
  readonly path: string;
  readonly shown: object;
}

const rowsOf = (
  list: EntityRow["list"],
  filter: EntityRow["filter"],
  entities: readonly EntityDocument[],
): EntityRow[] =>
  entities.map(({ name, id, path }) => ({
    list,
    filter,
    key: `${filter} ${documentId(name)}`,
    path,
    shown: { [`${filter}Name`]: name, [`${filter}Id`]: id },
  }));

type NamedPolicy = { readonly PolicyArn: string };

/** Where an account's own policies are kept. */
const policies: Place<IamService, PolicyDocument, unknown, NamedPolicy> = {
  find: ({ tx, input, call }) => requirePolicy(tx, input.PolicyArn, call.account),
  put: (policy, { tx }) => tx.put(iamKinds.policy, documentId(policy.name), policy),
  delete: (policy, { tx }) => tx.delete(iamKinds.policy, documentId(policy.name)),
};

/** The same for what changes a policy. AWS: nobody can change AWS's own policies. */
const changeable: typeof policies = {
  ...policies,
  async find(work) {
    const { PolicyArn: arn } = work.input;
    if (isAwsManaged(arn)) {
      throw new ApiError("AccessDenied", `Policy ${arn} is AWS's and can't be changed.`);
    }
    return policies.find(work);
  },
};

/** An operation that answers something of a customer's policy, or of one of AWS's. */
const viewingAny = <In extends NamedPolicy>(
  view: (policy: AnyPolicy, work: Work<IamService, In>) => object | Promise<object>,
): Operation<IamService, In> =>
  reading(async (work) => view(awsManagedPolicyOf(work.input.PolicyArn) ?? (await policies.find(work)), work));

/** AWS: IAM API reference, one page for each operation. */
export const policyOperations = {
  ...defineResource({
    operations: { create: "CreatePolicy", delete: "DeletePolicy" },
    place: policies,
    create: createPolicy,
    onDelete: checkUnused,
    view: (policy) => ({ Policy: shown(policy, noUses) }),
  }),
  ...operations({
    GetPolicy: viewingAny(async (policy, { tx }) => {
      const uses = await countUsesOf(tx, policy.arn);
      return { Policy: "versions" in policy ? shown(policy, uses) : { ...listedPolicy(policy, uses), Tags: [] } };
    }),
    ListPolicies: reading(listPolicies),
    ListEntitiesForPolicy: viewingAny((_, work) => listEntities(work)),
    CreatePolicyVersion: changing(
      changeable,
      (policy, { input, call }) =>
        withVersion(policy, input.PolicyDocument, input.SetAsDefault === true, nowSeconds(call)),
      ({ versions, defaultVersionId }) => ({
        PolicyVersion: shownVersion(versions[0]!, versions[0]!.id === defaultVersionId, false),
      }),
    ),
    GetPolicyVersion: viewingAny((policy, { input }) => {
      const { versions, default: defaultId } = versionsOf(policy);
      const version = versions.find(({ id }) => id === input.VersionId);
      if (version === undefined) throw versionMissing(input);
      return { PolicyVersion: shownVersion(version, version.id === defaultId, true) };
    }),
    ListPolicyVersions: viewingAny((policy, { input }) => {
      // The newest version comes first, as on AWS.
      const order = (version: object): string => {
        const number = Number((version as { VersionId: string }).VersionId.slice(1));
        return String(1e9 - number).padStart(10, "0");
      };
      return listPage("Versions", shownVersions(policy, false), order, input);
    }),
    SetDefaultPolicyVersion: changing(changeable, (policy, { input, call }) => ({
      ...policy,
      updatedAt: nowSeconds(call),
      defaultVersionId: requireVersion(policy, input).id,
    })),
    DeletePolicyVersion: changing(changeable, (policy, { input }) => {
      const { id } = requireVersion(policy, input);
      if (id === policy.defaultVersionId) throw deleteConflict("Cannot delete the default version of a policy.");
      return { ...policy, versions: policy.versions.filter((version) => version.id !== id) };
    }),
    TagPolicy: changing(changeable, (policy, { input }) => ({ ...policy, tags: withTags(policy.tags, input.Tags) })),
    UntagPolicy: changing(changeable, (policy, { input }) => ({
      ...policy,
      tags: withoutTags(policy.tags, input.TagKeys),
    })),
    ListPolicyTags: viewingAny((policy, { input }) => tagPage("versions" in policy ? policy.tags : {}, input)),
  }),
};
