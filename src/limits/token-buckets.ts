/**
 * Token buckets in shared memory, which all threads take from without messages and without locks.
 *
 *   header, 64 bytes: Float64 epoch (ms since 1970), 16 bytes salt
 *   sets of 8 buckets, 192 bytes each: 8 × (Int32 × 2 key; 0: free), then 8 × (Float32 rate, Float32 burst, Float64 full)
 *
 * `full` is the time, in milliseconds since the epoch, at which a bucket would be full again if nobody took from it: its
 * debt in time (GCRA, ITU-T I.371 annex A). So a token is taken with one compare-and-exchange, and a thread that dies leaves
 * nothing behind that another would wait for. `rate` and `burst` are those by which that debt counts; others convert it once, so
 * that a smaller bucket owes what was taken, and a larger one has the tokens that it had. So a bucket that threads use with
 * different limits, as they do while a change is on its way to them, never gets tokens by that.
 *
 * A bucket is found by a salted hash in one of two sets. A bucket that is full again says no more than one that was never used, so
 * its place is given to another at no loss, by one exchange of the key.
 *
 * What is not exact, each bounded:
 * - two threads that first use a bucket at the same instant may give what they take in that instant twice;
 * - limits that change are converted by one thread: what others take meanwhile (some 100 ns), or if that thread dies there,
 *   counts by the new ones alone, so that at most one burst is given too much;
 * - a bucket whose burst is below what its rate gives in a millisecond gives that much, because a clock shows milliseconds.
 */
import { createHash, randomBytes } from "node:crypto";
import { assert } from "../base/assert.ts";

const headerBytes = 64;
const saltAt = 8;
const saltBytes = 16;
const ways = 8;
const setBytes = ways * 8 + ways * 16;
/** Attempts to find a place while other threads take the places found. Each failure means that another thread had success. */
const attempts = 64;
/** Threads read the clock one after another, so `full` may be a little ahead of a thread's time. More is a clock that jumped. */
const skewMs = 1_000;

/** The epoch is a day before the start, so that a clock that goes back a little does not go before it. */
const beforeMs = 86_400_000;

/** A bucket's key, made once by {@link TokenBuckets.bucket}. */
export interface Bucket {
  /** The index of a set's first key in 32-bit words. */
  readonly set: number;
  /** The set that the bucket is in if it found no place in the first one. */
  readonly otherSet: number;
  readonly low: number;
  readonly high: number;
}

/**
 * What a bucket without a place gets when all buckets of its two sets are in debt. `refuse`: nothing, so that no token is
 * taken from it. `share`: the place with the least debt, and that debt, so that all clients together never get more than the
 * buckets of the memory give, however many clients there are.
 */
export type FullSet = "refuse" | "share";

/** Allocates memory for at least so many buckets. What no bucket uses takes no memory of the machine. */
export function allocateTokenBuckets(bucketCount: number, nowMs: number): SharedArrayBuffer {
  const sets = 2 ** Math.ceil(Math.log2(Math.max(1, bucketCount / ways)));
  const memory = new SharedArrayBuffer(headerBytes + sets * setBytes);
  new Float64Array(memory, 0, 1)[0] = nowMs - beforeMs;
  // Without the salt nobody can look for names that share a set, or a key.
  new Uint8Array(memory, saltAt, saltBytes).set(randomBytes(saltBytes));
  return memory;
}

/** Fills all buckets, while threads go on taking from them. */
export function fillTokenBuckets(memory: SharedArrayBuffer): void {
  const longs = new BigInt64Array(memory);
  for (let first = headerBytes / 8; first < longs.length; first += setBytes / 8) {
    for (let way = 0; way < ways; way++) {
      // Only what is in use, since what was never written takes no memory.
      if (longs[first + way] !== 0n) Atomics.store(longs, first + ways + way * 2 + 1, 0n);
    }
  }
}

