import { bounds } from "../base/bounds.ts";

/**
 * Counts requests by key in a sliding window, in memory that all threads share. It is bounded: where many keys come,
 * those with the fewest requests are forgotten.
 *
 *   header: 2 words of the hash's seed
 *   slots of 16 words: hash (2), last bucket, expiry in seconds, 10 buckets (8 bits round, 24 bits count), 2 unused
 *
 * A window is ten buckets. A bucket's word names the round that it counts for, so that a bucket is emptied by the first
 * request of its next round, in one atomic step.
 */
const headerWords = 16;
const slotWords = 16;
const bucketsAt = 4;
const buckets = 10;
const probes = 8;
const countMask = 0xff_ffff;
const slots = bounds.wafRateSlotsMax.value;

export class RateCounters {
  readonly #words: Int32Array;
  readonly #seeds: readonly [number, number];

  /** Takes memory that {@link makeRateMemory} made. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#seeds = [this.#words[0]!, this.#words[1]!];
  }

  /** Counts a request, and returns how many the key has had in the window. */
  count(key: string, windowMs: number, nowMs: number): number {
    const low = hash(key, this.#seeds[0]) | 1;
    const high = hash(key, this.#seeds[1]);
    const bucketMs = windowMs / buckets;
    const bucket = Math.floor(nowMs / bucketMs);
    const at = this.#find(low, high, nowMs);
    const words = this.#words;
    words[at + 2] = bucket;
    words[at + 3] = Math.floor((nowMs + windowMs) / 1000);
    this.#increment(at + bucketsAt + (bucket % buckets), bucket);
    return this.#sum(at, bucket);
  }

  #increment(at: number, bucket: number): void {
    const round = Math.floor(bucket / buckets) & 0xff;
    for (let attempt = 0; attempt < 64; attempt++) {
      const word = Atomics.load(this.#words, at);
      const isRound = word >>> 24 === round;
      if (isRound && (word & countMask) === countMask) return;
      const next = isRound ? (word + 1) | 0 : (round << 24) | 1;
      if (Atomics.compareExchange(this.#words, at, word, next) === word) return;
    }
  }

  #sum(at: number, bucket: number): number {
    let sum = 0;
    for (let age = 0; age < buckets; age++) {
      const counted = bucket - age;
      const word = this.#words[at + bucketsAt + (counted % buckets)]!;
      if (word >>> 24 === (Math.floor(counted / buckets) & 0xff)) sum += word & countMask;
    }
    return sum;
  }

  /** Returns the key's slot. A key without one takes a slot that is free, else that of the fewest requests. */
  #find(low: number, high: number, nowMs: number): number {
    const words = this.#words;
    const nowSeconds = Math.floor(nowMs / 1000);
    let victim = -1;
    let fewest = Number.POSITIVE_INFINITY;
    for (let probe = 0; probe < probes; probe++) {
      const at = headerWords + (((high >>> 0) + probe) % slots) * slotWords;
      if (words[at] === low && words[at + 1] === high) {
        // Rounds begin anew after some hours, so old counts must go.
        if (words[at + 3]! >>> 0 <= nowSeconds) words.fill(0, at + bucketsAt, at + bucketsAt + buckets);
        return at;
      }
      const count = words[at] === 0 || words[at + 3]! >>> 0 <= nowSeconds ? -1 : this.#sum(at, words[at + 2]!);
      if (count < fewest) {
        fewest = count;
        victim = at;
      }
    }
    words[victim] = low;
    words[victim + 1] = high;
    words.fill(0, victim + bucketsAt, victim + bucketsAt + buckets);
    return victim;
  }
}

/** Makes the memory of counters. The seeds make it impossible to choose keys that share a slot. */
export function makeRateMemory(seeds: readonly [number, number]): SharedArrayBuffer {
  const memory = new SharedArrayBuffer((headerWords + slots * slotWords) * Int32Array.BYTES_PER_ELEMENT);
  new Int32Array(memory).set(seeds);
  return memory;
}

/** A hash of 32 bits (Murmur's mixing), good enough with a seed that nobody knows. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < text.length; index++) {
    let part = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    part = (part << 15) | (part >>> 17);
    value ^= Math.imul(part, 0x1b873593);
    value = (value << 13) | (value >>> 19);
    value = (Math.imul(value, 5) + 0xe6546b64) | 0;
  }
  value ^= text.length;
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return value ^ (value >>> 16);
}
