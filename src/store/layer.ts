import { type DocumentKeys, meets } from "./indexes.ts";
import { creationOrder, type ListOptions, type Scope } from "./store.ts";

/** What a layer says about a key: a document as text, or null if there is none. */
export interface Image {
  readonly revision: number;
  readonly text: string;
}

/** What a source says about a key. */
export interface Entry {
  readonly scope: Scope;
  readonly kind: string;
  readonly id: string;
  readonly image: Image | null;
  /** In a list in the order of an index: see {@link positionOf}; in the order of creation: the place. */
  readonly position?: string;
}

export interface LayerEntry extends Entry {
  /** The keys by which the document is found; empty if there is none. */
  readonly keys: DocumentKeys;
  /** Where the document stands in the order of creation; absent if it stands where the source below has it. */
  readonly place?: string;
}

/** A source of documents: the database, or a layer over it. */
export interface Source {
  get(scope: Scope, kind: string, id: string): Image | null;
  list(scope: Scope, kind: string, options: ListOptions): Entry[];
  count(scope: Scope, kind: string, prefix: string): number;
  /** Returns where a document stands in the order of creation; undefined if there is none. */
  place(scope: Scope, kind: string, id: string): string | undefined;
}

/**
 * Documents that differ from those below the layer: those that a transaction wrote, those that wait for the next
 * commit, or documents as they were when a reader began. Reads of all other documents go to the source below.
 */
export class Layer implements Source {
  readonly #below: Source;
  readonly #kinds = new Map<string, Map<string, LayerEntry>>();
  #size = 0;

  constructor(below: Source) {
    this.#below = below;
  }

  get size(): number {
    return this.#size;
  }

  has(scope: Scope, kind: string, id: string): boolean {
    return this.#kinds.get(rangeKey(scope, kind))?.has(id) === true;
  }

  set(entry: LayerEntry): void {
    const key = rangeKey(entry.scope, entry.kind);
    const documents = this.#kinds.get(key) ?? new Map<string, LayerEntry>();
    this.#kinds.set(key, documents);
    if (!documents.has(entry.id)) this.#size++;
    documents.set(entry.id, entry);
  }

