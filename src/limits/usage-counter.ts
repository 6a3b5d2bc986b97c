import { bounds } from "../base/bounds.ts";
import {
  type ApiKeyRecords,
  countOf,
  dayWord,
  header,
  membershipAt,
  segmentBits,
  segmentMask,
  startOf,
  unsavedAt,
} from "./api-key-memory.ts";
import { dayOf, periodStartOf, type Quota, type QuotaPeriod } from "./quota-period.ts";

/**
 * What became of a call: it was counted; the quota is used up; it would be one more than may be unsaved; or the key is not
 * in the plan any more.
 */
export type CountOutcome = "counted" | "exceeded" | "unsaved" | "left";

const unsavedMax = bounds.usageUnsavedMax.value;
const greatestCount = 0xffff_ffffn;

/** Counts calls, in any thread and with any number of them. It never waits. */
export class UsageCounter {
  readonly #records: ApiKeyRecords;
  /** The periods that the last call was in. */
  #day = -1;
  readonly #starts: Record<QuotaPeriod, number> = { DAY: 0, WEEK: 0, MONTH: 0 };
  readonly #bases: Record<QuotaPeriod, bigint> = { DAY: 0n, WEEK: 0n, MONTH: 0n };
  /** Whether so many calls of the last counted key are not saved that they should be. */
  isSaveDue = false;

  constructor(records: ApiKeyRecords) {
    this.#records = records;
  }

  /** Counts a call of a key in a plan, unless the plan's quota is used up. */
  count(membership: number, generation: number, quota: Quota | undefined, nowMs: number): CountOutcome {
    const words = this.#records.segment("memberships", membership);
    const at = (membership & segmentMask) * membershipAt.words;
    if (words === undefined || Atomics.load(words, at + membershipAt.generation) !== generation) return "left";
    const longs = this.#records.counts[membership >>> segmentBits]!;
    const day = dayOf(nowMs);
    if (day !== this.#day) this.#beginDay(day);
    this.isSaveDue = false;
    if (quota !== undefined) {
      const outcome = this.#charge(words, longs, at, quota);
      if (outcome !== "counted") return outcome;
    }
    this.#countDay(longs, dayWord(at, day));
    // The bit is set after the count, so that control never clears a bit whose count it does not see.
    const bit = 1 << (membership & 31);
    const bits = unsavedAt + ((membership & segmentMask) >>> 5);
    if ((Atomics.load(words, bits) & bit) === 0) {
      Atomics.or(words, bits, bit);
      Atomics.store(this.#records.header, header.isUnsaved, 1);
    }
    return "counted";
  }

  #beginDay(day: number): void {
    this.#day = day;
    for (const period of ["DAY", "WEEK", "MONTH"] as const) {
      const start = periodStartOf(period, day);
      this.#starts[period] = start;
      this.#bases[period] = BigInt(start) << 32n;
    }
  }

  #charge(words: Int32Array, longs: BigInt64Array, at: number, quota: Quota): CountOutcome {
    const base = this.#bases[quota.period];
    const word = (at + membershipAt.quota) / 2;
    for (;;) {
      const seen = Atomics.load(longs, word);
      let current = seen;
      let start = this.#starts[quota.period];
      if (seen < base) current = base;
      // The clock went back. The later period goes on, because going back to an earlier one would give its quota again.
      else if (seen - base > greatestCount) start = startOf(seen);
      const used = countOf(current);
      // A limit that is no number is one that nothing is below.
      if (!(used < limitOf(words, at, quota, start))) return "exceeded";
      const saved =
        Atomics.load(words, at + membershipAt.savedStart) === start ? words[at + membershipAt.savedCount]! : 0;
      const unsaved = used - (saved >>> 0);
      if (unsaved >= unsavedMax) return "unsaved";
      if (Atomics.compareExchange(longs, word, seen, current + 1n) !== seen) continue;
      this.isSaveDue = unsaved >= unsavedMax / 2;
      return "counted";
    }
  }

  #countDay(longs: BigInt64Array, word: number): void {
    const base = this.#bases.DAY;
    for (;;) {
      const seen = Atomics.load(longs, word);
      let next = seen + 1n;
      if (seen < base) next = base + 1n;
      if (Atomics.compareExchange(longs, word, seen, next) === seen) return;
    }
  }
}

/** As `quotaOf`, of a membership's record. */
function limitOf(words: Int32Array, at: number, { limit, offset, period }: Quota, start: number): number {
  let requests = limit;
  if (offset > 0 && periodStartOf(period, words[at + membershipAt.firstDay]!) === start) requests -= offset;
  if (Atomics.load(words, at + membershipAt.extensionStart) === start) {
    requests += words[at + membershipAt.extensionRequests]!;
  }
  return requests;
}
