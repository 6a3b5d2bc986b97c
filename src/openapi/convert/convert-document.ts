import type { RestApi, Stage } from "../../definition/rest-api.ts";
import { exportHttpDocument } from "../export-http-api.ts";
import { renderDocument } from "../export-rest-api.ts";
import type { ImportRefusal } from "../import-source.ts";
import { readRestDefinition } from "../read-rest-definition.ts";
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
  | ImportRefusal;

/** Converts a document of a REST API to one of an HTTP API. It reads it as ImportRestApi does. */
export function convertDocument(source: Buffer, options: DocumentConversionOptions): DocumentConversion {
  const { account, region } = options;
  const imported = readRestDefinition(source, { account, region });
  if (imported.kind === "refused") return imported;
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