/** One thread's view of the buckets. */
export class TokenBuckets {
  readonly #words: Int32Array;
  readonly #longs: BigInt64Array;
  readonly #numbers: Float64Array;
  readonly #halves: Float32Array;
  readonly #epochMs: number;
  readonly #salt: Uint8Array;
  readonly #sets: number;
  readonly #fullSet: FullSet;
  /** Turns numbers into the bits that are exchanged, and back. */
  readonly #bits = new BigInt64Array(2);
  readonly #values = new Float64Array(this.#bits.buffer);
  readonly #pairs = new Float32Array(this.#bits.buffer);

  constructor(memory: SharedArrayBuffer, fullSet: FullSet) {
    this.#words = new Int32Array(memory);
    this.#longs = new BigInt64Array(memory);
    this.#numbers = new Float64Array(memory);
    this.#halves = new Float32Array(memory);
    this.#epochMs = this.#numbers[0]!;
    this.#salt = new Uint8Array(memory, saltAt, saltBytes).slice();
    this.#sets = (memory.byteLength - headerBytes) / setBytes;
    assert(Number.isInteger(Math.log2(this.#sets)), "the memory was made by allocateTokenBuckets");
    this.#fullSet = fullSet;
  }

  /** Returns the bucket of a name: 1 µs, so it is done once for each name, where that can be. It takes no place yet. */
  bucket(name: string): Bucket {
    const hash = createHash("sha256").update(this.#salt).update(name).digest();
    const setAt = (at: number): number => (headerBytes + (hash.readUInt32LE(at) % this.#sets) * setBytes) / 4;
    // A key of 0 marks a free place.
    return { set: setAt(0), otherSet: setAt(4), low: hash.readInt32LE(8) | 1, high: hash.readInt32LE(12) };
  }

  /**
   * Sets `into` to the bucket of two names together, such as that of a client and that of a method, and returns it. It costs
   * next to nothing, so it may be done for each request.
   */
  combine(one: Bucket, other: Bucket, into: { -readonly [Member in keyof Bucket]: Bucket[Member] }): Bucket {
    into.set = this.#sum(one.set, other.set);
    into.otherSet = this.#sum(one.otherSet, other.otherSet);
    into.low = (one.low ^ other.low) | 1;
    into.high = one.high ^ other.high;
    return into;
  }

  #sum(one: number, other: number): number {
    const set = (numberOf(one) + numberOf(other)) & (this.#sets - 1);
    return (headerBytes + set * setBytes) / 4;
  }

  /**
   * Takes a token. Returns false if there is none: then nothing has changed. Rate (tokens a second) and burst may be others
   * with each call: the bucket then has no more tokens than before, and lacks of a smaller burst what it lacked of the larger
   * one. A rate or burst that is not a positive number never gives a token. `nowMs` is the time of this moment, not that of
   * the request's beginning.
   */
  take(bucket: Bucket, ratePerSecond: number, burst: number, nowMs: number): boolean {
    const tokenMs = 1_000 / ratePerSecond;
    const capacityMs = capacityOf(ratePerSecond, burst) * tokenMs;
    // NaN fails all comparisons; rates without end, and next to none, are no numbers to count with.
    if (!(ratePerSecond > 0 && burst >= 1 && capacityMs < Number.POSITIVE_INFINITY)) return false;
    const now = nowMs - this.#epochMs;
    const at = this.#find(bucket, now);
    if (at < 0) return false;
    if (this.#halves[2 * at] !== Math.fround(ratePerSecond) || this.#halves[2 * at + 1] !== storedBurst(burst)) {
      this.#convert(at, ratePerSecond, burst, now);
    }
    const [longs, bits, values] = [this.#longs, this.#bits, this.#values];
    for (;;) {
      const seen = Atomics.load(longs, at + 1);
      bits[0] = seen;
      const full = values[0]!;
      const debtMs = full > now ? full - now : 0;
      if (debtMs + tokenMs <= capacityMs) {
        values[1] = now + debtMs + tokenMs;
        if (Atomics.compareExchange(longs, at + 1, seen, bits[1]!) === seen) return true;
      } else if (debtMs > capacityMs + skewMs) {
        // The clock went back: the bucket is empty, and fills from now on.
        values[1] = now + capacityMs;
        Atomics.compareExchange(longs, at + 1, seen, bits[1]!);
        return false;
      } else return false;
    }
  }

  /** Returns whether the bucket has no place, and gets none because all buckets of its sets are in debt. */
  isCrowdedOut(bucket: Bucket, nowMs: number): boolean {
    return this.#find(bucket, nowMs - this.#epochMs) < 0;
  }

  /** Returns the index of the bucket's rate in 64-bit words, or -1 if there is no place for it. */
  #find(bucket: Bucket, now: number): number {
    const { low, high } = bucket;
    const words = this.#words;
    for (let way = 0, key = bucket.set; way < ways; way++, key += 2) {
      if (words[key] === low && words[key + 1] === high) return placeOf(bucket.set, way);
    }
    for (let way = 0, key = bucket.otherSet; way < ways; way++, key += 2) {
      if (words[key] === low && words[key + 1] === high) return placeOf(bucket.otherSet, way);
    }
    return this.#settle(bucket, now);
  }

  /** Finds a place for a bucket that has none. */
  #settle({ set, otherSet, low, high }: Bucket, now: number): number {
    const longs = this.#longs;
    const key = (BigInt(high) << 32n) | BigInt(low >>> 0);
    for (let attempt = 0; attempt < attempts; attempt++) {
      // Whoever came at the same time may have taken another place for the same bucket: the first one counts for all.
      let [best, bestFull, bestKey] = [-1, Number.POSITIVE_INFINITY, 0n];
      for (const first of [set, otherSet]) {
        for (let way = 0; way < ways; way++) {
          const seen = Atomics.load(longs, first / 2 + way);
          if (seen === key) return placeOf(first, way);
          const full = seen === 0n ? Number.NEGATIVE_INFINITY : this.#numbers[placeOf(first, way) + 1]!;
          if (full < bestFull) [best, bestFull, bestKey] = [first / 2 + way, full, seen];
        }
      }
      if (bestFull > now && this.#fullSet === "refuse") return -1;
      Atomics.compareExchange(longs, best, bestKey, key);
    }
    return -1;
  }

  /** Makes a bucket's debt count by other limits. Only one of the threads that see the change does it. */
  #convert(at: number, ratePerSecond: number, burst: number, now: number): void {
    const [longs, bits, values, pairs] = [this.#longs, this.#bits, this.#values, this.#pairs];
    const seenLimits = Atomics.load(longs, at);
    bits[0] = seenLimits;
    const [oldRate = 0, oldBurst = 0] = pairs;
    pairs[2] = ratePerSecond;
    pairs[3] = storedBurst(burst);
    if (bits[1] === seenLimits) return;
    if (Atomics.compareExchange(longs, at, seenLimits, bits[1]!) !== seenLimits || oldRate === 0) return;
    const [oldCapacity, capacity] = [capacityOf(oldRate, oldBurst), capacityOf(ratePerSecond, burst)];
    for (;;) {
      const seen = Atomics.load(longs, at + 1);
      bits[0] = seen;
      const debtMs = values[0]! - now;
      if (debtMs <= 0) return;
      const debt = (debtMs * oldRate) / 1_000;
      const tokens = Math.max(0, oldCapacity - debt);
      values[1] = now + (Math.min(capacity, Math.max(debt, capacity - tokens)) * 1_000) / ratePerSecond;
      if (Atomics.compareExchange(longs, at + 1, seen, bits[1]!) === seen) return;
    }
  }
}

/**
 * Returns how many tokens a bucket has at most. The part of a token that the clock's millisecond may bring is kept beyond the
 * burst, or rates with a small burst would lose it in every millisecond.
 */
function capacityOf(ratePerSecond: number, burst: number): number {
  const perMs = ratePerSecond / 1_000;
  return Math.max(burst, perMs) + Math.min(perMs, 0.99);
}

/** Returns a burst as it is kept, which is a number that can be counted with. */
const storedBurst = (burst: number): number => Math.fround(Math.min(burst, 1e30));

const numberOf = (set: number): number => (set * 4 - headerBytes) / setBytes;

/** Returns the index of a place's rate in 64-bit words; its `full` follows. */
const placeOf = (set: number, way: number): number => set / 2 + ways + way * 2;
