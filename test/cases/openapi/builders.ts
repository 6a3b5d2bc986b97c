import type { IdSource } from "../../../src/base/ids.ts";
import type { RestApi, RestApiDefinition, Stage } from "../../../src/definition/rest-api.ts";

/** Ids `r00000`, `r00001`, …: readable in expected output. */
export function countingIds(): IdSource {
  let count = 0;
  return { id: (length) => `r${String(count++).padStart(length - 1, "0")}` };
}

/** An API as it is before its first import. */
export function aNewRestApi(restApi: Partial<RestApi> = {}): RestApiDefinition {
  return {
    restApi: {
      id: "api1234567",
      name: "new",
      createdDate: 1_500_000_000,
      apiKeySource: "HEADER",
      endpointConfiguration: { types: ["EDGE"] },
      disableExecuteApiEndpoint: false,
      rootResourceId: "root123456",
      ...restApi,
    },
    resources: [{ id: "root123456", path: "/" }],
    models: [],
    requestValidators: [],
    gatewayResponses: [],
    authorizers: [],
  };
}

export function aStage(stage: Partial<Stage> = {}): Stage {
  return {
    stageName: "prod",
    deploymentId: "dep123",
    cacheClusterEnabled: false,
    cacheClusterStatus: "NOT_AVAILABLE",
    methodSettings: {},
    tracingEnabled: false,
    createdDate: 1_500_000_000,
    lastUpdatedDate: 1_500_000_000,
    ...stage,
  };
}
