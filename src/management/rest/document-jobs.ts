/**
 * The jobs that take long for large APIs. Each loads its code when it first runs, because serving requests needs none
 * of it.
 */
import { bounds } from "../../base/bounds.ts";
import { randomIds } from "../../base/ids.ts";
import type { Job } from "../../base/job.ts";
import type { DocumentationPart } from "../../definition/documentation.ts";
import type { RestApiDefinition } from "../../definition/rest-api.ts";
import type { ExportOptions } from "../../openapi/export-rest-api.ts";
import type { DocumentationPartsResult } from "../../openapi/import-documentation.ts";
import type { ImportOptions, ImportResult } from "../../openapi/import-rest-api.ts";
import type { SdkRequest } from "../../sdk/generate-sdk.ts";
import { multiplies } from "../apis/multiplying-documents.ts";

/** A document (JSON or YAML), and the present state of what it is imported into. */
interface ImportInput<Base, Options extends object> {
  readonly document: Uint8Array;
  readonly base: Base;
  readonly options: Omit<Options, "ids">;
}

export const importJob: Job<ImportInput<RestApiDefinition, ImportOptions>, ImportResult> = {
  name: "import",
  weightMaxHere: bounds.importWeightMaxHere.value,
  growsFrom: ({ document }) => multiplies(document),
  async run({ document, base, options }) {
    const { importRestApi } = await import("../../openapi/import-rest-api.ts");
    return importRestApi(asBuffer(document), base, { ...options, ids: randomIds });
  },
};

export const importDocumentationJob: Job<
  ImportInput<readonly DocumentationPart[], { readonly mode: "merge" | "overwrite" }>,
  DocumentationPartsResult
> = {
  name: "import-documentation",
  weightMaxHere: bounds.importWeightMaxHere.value,
  growsFrom: ({ document }) => multiplies(document),
  async run({ document, base, options }) {
    const { importDocumentationParts } = await import("../../openapi/import-documentation.ts");
    return importDocumentationParts(asBuffer(document), base, { ...options, ids: randomIds });
  },
};

type Export =
  | { readonly kind: "exported"; readonly document: string }
  | { readonly kind: "refused"; readonly message: string };

export const exportJob: Job<{ readonly definition: RestApiDefinition; readonly options: ExportOptions }, Export> = {
  name: "export",
  weightMaxHere: bounds.exportWeightMaxHere.value,
  async run({ definition, options }) {
    const { ExportRefusal, exportRestApi } = await import("../../openapi/export-rest-api.ts");
    try {
      return { kind: "exported", document: exportRestApi(definition, options) };
    } catch (error) {
      if (error instanceof ExportRefusal) return { kind: "refused", message: error.message };
      throw error;
    }
  },
};

/** The job that returns an SDK as a zip archive. */
export const sdkJob: Job<{ readonly definition: RestApiDefinition; readonly request: SdkRequest }, Uint8Array> = {
  name: "sdk",
  weightMaxHere: bounds.exportWeightMaxHere.value,
  async run({ definition, request }) {
    const { generateSdk } = await import("../../sdk/generate-sdk.ts");
    return generateSdk(definition, request);
  },
};

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