  /** In the order in which their keys were first set, kind by kind. */
  *entries(): Generator<LayerEntry> {
    for (const documents of this.#kinds.values()) yield* documents.values();
  }

  clear(): void {
    this.#kinds.clear();
    this.#size = 0;
  }

  get(scope: Scope, kind: string, id: string): Image | null {
    const entry = this.#kinds.get(rangeKey(scope, kind))?.get(id);
    return entry === undefined ? this.#below.get(scope, kind, id) : entry.image;
  }

  list(scope: Scope, kind: string, options: ListOptions): Entry[] {
    if (options.order !== undefined) return this.#listInOrder(scope, kind, { ...options, order: options.order });
    const { prefix = "", after, limit, where } = options;
    const mine = [...(this.#kinds.get(rangeKey(scope, kind))?.values() ?? [])].filter(
      (entry) => entry.id.startsWith(prefix) && (after === undefined || compareIds(entry.id, after) > 0),
    );
    if (mine.length === 0) return this.#below.list(scope, kind, options);
    // Each entry of this layer hides at most one below it.
    const below = this.#below.list(
      scope,
      kind,
      limit === undefined ? options : { ...options, limit: limit + mine.length },
    );
    const byId = new Map(below.map((entry) => [entry.id, entry]));
    for (const entry of mine) {
      if (entry.image === null || (where !== undefined && !meets(entry.keys, where))) byId.delete(entry.id);
      else byId.set(entry.id, entry);
    }
    const merged = [...byId.values()].sort((a, b) => compareIds(a.id, b.id));
    return limit === undefined ? merged : merged.slice(0, limit);
  }

  #listInOrder(scope: Scope, kind: string, options: ListOptions & { readonly order: string }): Entry[] {
    const { prefix = "", after, limit, order } = options;
    const mine = [...(this.#kinds.get(rangeKey(scope, kind))?.values() ?? [])].filter(({ id }) =>
      id.startsWith(prefix),
    );
    if (mine.length === 0) return this.#below.list(scope, kind, options);
    // Each entry of this layer hides at most one below it, wherever that stands.
    const wanted = limit === undefined ? options : { ...options, limit: limit + mine.length };
    const byId = new Map(this.#below.list(scope, kind, wanted).map((entry) => [entry.id, entry]));
    for (const entry of mine) {
      byId.delete(entry.id);
      const position = order === creationOrder ? this.place(scope, kind, entry.id) : positionIn(order, entry);
      if (entry.image === null || position === undefined) continue;
      if (after === undefined || compareIds(position, after) > 0) byId.set(entry.id, { ...entry, position });
    }
    const merged = [...byId.values()].sort((a, b) => compareIds(a.position ?? "", b.position ?? ""));
    return limit === undefined ? merged : merged.slice(0, limit);
  }

  count(scope: Scope, kind: string, prefix: string): number {
    let count = this.#below.count(scope, kind, prefix);
    for (const { id, image } of this.#kinds.get(rangeKey(scope, kind))?.values() ?? []) {
      if (!id.startsWith(prefix)) continue;
      if (this.#below.get(scope, kind, id) !== null) count--;
      if (image !== null) count++;
    }
    return count;
  }

  place(scope: Scope, kind: string, id: string): string | undefined {
    const entry = this.#kinds.get(rangeKey(scope, kind))?.get(id);
    if (entry?.image === null) return undefined;
    return entry?.place ?? this.#below.place(scope, kind, id);
  }

  /** Returns the place of a document that is about to be put: a new one's, or none if it has one already. */
  placeOfPut(scope: Scope, kind: string, id: string, makePlace: () => string): { readonly place?: string } {
    const entry = this.#kinds.get(rangeKey(scope, kind))?.get(id);
    const isThere = entry === undefined ? this.#below.place(scope, kind, id) !== undefined : entry.image !== null;
    const place = isThere ? entry?.place : makePlace();
    return place === undefined ? {} : { place };
  }

  /** Takes an entry of a layer above. */
  merge(entry: LayerEntry): void {
    const before = this.#kinds.get(rangeKey(entry.scope, entry.kind))?.get(entry.id);
    const keepsPlace = entry.image !== null && entry.place === undefined && before?.place !== undefined;
    this.set(keepsPlace ? { ...entry, place: before.place } : entry);
  }
}

function positionIn(order: string, { keys, id }: LayerEntry): string | undefined {
  const key = keys.get(order)?.[0];
  return key === undefined ? undefined : positionOf(key, id);
}

/** Returns the place of a table's row. */
export const placeOfRow = (row: number): string => String(row).padStart(16, "0");
/** Returns the place of the nth document that is not in the table yet: it stands behind all that are. */
export const placeOfNew = (count: number): string => `~${placeOfRow(count)}`;
export const isPlaceOfNew = (place: string | undefined): boolean => place?.startsWith("~") === true;
/** Returns the table's row that a place names; behind all rows for one that has none, before all for another text. */
export function rowOfPlace(place: string): number {
  if (isPlaceOfNew(place)) return Number.MAX_SAFE_INTEGER;
  return /^\d{16}$/.test(place) ? Number(place) : 0;
}

const rangeKey = (scope: Scope, kind: string): string => `${scope.account}\0${scope.region}\0${kind}`;

const positionSeparator = "\0";

/** Returns where a document stands in a list in the order of an index, whose keys have no U+0000. */
export const positionOf = (key: string, id: string): string => `${key}${positionSeparator}${id}`;

/** Returns key and id of a position. */
export function partsOfPosition(position: string): readonly [key: string, id: string] {
  const at = position.indexOf(positionSeparator);
  return at < 0 ? [position, ""] : [position.slice(0, at), position.slice(at + 1)];
}

/** The order of SQLite's BINARY collation: by UTF-8 bytes, which differs from JavaScript's only outside ASCII. */
export function compareIds(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
