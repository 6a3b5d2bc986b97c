import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { everywhere, type Reader, type Store } from "../../store/store.ts";
import { iamKinds } from "./documents.ts";

/** When and for what an access key was used last. AWS: IAM API reference, "AccessKeyLastUsed". */
export interface AccessKeyUse {
  /** Seconds since 1970. */
  readonly at: number;
  readonly region: string;
  /** The signing name: `execute-api`, `iam`… */
  readonly service: string;
}

/** The kind of an access key's last use, by the key's id, in the scope that belongs to no account. */
export const accessKeyUseKind = "iam-access-key-use";

/**
 * When access keys were used last. Uses are noted in memory, and stored at most once in a quarter of an hour for each key:
 * so a request costs no write, and a server that ends forgets a quarter of an hour at most. AWS's times are as coarse.
 */
export class AccessKeyUses {
  readonly #store: Store;
  readonly #clock: Clock;
  /** The keys that were used, the one that was noted first last used longest ago. */
  readonly #uses = new Map<string, { use: AccessKeyUse; storedAt: number }>();
  #pending: Promise<void> = Promise.resolve();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Notes a use of a key that exists, by a request whose signature was right. It returns at once. */
  note(accessKeyId: string, service: string, region: string): void {
    const at = Math.floor(this.#clock.now() / 1000);
    const before = this.#uses.get(accessKeyId);
    const isStored = before !== undefined && Math.abs(at - before.storedAt) < bounds.accessKeyUseStoredSeconds.value;
    this.#uses.delete(accessKeyId);
    this.#uses.set(accessKeyId, { use: { at, region, service }, storedAt: isStored ? before.storedAt : at });
    if (this.#uses.size > bounds.accessKeyUsesMax.value) {
      const [oldest] = this.#uses.keys();
      if (oldest !== undefined) this.#uses.delete(oldest);
    }
    if (!isStored) this.#save(accessKeyId, { at, region, service });
  }

  /** Returns the last use of a key, or undefined if it was never used. */
  async find(tx: Reader, accessKeyId: string): Promise<AccessKeyUse | undefined> {
    const noted = this.#uses.get(accessKeyId)?.use;
    return noted ?? (await tx.in(everywhere).get<AccessKeyUse>(accessKeyUseKind, accessKeyId))?.body;
  }

  /** Forgets a key that was deleted. Its stored use is deleted with it. */
  forget(accessKeyId: string): void {
    this.#uses.delete(accessKeyId);
  }

  /** Waits for what is being stored. */
  async close(): Promise<void> {
    await this.#pending;
  }

  #save(accessKeyId: string, use: AccessKeyUse): void {
    const saved = this.#store.write(everywhere, async (tx) => {
      // A key may have been deleted in between; then its last use is not kept either.
      if ((await tx.get(iamKinds.accessKey, accessKeyId)) !== undefined)
        await tx.put(accessKeyUseKind, accessKeyId, use);
    });
    // A use that can't be stored is lost, as at a crash. The next write of anything fails audibly.
    this.#pending = Promise.allSettled([this.#pending, saved]).then(() => undefined);
  }
}
