import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { keyKinds, type UsageMonth } from "../../definition/api-key.ts";
import type { ApiKeyTable, Count, MembershipOwner } from "../../limits/api-key-table.ts";
import { dayOf, dayText, monthStartOf } from "../../limits/quota-period.ts";
import type { Scope, Store, Transaction } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";

export interface UsageSaverOptions {
  readonly store: Store;
  readonly table: ApiKeyTable;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Counts on their way to the store. */
interface UnsavedCounts {
  readonly owner: MembershipOwner;
  readonly days: readonly Count[];
  /** The membership and its period's count, if it still is one. */
  readonly membership?: number;
  readonly generation?: number;
  readonly period?: Count;
}

const batchMax = bounds.apiKeyBatchMax.value;

/** Returns the month of a day, `YYYY-MM`. */
export const monthOf = (day: number): string => dayText(day).slice(0, 7);

/**
 * Writes the counts of calls from shared memory to the store, some times a second and whenever a thread asks for it. What is
 * counted between two writes is forgotten by a crash: at most `usageUnsavedMax` calls of each key in each plan with a quota.
 */
export class UsageSaver {
  readonly #options: UsageSaverOptions;
  /** The last counts of keys that left their plans. */
  #left: UnsavedCounts[] = [];
  #work: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  /** The day on which old months were looked for last. */
  #sweptDay = -1;

  constructor(options: UsageSaverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.save(), bounds.usageSaveMs.value);
    this.#timer.unref();
  }

  /** Saves what was counted until now. Returns whether that was possible; the promise never rejects. */
  save(): Promise<boolean> {
    const saved = this.#work.then(() => this.#saveAll());
    this.#work = saved;
    return saved;
  }

  /** Whether counts of keys that left their plans are not saved yet. */
  get hasLeft(): boolean {
    return this.#left.length > 0;
  }

  /** Remembers the counts of a membership that has just ended: its place is not given to another yet. */
  keep(membership: number, owner: MembershipOwner): void {
    const days = this.#options.table.daysOf(membership);
    if (days.length > 0) this.#left.push({ owner, days });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.save();
  }

  async #saveAll(): Promise<boolean> {
    const { table, clock, logger } = this.#options;
    try {
      for (;;) {
        const memberships = table.takeUnsaved(batchMax);
        const left = this.#left.splice(0, batchMax);
        if (memberships.length === 0 && left.length === 0) break;
        const batch = [...left, ...memberships.map((membership) => this.#read(membership))];
        try {
          await this.#write(batch);
        } catch (error) {
          table.giveBack(memberships);
          this.#left.unshift(...left);
          throw error;
        }
        for (const { membership, generation, period } of batch) {
          if (membership === undefined || period === undefined) continue;
          // It may have ended meanwhile, and its place may be another's.
          if (table.generationOf(membership) === generation) table.setSaved(membership, period);
        }
      }
      const today = dayOf(clock.now());
      if (today !== this.#sweptDay) await this.#sweep(today);
      this.#sweptDay = today;
      this.#failing = false;
      return true;
    } catch (error) {
      if (!this.#failing) logger.error("The usage of API keys can't be saved.", { error: String(error) });
      this.#failing = true;
      return false;
    }
  }

  #read(membership: number): UnsavedCounts {
    const { table } = this.#options;
    // The period comes first: a call is counted in it before it is counted in its day.
    const period = table.periodOf(membership);
    const generation = table.generationOf(membership);
    return { owner: table.ownerOf(membership), days: table.daysOf(membership), membership, generation, period };
  }

  async #write(batch: readonly UnsavedCounts[]): Promise<void> {
    const byScope = Map.groupBy(batch, ({ owner: { scope } }) => `${scope.account}/${scope.region}`);
    for (const ofScope of byScope.values()) {
      await this.#options.store.write(ofScope[0]!.owner.scope, async (tx) => {
        for (const unsaved of ofScope) await writeUsage(tx, unsaved);
      });
    }
  }

  /** Deletes the months that nobody can ask for any more. */
  async #sweep(today: number): Promise<void> {
    const { store } = this.#options;
    const oldest = monthOf(today - bounds.usageDaysKept.value);
    for (const scope of await store.scopes(keyKinds.usageMonth)) {
      while (await deleteSome(store, scope, oldest)) {}
    }
  }
}

/** Deletes some months before the month `oldest`. Returns whether there may be more. */
const deleteSome = (store: Store, scope: Scope, oldest: string): Promise<boolean> =>
  store.write(scope, async (tx) => {
    const found = await tx.list(keyKinds.usageMonth, { limit: batchMax });
    const old = found.filter(({ id }) => id < oldest);
    for (const { id } of old) await tx.delete(keyKinds.usageMonth, id);
    return old.length === batchMax;
  });

async function writeUsage(tx: Transaction, { owner: { planId, keyId }, days }: UnsavedCounts): Promise<void> {
  for (const { start: day, count } of days) {
    const id = `${monthOf(day)}/${planId}/${keyId}`;
    const before = (await tx.get<UsageMonth>(keyKinds.usageMonth, id))?.body.days ?? [];
    const index = day - monthStartOf(day);
    if ((before[index] ?? 0) >= count) continue;
    const after = Array.from({ length: Math.max(before.length, index + 1) }, (_, at) => before[at] ?? 0);
    after[index] = count;
    await tx.put(keyKinds.usageMonth, id, { days: after } satisfies UsageMonth);
  }
}
