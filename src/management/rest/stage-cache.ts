import { restKinds, type Stage } from "../../definition/rest-api.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { Operations } from "../../protocol/operation.ts";
import { reading } from "./define-resource.ts";
import { type Dependencies, requireApi, type Work } from "./work.ts";

async function requireStage(work: Work): Promise<Stage> {
  const api = await requireApi(work);
  const stored = await work.tx.get<Stage>(restKinds.stage, `${api.id}/${work.input["stageName"]}`);
  if (stored === undefined) throw notFound("Invalid stage identifier specified");
  return stored.body;
}

/**
 * AWS: API Gateway REST API reference, "FlushStageCache", "FlushStageAuthorizersCache". The gateway keeps no answers of
 * backends or authorizers yet, so both caches are as empty after the call as before.
 */
export const stageCacheOperations = (dependencies: Dependencies): Operations => ({
  FlushStageCache: reading(dependencies, async (work) => {
    const stage = await requireStage(work);
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
    if (!stage.cacheClusterEnabled) throw badRequest(`Cache cluster is not enabled for stage ${stage.stageName}`);
    return {};
  }),
  FlushStageAuthorizersCache: reading(dependencies, async (work) => {
    await requireStage(work);
    return {};
  }),
});
