import { bounds } from "../base/bounds.ts";
import type { IdSource } from "../base/ids.ts";
import type { RestApiDefinition } from "../definition/rest-api.ts";
import { type ImportOptions, type ImportResult, importRestApi } from "./import-rest-api.ts";

/**
 * Reads a document as ImportRestApi does, for who makes something of the definition and no API: its ids are not those of
 * anything.
 */
export const readRestDefinition = (
  document: Buffer,
  options: Pick<ImportOptions, "account" | "region" | "profile">,
): ImportResult =>
  importRestApi(document, anEmptyApi, {
    ...options,
    mode: "create",
    basepath: "ignore",
    ids: countingIds(),
    integrationBounds: { timeoutInMillisMax: bounds.streamIdleMs.value },
  });

const anEmptyApi: RestApiDefinition = {
  restApi: {
    id: "none",
    name: "none",
    createdDate: 0,
    apiKeySource: "HEADER",
    endpointConfiguration: { types: ["REGIONAL"] },
    disableExecuteApiEndpoint: false,
    rootResourceId: "root",
  },
  resources: [{ id: "root", path: "/" }],
  models: [],
  requestValidators: [],
  gatewayResponses: [],
  authorizers: [],
};

/** Ids only have to differ. */
function countingIds(): IdSource {
  let count = 0;
  return { id: () => `id${count++}` };
}
