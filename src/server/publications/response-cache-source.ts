import { restKinds, type Stage } from "../../definition/rest-api.ts";
import type { CacheMemory } from "../../response-cache/cache-memory.ts";
import type { StageContent } from "../compile-stage.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Gives the stages' caches memory. */
export interface CacheAllocator {
  /** Returns the memory of the stage of that key: the same one as long as its `cacheClusterSize` is the same. */
  memoryOf(key: string, size: string): CacheMemory | undefined;
}

/** Returns whether the stage has a cache. */
export const hasResponseCache = (content: StageContent): boolean =>
  content.kind === "rest" && content.stage.cacheClusterEnabled;

/** Publishes the memory of the response caches of stages. A cache that gets none is none: its stage calls its integrations. */
export const makeResponseCacheSource = (caches: CacheAllocator): PublicationSource<"response-cache"> => ({
  extent: { kind: "named" },
  madeFrom: [restKinds.stage],
  isAwaited: true,
  failure: "A response cache can't be made.",
  async read(tx, { key, scope }) {
    const stage = await tx.get<Stage>(restKinds.stage, key);
    if (stage === undefined || !stage.body.cacheClusterEnabled) return undefined;
    const size = stage.body.cacheClusterSize ?? "0.5";
    return {
      sources: [{ scope, kind: restKinds.stage, id: key }],
      fingerprint: size,
      make: () => ({ value: caches.memoryOf(key, size) }),
    };
  },
  isSame: (before, after) => before === after,
});
