import { canaryStageOf } from "../../definition/canary-stage.ts";
import { restKinds, type Stage } from "../../definition/rest-api.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Gives stages with canaries memory to count in. */
export interface CanaryCountsAllocator {
  /** Returns the memory of the stage of that key: the same one as long as its two sides are the same. */
  memoryOf(key: string, sides: string): SharedArrayBuffer;
}

/** Publishes the memory in which the requests of a stage with a canary count, each side for itself. */
export const makeCanaryCountsSource = (counts: CanaryCountsAllocator): PublicationSource<"canary-counts"> => ({
  extent: { kind: "named" },
  madeFrom: [restKinds.stage],
  isAwaited: true,
  failure: "The requests of a stage with a canary can't be counted.",
  async read(tx, { key, scope }) {
    const stage = await tx.get<Stage>(restKinds.stage, key);
    const canary = stage && canaryStageOf(stage.body);
    if (stage === undefined || canary === undefined) return undefined;
    const sides = `${stage.body.deploymentId} ${canary.deploymentId}`;
    return {
      sources: [{ scope, kind: restKinds.stage, id: key }],
      fingerprint: sides,
      make: () => ({ value: counts.memoryOf(key, sides) }),
    };
  },
  isSame: (before, after) => before === after,
});
