import type { Scope } from "../store/store.ts";
import {
  type ApiKeyMemory,
  ApiKeyRecords,
  type ApiKeySegment,
  allocateApiKeys,
  allocateSegment,
  chainMask,
  countOf,
  Digest,
  dayWord,
  digestPrefix,
  header,
  idLength,
  keyAt,
  keyFlags,
  membershipAt,
  readId,
  segmentBits,
  segmentMask,
  segmentRecords,
  startOf,
  unsavedAt,
  wordOf,
} from "./api-key-memory.ts";
import type { QuotaShare } from "./quota-period.ts";
import type { Bucket } from "./token-buckets.ts";

/** A key, as the threads know it. */
export interface KnownKey {
  readonly id: string;
  readonly value: string;
  readonly isEnabled: boolean;
}

/** Calls that were counted from the first day of a period on, or on one day. */
export interface Count {
  readonly start: number;
  readonly count: number;
}

/** What a key brings along into a plan that it was in before: the calls of some days, and of the quota's present period. */
export interface UsedBefore {
  readonly days: readonly Count[];
  readonly period?: Count;
}

/** Whose counts a membership's record has. */
export interface MembershipOwner {
  readonly scope: Scope;
  readonly planId: string;
  readonly keyId: string;
}

const greatestInteger = 2_147_483_647;

/**
 * All API keys with their places in usage plans, in the memory that all threads share. Control has the one table and is its
 * only writer; what it writes is in effect in all threads at once.
 */
export class ApiKeyTable {
  readonly records: ApiKeyRecords;
  readonly #salt: string;
  readonly #memory: { readonly keys: SharedArrayBuffer[]; readonly memberships: SharedArrayBuffer[] };
  readonly #shared: Pick<ApiKeyMemory, "header" | "chains">;
  readonly #digest = new Digest();
  readonly #other = new Digest();
  /** The first key of each chain of ids, as a reference. */
  readonly #ids = new Int32Array(chainMask + 1);
  readonly #scopes: Scope[] = [];
  readonly #scopeNumbers = new Map<string, number>();
  /** Ids that are their keys' values, by the index of the key. */
  readonly #longIds = new Map<number, string>();
  readonly #plans: { readonly scope: Scope; readonly planId: string }[] = [];
  readonly #planSlots = new Map<string, number>();
  readonly #free: Record<ApiKeySegment["of"], number[]> = { keys: [], memberships: [] };
  readonly #used: Record<ApiKeySegment["of"], number> = { keys: 0, memberships: 0 };
  readonly #listeners = new Set<(segment: ApiKeySegment) => void>();
  #count = 0;

  /** `salt` is a text that nobody can guess. */
  constructor(salt: string) {
    const memory = allocateApiKeys(salt);
    this.#salt = salt;
    this.#shared = { header: memory.header, chains: memory.chains };
    this.#memory = { keys: [], memberships: [] };
    this.records = new ApiKeyRecords(memory);
  }

  /** The number of keys. */
  get count(): number {
    return this.#count;
  }

