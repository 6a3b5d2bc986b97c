import type { HttpDeployment } from "../../definition/http-api.ts";
import { checkLengths } from "../../definition/text-lengths.ts";
import { isWebSocketApi, type V2Api } from "../../definition/v2-api.ts";
import { unmerged } from "../../families/merge.ts";
import { callerArn, nowSeconds, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { deleteDeployment, writeDeployment } from "./auto-deploy.ts";
import { deployments } from "./deployments.ts";
import { refuse } from "./refusals.ts";
import { checkMovable } from "./stage.ts";
import { stages } from "./stages.ts";
import { readV2ApiDefinition } from "./v2-api-documents.ts";
import { type Change, defineResource } from "./work.ts";

function checked(deployment: HttpDeployment): HttpDeployment {
  refuse(checkLengths(deployment, { Description: [0, 1024] }));
  return deployment;
}

/** Writes a snapshot of the API as it is, and moves the stage that the input names to it. */
async function createDeployment(work: Change<"CreateDeployment", V2Api>): Promise<HttpDeployment> {
  const { input, parent: api } = work;
  const { StageName, Description } = input;
  const definition = await readV2ApiDefinition(work.tx, api);
  // AWS's words, as users quote them.
  if (definition.routes.length === 0) {
    throw badRequest(
      isWebSocketApi(api)
        ? "At least one route is required before deploying the Api"
        : "Unable to deploy API because no routes exist in this API",
    );
  }
  const deployment = present<HttpDeployment>({
    DeploymentId: await deployments.freshId(work, 6),
    Description: Description || undefined,
    CreatedDate: nowSeconds(work.call),
    AutoDeployed: false,
    DeploymentStatus: "DEPLOYED",
    DeploymentStatusMessage: undefined,
    createdBy: callerArn(work.call),
  });
  checked(deployment);
  await writeDeployment(work, definition, deployment);
  if (StageName) {
    const stage = await stages.get(work, StageName);
    if (stage === undefined) throw notFound("Invalid stage identifier specified");
    checkMovable(stage, work);
    const { DeploymentId } = deployment;
    await stages.put({ ...stage, DeploymentId, LastUpdatedDate: nowSeconds(work.call) }, work);
  }
  return deployment;
}

/** Refuses to delete a deployment that a stage serves. */
async function refuseWhileServed(deployment: HttpDeployment, work: Change<never, V2Api>): Promise<void> {
  const all = await stages.all(work);
  if (all.some((stage) => stage.DeploymentId === deployment.DeploymentId)) {
    // AWS's model has no such error for this operation.
    throw badRequest("Active stages pointing to this deployment must be moved or deleted", { status: 400 });
  }
  await deleteDeployment(work, work.parent.ApiId, deployment.DeploymentId);
}

/** AWS: API Gateway version 2 API reference, "Deployment". */
export const deployment = defineResource({
  operations: {
    create: "CreateDeployment",
    get: "GetDeployment",
    list: "GetDeployments",
    update: "UpdateDeployment",
    delete: "DeleteDeployment",
  },
  place: deployments,
  create: createDeployment,
  merge: { ApiId: unmerged },
  complete: checked,
  onDelete: refuseWhileServed,
});
