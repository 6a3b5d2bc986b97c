import { type ApiKey, keyKinds, newestFirst, type UsagePlan } from "./api-key.ts";
import { type BasePathMapping, domainNameKinds } from "./domain-name.ts";
import { type HttpIntegration, v2Kinds } from "./http-api.ts";
import { type Resource, type RestApiDefinition, restKinds, type Stage } from "./rest-api.ts";
import type { V2ApiDefinition, V2Integration, V2Stage } from "./v2-api.ts";

/**
 * The index key of resources that name their VPC links through stage variables. Only a stage knows which links these
 * are.
 */
export const variableVpcLink = "${stageVariables}";

/** Returns the ids of the VPC links that methods go through, and {@link variableVpcLink}. */
function vpcLinksOf(resources: readonly Resource[]): string[] {
  const methods = resources.flatMap(({ resourceMethods }) => Object.values(resourceMethods ?? {}));
  return methods.flatMap(({ methodIntegration: { connectionType, connectionId = "" } = {} }) => {
    if (connectionType !== "VPC_LINK") return [];
    return [connectionId.includes("${stageVariables.") ? variableVpcLink : connectionId];
  });
}

/**
 * Returns the ids of the VPC links that integrations of an HTTP or WebSocket API go through. Only WebSocket APIs name links
 * through stage variables.
 */
const v2VpcLinksOf = (integrations: readonly Pick<HttpIntegration, "ConnectionType" | "ConnectionId">[]): string[] =>
  integrations.flatMap(({ ConnectionType, ConnectionId }) => {
    if (ConnectionType !== "VPC_LINK" || ConnectionId === undefined) return [];
    return [ConnectionId.includes("${stageVariables.") ? variableVpcLink : ConnectionId];
  });

const present = (key: string | undefined): string[] => (key === undefined ? [] : [key]);

/** The store's indexes: by kind, the keys that documents are found by besides their ids. */
export const definitionIndexes = {
  [restKinds.stage]: {
    clientCertificate: (stage: Stage) => present(stage.clientCertificateId),
    webAcl: (stage: Stage) => present(stage.webAclArn),
  },
  [restKinds.resource]: { vpcLink: (resource: Resource) => vpcLinksOf([resource]) },
  [restKinds.snapshot]: { vpcLink: (definition: RestApiDefinition) => vpcLinksOf(definition.resources) },
  [v2Kinds.integration]: { vpcLink: (integration: V2Integration) => v2VpcLinksOf([integration]) },
  [v2Kinds.snapshot]: { vpcLink: (definition: V2ApiDefinition) => v2VpcLinksOf(definition.integrations) },
  [v2Kinds.stage]: {
    clientCertificate: (stage: V2Stage) => present(stage.ClientCertificateId),
    webAcl: (stage: V2Stage) => present(stage.webAclArn),
  },
  [keyKinds.apiKey]: {
    name: (key: ApiKey) => present(key.name),
    customer: (key: ApiKey) => present(key.customerId),
    newest: (key: ApiKey) => [newestFirst(key)],
  },
  [domainNameKinds.basePathMapping]: { api: (mapping: BasePathMapping) => [mapping.restApiId] },
  [keyKinds.usagePlan]: { api: (plan: UsagePlan) => plan.apiStages.map(({ apiId }) => apiId) },
} as const;
