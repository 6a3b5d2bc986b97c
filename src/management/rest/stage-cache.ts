import { badRequest } from "../../protocol/errors.ts";
import { stages } from "./stage.ts";
import { changing, operations } from "./work.ts";

/**
 * AWS: API Gateway REST API reference, "FlushStageCache", "FlushStageAuthorizersCache". A flush is a change of the stage,
 * which every gateway thread has in effect before the call is answered: the number of flushes is in the keys of entries, so
 * nothing finds those from before it, nor those that are made of answers that were asked for before it.
 */
export const stageCacheOperations = operations({
  FlushStageCache: changing(stages, (stage) => {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
    if (!stage.cacheClusterEnabled) throw badRequest(`Cache cluster is not enabled for stage ${stage.stageName}`);
    return { ...stage, cacheFlushes: (stage.cacheFlushes ?? 0) + 1 };
  }),
  FlushStageAuthorizersCache: changing(stages, (stage) => ({
    ...stage,
    authorizerFlushes: (stage.authorizerFlushes ?? 0) + 1,
  })),
});
