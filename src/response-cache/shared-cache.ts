import { type CacheMemory, claimPlaces } from "./cache-memory.ts";
import type { CachedAnswer, CacheStore, EntryOptions } from "./cache-store.ts";
import { EntryCipher } from "./entry-cipher.ts";
import { decodeEntry, encodeEntry } from "./entry-codec.ts";
import { hashKey, type KeyHash } from "./key-hash.ts";
import { Shard } from "./shard.ts";

/** Which of the server's threads this is. */
export interface CacheThread {
  readonly index: number;
  readonly count: number;
}

const nothing = (): void => undefined;

/** One thread's view of the response cache of a stage, which all threads of the process share. */
export class SharedCache implements CacheStore {
  readonly #memory: CacheMemory;
  readonly #shards: readonly Shard[];
  readonly #claims: Int32Array;
  readonly #cipher: EntryCipher;
  readonly #now: () => number;
  #key = "";
  #hash: KeyHash;

  constructor(memory: CacheMemory, { index, count }: CacheThread, now: () => number) {
    this.#memory = memory;
    const options = { secret: memory.salt[2], writer: index, writers: count };
    this.#shards = memory.shards.map((shard) => new Shard(shard, options));
    this.#claims = new Int32Array(memory.claims);
    this.#cipher = new EntryCipher(memory.encryptionKey);
    this.#now = now;
    this.#hash = hashKey("", memory.salt);
  }

  find(key: string, nowMs: number): CachedAnswer | undefined {
    const hash = this.#hashOf(key);
    const found = this.#shardOf(hash).find(hash, nowMs);
    if (found === undefined) return undefined;
    const entry = found.isSealed ? this.#cipher.open(found.bytes) : found.bytes;
    return entry && decodeEntry(entry, key);
  }

  store(key: string, answer: CachedAnswer, { nowMs, ttlMs, isEncrypted }: EntryOptions): boolean {
    const hash = this.#hashOf(key);
    const entry = encodeEntry(key, answer);
    const record = { bytes: isEncrypted ? this.#cipher.seal(entry) : entry, isSealed: isEncrypted };
    return this.#shardOf(hash).store(hash, record, { nowMs, ttlMs });
  }

  /**
   * A claim is two words: one that says of which key it is, or 0, and the second in which it was made. Keys may have the
   * same place; then the later one is made without a claim. The claim of a thread that died ends with its time.
   */
  claim(key: string, waitMs: number): (() => void) | Promise<void> {
    const claims = this.#claims;
    const { first, second } = this.#hashOf(key);
    const at = (first % claimPlaces) * 2;
    const mine = second | 1;
    const now = Math.floor(this.#now() / 1_000) | 0;
    const release = (): void => {
      if (Atomics.compareExchange(claims, at, mine, 0) === mine) Atomics.notify(claims, at);
    };
    const other = Atomics.compareExchange(claims, at, 0, mine);
    if (other === 0) {
      Atomics.store(claims, at + 1, now);
      return release;
    }
    if (other !== mine) return nothing;
    const began = Atomics.load(claims, at + 1);
    if (Math.abs((now - began) | 0) * 1_000 > waitMs + 1_000) {
      if (Atomics.compareExchange(claims, at + 1, began, now) === began) return release;
    }
    const wait = Atomics.waitAsync(claims, at, mine, waitMs);
    return wait.async ? wait.value.then(nothing) : Promise.resolve();
  }

  #hashOf(key: string): KeyHash {
    if (key !== this.#key) {
      this.#key = key;
      this.#hash = hashKey(key, this.#memory.salt);
    }
    return this.#hash;
  }

  #shardOf({ first }: KeyHash): Shard {
    return this.#shards[first % this.#shards.length]!;
  }
}
