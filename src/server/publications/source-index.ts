import type { Change } from "../../store/store.ts";
import type { DocumentSource } from "./publication-source.ts";

/**
 * Finds the things that were made from a document. The cost of a change depends on how many things it concerns, not on
 * how many are published.
 */
export class SourceIndex<Dependent> {
  readonly #dependents = new Map<string, Map<Dependent, DocumentSource>>();

  add(dependent: Dependent, sources: readonly DocumentSource[]): void {
    for (const source of sources) {
      const key = keyOf(source);
      const dependents = this.#dependents.get(key) ?? new Map<Dependent, DocumentSource>();
      this.#dependents.set(key, dependents);
      dependents.set(dependent, source);
    }
  }

  remove(dependent: Dependent, sources: readonly DocumentSource[]): void {
    for (const source of sources) {
      const key = keyOf(source);
      const dependents = this.#dependents.get(key);
      dependents?.delete(dependent);
      if (dependents?.size === 0) this.#dependents.delete(key);
    }
  }

  /** Yields the things that the change makes stale. */
  *concernedBy(change: Change): Generator<Dependent> {
    for (const id of [change.id, ...foldersOf(change.id)]) {
      for (const [dependent, source] of this.#dependents.get(keyOf({ ...change, id })) ?? [])
        if (isAnother(source, change)) yield dependent;
    }
  }
}

/** Returns whether the change makes a thing stale that was made from these sources. */
export const isConcerned = (sources: readonly DocumentSource[], change: Change): boolean => {
  const keys = new Set([change.id, ...foldersOf(change.id)].map((id) => keyOf({ ...change, id })));
  return sources.some((source) => keys.has(keyOf(source)) && isAnother(source, change));
};

const isAnother = ({ isThere }: DocumentSource, { deleted }: Change): boolean =>
  isThere === undefined || isThere === deleted;

const keyOf = ({ scope, kind, id }: DocumentSource): string => `${scope.account}/${scope.region}/${kind}/${id}`;

/** `a/b/c` is below `a/` and `a/b/`. */
const foldersOf = (id: string): string[] => [...id.matchAll(/\//g)].map(({ index }) => id.slice(0, index + 1));
