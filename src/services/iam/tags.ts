import { bounds } from "../../base/bounds.ts";
import { invalidInput, limitExceeded } from "./errors.ts";
import { type ListInput, listPage } from "./list-page.ts";

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export type Tags = Readonly<Record<string, string>>;

/**
 * AWS: IAM User Guide, "Tags for AWS Identity and Access Management resources": keys that differ only in case are the
 * same.
 */
export function withTags(tags: Tags, added: readonly Tag[]): Tags {
  const all = new Map(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), [key, value] as const]));
  const given = new Set<string>();
  for (const { Key: key, Value: value } of added) {
    const lower = key.toLowerCase();
    if (given.has(lower))
      throw invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    if (lower.startsWith("aws:")) {
      throw invalidInput("Tag keys with the prefix aws: are reserved for AWS use.");
    }
    given.add(lower);
    all.set(lower, [key, value]);
  }
  const max = bounds.iamTagsMax.value;
  if (all.size > max) throw limitExceeded(`The number of tags has reached the maximum limit of ${max}.`);
  return Object.fromEntries(all.values());
}

export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key.toLowerCase())));
}

export const tagList = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const tagPage = (tags: Tags, input: ListInput): object =>
  listPage("Tags", tagList(tags), (tag) => tag.Key.toLowerCase(), input);
