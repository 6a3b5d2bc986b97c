import { bounds } from "../../base/bounds.ts";
import type { Work } from "../../families/work.ts";
import { findByArn, type NamedItem, parseWafArn, type WafDocument, type WafKind } from "./documents.ts";
import { invalidParameter, limitsExceeded, nonexistentItem } from "./errors.ts";
import { operations, reading, writing } from "./waf-families.ts";

export interface TagInput {
  readonly Key: string;
  readonly Value: string;
}

type Tags = WafDocument<NamedItem>["tags"];

export const tagsOf = (list: readonly TagInput[]): Tags =>
  Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));

/** Returns the tags. Throws if a resource may not have them. */
export function checkTags(tags: Tags): Tags {
  const max = bounds.wafTagsMax.value;
  if (Object.keys(tags).length > max) throw limitsExceeded(`A resource has ${max} tags.`);
  for (const key of Object.keys(tags)) {
    if (/^aws:/i.test(key)) throw invalidParameter("TAG_KEYS", key, "The prefix aws: is reserved.");
  }
  return tags;
}

async function find({ tx, input }: Work<object, { readonly ResourceARN: string }>): Promise<{
  readonly kind: WafKind;
  readonly document: WafDocument<NamedItem>;
}> {
  const parsed = parseWafArn(input.ResourceARN);
  const document = parsed === undefined ? undefined : await findByArn(tx, input.ResourceARN, parsed.kind);
  if (parsed === undefined || document === undefined) throw nonexistentItem();
  return { kind: parsed.kind, document };
}

/** AWS: WAFV2 API reference, "TagResource", "UntagResource", "ListTagsForResource". */
export const tagOperations = operations({
  ListTagsForResource: reading(async (work) => {
    const { document } = await find(work);
    const TagList = Object.entries(document.tags).map(([Key, Value]) => ({ Key, Value }));
    return { TagInfoForResource: { ResourceARN: document.item.ARN, TagList } };
  }),
  TagResource: writing(async (work) => {
    const { kind, document } = await find(work);
    const tags = checkTags({ ...document.tags, ...tagsOf(work.input.Tags) });
    await work.tx.put(kind, document.item.Name, { ...document, tags });
    return {};
  }),
  UntagResource: writing(async (work) => {
    const { kind, document } = await find(work);
    const gone = new Set(work.input.TagKeys);
    const tags = Object.fromEntries(Object.entries(document.tags).filter(([key]) => !gone.has(key)));
    await work.tx.put(kind, document.item.Name, { ...document, tags });
    return {};
  }),
});
