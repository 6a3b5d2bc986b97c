import { assert } from "../base/assert.ts";

/**
 * The indexes of a kind by name: pure functions that return the keys by which a document is found, of which there may
 * be none, one or several, from its body. A function that changes gets a new name, so that stores build its index again
 * for the documents that they have.
 */
export type KindIndexes = Readonly<Record<string, (body: never) => readonly string[]>>;

/** The indexes of all kinds, given to a store when it is opened. */
export type Indexes = Readonly<Record<string, KindIndexes>>;

/**
 * The keys that a search asks for: those equal to `key`, or those that begin with `keyPrefix`. Keys are Unicode, so all
 * lone surrogates count as equal.
 */
export type IndexCondition =
  | { readonly index: string; readonly key: string }
  | { readonly index: string; readonly keyPrefix: string };

/** A document's keys by the name of the index. */
export type DocumentKeys = ReadonlyMap<string, readonly string[]>;

export const noKeys: DocumentKeys = new Map();

/** Throws if the kind has no such index. */
export function requireIndex(indexes: Indexes, kind: string, index: string): void {
  assert(Object.hasOwn(indexes, kind) && Object.hasOwn(indexes[kind]!, index), `${kind} has an index ${index}`);
}

/** Returns the keys by which a document of the kind is found. */
export function keysOf(indexes: Indexes, kind: string, body: unknown): DocumentKeys {
  if (!Object.hasOwn(indexes, kind)) return noKeys;
  const keys = new Map<string, readonly string[]>();
  for (const [name, keysOfBody] of Object.entries(indexes[kind]!)) {
    const found = (keysOfBody as (body: unknown) => readonly string[])(body);
    if (found.length > 0) keys.set(name, [...new Set(found.map((key) => key.toWellFormed()))]);
  }
  return keys;
}

/** Returns whether a document with these keys meets the condition. */
export function meets(keys: DocumentKeys, condition: IndexCondition): boolean {
  const found = keys.get(condition.index) ?? [];
  if ("key" in condition) return found.includes(condition.key.toWellFormed());
  const prefix = condition.keyPrefix.toWellFormed();
  return found.some((key) => key.startsWith(prefix));
}

/** Returns the condition's keys as a range in the order of code points; without `below` it has no upper end. */
export function keyRange(condition: IndexCondition): { readonly from: string; readonly below: string | undefined } {
  if ("key" in condition) {
    const from = condition.key.toWellFormed();
    return { from, below: `${from}\0` };
  }
  const from = condition.keyPrefix.toWellFormed();
  return { from, below: endOfPrefix(from) };
}

/** Returns the least text above all that begin with the prefix, or undefined if there is none. */
function endOfPrefix(prefix: string): string | undefined {
  const characters = [...prefix];
  for (;;) {
    const last = characters.pop()?.codePointAt(0);
    if (last === undefined) return undefined;
    // The surrogates, which are not characters, are between the two.
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    if (next <= 0x10ffff) return characters.join("") + String.fromCodePoint(next);
  }
}
