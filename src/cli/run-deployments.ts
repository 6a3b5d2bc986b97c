import { UserError } from "../base/user-error.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import { askOwn, unanswered } from "./own-endpoints.ts";
import { connect } from "./portico-calls.ts";
import { getStatus, refuseSeveral, type StageStatus, stageOf, stagesOf } from "./server-status.ts";

/** A deployment in the answer of `/_portico/deployments`. */
interface PastDeployment {
  readonly id: string;
  readonly description?: string;
  readonly createdDate: number;
  readonly createdBy?: string;
  readonly servedBy: readonly { readonly stageName: string; readonly canaryPercent?: number }[];
  readonly differences?: readonly { readonly sentence: string }[];
}

/** `portico deployments API`: lists an API's deployments, the newest first, with what each changed. */
export async function runDeployments({ args, options, output }: Invocation): Promise<number> {
  const [api = ""] = args;
  const endpoint = await findEndpoint(options);
  const stages = stagesOf(await getStatus(endpoint), api);
  refuseSeveral(stages, api);
  const [stage] = stages;
  const deployments = stage === undefined ? [] : await getDeployments(endpoint, stage);
  if (options["json"]) {
    output.json(deployments);
    return 0;
  }
  for (const { id, description, createdDate, createdBy = "unknown", servedBy, differences } of deployments) {
    const served = servedBy.map(({ stageName, canaryPercent }) =>
      canaryPercent === undefined ? stageName : `canary of ${stageName}, ${canaryPercent} %`,
    );
    const at = new Date(createdDate * 1000).toISOString().replace(".000Z", "Z");
    output.line(
      `${output.paint("bold", id)}  ${at}  ${createdBy}${served.length > 0 ? `  (${served.join("; ")})` : ""}`,
    );
    if (description !== undefined) output.line(`  ${description}`);
    for (const line of linesOf(differences)) output.line(output.paint("dim", `  ${line}`));
  }
  return 0;
}

const linesShown = 20;

function linesOf(differences: PastDeployment["differences"]): readonly string[] {
  if (differences === undefined) return ["the first deployment, or the one before it is gone"];
  if (differences.length === 0) return ["changed nothing"];
  const lines = differences.slice(0, linesShown).map(({ sentence }) => sentence);
  const more = differences.length - lines.length;
  return more > 0 ? [...lines, `… and ${more} more; --json has all`] : lines;
}

/** `portico rollback API [STAGE]`: points a stage at an earlier deployment. */
export async function runRollback({ args, options, output }: Invocation): Promise<number> {
  const [api = "", stageName] = args;
  const endpoint = await findEndpoint(options);
  const stage = stageOf(await getStatus(endpoint), api, stageName, options);
  const target = options["to"] ?? earlier(await getDeployments(endpoint, stage), stage).id;
  const deploymentId = String(target);
  const calls = connect(endpoint, stage.account, stage.region);
  const { apiId, stageName: name } = stage;
  const patchOperations = [{ op: "replace", path: "/deploymentId", value: deploymentId }];
  const pointed =
    stage.protocol === "HTTP" || stage.protocol === "WEBSOCKET"
      ? calls.call("apigatewayv2", "UpdateStage", { ApiId: apiId, StageName: name, DeploymentId: deploymentId })
      : calls.call("apigateway", "UpdateStage", { restApiId: apiId, stageName: name, patchOperations });
  await pointed.catch((error: Error) => {
    if (error.name !== "ServiceError") throw error;
    throw new UserError({
      what: `${stage.apiName} ${name} can't serve the deployment ${deploymentId}.`,
      why: `The server refused this: ${error.message}`,
      next: `\`portico deployments ${apiId}\` lists the API's deployments.`,
    });
  });
  const result = { apiId, stageName: name, deploymentId, before: stage.deploymentId };
  if (options["json"]) output.json(result);
  else
    output.line(
      `${stage.apiName} ${name} serves the deployment ${deploymentId} again, instead of ${stage.deploymentId}.`,
    );
  return 0;
}

/** Returns the deployment before the one that a stage serves. */
function earlier(
  deployments: readonly PastDeployment[],
  { deploymentId, apiName, stageName }: StageStatus,
): PastDeployment {
  const at = deployments.findIndex(({ id }) => id === deploymentId);
  const found = at < 0 ? undefined : deployments[at + 1];
  if (found !== undefined) return found;
  throw new UserError({
    what: `${apiName} ${stageName} has no earlier deployment.`,
    why: `It serves ${deploymentId === "" ? "none" : deploymentId}, and the API has ${deployments.length === 1 ? "1 deployment" : `${deployments.length} deployments`}.`,
    next: "`portico deployments` lists them; --to ID names one.",
  });
}

async function getDeployments(
  endpoint: string,
  { account, region, apiId }: StageStatus,
): Promise<readonly PastDeployment[]> {
  const answer = await askOwn(endpoint, "/_portico/deployments", { account, region, apiId });
  const { deployments } = answer.body;
  if (Array.isArray(deployments)) return deployments as readonly PastDeployment[];
  throw unanswered(`The server at ${endpoint} does not tell the deployments of ${apiId}.`, answer);
}
