import { type ApiKey, keyKinds, type UsagePlan } from "./api-key.ts";
import { type Resource, type RestApiDefinition, restKinds, type Stage } from "./rest-api.ts";

/** The key of what names its VPC links through stage variables: which ones, only a stage can say. */
export const variableVpcLink = "${stageVariables}";

/** The ids of the VPC links that methods go through, and {@link variableVpcLink}. */
function vpcLinksOf(resources: readonly Resource[]): string[] {
  const methods = resources.flatMap(({ resourceMethods }) => Object.values(resourceMethods ?? {}));
  return methods.flatMap(({ methodIntegration: { connectionType, connectionId = "" } = {} }) => {
    if (connectionType !== "VPC_LINK") return [];
    return [connectionId.includes("${stageVariables.") ? variableVpcLink : connectionId];
  });
}

const present = (key: string | undefined): string[] => (key === undefined ? [] : [key]);

/** By kind, what documents are found by besides their ids; for the store. */
export const definitionIndexes = {
  [restKinds.stage]: { clientCertificate: (stage: Stage) => present(stage.clientCertificateId) },
  [restKinds.resource]: { vpcLink: (resource: Resource) => vpcLinksOf([resource]) },
  [restKinds.snapshot]: { vpcLink: (definition: RestApiDefinition) => vpcLinksOf(definition.resources) },
  [keyKinds.apiKey]: {
    name: (key: ApiKey) => present(key.name),
    customer: (key: ApiKey) => present(key.customerId),
  },
  [keyKinds.usagePlan]: { api: (plan: UsagePlan) => plan.apiStages.map(({ apiId }) => apiId) },
} as const;
