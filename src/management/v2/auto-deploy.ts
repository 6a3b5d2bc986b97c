import { type HttpApi, type HttpDeployment, type HttpStage, httpApiKinds } from "../../definition/http-api.ts";
import { nowSeconds } from "../../families/work.ts";
import type { ControlChange } from "../control-service.ts";
import { readHttpApiDefinition } from "./http-api-documents.ts";

/**
 * Deploys an API to its stages that deploy by themselves. Every change of an API, its routes, integrations and
 * authorizers calls it, in its own transaction: what was written is what is deployed. AWS does it some seconds later.
 * AWS: API Gateway Developer Guide, "Create a stage for HTTP APIs in API Gateway", automatic deployments.
 */
export async function deployAutomatically(work: ControlChange, apiId: string): Promise<void> {
  const { tx, call } = work;
  const stages = (await tx.list<HttpStage>(httpApiKinds.stage, { prefix: `${apiId}/` })).filter(
    ({ body }) => body.AutoDeploy,
  );
  const api = stages.length === 0 ? undefined : await tx.get<HttpApi>(httpApiKinds.api, apiId);
  if (api === undefined) return;
  const definition = await readHttpApiDefinition(tx, api.body);
  for (const { id, body: stage } of stages) {
    const deployment: HttpDeployment = {
      DeploymentId: call.ids.id(6),
      // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, automatic deployments".
      Description: "Automatic deployment triggered by changes to the Api configuration",
      CreatedDate: nowSeconds(call),
      AutoDeployed: true,
      DeploymentStatus: "DEPLOYED",
    };
    const { DeploymentId } = deployment;
    await tx.put(httpApiKinds.deployment, `${apiId}/${DeploymentId}`, deployment);
    await tx.put(httpApiKinds.snapshot, `${apiId}/${DeploymentId}`, definition);
    const LastDeploymentStatusMessage = `Successfully deployed stage with deployment ID '${DeploymentId}'`;
    await tx.put(httpApiKinds.stage, id, { ...stage, DeploymentId, LastDeploymentStatusMessage } satisfies HttpStage);
  }
}
