import { bounds } from "../../base/bounds.ts";
import type { Operation } from "../../families/make-families.ts";
import type { Place } from "../../families/place.ts";
import { present } from "../../families/work.ts";
import { type EntityDocument, encodePolicy } from "./documents.ts";
import { deleteConflict, limitExceeded, noSuchEntity } from "./errors.ts";
import { changing, type IamService, viewing } from "./iam-families.ts";
import { type ListInput, listPage } from "./list-page.ts";
import { policyNameOf } from "./load-principal.ts";
import { requireAttachable } from "./policies.ts";
import { policyLength, validatePolicy } from "./policy-grammar.ts";
import { type Tag, type Tags, tagPage, withoutTags, withTags } from "./tags.ts";

/** What differs between the policies of users, groups and roles. */
interface EntityFacts<Named> {
  /** As AWS's sentences have it. */
  readonly called: "user" | "group" | "role";
  /** The input's member that names it. */
  readonly member: keyof Named & string;
  /** AWS: IAM User Guide, "IAM and AWS STS quotas". */
  readonly inlineCharsMax: number;
}

type EntityPlace<Item, Named> = Place<IamService, Item, unknown, Named>;
type PolicyName = { readonly PolicyName: string };
type PolicyArn = { readonly PolicyArn: string };

/** The operations on the inline and attached policies of a user, a group or a role. */
export interface PolicyOperations<Named> {
  readonly put: Operation<IamService, Named & PolicyName & { readonly PolicyDocument: string }>;
  readonly get: Operation<IamService, Named & PolicyName>;
  readonly delete: Operation<IamService, Named & PolicyName>;
  readonly list: Operation<IamService, Named & ListInput>;
  readonly attach: Operation<IamService, Named & PolicyArn>;
  readonly detach: Operation<IamService, Named & PolicyArn>;
  readonly listAttached: Operation<IamService, Named & ListInput & { readonly PathPrefix?: string | undefined }>;
}

/** AWS: IAM API reference, "PutUserPolicy", "PutGroupPolicy", "PutRolePolicy" and their like. */
export function policyOperationsOf<Item extends EntityDocument, Named extends object>(
  place: EntityPlace<Item, Named>,
  { called, member, inlineCharsMax }: EntityFacts<Named>,
): PolicyOperations<Named> {
  const requireInline = (item: Item, name: string): string => {
    if (Object.hasOwn(item.inlinePolicies, name)) return item.inlinePolicies[name]!;
    throw noSuchEntity(`The ${called} policy with name ${name} cannot be found.`);
  };
  const quota = `PoliciesPer${called[0]!.toUpperCase()}${called.slice(1)}`;
  return {
    put: changing(place, (item, { input }) => {
      validatePolicy(input.PolicyDocument, "identity");
      const inlinePolicies = { ...item.inlinePolicies, [input.PolicyName]: input.PolicyDocument };
      const length = Object.values(inlinePolicies).reduce((sum, text) => sum + policyLength(text), 0);
      if (length > inlineCharsMax) {
        throw limitExceeded(`Maximum policy size of ${inlineCharsMax} bytes exceeded for ${called} ${item.name}`);
      }
      return { ...item, inlinePolicies };
    }),
    get: viewing(place, (item, { input: { PolicyName } }) => ({
      [member]: item.name,
      PolicyName,
      PolicyDocument: encodePolicy(requireInline(item, PolicyName)),
    })),
    delete: changing(place, (item, { input }) => {
      requireInline(item, input.PolicyName);
      const { [input.PolicyName]: _, ...inlinePolicies } = item.inlinePolicies;
      return { ...item, inlinePolicies };
    }),
    list: viewing(place, (item, { input }) =>
      listPage("PolicyNames", Object.keys(item.inlinePolicies), (name) => name, input),
    ),
    attach: changing(place, async (item, { tx, input, call }) => {
      const { PolicyArn: arn } = input;
      await requireAttachable(tx, arn, call);
      if (item.attachedPolicies.includes(arn)) return item;
      const max = bounds.iamAttachedPoliciesMax.value;
      if (item.attachedPolicies.length >= max) throw limitExceeded(`Cannot exceed quota for ${quota}: ${max}`);
      return { ...item, attachedPolicies: [...item.attachedPolicies, arn] };
    }),
    detach: changing(place, (item, { input: { PolicyArn: arn } }) => {
      if (!item.attachedPolicies.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
      return { ...item, attachedPolicies: item.attachedPolicies.filter((one) => one !== arn) };
    }),
    listAttached: viewing(place, (item, { input }) => {
      const prefix = input.PathPrefix ?? "/";
      const below = item.attachedPolicies.filter((arn) => arn.slice(arn.indexOf(":policy/") + 7).startsWith(prefix));
      const key = (arn: string): string => `${policyNameOf(arn).toLowerCase()} ${arn.split(":")[4]}`;
      return listPage("AttachedPolicies", below, key, input, attachedPolicy);
    }),
  };
}

/** Returns an attached policy as IAM's answers have it. */
export const attachedPolicy = (PolicyArn: string): object => ({ PolicyName: policyNameOf(PolicyArn), PolicyArn });

/** A user or a role. */
interface BoundedDocument extends EntityDocument {
  readonly permissionsBoundary?: string;
  readonly tags: Tags;
}

/** The operations on the boundary and the tags of a user or a role. */
export interface BoundaryOperations<Named> {
  readonly putBoundary: Operation<IamService, Named & { readonly PermissionsBoundary: string }>;
  readonly deleteBoundary: Operation<IamService, Named>;
  readonly tag: Operation<IamService, Named & { readonly Tags: readonly Tag[] }>;
  readonly untag: Operation<IamService, Named & { readonly TagKeys: readonly string[] }>;
  readonly listTags: Operation<IamService, Named & ListInput>;
}

/** AWS: IAM API reference, "PutUserPermissionsBoundary", "TagUser", their like for roles. */
export function boundaryOperationsOf<Item extends BoundedDocument, Named extends object>(
  place: EntityPlace<Item, Named>,
  called: "user" | "role",
): BoundaryOperations<Named> {
  return {
    putBoundary: changing(place, async (item, { input, tx, call }) => {
      await requireAttachable(tx, input.PermissionsBoundary, call, "Scope ARN:");
      return { ...item, permissionsBoundary: input.PermissionsBoundary };
    }),
    deleteBoundary: changing(place, (item) => {
      if (item.permissionsBoundary === undefined) {
        throw noSuchEntity(`The ${called} with name ${item.name} has no permissions boundary.`);
      }
      return present<Item>({ ...item, permissionsBoundary: undefined });
    }),
    tag: changing(place, (item, { input }) => ({ ...item, tags: withTags(item.tags, input.Tags) })),
    untag: changing(place, (item, { input }) => ({ ...item, tags: withoutTags(item.tags, input.TagKeys) })),
    listTags: viewing(place, (item, { input }) => tagPage(item.tags, input)),
  };
}

/** Returns a boundary as IAM's answers have it: no member without one. */
export const shownBoundary = ({ permissionsBoundary: arn }: { readonly permissionsBoundary?: string }): object =>
  arn === undefined ? {} : { PermissionsBoundary: { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: arn } };

/** Throws while the entity has policies. AWS: IAM API reference, "DeleteRole" and its like. */
export function refuseWithPolicies({ attachedPolicies, inlinePolicies }: EntityDocument): void {
  if (attachedPolicies.length > 0) throw deleteConflict("Cannot delete entity, must detach all policies first.");
  if (Object.keys(inlinePolicies).length > 0) {
    throw deleteConflict("Cannot delete entity, must delete policies first.");
  }
}
