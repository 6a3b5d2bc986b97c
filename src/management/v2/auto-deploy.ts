import { type HttpDeployment, v2Kinds } from "../../definition/http-api.ts";
import type { V2Api, V2ApiDefinition, V2Stage } from "../../definition/v2-api.ts";
import { nowSeconds } from "../../families/work.ts";
import type { ControlChange } from "../control-service.ts";
import { readV2ApiDefinition } from "./v2-api-documents.ts";

/** Writes a deployment with what it deploys. */
export async function writeDeployment(
  { tx }: ControlChange,
  definition: V2ApiDefinition,
  deployment: HttpDeployment,
): Promise<void> {
  const id = `${definition.api.ApiId}/${deployment.DeploymentId}`;
  await tx.put(v2Kinds.deployment, id, deployment);
  await tx.put(v2Kinds.snapshot, id, definition);
}

/** Deletes a deployment. No stage has it. */
export async function deleteDeployment({ tx }: ControlChange, apiId: string, deploymentId: string): Promise<void> {
  await tx.delete(v2Kinds.deployment, `${apiId}/${deploymentId}`);
  await tx.delete(v2Kinds.snapshot, `${apiId}/${deploymentId}`);
}

/**
 * Deploys an API to its stages that deploy by themselves. Every change of an API, its routes, integrations and
 * authorizers calls it, in its own transaction: what was written is what is deployed. AWS does it some seconds later.
 * AWS: API Gateway Developer Guide, "Create a stage for HTTP APIs in API Gateway", automatic deployments.
 */
export async function deployAutomatically(work: ControlChange, apiId: string): Promise<void> {
  const { tx } = work;
  const stages = (await tx.list<V2Stage>(v2Kinds.stage, { prefix: `${apiId}/` })).map(({ body }) => body);
  const api = stages.some((stage) => stage.AutoDeploy) ? await tx.get<V2Api>(v2Kinds.api, apiId) : undefined;
  if (api === undefined) return;
  const following = stages.filter((stage) => stage.AutoDeploy);
  const others = stages.filter((stage) => !stage.AutoDeploy);
  for (const stage of await deployToStages(work, api.body, following, others)) {
    await tx.put<V2Stage>(v2Kinds.stage, `${apiId}/${stage.StageName}`, stage);
  }
}

/**
 * Deploys an API as it is stored, by one deployment for all of these stages, and returns the stages as they then are; the
 * caller writes them. The automatic deployments that they had are deleted unless one of the others has them: otherwise
 * an API of 300 routes would keep 300 snapshots of itself, and an API that is changed for years thousands.
 */
export async function deployToStages(
  work: ControlChange,
  api: V2Api,
  stages: readonly V2Stage[],
  others: readonly V2Stage[],
): Promise<readonly V2Stage[]> {
  const { tx, call } = work;
  const { ApiId } = api;
  let DeploymentId = call.ids.id(6);
  while ((await tx.get(v2Kinds.deployment, `${ApiId}/${DeploymentId}`)) !== undefined) {
    DeploymentId = call.ids.id(6);
  }
  await writeDeployment(work, await readV2ApiDefinition(tx, api), {
    DeploymentId,
    // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, automatic deployments".
    Description: "Automatic deployment triggered by changes to the Api configuration",
    CreatedDate: nowSeconds(call),
    AutoDeployed: true,
    DeploymentStatus: "DEPLOYED",
  });
  await dropSuperseded(work, ApiId, stages, others);
  const LastDeploymentStatusMessage = `Successfully deployed stage with deployment ID '${DeploymentId}'`;
  return stages.map((stage) => ({ ...stage, DeploymentId, LastDeploymentStatusMessage }));
}

/** Deletes the automatic deployments that these stages had, unless one of the others has them. */
export async function dropSuperseded(
  work: ControlChange,
  apiId: string,
  stages: readonly V2Stage[],
  others: readonly V2Stage[],
): Promise<void> {
  const kept = new Set(others.map((stage) => stage.DeploymentId));
  for (const id of new Set(stages.map((stage) => stage.DeploymentId))) {
    if (id === undefined || kept.has(id)) continue;
    const superseded = await work.tx.get<HttpDeployment>(v2Kinds.deployment, `${apiId}/${id}`);
    if (superseded?.body.AutoDeployed === true) await deleteDeployment(work, apiId, id);
  }
}
