/**
 * Updates by merging: the members that the input has replace those of the item, and the others stay as they are. A
 * member sets the item's member of the same name, or of that with a small first letter where the service's items are kept
 * so; an empty text removes it.
 * AWS: API Gateway version 2 API reference, "UpdateRoute" and its like.
 */
import { isDeepStrictEqual } from "node:util";
import { uncapitalised } from "../base/uncapitalised.ts";
import { nonEmpty, present } from "./work.ts";

/** Returns the members of the item that a member of the input changes; undefined removes one. */
export type MergeRule<Item, Value> = (
  value: Value,
  before: Item,
) => { readonly [Member in keyof Item]?: Item[Member] | undefined };

/**
 * The rules of the input's members that differ from the default. The compiler requires a rule wherever the item has no
 * member of that name and type, so that no member of an input is forgotten.
 */
export type MergeRules<Item, In> = {
  readonly [Member in keyof In as Fits<Item, In, Member> extends true ? never : Member]-?: RuleFor<Item, In, Member>;
} & {
  readonly [Member in keyof In as Fits<Item, In, Member> extends true ? Member : never]?: RuleFor<Item, In, Member>;
};

type RuleFor<Item, In, Member extends keyof In> = MergeRule<Item, NonNullable<In[Member]>>;

type Fits<Item, In, Member extends keyof In> = Member extends string
  ? Member extends keyof Item
    ? FitsAs<Item, In[Member], Member>
    : Uncapitalize<Member> extends keyof Item
      ? FitsAs<Item, In[Member], Uncapitalize<Member>>
      : false
  : false;

type FitsAs<Item, Value, Name extends keyof Item> = NonNullable<Value> extends NonNullable<Item[Name]> ? true : false;

/** How items name their members: as the model does, or with a small first letter. */
export type MemberNames = "as-in-model" | "uncapitalised";

/** The rule of a member that names the item, or says how to change it. It changes nothing itself. */
export const unmerged = (): Record<never, never> => ({});

/** The rule of a member that the item has by another name, where an empty text is a value like any other. */
export const mergedAs =
  <Name extends string>(name: Name) =>
  <Value>(value: Value): { readonly [Member in Name]: Value } =>
    ({ [name]: value }) as { readonly [Member in Name]: Value };

/** The rule of a text that the item has by another name, and loses by an empty one. */
export const mergedUnlessEmpty =
  <Name extends string>(name: Name) =>
  <Value>(value: Value): { readonly [Member in Name]: Value | undefined } =>
    ({ [name]: value === "" ? undefined : value }) as { readonly [Member in Name]: Value | undefined };

/**
 * The rule of a map that the item has by the same name: its entries are merged, an empty text removes one, and an empty map
 * is none.
 */
export const mergedEntries =
  <Name extends string>(name: Name) =>
  (
    given: Readonly<Record<string, string | undefined>>,
    before: { readonly [Member in Name]?: Readonly<Record<string, string>> | undefined },
  ): { readonly [Member in Name]: Readonly<Record<string, string>> | undefined } =>
    ({ [name]: withoutEmpty({ ...before[name], ...given }) }) as {
      readonly [Member in Name]: Readonly<Record<string, string>> | undefined;
    };

/** Returns the entries without those of an empty text, or undefined if none is left. */
export const withoutEmpty = (
  entries: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | undefined =>
  nonEmpty(
    Object.fromEntries(
      Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""),
    ),
  );

/** Returns the item with the members that the input has. */
export function mergeInto<Item extends object, In extends object>(
  item: Item,
  input: In,
  rules: MergeRules<Item, In>,
  names: MemberNames = "uncapitalised",
): Item {
  const byMember = rules as Readonly<Record<string, MergeRule<Item, unknown> | undefined>>;
  let merged: object = item;
  for (const [member, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(byMember, member) ? byMember[member] : undefined;
    merged = {
      ...merged,
      ...(rule ?? mergedUnlessEmpty(names === "uncapitalised" ? uncapitalised(member) : member))(value, item),
    };
  }
  return present(merged as Item);
}

/** Returns an updated item, or the one before if both are equal: then nothing is written, and nobody is told. */
export const unlessEqual = <Item extends object>(item: Item, before: Item): Item =>
  isDeepStrictEqual(item, before) ? before : item;
