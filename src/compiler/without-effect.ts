import { makeCoverage } from "../definition/method-settings.ts";
import type { RestApiDefinition, Stage } from "../definition/rest-api.ts";

/**
 * Returns the settings that are stored and have no effect yet, by AWS's names, sorted. None of them guards anything: a
 * setting that does closes its method or stage instead. See docs/internals/architecture.md, "Fail closed".
 */
export function settingsWithoutEffect({ restApi, resources }: RestApiDefinition, stage: Stage): string[] {
  const names = new Set<string>();
  // There is no TLS that it could be a policy of.
  if (restApi.securityPolicy !== undefined) names.add(`securityPolicy ${restApi.securityPolicy}`);
  const methods = resources.flatMap(({ path, resourceMethods = {} }) =>
    Object.keys(resourceMethods).map((verb) => [path, verb] as const),
  );
  for (const { path, resourceMethods = {} } of resources) {
    for (const [verb, { requestModels = {} }] of Object.entries(resourceMethods)) {
      // AWS: API Gateway Developer Guide, "Request validation for REST APIs in API Gateway": only `$default` is for every type.
      const ranges = Object.keys(requestModels).filter((type) => type.includes("*"));
      for (const type of ranges)
        names.add(`${verb} ${path} request model of ${type}, which is no content type ($default is for all)`);
    }
  }
  const coversAny = makeCoverage(methods);
  for (const [key, setting] of Object.entries(stage.methodSettings)) {
    // A throttle that holds for nothing should not go unnoticed.
    if (!coversAny(key)) names.add(`methodSettings ${key}, which names no deployed method`);
    if (setting.cachingEnabled && !stage.cacheClusterEnabled)
      names.add(`${key} cachingEnabled, without cacheClusterEnabled`);
  }
  return [...names].sort();
}
