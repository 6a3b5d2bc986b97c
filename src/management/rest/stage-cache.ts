import { badRequest } from "../../protocol/errors.ts";
import { stages } from "./stage.ts";
import { operations, viewing } from "./work.ts";

/**
 * AWS: API Gateway REST API reference, "FlushStageCache", "FlushStageAuthorizersCache". The gateway does not cache
 * answers of backends or authorizers yet, so both caches are always empty.
 */
export const stageCacheOperations = operations({
  FlushStageCache: viewing(stages, (stage) => {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
    if (!stage.cacheClusterEnabled) throw badRequest(`Cache cluster is not enabled for stage ${stage.stageName}`);
    return {};
  }),
  FlushStageAuthorizersCache: viewing(stages, () => ({})),
});
