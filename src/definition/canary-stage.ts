import type { Stage } from "./rest-api.ts";

/**
 * Returns the stage as its canary's requests see it, or undefined if the canary takes no traffic.
 * AWS: API Gateway Developer Guide, "Set up an API Gateway canary release deployment": the canary has its deployment, its own
 * values of stage variables, and uses the stage's cache or not. Variables that it does not override are inherited, as recorded.
 */
export function canaryStageOf(stage: Stage): Stage | undefined {
  const { canarySettings, variables } = stage;
  if (canarySettings === undefined || !(percentOfCanary(stage) > 0)) return undefined;
  const { deploymentId = stage.deploymentId, stageVariableOverrides, useStageCache = false } = canarySettings;
  return {
    ...stage,
    deploymentId,
    variables: { ...variables, ...stageVariableOverrides },
    // Answers of two deployments never meet in the cache: a deployment's id begins each key.
    cacheClusterEnabled: stage.cacheClusterEnabled && useStageCache,
  };
}

/** Returns the canary's share of a stage's requests, 0 to 100; NaN if it can't be read. */
export function percentOfCanary({ canarySettings }: Pick<Stage, "canarySettings">): number {
  const percent: unknown = canarySettings?.percentTraffic ?? 0;
  return typeof percent === "number" && percent >= 0 && percent <= 100 ? percent : Number.NaN;
}

/**
 * Returns the stage after its canary was promoted: as AWS's recipe does it, with the canary's deployment and its values of
 * variables, and without a canary. AWS: API Gateway Developer Guide, "Promote a canary release".
 */
export function withPromotedCanary({ canarySettings, ...stage }: Stage): Stage {
  const { deploymentId = stage.deploymentId, stageVariableOverrides } = canarySettings ?? {};
  const variables = { ...stage.variables, ...stageVariableOverrides };
  return { ...stage, deploymentId, ...(Object.keys(variables).length > 0 && { variables }) };
}

/** Returns the stage without its canary. */
export const withoutCanary = ({ canarySettings: _, ...stage }: Stage): Stage => stage;
