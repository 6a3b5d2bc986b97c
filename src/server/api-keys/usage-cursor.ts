import { bounds } from "../../base/bounds.ts";
import { keyKinds, type UsageMonth } from "../../definition/api-key.ts";
import { monthStartOf } from "../../limits/quota-period.ts";
import type { Scope, Store, StoredDocument } from "../../store/store.ts";
import { monthOf } from "./usage-saver.ts";

/** Calls of each day, by the day. */
export type SavedDays = ReadonlyMap<number, number>;

interface MonthPages {
  /** The month's first day. */
  readonly month: number;
  readonly prefix: string;
  documents: readonly StoredDocument<UsageMonth>[];
  at: number;
  /** The id after which the next page begins; undefined after the last page. */
  after: string | undefined;
}

const batchMax = bounds.apiKeyBatchMax.value;

/**
 * Reads the saved calls of a plan's keys of this month and the month before, page by page, for who asks for the keys in the
 * order of their ids. Most keys of a large plan have none, and reading a page costs as much as a few single documents.
 */
export class UsageCursor {
  readonly #store: Store;
  readonly #scope: Scope;
  readonly #months: readonly MonthPages[];

  constructor(
    store: Store,
    { scope, planId, today }: { readonly scope: Scope; readonly planId: string; readonly today: number },
  ) {
    this.#store = store;
    this.#scope = scope;
    const thisMonth = monthStartOf(today);
    this.#months = [monthStartOf(thisMonth - 1), thisMonth].map((month) => {
      const prefix = `${monthOf(month)}/${planId}/`;
      return { month, prefix, documents: [], at: 0, after: "" };
    });
  }

  /** Returns the saved calls of those of the keys that have any. The keys come after all that were asked for before. */
  async take(keyIds: readonly string[]): Promise<ReadonlyMap<string, SavedDays>> {
    const found = new Map<string, Map<number, number>>();
    for (const pages of this.#months) {
      for (const keyId of keyIds) {
        const days = await this.#find(pages, keyId);
        if (days === undefined) continue;
        const saved = found.get(keyId) ?? new Map<number, number>();
        for (const [index, count] of days.entries()) saved.set(pages.month + index, count);
        found.set(keyId, saved);
      }
    }
    return found;
  }

  async #find(pages: MonthPages, keyId: string): Promise<readonly number[] | undefined> {
    const id = pages.prefix + keyId;
    for (;;) {
      const document = pages.documents[pages.at];
      if (document === undefined) {
        if (pages.after === undefined) return undefined;
        await this.#turn(pages);
      } else if (document.id < id) pages.at++;
      else return document.id === id ? daysIn(document.body) : undefined;
    }
  }

  /** Reads the next page. */
  async #turn(pages: MonthPages): Promise<void> {
    const { prefix, after = "" } = pages;
    const range = { prefix, after, limit: batchMax };
    pages.documents = await this.#store.read(this.#scope, (tx) => tx.list<UsageMonth>(keyKinds.usageMonth, range));
    pages.at = 0;
    pages.after = pages.documents.length < batchMax ? undefined : pages.documents.at(-1)!.id;
    await turnOfOthers();
  }
}

/** Returns a month's calls. Throws if they can't be read: nobody's quota begins again because of that. */
export function daysIn({ days }: UsageMonth): readonly number[] {
  if (!Array.isArray(days)) throw new TypeError("the usage document has no days");
  return days as readonly number[];
}

/** Control's other work goes first. */
export const turnOfOthers = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
