import { coversAny } from "../definition/method-settings.ts";
import type { RestApiDefinition, Stage } from "../definition/rest-api.ts";

/**
 * Returns the settings that are stored and have no effect yet, by AWS's names, sorted. None of them guards anything: a
 * setting that does closes its method or stage instead. See docs/internals/architecture.md, "Fail closed".
 */
export function settingsWithoutEffect({ restApi, resources }: RestApiDefinition, stage: Stage): string[] {
  const names = new Set<string>();
  // There is no TLS that it could be a policy of.
  if (restApi.securityPolicy !== undefined) names.add(`securityPolicy ${restApi.securityPolicy}`);
  if (stage.cacheClusterEnabled) names.add("cacheClusterEnabled");
  if (stage.tracingEnabled) names.add("tracingEnabled");
  const methods = resources.flatMap(({ path, resourceMethods = {} }) =>
    Object.keys(resourceMethods).map((verb) => [path, verb] as const),
  );
  for (const [key, setting] of Object.entries(stage.methodSettings)) {
    // A throttle that holds for nothing should not go unnoticed.
    if (!coversAny(key, methods)) names.add(`methodSettings ${key}, which names no deployed method`);
    if (setting.cachingEnabled) names.add(`${key} cachingEnabled`);
    if (setting.metricsEnabled) names.add(`${key} metricsEnabled`);
  }
  return [...names].sort();
}