  /** Returns what there is of the memory, for a thread, and calls back with every further segment until it is told to stop. */
  connect(onSegment: (segment: ApiKeySegment) => void): { readonly memory: ApiKeyMemory; readonly stop: () => void } {
    this.#listeners.add(onSegment);
    const { keys, memberships } = this.#memory;
    const memory = { salt: this.#salt, ...this.#shared, keys: [...keys], memberships: [...memberships] };
    return { memory, stop: () => void this.#listeners.delete(onSegment) };
  }

  /** Returns the number by which threads know a usage plan. No other plan ever gets it. */
  planSlot(scope: Scope, planId: string): number {
    const name = `${scope.account}/${scope.region}/${planId}`;
    let slot = this.#planSlots.get(name);
    if (slot === undefined) {
      slot = this.#plans.length;
      this.#plans.push({ scope, planId });
      this.#planSlots.set(name, slot);
    }
    return slot;
  }

  // ---- Keys ----

  /** Adds a key, or changes whether it is enabled: a key's value never changes. */
  put(scope: Scope, key: KnownKey): void {
    const index = this.#find(scope, key.id);
    if (index >= 0) {
      const [words, at] = this.#key(index);
      const others = words[at + keyAt.flags]! & ~keyFlags.enabled;
      Atomics.store(words, at + keyAt.flags, others | (key.isEnabled ? keyFlags.enabled : 0));
    } else this.#add(scope, key);
  }

  #add(scope: Scope, { id, value, isEnabled }: KnownKey): void {
    const index = this.#take("keys");
    const [words, at] = this.#key(index);
    const idIsValue = id.length > idLength || !/^[\x01-\xff]*$/.test(id);
    if (idIsValue) this.#longIds.set(index, id);
    else writeId(words, at, id);
    words[at + keyAt.flags] = (isEnabled ? keyFlags.enabled : 0) | (idIsValue ? keyFlags.idIsValue : 0);
    words[at + keyAt.membership] = 0;
    words[at + keyAt.scope] = this.#scopeNumber(scope);
    words.set(this.#digest.set(digestPrefix(this.#salt, "value", scope) + value).words, at + keyAt.digest);
    const idChain = this.#idChain(scope, id);
    words[at + keyAt.nextOfId] = this.#ids[idChain]!;
    this.#ids[idChain] = index + 1;
    const chain = words[at + keyAt.digest]! & chainMask;
    words[at + keyAt.next] = this.records.chains[chain]!;
    Atomics.store(this.records.chains, chain, index + 1);
    this.#count++;
  }

  /** Takes a key out, with its places in plans. */
  delete(scope: Scope, keyId: string): void {
    const index = this.#find(scope, keyId);
    if (index < 0) return;
    const [words, at] = this.#key(index);
    const memberships = this.membershipsOf(scope, keyId);
    const chain = words[at + keyAt.digest]! & chainMask;
    unlink(this.records.chains, chain, index, (one) => this.#key(one), keyAt.next);
    unlink(this.#ids, this.#idChain(scope, keyId), index, (one) => this.#key(one), keyAt.nextOfId);
    this.#longIds.delete(index);
    this.#count--;
    this.#release("keys", index);
    for (const membership of memberships) this.#retire(membership);
  }

  // ---- Memberships ----

  /**
   * Puts a key in a plan, or changes its share. Returns whether it is new there; undefined if there is no such key. All calls
   * that it brings along are saved.
   */
  link(
    scope: Scope,
    {
      keyId,
      plan,
      share,
      bucket,
      before: used = { days: [] },
    }: { keyId: string; plan: number; share: QuotaShare; bucket: Bucket; before?: UsedBefore },
  ): boolean | undefined {
    const key = this.#find(scope, keyId);
    if (key < 0) return undefined;
    const before = this.#membershipOf(key, plan);
    const membership = before < 0 ? this.#take("memberships") : before;
    const [words, at] = this.#membership(membership);
    words[at + membershipAt.firstDay] = share.firstDay;
    // A reader who sees the day sees its requests.
    Atomics.store(words, at + membershipAt.extensionStart, -1);
    words[at + membershipAt.extensionRequests] = clamp(share.extension?.requests ?? 0);
    Atomics.store(words, at + membershipAt.extensionStart, share.extension?.start ?? -1);
    if (before >= 0) return false;
    words[at + membershipAt.plan] = plan;
    words[at + membershipAt.key] = key;
    words[at + membershipAt.savedStart] = -1;
    words[at + membershipAt.savedCount] = 0;
    words[at + membershipAt.bucket] = bucket.set;
    words[at + membershipAt.bucket + 1] = bucket.otherSet;
    words[at + membershipAt.bucket + 2] = bucket.low;
    words[at + membershipAt.bucket + 3] = bucket.high;
    const counts = this.#counts(membership);
    const { days, period } = used;
    counts.fill(0n, (at + membershipAt.quota) / 2, (at + membershipAt.quota) / 2 + 3);
    for (const { start, count } of days) if (count > 0) counts[dayWord(at, start)] = wordOf(start, count);
    if (period !== undefined) {
      counts[(at + membershipAt.quota) / 2] = wordOf(period.start, period.count);
      this.setSaved(membership, period);
    }
    const [keyWords, keyIndex] = this.#key(key);
    words[at + membershipAt.next] = keyWords[keyIndex + keyAt.membership]!;
    Atomics.store(keyWords, keyIndex + keyAt.membership, membership + 1);
    return true;
  }

  /** Takes a key out of a plan. */
  unlink(scope: Scope, keyId: string, plan: number): void {
    const key = this.#find(scope, keyId);
    const membership = key < 0 ? -1 : this.#membershipOf(key, plan);
    if (membership < 0) return;
    const [words, at] = this.#key(key);
    unlink(words, at + keyAt.membership, membership, (one) => this.#membership(one), membershipAt.next);
    this.#retire(membership);
  }

  /** Returns the memberships of a key. */
  membershipsOf(scope: Scope, keyId: string): number[] {
    const memberships: number[] = [];
    const index = this.#find(scope, keyId);
    if (index < 0) return memberships;
    const [words, at] = this.#key(index);
    for (let reference = words[at + keyAt.membership]!; reference !== 0; ) {
      memberships.push(reference - 1);
      const [others, other] = this.#membership(reference - 1);
      reference = others[other + membershipAt.next]!;
    }
    return memberships;
  }

  /** Returns the membership of a key in a plan, or -1. */
  find(scope: Scope, keyId: string, plan: number): number {
    const key = this.#find(scope, keyId);
    return key < 0 ? -1 : this.#membershipOf(key, plan);
  }

  /** Returns a number that a membership's place has as long as it is the same membership's. */
  generationOf(membership: number): number {
    const [words, at] = this.#membership(membership);
    return words[at + membershipAt.generation]!;
  }

  ownerOf(membership: number): MembershipOwner {
    const [words, at] = this.#membership(membership);
    const key = words[at + membershipAt.key]!;
    const [keyWords, keyIndex] = this.#key(key);
    const { scope, planId } = this.#plans[words[at + membershipAt.plan]!]!;
    return { scope, planId, keyId: this.#longIds.get(key) ?? readId(keyWords, keyIndex) };
  }

  // ---- Counts ----

  /** Returns the calls of the latest period that was counted. */
  periodOf(membership: number): Count {
    const [, at] = this.#membership(membership);
    return readCount(this.#counts(membership), (at + membershipAt.quota) / 2);
  }

  /** Returns the calls of the latest even and odd days that were counted. */
  daysOf(membership: number): readonly Count[] {
    const [, at] = this.#membership(membership);
    const counts = this.#counts(membership);
    const [even, odd] = [readCount(counts, dayWord(at, 0)), readCount(counts, dayWord(at, 1))];
    // What is older was saved long ago, and may be deleted by now.
    const latest = Math.max(even.start, odd.start);
    return [even, odd].filter(({ start, count }) => count > 0 && start >= latest - 1);
  }

  /** Says that a membership's calls on a day were these, unless later ones were counted already. */
  setDay(membership: number, { start, count }: Count): void {
    const [, at] = this.#membership(membership);
    raise(this.#counts(membership), dayWord(at, start), wordOf(start, count));
  }

  /**
   * Sets the calls of the present period. `calls` is asked again for their number if a call is counted meanwhile. All of them
   * are saved but those that are counted later.
   */
  setPeriod(membership: number, start: number, calls: () => number): void {
    const [, at] = this.#membership(membership);
    const counts = this.#counts(membership);
    const word = (at + membershipAt.quota) / 2;
    for (;;) {
      const seen = Atomics.load(counts, word);
      const count = calls();
      if (Atomics.compareExchange(counts, word, seen, wordOf(start, count)) !== seen) continue;
      this.setSaved(membership, { start, count });
      return;
    }
  }

  /** Says that the count of a period is saved. */
  setSaved(membership: number, { start, count }: Count): void {
    const [words, at] = this.#membership(membership);
    Atomics.store(words, at + membershipAt.savedStart, -1);
    words[at + membershipAt.savedCount] = count | 0;
    Atomics.store(words, at + membershipAt.savedStart, start);
  }

  /** Returns at most so many memberships whose counts may not be saved, and counts them as saved from then on. */
  takeUnsaved(max: number): number[] {
    const taken: number[] = [];
    if (Atomics.exchange(this.records.header, header.isUnsaved, 0) === 0) return taken;
    for (const [segment, words] of this.records.memberships.entries()) {
      for (let word = 0; word < segmentRecords / 32; word++) {
        if (Atomics.load(words, unsavedAt + word) === 0) continue;
        if (taken.length >= max) {
          Atomics.store(this.records.header, header.isUnsaved, 1);
          return taken;
        }
        const bits = Atomics.exchange(words, unsavedAt + word, 0);
        for (let bit = 0; bit < 32; bit++) {
          const membership = segment * segmentRecords + word * 32 + bit;
          if ((bits & (1 << bit)) !== 0 && this.#isLinked(membership)) taken.push(membership);
        }
      }
    }
    return taken;
  }

  /** Says that memberships that were taken could not be saved. */
  giveBack(memberships: readonly number[]): void {
    for (const membership of memberships) {
      const [words] = this.#membership(membership);
      Atomics.or(words, unsavedAt + ((membership & segmentMask) >>> 5), 1 << (membership & 31));
    }
    if (memberships.length > 0) Atomics.store(this.records.header, header.isUnsaved, 1);
  }

  // ---- Records ----

  #key(index: number): readonly [Int32Array, number] {
    return [this.records.keys[index >>> segmentBits]!, (index & segmentMask) * keyAt.words];
  }

  #membership(index: number): readonly [Int32Array, number] {
    return [this.records.memberships[index >>> segmentBits]!, (index & segmentMask) * membershipAt.words];
  }

  #counts(membership: number): BigInt64Array {
    return this.records.counts[membership >>> segmentBits]!;
  }

  #find(scope: Scope, keyId: string): number {
    const scopeNumber = this.#scopeNumbers.get(scopeText(scope));
    if (scopeNumber === undefined) return -1;
    for (let reference = this.#ids[this.#idChain(scope, keyId)]!; reference !== 0; ) {
      const [words, at] = this.#key(reference - 1);
      const id = this.#longIds.get(reference - 1) ?? readId(words, at);
      if (id === keyId && words[at + keyAt.scope] === scopeNumber) return reference - 1;
      reference = words[at + keyAt.nextOfId]!;
    }
    return -1;
  }

  #membershipOf(key: number, plan: number): number {
    const [keyWords, keyIndex] = this.#key(key);
    for (let reference = keyWords[keyIndex + keyAt.membership]!; reference !== 0; ) {
      const [words, at] = this.#membership(reference - 1);
      if (words[at + membershipAt.plan] === plan) return reference - 1;
      reference = words[at + membershipAt.next]!;
    }
    return -1;
  }

  #isLinked(membership: number): boolean {
    const [words, at] = this.#membership(membership);
    return (words[at + membershipAt.generation]! & 1) !== 0;
  }

  #idChain(scope: Scope, keyId: string): number {
    return this.#other.set(digestPrefix(this.#salt, "id", scope) + keyId).words[0]! & chainMask;
  }

  #scopeNumber(scope: Scope): number {
    const text = scopeText(scope);
    const known = this.#scopeNumbers.get(text);
    if (known !== undefined) return known;
    this.#scopeNumbers.set(text, this.#scopes.length);
    return this.#scopes.push(scope) - 1;
  }

  /** Returns the index of a record that nobody uses. */
  #take(of: ApiKeySegment["of"]): number {
    const free = this.#free[of].pop();
    const index = free ?? this.#used[of]++;
    if (index >>> segmentBits >= this.records[of].length) {
      const memory = allocateSegment(of);
      this.#memory[of].push(memory);
      this.records.add({ of, memory });
      for (const tell of this.#listeners) tell({ of, memory });
    }
    if (of === "memberships") {
      const [words, at] = this.#membership(index);
      Atomics.add(words, at + membershipAt.generation, 1);
    }
    return index;
  }

  #retire(membership: number): void {
    const [words, at] = this.#membership(membership);
    Atomics.add(words, at + membershipAt.generation, 1);
    this.#release("memberships", membership);
  }

