interface Entry<Value> {
  readonly value: Value;
  readonly chars: number;
}

/**
 * A map of bounded size that forgets what nobody asks for. There are two generations: whatever is found in the old one
 * moves to the young one, and when that is full, the old one is dropped. So what is asked for often stays, whatever else
 * is put in, and each operation takes constant time.
 */
export class RecentMap<Value> {
  readonly #entriesMax: number;
  readonly #charsMax: number;
  #young = new Map<string, Entry<Value>>();
  #old = new Map<string, Entry<Value>>();
  #youngChars = 0;

  /** `charsMax` bounds the sum of what `set` is told of its values. */
  constructor({ entriesMax, charsMax }: { readonly entriesMax: number; readonly charsMax: number }) {
    this.#entriesMax = entriesMax / 2;
    this.#charsMax = charsMax / 2;
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#put(key, old);
    return old.value;
  }

  /** Keeps a value, unless it is larger than a generation may be. */
  set(key: string, value: Value, chars: number): void {
    this.delete(key);
    this.#put(key, { value, chars });
  }

  delete(key: string): void {
    this.#old.delete(key);
    const young = this.#young.get(key);
    if (young === undefined) return;
    this.#youngChars -= young.chars;
    this.#young.delete(key);
  }

  #put(key: string, entry: Entry<Value>): void {
    if (entry.chars > this.#charsMax) return;
    if (this.#young.size >= this.#entriesMax || this.#youngChars + entry.chars > this.#charsMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngChars = 0;
    }
    this.#youngChars += entry.chars;
    this.#young.set(key, entry);
  }
}
