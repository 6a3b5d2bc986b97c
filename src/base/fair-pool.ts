import { parseIpAddress } from "./ip-address.ts";

/**
 * Places or bytes that clients share: all of them have no more than the total, and no single client more than half of
 * it, so that one client alone can't take everybody's.
 */
export class FairPool {
  readonly #clientMax: number;
  readonly #taken = new Map<string, number>();
  #free: number;

  constructor(total: number) {
    this.#free = total;
    this.#clientMax = total / 2;
  }

  /** Returns false, and takes nothing, if there is no room. */
  take(client: string, amount: number): boolean {
    const taken = (this.#taken.get(client) ?? 0) + amount;
    if (amount > this.#free || taken > this.#clientMax) return false;
    this.#free -= amount;
    this.#taken.set(client, taken);
    return true;
  }

  give(client: string, amount: number): void {
    const taken = (this.#taken.get(client) ?? 0) - amount;
    this.#free += amount;
    if (taken > 0) this.#taken.set(client, taken);
    else this.#taken.delete(client);
  }
}

/** Returns whom an address counts as: one network of IPv6 (/64) is one client, because its addresses cost nothing. */
export function clientOfAddress(address: string): string {
  const ip = parseIpAddress(address);
  return ip === undefined || ip.family === 4 ? address : ip.words.slice(0, 2).join(":");
}
