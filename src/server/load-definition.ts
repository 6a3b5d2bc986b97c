import {
  type Authorizer,
  type GatewayResponse,
  type Model,
  type RequestValidator,
  type Resource,
  type RestApi,
  type RestApiDefinition,
  restKinds,
} from "../definition/rest-api.ts";
import type { Reader } from "../store/store.ts";

/** A REST API as it is being edited, whole; undefined if there is none with that id. */
export async function loadDefinition(tx: Reader, apiId: string): Promise<RestApiDefinition | undefined> {
  const restApi = await tx.get<RestApi>(restKinds.restApi, apiId);
  if (restApi === undefined) return undefined;
  const parts = async <T>(kind: string): Promise<readonly T[]> =>
    (await tx.list<T>(kind, { prefix: `${apiId}/` })).map(({ body }) => body);
  const resources = await parts<Resource>(restKinds.resource);
  return {
    restApi: restApi.body,
    resources: [...resources].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    models: await parts<Model>(restKinds.model),
    requestValidators: await parts<RequestValidator>(restKinds.requestValidator),
    gatewayResponses: await parts<GatewayResponse>(restKinds.gatewayResponse),
    authorizers: await parts<Authorizer>(restKinds.authorizer),
  };
}
