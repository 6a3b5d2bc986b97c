import { assert } from "../base/assert.ts";

/**
 * The indexes of a kind by name: pure functions from a document's body to the keys that it is found by; none, one or
 * several. A function that changes gets a new name, so that stores build its index anew for the documents they have.
 */
export type KindIndexes = Readonly<Record<string, (body: never) => readonly string[]>>;

/** The indexes of all kinds, given to a store when it is opened. */
export type Indexes = Readonly<Record<string, KindIndexes>>;

/**
 * Which keys are asked for: those that are `key`, or those that begin with `keyPrefix`. Keys are Unicode: of a lone
 * surrogate, only that there is one is compared.
 */
export type IndexCondition =
  | { readonly index: string; readonly key: string }
  | { readonly index: string; readonly keyPrefix: string };

/** A document's keys by the name of the index. */
export type DocumentKeys = ReadonlyMap<string, readonly string[]>;

export const noKeys: DocumentKeys = new Map();

/** Why a kind's index is not the store's to search; for assertions. */
export function requireIndex(indexes: Indexes, kind: string, index: string): void {
  assert(Object.hasOwn(indexes, kind) && Object.hasOwn(indexes[kind]!, index), `${kind} has an index ${index}`);
}

/** The keys that a document of the kind is found by. */
export function keysOf(indexes: Indexes, kind: string, body: unknown): DocumentKeys {
  if (!Object.hasOwn(indexes, kind)) return noKeys;
  const keys = new Map<string, readonly string[]>();
  for (const [name, keysOfBody] of Object.entries(indexes[kind]!)) {
    const found = (keysOfBody as (body: unknown) => readonly string[])(body);
    if (found.length > 0) keys.set(name, [...new Set(found.map((key) => key.toWellFormed()))]);
  }
  return keys;
}

/** Whether a document with these keys is one of those asked for. */
export function meets(keys: DocumentKeys, condition: IndexCondition): boolean {
  const found = keys.get(condition.index) ?? [];
  if ("key" in condition) return found.includes(condition.key.toWellFormed());
  const prefix = condition.keyPrefix.toWellFormed();
  return found.some((key) => key.startsWith(prefix));
}

/** The keys asked for as a range, by code points; without `below` it has no upper end. */
export function keyRange(condition: IndexCondition): { readonly from: string; readonly below: string | undefined } {
  if ("key" in condition) {
    const from = condition.key.toWellFormed();
    return { from, below: `${from}\0` };
  }
  const from = condition.keyPrefix.toWellFormed();
  return { from, below: endOfPrefix(from) };
}

/** The least text above all that begin with the prefix; undefined where there is none. */
function endOfPrefix(prefix: string): string | undefined {
  const characters = [...prefix];
  for (;;) {
    const last = characters.pop()?.codePointAt(0);
    if (last === undefined) return undefined;
    // Between the two are the surrogates, which are no characters.
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    if (next <= 0x10ffff) return characters.join("") + String.fromCodePoint(next);
  }
}
