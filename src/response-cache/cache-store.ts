/** An answer as a cache keeps it. */
export interface CachedAnswer {
  readonly status: number;
  /** Names and values in turn, without those that differ from answer to answer. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** The answer carries the request's trace id. */
  readonly isTraced: boolean;
  /**
   * The request headers that the answer's `Vary` names, with the values that it was made for: names in lower case and
   * texts in turn.
   */
  readonly varies: readonly string[];
}

/** What an entry is stored with. */
export interface EntryOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly ttlMs: number;
  readonly isEncrypted: boolean;
}

/**
 * Where a stage's answers are kept. A store finds only what was stored under exactly the same key, and may forget
 * anything at any time. What is found is found at once. Only a miss may take time: a store that several nodes share would
 * ask the others in `claim`, which is where a miss waits already.
 */
export interface CacheStore {
  /** Returns the answer that was stored under the key, unless its time is over. */
  find(key: string, nowMs: number): CachedAnswer | undefined;
  /** Returns whether the answer was stored. */
  store(key: string, answer: CachedAnswer, options: EntryOptions): boolean;
  /**
   * Says that the caller will make the key's answer. Returns the function that says it is done, whether it was stored or not;
   * or, while another one makes it, a promise that resolves when that one is done, or after `waitMs`. Then the
   * caller looks again, and makes the answer itself if there is none.
   */
  claim(key: string, waitMs: number): (() => void) | Promise<void>;
}
