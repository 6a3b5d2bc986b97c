import { randomBytes } from "node:crypto";
import { totalmem } from "node:os";
import { allocateCache, type CacheMemory, cacheBytesMin } from "../response-cache/cache-memory.ts";
import type { CacheAllocator } from "./publications/response-cache-source.ts";

/** AWS's gigabytes of caches, as bytes. */
const bytesOfSize = (size: string): number => Math.floor(Number(size) * 1_073_741_824);

/** What a stage's cache has, for `portico status`. */
export interface CacheGrant {
  /** `cacheClusterSize` */
  readonly size: string;
  /** The memory that the cache may fill; 0 if there was none left. */
  readonly bytes: number;
}

interface Grant extends CacheGrant {
  readonly memory: CacheMemory | undefined;
}

/**
 * Shares this machine's memory among the response caches. All of them together get `--cache-memory` percent of what the
 * server may use; each gets its size, but not more than half of what is left, so that there is something for the next one.
 */
export class ResponseCacheBudget implements CacheAllocator {
  /** The bytes of all caches together. */
  readonly bytes: number;
  readonly #grants = new Map<string, Grant>();

  constructor(percent: number) {
    const constrained = process.constrainedMemory();
    const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
    this.bytes = Math.floor((machine * percent) / 100);
  }

  memoryOf(key: string, size: string): CacheMemory | undefined {
    const known = this.#grants.get(key);
    if (known?.size === size) return known.memory;
    // The threads may still use what is given up; its memory is free when they have the new one.
    this.release(key);
    let left = this.bytes;
    for (const { bytes } of this.#grants.values()) left -= bytes;
    const bytesMax = Math.min(bytesOfSize(size), Math.floor(left / 2));
    const memory = bytesMax < cacheBytesMin ? undefined : allocateCache(bytesMax, randomBytes);
    this.#grants.set(key, { size, bytes: memory?.bytes ?? 0, memory });
    return memory;
  }

  release(key: string): void {
    this.#grants.delete(key);
  }

  /** Returns what the cache of a stage has; undefined if it has none. */
  grantOf(key: string): CacheGrant | undefined {
    const grant = this.#grants.get(key);
    return grant && { size: grant.size, bytes: grant.bytes };
  }
}
