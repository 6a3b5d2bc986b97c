import { type ApiCalls, itemsOf } from "./api-calls.ts";

const v2 = "apigatewayv2";

/** The calls of HTTP APIs. */
export const httpApiCalls: ApiCalls = {
  stageDefault: "$default",
  isThere: async (calls, ApiId) => (await calls.find(v2, "GetApi", { ApiId })) !== undefined,
  hasStage: async (calls, { apiId: ApiId, stageName: StageName }) =>
    (await calls.find(v2, "GetStage", { ApiId, StageName })) !== undefined,
  async create(calls, Name, Tags) {
    await calls.call(v2, "CreateApi", { Name, ProtocolType: "HTTP", Tags });
  },
  async import(calls, ApiId, body) {
    const { Warnings } = await calls.call(v2, "ReimportApi", { ApiId, Body: body.toString() });
    return Array.isArray(Warnings) ? Warnings.map(String) : [];
  },
  async remove(calls, ApiId) {
    await calls.find(v2, "DeleteApi", { ApiId });
  },
  async deploy(calls, { apiId: ApiId, stageName: StageName }, { description, variables, before, isSameBody }) {
    const stage = await calls.find(v2, "GetStage", { ApiId, StageName });
    // A stage that deploys by itself has done so with the import.
    const isAutomatic = stage?.["AutoDeploy"] === true;
    const made =
      isAutomatic || (isSameBody && stage)
        ? {}
        : await calls.call(v2, "CreateDeployment", { ApiId, Description: description });
    const { DeploymentId } = made;
    if (!stage) {
      await calls.call(v2, "CreateStage", { ApiId, StageName, DeploymentId, StageVariables: variables });
      return;
    }
    const there = (stage["StageVariables"] ?? {}) as Readonly<Record<string, string>>;
    const StageVariables: Record<string, string> = {};
    for (const [name, value] of Object.entries(variables)) if (there[name] !== value) StageVariables[name] = value;
    // Variables that this run has set and that portico.yaml no longer has are removed. All others stay.
    for (const name of Object.keys(before))
      if (variables[name] === undefined && there[name] !== undefined) StageVariables[name] = "";
    const isSame = Object.keys(StageVariables).length === 0;
    if (DeploymentId === undefined && isSame) return;
    await calls.call(v2, "UpdateStage", {
      ApiId,
      StageName,
      ...(DeploymentId !== undefined && { DeploymentId }),
      ...(!isSame && { StageVariables }),
    });
  },
  async unservedDeployments(calls, ApiId) {
    const deployments = await calls.find(v2, "GetDeployments", { ApiId, MaxResults: "500" });
    if (!deployments) return [];
    const { Items: stages } = await calls.call(v2, "GetStages", { ApiId });
    const served = new Set(itemsOf(stages).map((stage) => stage["DeploymentId"]));
    return itemsOf(deployments["Items"])
      .filter(({ DeploymentId }) => !served.has(DeploymentId))
      .map(({ DeploymentId, Description }) => ({ id: String(DeploymentId), description: String(Description ?? "") }));
  },
  async deleteDeployment(calls, ApiId, DeploymentId) {
    await calls.find(v2, "DeleteDeployment", { ApiId, DeploymentId });
  },
};
