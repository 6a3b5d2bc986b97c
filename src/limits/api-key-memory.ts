/**
 * API keys in shared memory: control writes them, and every gateway thread reads them without messages and without locks.
 *
 *   header: Int32 × 2: how many records were ever taken out; 1 if a count may not be saved
 *   chains: Int32 × chainCount: the first key of each chain
 *   keys: segments of key records of 14 Int32:
 *     next in its chain, digest × 4, flags, first membership, id × 3 (latin1), next in control's chain of ids, scope, (2 unused)
 *   memberships: segments of records of 24 Int32, then a bit for each that says that its counts may not be saved:
 *     generation, next of the key, plan's slot, key, first day, extension's first day, its requests, saved period, saved count,
 *     bucket × 4, (1 unused), quota's count (Int64), counts of even and of odd days (Int64 × 2), (4 unused)
 *
 * References are indexes plus one, so that zero is none. A count is a day in its upper 32 bits and a number in its lower ones,
 * so that one exchange counts and begins a new day or period.
 *
 * A key is found by the first 128 bits of a salted SHA-256 of its scope and value, so neither the time that it takes nor the
 * chain that it lies in tells anything about values that there are.
 *
 * Nobody who reads waits for a writer. A record is written whole before it is linked, and of what is linked only single words
 * change. A record that is taken out is unlinked first; then the header counts it, and only then may it be used again. So a
 * reader who saw the header's count unchanged was never on a record that had become another one.
 */
import { hash } from "node:crypto";
import { bounds } from "../base/bounds.ts";

export const header = { takenOut: 0, isUnsaved: 1, words: 2 } as const;

/** Words of a key's record. */
export const keyAt = {
  next: 0,
  digest: 1,
  flags: 5,
  membership: 6,
  id: 7,
  nextOfId: 10,
  scope: 11,
  words: 14,
} as const;
export const keyFlags = { enabled: 1, idIsValue: 2 } as const;

/** Words of a membership's record. Those of 64 bits have the word `at / 2`. */
export const membershipAt = {
  generation: 0,
  next: 1,
  plan: 2,
  key: 3,
  firstDay: 4,
  extensionStart: 5,
  extensionRequests: 6,
  savedStart: 7,
  savedCount: 8,
  bucket: 9,
  quota: 14,
  days: 16,
  words: 24,
} as const;

export const segmentBits = 14;
export const segmentRecords = 1 << segmentBits;
export const segmentMask = segmentRecords - 1;
/** The bits of a segment's memberships follow its records. */
export const unsavedAt = segmentRecords * membershipAt.words;

const chainCount = bounds.apiKeyChains.value;
export const chainMask = chainCount - 1;

/** What a thread gets of the keys. Segments that are made later come through `ApiKeyRecords.pull`. */
export interface ApiKeyMemory {
  readonly salt: string;
  readonly header: SharedArrayBuffer;
  readonly chains: SharedArrayBuffer;
  readonly keys: readonly SharedArrayBuffer[];
  readonly memberships: readonly SharedArrayBuffer[];
}

export interface ApiKeySegment {
  readonly of: "keys" | "memberships";
  readonly memory: SharedArrayBuffer;
}

/** Allocates the memory of no keys. What no key uses takes no memory of the machine. */
export const allocateApiKeys = (salt: string): ApiKeyMemory => ({
  salt,
  header: new SharedArrayBuffer(header.words * 4),
  chains: new SharedArrayBuffer(chainCount * 4),
  keys: [],
  memberships: [],
});

export const allocateSegment = (of: ApiKeySegment["of"]): SharedArrayBuffer =>
  new SharedArrayBuffer(
    4 * segmentRecords * (of === "keys" ? keyAt.words : membershipAt.words) + (of === "keys" ? 0 : segmentRecords / 8),
  );

/** A thread's views of the memory. */
export class ApiKeyRecords {
  readonly salt: string;
  readonly header: Int32Array;
  readonly chains: Int32Array;
  readonly keys: Int32Array[] = [];
  readonly memberships: Int32Array[] = [];
  readonly counts: BigInt64Array[] = [];
  readonly #next: () => ApiKeySegment | undefined;

  /** `next` returns the next segment that control has made, without waiting, as long as there is one. */
  constructor(memory: ApiKeyMemory, next: () => ApiKeySegment | undefined = () => undefined) {
    this.salt = memory.salt;
    this.header = new Int32Array(memory.header);
    this.chains = new Int32Array(memory.chains);
    this.#next = next;
    for (const segment of memory.keys) this.add({ of: "keys", memory: segment });
    for (const segment of memory.memberships) this.add({ of: "memberships", memory: segment });
  }

  add({ of, memory }: ApiKeySegment): void {
    this[of].push(new Int32Array(memory));
    if (of === "memberships") this.counts.push(new BigInt64Array(memory));
  }

  /** Returns the segment of a record that was found by a reference. Control sends a segment before it refers to it. */
  segment(of: ApiKeySegment["of"], index: number): Int32Array | undefined {
    const at = index >>> segmentBits;
    while (at >= this[of].length) {
      const segment = this.#next();
      if (segment === undefined) return undefined;
      this.add(segment);
    }
    return this[of][at];
  }
}

/** Returns the text that goes before the value, or the id, of a key of an account and region. */
export const digestPrefix = (
  salt: string,
  of: "id" | "value",
  { account, region }: { readonly account: string; readonly region: string },
): string => `${salt}/${of}/${account}/${region}/`;

/** A digest of 128 bits. */
export class Digest {
  readonly words = new Int32Array(4);

  /** Sets the digest of a text: 0.35 µs. */
  set(text: string): this {
    const bytes = hash("sha256", text, "latin1");
    for (let word = 0; word < 4; word++) {
      this.words[word] =
        bytes.charCodeAt(word * 4) |
        (bytes.charCodeAt(word * 4 + 1) << 8) |
        (bytes.charCodeAt(word * 4 + 2) << 16) |
        (bytes.charCodeAt(word * 4 + 3) << 24);
    }
    return this;
  }

  isAt(words: Int32Array, at: number): boolean {
    const mine = this.words;
    return words[at] === mine[0] && words[at + 1] === mine[1] && words[at + 2] === mine[2] && words[at + 3] === mine[3];
  }
}

/** How many characters of an id a record holds. Longer ids are those that are their key's value. */
export const idLength = 12;

/** Returns the id in a key's record. */
export function readId(words: Int32Array, at: number): string {
  let id = "";
  for (let word = 0; word < 3; word++) {
    const four = words[at + keyAt.id + word]!;
    for (let shift = 0; shift < 32; shift += 8) {
      const code = (four >>> shift) & 0xff;
      if (code === 0) return id;
      id += String.fromCharCode(code);
    }
  }
  return id;
}

/** Returns the word of a membership's count of a day, in words of 64 bits. */
export const dayWord = (at: number, day: number): number => (at + membershipAt.days) / 2 + (day & 1);

export const countOf = (word: bigint): number => Number(BigInt.asUintN(32, word));
export const startOf = (word: bigint): number => Number(word >> 32n);
export const wordOf = (start: number, count: number): bigint => (BigInt(start) << 32n) | BigInt(count);
