import { bounds } from "../base/bounds.ts";
import {
  type ApiKeyRecords,
  chainMask,
  Digest,
  digestPrefix,
  header,
  keyAt,
  keyFlags,
  membershipAt,
  readId,
  segmentMask,
} from "./api-key-memory.ts";

/** What is known of a value: no such key, one that is disabled, one in no usage plan of the stage, or one that may pass. */
export type KeyFinding = "unknown" | "disabled" | "unassociated" | "found";

/** The usage plans of a stage by their slots. */
export type PlansOfStage = Pick<ReadonlyMap<number, unknown>, "has">;

const valueCharsMax = bounds.apiKeyCharsMax.value;
/** Each further attempt means that control took out a key meanwhile. */
const attempts = 1_000;
/** A walk that is longer is on records that changed meanwhile. */
const stepsMax = bounds.apiKeyChainMax.value;

/** Finds keys by their values. What was found last is in its members. */
export class ApiKeyFinder {
  readonly #records: ApiKeyRecords;
  readonly #digest = new Digest();
  /** The key's id; empty if no key was found. */
  keyId = "";
  /** The slot of the plan that the key has the stage through. */
  plan = -1;
  membership = -1;
  /** Says later whether the membership is still the same. */
  generation = 0;
  /** The bucket of the key in the plan. */
  readonly bucket = { set: 0, otherSet: 0, low: 0, high: 0 };

  constructor(records: ApiKeyRecords) {
    this.#records = records;
  }

  /** Returns the text to find an account's keys with, which is made once. */
  prefix(scope: { readonly account: string; readonly region: string }): string {
    return digestPrefix(this.#records.salt, "value", scope);
  }

  /** Finds the key of a value, and the one plan of the stage that it is in. */
  find(prefix: string, value: string, plans: PlansOfStage): KeyFinding {
    const { header: counts, chains } = this.#records;
    this.keyId = "";
    if (value.length > valueCharsMax) return "unknown";
    const digest = this.#digest.set(prefix + value);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const takenOut = Atomics.load(counts, header.takenOut);
      const finding = this.#look(Atomics.load(chains, digest.words[0]! & chainMask), digest, value, plans);
      if (finding !== undefined && Atomics.load(counts, header.takenOut) === takenOut) return finding;
    }
    this.keyId = "";
    return "unknown";
  }

  /** Walks a chain. Returns undefined if its end was not found in time. */
  #look(first: number, digest: Digest, value: string, plans: PlansOfStage): KeyFinding | undefined {
    let reference = first;
    for (let step = 0; step < stepsMax; step++) {
      if (reference === 0) return "unknown";
      const index = reference - 1;
      const words = this.#records.segment("keys", index);
      if (words === undefined) return undefined;
      const at = (index & segmentMask) * keyAt.words;
      if (digest.isAt(words, at + keyAt.digest)) {
        const flags = Atomics.load(words, at + keyAt.flags);
        this.keyId = (flags & keyFlags.idIsValue) !== 0 ? value : readId(words, at);
        if ((flags & keyFlags.enabled) === 0) return "disabled";
        return this.#findPlan(Atomics.load(words, at + keyAt.membership), plans);
      }
      reference = Atomics.load(words, at + keyAt.next);
    }
    return undefined;
  }

  #findPlan(first: number, plans: PlansOfStage): KeyFinding | undefined {
    let reference = first;
    for (let step = 0; step < stepsMax; step++) {
      if (reference === 0) return "unassociated";
      const index = reference - 1;
      const words = this.#records.segment("memberships", index);
      if (words === undefined) return undefined;
      const at = (index & segmentMask) * membershipAt.words;
      const plan = words[at + membershipAt.plan]!;
      if (plans.has(plan)) {
        this.plan = plan;
        this.membership = index;
        this.generation = Atomics.load(words, at + membershipAt.generation);
        this.bucket.set = words[at + membershipAt.bucket]!;
        this.bucket.otherSet = words[at + membershipAt.bucket + 1]!;
        this.bucket.low = words[at + membershipAt.bucket + 2]!;
        this.bucket.high = words[at + membershipAt.bucket + 3]!;
        return "found";
      }
      reference = Atomics.load(words, at + membershipAt.next);
    }
    return undefined;
  }
}
