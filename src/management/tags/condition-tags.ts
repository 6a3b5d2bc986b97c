/**
 * The tags that conditions of policies ask for: those of what a call's path leads to, and those that it inherits.
 * AWS: API Gateway Developer Guide, "Using tags to control access to API Gateway REST API resources", "API Gateway
 * resources that can be tagged".
 */
import { domainNameKey, domainNameKinds } from "../../definition/domain-name.ts";
import type { Reader } from "../../store/store.ts";
import type { Tags } from "./tag-rules.ts";
import { type TaggedKind, taggedFamilies, tagsIn } from "./tagged-resources.ts";

/**
 * Returns the value of a tag by its name in lower case: null if there is no such tag, undefined if nobody knows which of
 * several values counts.
 */
export type FindConditionTag = (name: string) => string | null | undefined;

/** What a call says of the resource that it is about. */
export interface TaggedPath {
  /** The path with its labels percent-encoded, without `/v2`. */
  readonly path: string;
  /** The id that tells equal private domain names apart. */
  readonly domainNameId: string | undefined;
}

/** Nothing is tagged. */
export const untagged: FindConditionTag = () => null;
/** Nobody knows the tags. */
export const unknownTags: FindConditionTag = () => undefined;

/** Nothing below these has tags. */
const untaggedFamilies: ReadonlySet<string> = new Set(["account", "sdktypes"]);

/** Reads the tags of what a path leads to. A list has none, and what does not exist has none. */
export async function findConditionTags(tx: Reader, { path, domainNameId }: TaggedPath): Promise<FindConditionTag> {
  const [name = "", id, below = "", child] = path.split("/").slice(1).map(decodeURIComponent);
  if (name === "tags") return id === undefined ? unknownTags : findTagsOfArn(tx, id);
  const family = Object.hasOwn(taggedFamilies, name) ? taggedFamilies[name] : undefined;
  if (family === undefined) return untaggedFamilies.has(name) ? untagged : unknownTags;
  if (id === undefined) return untagged;
  const isPrivateName = family.kind === domainNameKinds.domainName && domainNameId !== undefined && domainNameId !== "";
  const key = isPrivateName ? domainNameKey({ domainName: id, domainNameId }) : id;
  const found = [await tagsOf(tx, family, key)];
  const childKind = family.below !== undefined && Object.hasOwn(family.below, below) ? family.below[below] : undefined;
  if (childKind !== undefined && child !== undefined) found.push(await tagsOf(tx, childKind, `${key}/${child}`));
  return conditionTags(found);
}

/** A call about a resource's tags is about that resource. */
function findTagsOfArn(tx: Reader, arn: string): Promise<FindConditionTag> | FindConditionTag {
  const path = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:(?:\d{12})?:(\/[^/]+\/.+)$/.exec(arn)?.[1];
  if (path === undefined || path.startsWith("/tags/")) return unknownTags;
  const [, name = "", ...rest] = path.split("/");
  const family = Object.hasOwn(taggedFamilies, name) ? taggedFamilies[name] : undefined;
  // ARNs are written without escapes, and the rest of most is one id.
  const labels = family?.idIsArn === true ? [arn] : family?.below === undefined ? [rest.join("/")] : rest;
  return findConditionTags(tx, {
    path: ["", name, ...labels.map(encodeURIComponent)].join("/"),
    domainNameId: undefined,
  });
}

const tagsOf = async (tx: Reader, tagged: TaggedKind, id: string): Promise<Tags> =>
  tagsIn(tagged, (await tx.get<Parameters<typeof tagsIn>[1]>(tagged.kind, id))?.body ?? {});

/**
 * Conditions don't tell names of tags apart that differ in case only. Unconfirmed: which value counts where an item and what
 * it is below have different ones; see docs/compatibility.md, "--auth enforce, tags". Here nobody
 * knows it then.
 */
export function conditionTags(found: readonly Tags[]): FindConditionTag {
  const values = new Map<string, string | undefined>();
  for (const tags of found) {
    for (const [tag, value] of Object.entries(tags)) {
      const name = tag.toLowerCase();
      values.set(name, values.has(name) && values.get(name) !== value ? undefined : value);
    }
  }
  return (name) => (values.has(name) ? values.get(name) : null);
}
