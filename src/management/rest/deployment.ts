import {
  type CanarySettings,
  type Deployment,
  type RestApi,
  type RestApiDefinition,
  restKinds,
  type Stage,
} from "../../definition/rest-api.ts";
import { listPaths, member, text } from "../../families/patch.ts";
import { callerArn, nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { readDefinition } from "./definition-documents.ts";
import { restApis } from "./rest-apis.ts";
import { checkedStage, newStage, putStage } from "./stage.ts";
import { type Change, childrenOf, defineResource, documents, type ViewWork } from "./work.ts";

const deployments = documents({
  kind: restKinds.deployment,
  parent: restApis,
  speaksForParent: true,
  member: "deploymentId",
  idOf: (deployment: Deployment) => deployment.id,
  order: creationOrder,
  missing: () => notFound("Invalid Deployment identifier specified"),
});

/** Refuses a definition that AWS would not deploy. */
function checkDeployable(definition: RestApiDefinition): void {
  const { endpointConfiguration, policy } = definition.restApi;
  if (endpointConfiguration.types.includes("PRIVATE") && policy === undefined) {
    throw badRequest("Private REST API doesn't have a resource policy attached to it");
  }
  const methods = definition.resources.flatMap((resource) => Object.values(resource.resourceMethods ?? {}));
  if (methods.length === 0) throw badRequest("The REST API doesn't contain any methods");
  if (methods.some((method) => method.methodIntegration === undefined)) {
    throw badRequest("No integration defined for method");
  }
}

/** Writes a snapshot of the API as it is, and the stage that serves it. */
async function createDeployment(work: Change<"CreateDeployment", RestApi>): Promise<Deployment> {
  const { input, parent: api } = work;
  const definition = await readDefinition(work.tx, api);
  checkDeployable(definition);
  const deployment = present<Deployment>({
    id: await deployments.freshId(work, 6),
    description: input.description,
    createdDate: nowSeconds(work.call),
    createdBy: callerArn(work.call),
  });
  await work.tx.put(restKinds.snapshot, `${api.id}/${deployment.id}`, definition);
  await moveStage(work, deployment);
  return deployment;
}

/** Makes the stage that the deployment names or, if it exists, points the stage or its canary at the deployment. */
async function moveStage(work: Change<"CreateDeployment", RestApi>, deployment: Deployment): Promise<void> {
  const { input, parent: api } = work;
  const { stageName, canarySettings } = input;
  const stage = stageName ? (await work.tx.get<Stage>(restKinds.stage, `${api.id}/${stageName}`))?.body : undefined;
  const refusal = "Invalid deployment content specified.";
  if (canarySettings !== undefined) {
    // AWS quirk: there is no space after the first full stop.
    if (!stageName) {
      throw badRequest(
        `${refusal}Non null and non empty stageName must be provided for canary deployment. Provided value is ${stageName ?? "null"}`,
      );
    }
    if (stage === undefined) {
      throw badRequest(
        `${refusal}Stage ${stageName} must already be created before making a canary release deployment`,
      );
    }
    const canary = present<CanarySettings>({
      deploymentId: deployment.id,
      percentTraffic: canarySettings.percentTraffic ?? 0,
      stageVariableOverrides: nonEmpty(canarySettings.stageVariableOverrides),
      useStageCache: canarySettings.useStageCache ?? false,
    });
    await putStage(work, api, await checkedStage({ ...stage, canarySettings: canary }, stage, work, deployment.id));
    return;
  }
  if (!stageName) return;
  if (stage?.canarySettings !== undefined) {
    throw badRequest(
      `${refusal}Non canary deployment not supported on stage ${stageName} because Canary is enabled. Provide CanarySettings in deploymentInput.`,
    );
  }
  const { stageDescription, variables, cacheClusterEnabled, cacheClusterSize, tracingEnabled } = input;
  const given = { description: stageDescription, cacheClusterEnabled, cacheClusterSize, tracingEnabled };
  if (stage === undefined) {
    const made = await newStage({ ...given, stageName, deploymentId: deployment.id, variables }, work, deployment.id);
    await putStage(work, api, made);
    return;
  }
  const moved = present<Stage>({
    ...stage,
    ...(present(given) as Partial<Stage>),
    deploymentId: deployment.id,
    // Unconfirmed: that AWS merges; see docs/compatibility.md, "CreateDeployment on an existing stage; copy to /variables".
    variables: nonEmpty({ ...stage.variables, ...variables }),
  } as Stage);
  await putStage(work, api, await checkedStage(moved, stage, work, deployment.id));
}

const wantsSummary = ({ embed = [] }: { readonly embed?: readonly string[] | undefined }): boolean =>
  embed.some((list) => list.split(",").includes("apisummary"));

/** Returns a deployment, with `embed=apisummary` also how each method is guarded, by path and verb. */
async function viewDeployment(deployment: Deployment, work: ViewWork<"GetDeployment", RestApi>): Promise<unknown> {
  if (!wantsSummary(work.input)) return deployment;
  const id = `${work.parent.id}/${deployment.id}`;
  const snapshot = await work.tx.get<RestApiDefinition>(restKinds.snapshot, id);
  const apiSummary = (snapshot?.body.resources ?? [])
    .filter((resource) => resource.resourceMethods !== undefined)
    .map(({ path, resourceMethods }) => {
      const methods = Object.entries(resourceMethods!).map(([verb, { authorizationType, apiKeyRequired }]) => [
        verb,
        { authorizationType, apiKeyRequired },
      ]);
      return [path, Object.fromEntries(methods)];
    });
  return { ...deployment, apiSummary: Object.fromEntries(apiSummary) };
}

/** Refuses to delete a deployment that a stage or its canary serves. */
async function refuseWhileServed(deployment: Deployment, work: Change<never, RestApi>): Promise<void> {
  const apiId = work.parent.id;
  const stages = await childrenOf<Stage>(work.tx, restKinds.stage, apiId);
  const isServed = stages.some(
    (stage) => stage.deploymentId === deployment.id || stage.canarySettings?.deploymentId === deployment.id,
  );
  if (isServed) throw badRequest("Active stages pointing to this deployment must be moved or deleted");
  await work.tx.delete(restKinds.snapshot, `${apiId}/${deployment.id}`);
}

/** AWS: API Gateway REST API reference, "Deployment". */
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
  patch: { refuse: listPaths, rules: { "/description": member("description", text) } },
  onDelete: refuseWhileServed,
  view: viewDeployment,
});
