/** The jobs that take long for large HTTP APIs. Each loads its code when it first runs. */
import { bounds } from "../../base/bounds.ts";
import { randomIds } from "../../base/ids.ts";
import type { Job } from "../../base/job.ts";
import type { HttpApiDefinition } from "../../definition/http-api.ts";
import type { HttpExportOptions } from "../../openapi/export-http-api.ts";
import type { HttpImportOptions, HttpImportResult } from "../../openapi/import-http-api.ts";
import { multiplies } from "../apis/multiplying-documents.ts";

/** A document (JSON or YAML), and the present state of the API that it is imported into. */
export interface HttpImportInput {
  readonly document: string;
  readonly base: HttpApiDefinition;
  readonly options: Omit<HttpImportOptions, "ids">;
}

export const importHttpApiJob: Job<HttpImportInput, HttpImportResult> = {
  name: "import-http-api",
  weightMaxHere: bounds.importWeightMaxHere.value,
  growsFrom: ({ document }) => multiplies(Buffer.from(document)),
  async run({ document, base, options }) {
    const { importHttpApi } = await import("../../openapi/import-http-api.ts");
    return importHttpApi(Buffer.from(document), base, { ...options, ids: randomIds });
  },
};

export const exportHttpApiJob: Job<
  { readonly definition: HttpApiDefinition; readonly options: HttpExportOptions },
  string
> = {
  name: "export-http-api",
  weightMaxHere: bounds.exportWeightMaxHere.value,
  async run({ definition, options }) {
    const { exportHttpApi } = await import("../../openapi/export-http-api.ts");
    return exportHttpApi(definition, options);
  },
};
