import { isDeepStrictEqual } from "node:util";
import type { Transaction } from "../../store/store.ts";

/** A document of an API, as it is or as it is to be. */
export interface WrittenDocument {
  readonly kind: string;
  readonly id: string;
  readonly body: object;
}

/** Writes what makes the documents of one state those of another. */
export async function writeDifference(
  tx: Transaction,
  before: readonly WrittenDocument[],
  after: readonly WrittenDocument[],
): Promise<void> {
  const nameOf = ({ kind, id }: WrittenDocument): string => `${kind} ${id}`;
  const old = new Map(before.map((document) => [nameOf(document), document.body]));
  const kept = new Set(after.map(nameOf));
  for (const document of before) if (!kept.has(nameOf(document))) await tx.delete(document.kind, document.id);
  for (const document of after) {
    const stored = old.get(nameOf(document));
    if (stored === undefined || !isDeepStrictEqual(stored, document.body)) {
      await tx.put(document.kind, document.id, document.body);
    }
  }
}
