import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import { bucketBytes, headAt, headerBytes, ringBytesOf, unitBytes, writerPlaces, writersAt } from "./cache-memory.ts";
import type { KeyHash } from "./key-hash.ts";

/**
 * What stands in front of a record, as Uint32: its position and the memory's secret, its bytes without this, the key's
 * second hash, flags; then its end as Float64, in milliseconds since 1970.
 */
const recordHeadBytes = 32;
const slots = bucketBytes / 8;
/** Room for the longest answer with the longest key and headers. */
const recordRoom = 2 * bounds.cachedAnswerBytesMax.value;
/** Attempts to reserve room while others do. Each failure means that another thread had success. */
const attempts = 64;

/** A record's bytes, and whether they are sealed. */
export interface FoundRecord {
  readonly bytes: Buffer;
  readonly isSealed: boolean;
}

/**
 * One thread's view of a shard. Nobody waits for anybody, and a thread that dies leaves nothing half done that another
 * could read:
 *
 * - A writer moves the head on before it writes, so that what it writes over counts as gone, and names its record in the
 *   index after that.
 * - A reader copies a record and then looks whether the head has come so far that it may have been written over.
 * - A writer that is held up may still write when others have come round the ring to the same place. So each thread has
 *   a word in the header that says where it writes, and others don't reserve over that; they rather don't store.
 */
export class Shard {
  readonly #words: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #bytes: Buffer;
  readonly #ringAt: number;
  readonly #ringUnits: number;
  readonly #buckets: number;
  readonly #secret: number;
  readonly #writer: number;
  readonly #writers: number;

  /** `writer` is this thread's number, which no other living thread has; `writers` is how many numbers there are. */
  constructor(
    memory: SharedArrayBuffer,
    { secret, writer, writers }: { readonly secret: number; readonly writer: number; readonly writers: number },
  ) {
    assert(writer < writers && writers <= writerPlaces, "each writer has its word");
    this.#words = new Uint32Array(memory);
    this.#numbers = new Float64Array(memory);
    this.#bytes = Buffer.from(memory);
    const ringBytes = ringBytesOf(memory);
    this.#ringAt = memory.byteLength - ringBytes;
    this.#ringUnits = ringBytes / unitBytes;
    this.#buckets = (this.#ringAt - headerBytes) / bucketBytes;
    this.#secret = secret;
    this.#writer = writersAt + writer;
    this.#writers = writers;
    // A thread that died may have left its word.
    Atomics.store(this.#words, this.#writer, 0);
  }

  /** Returns a copy of the record of a key with this hash. Whether it is the key's own, the copy says. */
  find({ first, second }: KeyHash, nowMs: number): FoundRecord | undefined {
    const words = this.#words;
    const bucket = this.#bucketOf(second);
    for (let slot = bucket; slot < bucket + slots * 2; slot += 2) {
      if (words[slot] !== first) continue;
      const position = Atomics.load(words, slot + 1);
      if (!this.#isThere(position, Atomics.load(words, headAt))) continue;
      const at = this.#placeOf(position);
      const word = at / 4;
      if (words[word] !== (position ^ this.#secret) >>> 0 || words[word + 2] !== second) continue;
      const length = words[word + 1]!;
      const isSealed = words[word + 3] === 1;
      // A time far ahead is that of a clock that was moved back since.
      const left = this.#numbers[(word + 4) / 2]! - nowMs;
      if (!(left > 0 && left <= words[word + 6]!)) continue;
      // What is being written over may say any length.
      if (length > recordRoom || at + recordHeadBytes + length > this.#bytes.length) continue;
      const bytes = Buffer.allocUnsafe(length);
      this.#bytes.copy(bytes, 0, at + recordHeadBytes, at + recordHeadBytes + length);
      // An exchange and no load: what was read above was read before it, on every processor.
      if (this.#isThere(position, Atomics.add(words, headAt, 0))) return { bytes, isSealed };
    }
    return undefined;
  }

  /** Returns whether the bytes were stored. */
  store(
    { first, second }: KeyHash,
    { bytes, isSealed }: FoundRecord,
    { nowMs, ttlMs }: { readonly nowMs: number; readonly ttlMs: number },
  ): boolean {
    const words = this.#words;
    if (bytes.length > recordRoom) return false;
    const position = this.#reserve(Math.ceil((recordHeadBytes + bytes.length) / unitBytes));
    if (position === undefined) return false;
    const at = this.#placeOf(position);
    const word = at / 4;
    words[word + 1] = bytes.length;
    words[word + 2] = second;
    words[word + 3] = isSealed ? 1 : 0;
    this.#numbers[(word + 4) / 2] = nowMs + ttlMs;
    words[word + 6] = ttlMs;
    bytes.copy(this.#bytes, at + recordHeadBytes);
    words[word] = (position ^ this.#secret) >>> 0;
    const slot = this.#slotFor(first, second);
    Atomics.store(words, slot + 1, position);
    Atomics.store(words, slot, first);
    Atomics.store(words, this.#writer, 0);
    return true;
  }

  /** Returns the position of room for so many units in a row; undefined if there is none that nobody writes to. */
  #reserve(units: number): number | undefined {
    const words = this.#words;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const head = Atomics.load(words, headAt);
      const place = head % this.#ringUnits;
      // A record does not go round the ring's end.
      const begin = place + units > this.#ringUnits ? (head + this.#ringUnits - place) >>> 0 : head;
      const end = (begin + units) >>> 0;
      // Said before the head moves: whoever sees the head that this makes sees this as well. 0 means that nothing is
      // written, so the position 0 is said as the one before it.
      Atomics.store(words, this.#writer, begin === 0 ? 0xffff_ffff : begin);
      if (!this.#isClear(end)) break;
      if (Atomics.compareExchange(words, headAt, head, end) === head) return begin;
    }
    Atomics.store(words, this.#writer, 0);
    return undefined;
  }

  /** Returns whether nobody else still writes what a head there would give away. */
  #isClear(end: number): boolean {
    for (let word = writersAt; word < writersAt + this.#writers; word++) {
      if (word === this.#writer) continue;
      const other = Atomics.load(this.#words, word);
      if (other !== 0 && (end - other) >>> 0 > this.#ringUnits && (other - end) >>> 0 > this.#ringUnits) return false;
    }
    return true;
  }

  /** Returns the slot of the same hash, else one whose record is gone, else the one with the oldest record. */
  #slotFor(first: number, second: number): number {
    const words = this.#words;
    const head = Atomics.load(words, headAt);
    const bucket = this.#bucketOf(second);
    let chosen = bucket;
    let oldest = -1;
    for (let slot = bucket; slot < bucket + slots * 2; slot += 2) {
      if (words[slot] === first) return slot;
      const position = words[slot + 1]!;
      const age = this.#isThere(position, head) ? (head - position) >>> 0 : Number.POSITIVE_INFINITY;
      if (age > oldest) {
        oldest = age;
        chosen = slot;
      }
    }
    return chosen;
  }

  #isThere(position: number, head: number): boolean {
    const ahead = (head - position) >>> 0;
    return ahead > 0 && ahead <= this.#ringUnits;
  }

  #placeOf(position: number): number {
    return this.#ringAt + (position % this.#ringUnits) * unitBytes;
  }

  #bucketOf(second: number): number {
    return headerBytes / 4 + (second % this.#buckets) * (bucketBytes / 4);
  }
}
