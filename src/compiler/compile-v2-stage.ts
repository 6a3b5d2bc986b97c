import type { HttpStage } from "../definition/http-api.ts";
import type { V2Api } from "../definition/v2-api.ts";
import { planVersion, type StagePlan } from "../plan/plan.ts";

type V2StagePlan = Omit<StagePlan, "kind" | "methods" | "withoutEffect">;

/** Compiles what plans of HTTP and WebSocket APIs have in common: what the stage is, and where it logs. */
export function compileV2Stage(
  api: Pick<V2Api, "ApiId" | "Name" | "DisableExecuteApiEndpoint">,
  stage: Pick<HttpStage, "StageName" | "DeploymentId" | "StageVariables" | "AccessLogSettings">,
  { account, region }: Pick<StagePlan, "account" | "region">,
): V2StagePlan {
  const { DestinationArn: destinationArn, Format: format } = stage.AccessLogSettings ?? {};
  return {
    version: planVersion,
    account,
    region,
    apiId: api.ApiId,
    apiName: api.Name,
    stageName: stage.StageName,
    deploymentId: stage.DeploymentId ?? "",
    stageVariables: stage.StageVariables,
    binaryMediaTypes: [],
    isDefaultEndpointDisabled: api.DisableExecuteApiEndpoint,
    ...(destinationArn === undefined || format === undefined ? {} : { accessLog: { destinationArn, format } }),
  };
}
