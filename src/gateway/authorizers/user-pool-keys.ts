import { type IssuerKey, parseKeySet } from "../../access/json-web-token.ts";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { readText } from "../../base/read-bytes.ts";

export type FoundKey =
  | { readonly kind: "key"; readonly key: IssuerKey }
  /** The pool has no key of that id. */
  | { readonly kind: "unknown" }
  /** The pool's keys can't be fetched. */
  | { readonly kind: "unavailable"; readonly problem: string };

interface KeySet {
  readonly keys: ReadonlyMap<string, IssuerKey>;
  readonly fetchedAtMs: number;
  /** When the keys were last requested, whether the attempt succeeded or failed. */
  readonly askedAtMs: number;
  /** Why the last attempt failed. */
  readonly problem: string | undefined;
}

/**
 * Keys older than the first number are fetched again; if that fails, they stay valid until they are as old as the
 * second number.
 */
const freshMs = 3_600_000;
const goodMs = 86_400_000;
/** Anybody can make tokens with unknown key ids, so a pool is not asked more often than this because of them. */
const askAgainMs = 30_000;
const retryMs = 5_000;
const fetchMsMax = bounds.userPoolKeysFetchMsMax.value;

/** The public keys of user pools, by the address of their key sets. They are fetched when a token needs them. */
export class UserPoolKeys {
  readonly #clock: Clock;
  readonly #sets = new Map<string, KeySet>();
  readonly #pending = new Map<string, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the key with that id. The promise never rejects. */
  find(address: string, keyId: string): FoundKey | Promise<FoundKey> {
    const now = this.#clock.now();
    const set = this.#sets.get(address);
    const key = set?.keys.get(keyId);
    if (set !== undefined && key !== undefined && now < set.fetchedAtMs + freshMs) return { kind: "key", key };
    const waitMs = set?.problem === undefined ? askAgainMs : retryMs;
    if (set !== undefined && now < set.askedAtMs + waitMs && !this.#pending.has(address))
      return this.#look(address, keyId);
    return this.#ask(address).then(() => this.#look(address, keyId));
  }

  #look(address: string, keyId: string): FoundKey {
    const set = this.#sets.get(address);
    if (set === undefined) return { kind: "unavailable", problem: "no keys" };
    const isGood = this.#clock.now() < set.fetchedAtMs + goodMs;
    const key = set.keys.get(keyId);
    if (isGood && key !== undefined) return { kind: "key", key };
    return set.problem === undefined ? { kind: "unknown" } : { kind: "unavailable", problem: set.problem };
  }

  #ask(address: string): Promise<void> {
    let pending = this.#pending.get(address);
    if (pending === undefined) {
      pending = this.#fetch(address).finally(() => this.#pending.delete(address));
      this.#pending.set(address, pending);
    }
    return pending;
  }

  async #fetch(address: string): Promise<void> {
    const before = this.#sets.get(address);
    let set: KeySet;
    try {
      const keys = parseKeySet(await fetchText(await keySetAt(address)));
      const now = this.#clock.now();
      set = { keys, fetchedAtMs: now, askedAtMs: now, problem: undefined };
    } catch (error) {
      const problem = problemAt(address, error);
      const { keys = new Map(), fetchedAtMs = 0 } = before ?? {};
      set = { keys, fetchedAtMs, askedAtMs: this.#clock.now(), problem };
    }
    this.#sets.delete(address);
    if (this.#sets.size >= bounds.userPoolKeySetsMax.value) this.#sets.delete(this.#sets.keys().next().value!);
    this.#sets.set(address, set);
  }
}

const discoveryPath = "/.well-known/openid-configuration";

/** Returns the address of an OpenID provider's configuration. OpenID Connect Discovery 1.0 §4. */
export const discoveryOf = (issuer: string): string => `${issuer.replace(/\/$/, "")}${discoveryPath}`;

/** Returns the address of the key set that an OpenID provider's configuration names; any other address is one itself. */
async function keySetAt(address: string): Promise<string> {
  if (!address.endsWith(discoveryPath)) return address;
  const { issuer, jwks_uri: uri } = JSON.parse(await fetchText(address)) as Record<string, unknown>;
  // OpenID Connect Discovery 1.0 §4.3: otherwise a provider could speak for another.
  if (typeof issuer !== "string" || discoveryOf(issuer) !== address)
    throw new Error("it is the configuration of another issuer");
  const url = typeof uri === "string" ? URL.parse(uri) : null;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && address.startsWith("http:"));
  if (!isSafe) throw new Error("its jwks_uri is no address of a key set");
  return url!.href;
}

/**
 * Returns why the configuration of an OpenID provider, or a key set, can't be had at an address; undefined if it can.
 * The promise never rejects.
 */
export async function problemOfIssuerAt(address: string): Promise<string | undefined> {
  try {
    const keySet = await keySetAt(address);
    if (keySet === address) parseKeySet(await fetchText(address));
    return undefined;
  } catch (error) {
    return problemAt(address, error);
  }
}

function problemAt(address: string, error: unknown): string {
  const { message, cause } = error as Error;
  return `${address}: ${cause instanceof Error ? cause.message : message}`;
}

async function fetchText(address: string): Promise<string> {
  const response = await fetch(address, {
    headers: { Accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(fetchMsMax),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  return readText(response, bounds.userPoolKeySetBytesMax.value);
}
