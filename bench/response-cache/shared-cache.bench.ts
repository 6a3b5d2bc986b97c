import { randomBytes } from "node:crypto";
import { allocateCache } from "../../src/response-cache/cache-memory.ts";
import { SharedCache } from "../../src/response-cache/shared-cache.ts";
import type { Bench } from "../bench.ts";

const entries = 1_000_000;
/** The smallest size that AWS has: 0.5 GB. */
const sizeBytes = 536_870_912;
const keyOf = (entry: number): string =>
  `["abc123",0,"resource /pets/{id}"]GET22:method.request.path.id${String(entry).length}:${entry}/0`;
const answer = {
  status: 200,
  headers: ["Content-Type", "application/json"],
  body: Buffer.from(JSON.stringify({ id: 1, name: "Rex", tags: ["a", "b"] })),
  isTraced: false,
  varies: [],
};

/** How long this thread has been on a core: what else runs on the machine makes no pause of ours. */
function coreMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

export const bench: Bench = {
  title: "a million small entries in the response cache, and evicting them",
  needs: [],
  async run() {
    const memory = allocateCache(sizeBytes, randomBytes);
    const cache = new SharedCache(memory, { index: 0, count: 1 }, () => 0);
    const before = process.memoryUsage.rss();
    const options = { nowMs: 1, ttlMs: 3_600_000, isEncrypted: false };
    const fill = (from: number) => {
      let longestMs = 0;
      const start = performance.now();
      for (let entry = from; entry < from + entries; entry++) {
        const began = coreMs();
        cache.store(keyOf(entry), answer, options);
        longestMs = Math.max(longestMs, coreMs() - began);
      }
      return { us: ((performance.now() - start) * 1_000) / entries, longestMs };
    };
    const countFound = (from: number): { readonly found: number; readonly us: number } => {
      let found = 0;
      const start = performance.now();
      for (let entry = from; entry < from + entries; entry++) if (cache.find(keyOf(entry), 2) !== undefined) found++;
      return { found, us: ((performance.now() - start) * 1_000) / entries };
    };
    const first = fill(0);
    const there = countFound(0);
    const residentMb = (process.memoryUsage.rss() - before) / 1_048_576;
    // Goes round the memory several times: each store evicts what is oldest.
    let evicting = fill(entries);
    let longestMs = evicting.longestMs;
    for (let round = 2; round < 5; round++) {
      evicting = fill(round * entries);
      longestMs = Math.max(longestMs, evicting.longestMs);
    }
    const newest = countFound(4 * entries);
    return {
      "entries of a million that are there": there.found,
      "MB that they take": residentMb,
      "MB of the budget": memory.bytes / 1_048_576,
      "microseconds to store one": first.us,
      "microseconds to find one": there.us,
      "the longest store, evicting, in ms": longestMs,
      "microseconds to store one, evicting": evicting.us,
      "the newest million that are there, evicting": newest.found,
    };
  },
};
