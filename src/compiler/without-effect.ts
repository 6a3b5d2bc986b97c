import type { Stage } from "../definition/rest-api.ts";

/**
 * Settings that are stored and do nothing yet, by AWS's names, sorted. None of them guards anything: what does closes
 * its method or stage instead (DESIGN.md §10.1).
 */
export function settingsWithoutEffect(stage: Stage): string[] {
  const names = new Set<string>();
  if (stage.cacheClusterEnabled) names.add("cacheClusterEnabled");
  if (stage.tracingEnabled) names.add("tracingEnabled");
  for (const [key, setting] of Object.entries(stage.methodSettings)) {
    if (setting.cachingEnabled) names.add(`${key} cachingEnabled`);
    if (setting.metricsEnabled) names.add(`${key} metricsEnabled`);
  }
  return [...names].sort();
}
