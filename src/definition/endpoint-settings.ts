import type { DefaultEndpoint, RestApi, RestApiDefinition } from "./rest-api.ts";

/**
 * The members of a RestApi that say by which endpoint it is reached. They act as soon as UpdateRestApi has answered,
 * even on deployed stages. AWS: API Gateway Developer Guide, "Change a public or private API endpoint type in API
 * Gateway".
 */
export const endpointSettings = [
  "endpointConfiguration",
  "endpointAccessMode",
  "securityPolicy",
] as const satisfies readonly (keyof RestApi)[];

type EndpointSettings = Pick<RestApi, (typeof endpointSettings)[number]>;

/** Returns the endpoint settings of an API as it is now. */
export const endpointSettingsOf = (restApi: RestApi): EndpointSettings => {
  const { endpointConfiguration, endpointAccessMode, securityPolicy } = restApi;
  return {
    endpointConfiguration,
    ...(endpointAccessMode !== undefined && { endpointAccessMode }),
    ...(securityPolicy !== undefined && { securityPolicy }),
  };
};

/**
 * Returns a deployed definition with the endpoint settings that the API has now. Without `defaultEndpoint`, which stages
 * of earlier versions lack, the default endpoint is as it was deployed.
 */
export function withEndpointSettings(
  deployed: RestApiDefinition,
  current: RestApi,
  defaultEndpoint: DefaultEndpoint | undefined,
): RestApiDefinition {
  const { endpointConfiguration: _, endpointAccessMode: __, securityPolicy: ___, ...frozen } = deployed.restApi;
  const disableExecuteApiEndpoint = defaultEndpoint?.isDisabled ?? frozen.disableExecuteApiEndpoint;
  return { ...deployed, restApi: { ...frozen, ...endpointSettingsOf(current), disableExecuteApiEndpoint } };
}
