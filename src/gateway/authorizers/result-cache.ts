import { hash, randomUUID } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { RecentMap } from "../../base/recent-map.ts";
import type { Grant } from "../caller.ts";

interface CachedResult {
  readonly grant: Grant;
  readonly keptAtMs: number;
  readonly expiresAtMs: number;
}

const boundsHere = {
  entriesMax: bounds.authorizerResultsMax.value,
  charsMax: bounds.authorizerResultsCharsMax.value,
};

/** The results that a gateway thread's authorizers remember. Keys are digests, so that no token is kept. */
export class ResultCache {
  readonly #clock: Clock;
  readonly #results: RecentMap<CachedResult>;
  /** Parsed policies by their text: most callers of an API have one of a few, and a parsed one takes most of a result. */
  readonly #policies: RecentMap<Pick<Grant, "policy" | "policyText">>;
  readonly #memories = new Map<string, { readonly memory: ResultMemory; uses: number }>();

  constructor(clock: Clock, limits: { readonly entriesMax: number; readonly charsMax: number } = boundsHere) {
    this.#clock = clock;
    this.#results = new RecentMap(limits);
    this.#policies = new RecentMap({ entriesMax: bounds.authorizerPoliciesMax.value, charsMax: limits.charsMax });
  }

  /**
   * Returns the memory of an authorizer, by a name that says all that its results depend on. It is kept as long as
   * somebody uses it: a program hands it to the next one, unless that differs in something.
   */
  acquire(name: string): ResultMemory {
    let held = this.#memories.get(name);
    if (held === undefined) {
      held = { memory: new ResultMemory(this), uses: 0 };
      this.#memories.set(name, held);
    }
    held.uses++;
    return held.memory;
  }

  /** Gives a memory back. When nobody uses it any more, what it remembers can't be found again. */
  release(name: string): void {
    const held = this.#memories.get(name);
    if (held !== undefined && --held.uses === 0) this.#memories.delete(name);
  }

  find(key: string): Grant | undefined {
    const result = this.#results.get(key);
    if (result === undefined) return undefined;
    const now = this.#clock.now();
    // A clock that was moved back must not make a result live longer.
    return now >= result.keptAtMs && now < result.expiresAtMs ? result.grant : undefined;
  }

  keep(key: string, grant: Grant, ttlSeconds: number): void {
    const keptAtMs = this.#clock.now();
    const kept = this.#shared(grant);
    this.#results.set(key, { grant: kept, keptAtMs, expiresAtMs: keptAtMs + 1_000 * ttlSeconds }, charsOf(grant));
  }

  /** Returns the same with the policy of an earlier result, if that has the same text. */
  #shared(grant: Grant): Grant {
    const { policy, policyText } = grant;
    if (policy === undefined || policyText === undefined) return grant;
    const known = this.#policies.get(policyText);
    if (known !== undefined) return { ...grant, ...known };
    this.#policies.set(policyText, { policy, policyText }, policyText.length);
    return grant;
  }
}

function charsOf(grant: Grant): number {
  const { principalId = "", policyText = "", context = {}, contextText = "", usageIdentifierKey = "" } = grant;
  let chars = principalId.length + policyText.length + contextText.length + usageIdentifierKey.length;
  for (const name in context) chars += name.length + context[name]!.length;
  return chars;
}

/** What one authorizer of one stage remembers. */
export class ResultMemory {
  readonly #cache: ResultCache;
  /** Whoever reads a dump of the memory can't tell from a digest whether a token that he has was used here. */
  readonly #salt = randomUUID();
  /** The calls under way, by key. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(cache: ResultCache) {
    this.#cache = cache;
  }

  /** Returns the key of an identity: a text that no other identity has. */
  keyOf(identity: string): string {
    return hash("sha256", this.#salt + identity, "base64");
  }

  find(key: string): Grant | undefined {
    return this.#cache.find(key);
  }

  keep(key: string, grant: Grant, ttlSeconds: number): void {
    this.#cache.keep(key, grant, ttlSeconds);
  }

  /** Returns the call under way with that key. */
  underWay<Answer>(key: string): Promise<Answer> | undefined {
    return this.#underWay.get(key) as Promise<Answer> | undefined;
  }

  /** Lets others with the same key wait for a call, too. */
  share(key: string, call: Promise<unknown>): void {
    this.#underWay.set(key, call);
    const forget = (): void => void this.#underWay.delete(key);
    call.then(forget, forget);
  }
}
