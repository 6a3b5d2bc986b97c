import { type ApiCalls, itemsOf } from "./api-calls.ts";
import { importDocument } from "./import-document.ts";

const v1 = "apigateway";

/** The calls of REST APIs. */
export const restApiCalls: ApiCalls = {
  stageDefault: "dev",
  isThere: async (calls, restApiId) => (await calls.find(v1, "GetRestApi", { restApiId })) !== undefined,
  hasStage: async (calls, { apiId: restApiId, stageName }) =>
    (await calls.find(v1, "GetStage", { restApiId, stageName })) !== undefined,
  async create(calls, name, tags) {
    await calls.call(v1, "CreateRestApi", { name, tags });
  },
  async import(calls, restApiId, body) {
    const input = { restApiId, mode: "overwrite", body };
    const { warnings } = await importDocument(input, (given) => calls.call(v1, "PutRestApi", given));
    return warnings;
  },
  async remove(calls, restApiId) {
    await calls.find(v1, "DeleteRestApi", { restApiId });
  },
  async deploy(calls, { apiId: restApiId, stageName }, { description, variables, before, isSameBody }) {
    const stage = await calls.find(v1, "GetStage", { restApiId, stageName });
    if (!stage) {
      await calls.call(v1, "CreateDeployment", { restApiId, stageName, description, variables });
      return;
    }
    const there = (stage["variables"] ?? {}) as Readonly<Record<string, string>>;
    const patchOperations: object[] = [];
    if (!isSameBody) {
      const { id } = await calls.call(v1, "CreateDeployment", { restApiId, description });
      patchOperations.push({ op: "replace", path: "/deploymentId", value: id });
    }
    for (const [name, value] of Object.entries(variables))
      if (there[name] !== value) patchOperations.push({ op: "replace", path: `/variables/${name}`, value });
    // Variables that this run has set and that portico.yaml no longer has are removed. All others stay.
    for (const name of Object.keys(before))
      if (variables[name] === undefined && there[name] !== undefined)
        patchOperations.push({ op: "remove", path: `/variables/${name}` });
    if (patchOperations.length > 0) await calls.call(v1, "UpdateStage", { restApiId, stageName, patchOperations });
  },
  async unservedDeployments(calls, restApiId) {
    const deployments = await calls.find(v1, "GetDeployments", { restApiId, limit: 500 });
    if (!deployments) return [];
    const { item: stages } = await calls.call(v1, "GetStages", { restApiId });
    const served = new Set(itemsOf(stages).map((stage) => stage["deploymentId"]));
    return itemsOf(deployments["items"])
      .filter(({ id }) => !served.has(id))
      .map(({ id, description }) => ({ id: String(id), description: String(description ?? "") }));
  },
  async deleteDeployment(calls, restApiId, deploymentId) {
    await calls.find(v1, "DeleteDeployment", { restApiId, deploymentId });
  },
};