  /** Gives back a record that is linked no more. */
  #release(of: ApiKeySegment["of"], index: number): void {
    Atomics.add(this.records.header, header.takenOut, 1);
    this.#free[of].push(index);
  }
}

/** Takes a record out of a list that begins with the reference at `words[first]`. */
function unlink(
  words: Int32Array,
  first: number,
  index: number,
  record: (index: number) => readonly [Int32Array, number],
  nextAt: number,
): void {
  const [own, at] = record(index);
  let [list, place] = [words, first];
  for (;;) {
    const reference = list[place]!;
    if (reference === 0) return;
    if (reference === index + 1) {
      const next = own[at + nextAt]!;
      // Only shared memory has readers.
      if (list.buffer instanceof SharedArrayBuffer) Atomics.store(list, place, next);
      else list[place] = next;
      return;
    }
    const [following, start] = record(reference - 1);
    [list, place] = [following, start + nextAt];
  }
}

function writeId(words: Int32Array, at: number, id: string): void {
  for (let word = 0; word < 3; word++) {
    let four = 0;
    for (let byte = 0; byte < 4; byte++) four |= (id.charCodeAt(word * 4 + byte) || 0) << (byte * 8);
    words[at + keyAt.id + word] = four;
  }
}

const readCount = (counts: BigInt64Array, word: number): Count => {
  const seen = Atomics.load(counts, word);
  return { start: startOf(seen), count: countOf(seen) };
};

/** Sets a count unless it is a greater one, or one of a later day. */
function raise(counts: BigInt64Array, word: number, to: bigint): void {
  for (;;) {
    const seen = Atomics.load(counts, word);
    if (seen >= to || Atomics.compareExchange(counts, word, seen, to) === seen) return;
  }
}

const clamp = (requests: number): number => Math.max(-greatestInteger, Math.min(greatestInteger, requests));

const scopeText = ({ account, region }: Scope): string => `${account}/${region}`;
