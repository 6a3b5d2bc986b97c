import { badRequest } from "../../protocol/errors.ts";
import { stages } from "./stage.ts";
import { changing, operations, viewing } from "./work.ts";

/**
 * AWS: API Gateway REST API reference, "FlushStageCache", "FlushStageAuthorizersCache". The gateway does not cache
 * answers of backends yet, so that cache is always empty. A flush of the authorizers' cache is a change of the stage, which
 * every gateway thread has in effect before the call is answered.
 */
export const stageCacheOperations = operations({
  FlushStageCache: viewing(stages, (stage) => {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
    if (!stage.cacheClusterEnabled) throw badRequest(`Cache cluster is not enabled for stage ${stage.stageName}`);
    return {};
  }),
  FlushStageAuthorizersCache: changing(stages, (stage) => ({
    ...stage,
    authorizerFlushes: (stage.authorizerFlushes ?? 0) + 1,
  })),
});
