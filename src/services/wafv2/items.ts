import { randomUUID } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import type { Change, Work } from "../../families/work.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { page, wafPaging } from "../../protocol/paging.ts";
import { arnNames, findByArn, type NamedItem, type WafDocument, type WafKind, wafKinds } from "./documents.ts";
import {
  associatedItem,
  duplicateItem,
  invalidParameter,
  limitsExceeded,
  nonexistentItem,
  optimisticLock,
} from "./errors.ts";
import { checkTags, type TagInput, tagsOf } from "./tags.ts";

/** How an input names a web ACL, rule group or set. */
export interface ItemName {
  readonly Name?: string | undefined;
  readonly Scope?: string | undefined;
  readonly Id?: string | undefined;
  readonly ARN?: string | undefined;
}

/** AWS: AWS WAF Developer Guide, "AWS WAF quotas". */
const countsMax: Readonly<Record<WafKind, number>> = {
  [wafKinds.webAcl]: bounds.wafWebAclsMax.value,
  [wafKinds.ruleGroup]: bounds.wafRuleGroupsMax.value,
  [wafKinds.ipSet]: bounds.wafIpSetsMax.value,
  [wafKinds.regexPatternSet]: bounds.wafRegexPatternSetsMax.value,
};

/** Refuses the scope of CloudFront, as AWS does in every region but one. */
export function requireRegional(scope: string | undefined): void {
  if (scope === undefined || scope === "REGIONAL") return;
  const hint = "Portico serves REST APIs only: their web ACLs have the scope REGIONAL.";
  throw invalidParameter("SCOPE_VALUE", scope, "The scope is not valid.", hint);
}

/** Returns the item that the input names, by its name and id or by its ARN. */
export async function findItem<Item extends NamedItem>(
  kind: WafKind,
  { tx, input }: Work<object, ItemName>,
): Promise<WafDocument<Item>> {
  requireRegional(input.Scope);
  if (input.ARN !== undefined) {
    const found = await findByArn<Item>(tx, input.ARN, kind);
    if (found === undefined) throw nonexistentItem();
    return found;
  }
  const { Name: name, Id: id } = input;
  const found = name === undefined ? undefined : (await tx.get<WafDocument<Item>>(kind, name))?.body;
  if (found === undefined || (id !== undefined && found.item.Id !== id)) throw nonexistentItem();
  return found;
}

/** Returns the name, id and ARN of a new item. Throws if the name is taken, or there are too many. */
export async function newName(
  kind: WafKind,
  {
    tx,
    call,
    input,
  }: Change<object, { readonly Name: string; readonly Scope: string; readonly Description?: string | undefined }>,
): Promise<NamedItem> {
  requireRegional(input.Scope);
  const { Name, Description } = input;
  if ((await tx.get(kind, Name)) !== undefined) throw duplicateItem();
  if ((await tx.count(kind, "")) >= countsMax[kind])
    throw limitsExceeded(`An account has ${countsMax[kind]} of these.`);
  const Id = randomUUID();
  const ARN = `arn:aws:wafv2:${call.region}:${call.account}:regional/${arnNames[kind]}/${Name}/${Id}`;
  return { Name, Id, ARN, ...(Description === undefined ? {} : { Description }) };
}

/** Stores a new item, and returns its summary. */
export async function putNew<Item extends NamedItem>(
  kind: WafKind,
  document: Omit<WafDocument<Item>, "lockToken" | "tags">,
  { tx, input }: Change<object, { readonly Tags?: readonly TagInput[] | undefined }>,
): Promise<object> {
  const made: WafDocument<Item> = { ...document, lockToken: randomUUID(), tags: checkTags(tagsOf(input.Tags ?? [])) };
  await tx.put(kind, document.item.Name, made);
  return { Summary: summaryOf(made) };
}

/** Stores a changed item under a new lock token, and returns that. */
export async function putChanged<Item extends NamedItem>(
  kind: WafKind,
  document: WafDocument<Item>,
  { tx }: Change<object>,
): Promise<object> {
  const lockToken = randomUUID();
  await tx.put(kind, document.item.Name, { ...document, lockToken });
  return { NextLockToken: lockToken };
}

/** Throws if the caller has not seen the item as it is. */
export function requireLock({ lockToken }: WafDocument<NamedItem>, token: string): void {
  if (lockToken !== token) throw optimisticLock();
}

/** Deletes a set or group that nothing refers to. */
export async function deleteItem(
  kind: WafKind,
  work: Change<object, ItemName & { readonly LockToken: string }>,
): Promise<object> {
  const document = await findItem(kind, work);
  requireLock(document, work.input.LockToken);
  for (const referring of [wafKinds.webAcl, wafKinds.ruleGroup]) {
    const found = await work.tx.list(referring, { where: { index: "reference", key: document.item.ARN }, limit: 1 });
    if (found.length > 0) throw associatedItem();
  }
  await work.tx.delete(kind, document.item.Name);
  return {};
}

export const summaryOf = ({ item, lockToken }: WafDocument<NamedItem>): object => ({
  Name: item.Name,
  Id: item.Id,
  Description: item.Description ?? "",
  LockToken: lockToken,
  ARN: item.ARN,
});

/** Lists the items of a kind, a page at a time. */
export async function listItems(
  kind: WafKind,
  member: string,
  {
    tx,
    input,
  }: Work<
    object,
    {
      readonly Scope?: string | undefined;
      readonly NextMarker?: string | undefined;
      readonly Limit?: number | undefined;
    }
  >,
): Promise<object> {
  requireRegional(input.Scope);
  const all = (await tx.list<WafDocument<NamedItem>>(kind, {})).map(({ body }) => body);
  const found = page(all, ({ item }) => item.Name, { limit: input.Limit, token: input.NextMarker }, wafPaging);
  return {
    [member]: found.items.map(summaryOf),
    ...(found.next === undefined ? {} : { NextMarker: found.next }),
  };
}

/** What the labels of an item's rules begin with. */
export const labelNamespaceOf = (kind: WafKind, name: string, { account }: CallContext): string =>
  `awswaf:${account}:${arnNames[kind]}:${name}:`;
