import { withEndpointSettings } from "../definition/endpoint-settings.ts";
import {
  type DefaultEndpoint,
  type RestApi,
  type RestApiDefinition,
  restKinds,
  type Stage,
} from "../definition/rest-api.ts";
import type { Reader } from "../store/store.ts";

interface DeployedDefinition {
  readonly definition: RestApiDefinition;
  /** The revision of the snapshot. */
  readonly revision: number;
}

/**
 * Returns what a stage serves: its deployment's snapshot, with the settings of the API that act without a deployment.
 * Returns undefined if one of the two does not exist.
 */
export async function readDeployed(
  tx: Reader,
  apiId: string,
  { deploymentId }: Pick<Stage, "deploymentId">,
): Promise<DeployedDefinition | undefined> {
  const snapshot = await tx.get<RestApiDefinition>(restKinds.snapshot, `${apiId}/${deploymentId}`);
  const restApi = await tx.get<RestApi>(restKinds.restApi, apiId);
  if (snapshot === undefined || restApi === undefined) return undefined;
  const endpoint = await tx.get<DefaultEndpoint>(restKinds.defaultEndpoint, apiId);
  const definition = withEndpointSettings(snapshot.body, restApi.body, endpoint?.body);
  // Metrics are found by the name that the API has.
  const { name } = restApi.body;
  return { definition: { ...definition, restApi: { ...definition.restApi, name } }, revision: snapshot.revision };
}
