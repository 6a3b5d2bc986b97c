import { bounds } from "../../base/bounds.ts";
import type { IdSource } from "../../base/ids.ts";
import type { RestApi, RestApiDefinition, Stage } from "../../definition/rest-api.ts";
import { exportHttpDocument } from "../export-http-api.ts";
import { renderDocument } from "../export-rest-api.ts";
import { importRestApi } from "../import-rest-api.ts";
import type { ConversionLoss } from "./conversion-loss.ts";
import { convertRestApi } from "./convert-rest-api.ts";

export interface DocumentConversionOptions {
  readonly account: string;
  readonly region: string;
  readonly format: "json" | "yaml";
  readonly audiences: readonly string[];
  /** What a deployed API has beside its document. */
  readonly restApi?: Partial<RestApi>;
  readonly stage?: Partial<Stage>;
}

export type DocumentConversion =
  | {
      readonly kind: "converted";
      /** An OpenAPI 3.0 document of an HTTP API. */
      readonly text: string;
      readonly document: Readonly<Record<string, unknown>>;
      readonly losses: readonly ConversionLoss[];
      /** What the import as a REST API warns of. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: "refused"; readonly message: string };

/** Converts a document of a REST API to one of an HTTP API. It reads it as ImportRestApi does. */
export function convertDocument(source: Buffer, options: DocumentConversionOptions): DocumentConversion {
  const imported = importRestApi(source, anEmptyApi, {
    mode: "create",
    basepath: "ignore",
    ids: countingIds(),
    account: options.account,
    region: options.region,
    integrationBounds: { timeoutInMillisMax: bounds.streamIdleMs.value },
  });
  if (imported.kind === "refused") return { kind: "refused", message: imported.message };
  const { definition, warnings } = imported;
  const restApi = { ...definition.restApi, ...options.restApi };
  const { audiences, stage, format } = options;
  const converted = convertRestApi({ ...definition, restApi }, { audiences, ...(stage !== undefined && { stage }) });
  const { servers: _, ...exported } = exportHttpDocument(converted.definition, {
    format,
    endpoint: "",
    includeExtensions: true,
  });
  const isDisabled = converted.definition.api.DisableExecuteApiEndpoint;
  const endpoint = { "x-amazon-apigateway-endpoint-configuration": { disableExecuteApiEndpoint: true } };
  const document = { ...exported, ...(isDisabled && { servers: [{ url: "/", ...endpoint }] }) };
  return { kind: "converted", text: renderDocument(document, format), document, losses: converted.losses, warnings };
}

const anEmptyApi: RestApiDefinition = {
  restApi: {
    id: "converted",
    name: "converted",
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

/** No id is in the result, so they only have to differ. */
function countingIds(): IdSource {
  let count = 0;
  return { id: () => `id${count++}` };
}
