import { bounds } from "../../base/bounds.ts";
import type { Job } from "../../base/job.ts";
import type { HttpApiDefinition } from "../../definition/http-api.ts";
import type { RestApiDefinition } from "../../definition/rest-api.ts";
import type { HttpExportOptions } from "../../openapi/export-http-api.ts";
import type { ExportOptions } from "../../openapi/export-rest-api.ts";

/** An exported document. */
type ApiDescription = Record<string, unknown>;

/** The functions that write the text of a file from an API's description, by the file's name. */
const writers = {
  "openapi.json": async (document: ApiDescription): Promise<string> => {
    const { renderDocument } = await import("../../openapi/export-rest-api.ts");
    return renderDocument(document, "json");
  },
  "openapi.yaml": async (document: ApiDescription): Promise<string> => {
    const { renderDocument } = await import("../../openapi/export-rest-api.ts");
    return renderDocument(document, "yaml");
  },
  "reference.json": async (document: ApiDescription): Promise<string> =>
    `${JSON.stringify({ document, examples: await makeExamples(document) })}\n`,
};

export type ReferenceFile = keyof typeof writers;

/** What a stage serves, and how it is described. OpenAPI describes no WebSocket APIs. */
export type DescribedApi =
  | { readonly kind: "rest"; readonly definition: RestApiDefinition; readonly options: ExportOptions }
  | { readonly kind: "http"; readonly definition: HttpApiDefinition; readonly options: HttpExportOptions };

const exporters: {
  readonly [Kind in DescribedApi["kind"]]: (
    api: Extract<DescribedApi, { readonly kind: Kind }>,
  ) => Promise<ApiDescription>;
} = {
  rest: async ({ definition, options }) =>
    (await import("../../openapi/export-rest-api.ts")).exportDocument(definition, options),
  http: async ({ definition, options }) =>
    (await import("../../openapi/export-http-api.ts")).exportHttpDocument(definition, options),
};

export interface ReferenceRequest {
  readonly file: ReferenceFile;
  readonly api: DescribedApi;
  /** The path at which the stage answers. */
  readonly basePath: string;
}

/** The job that describes a deployed stage in the form of one of the files. */
export const referenceJob: Job<ReferenceRequest, string> = {
  name: "reference",
  weightMaxHere: bounds.exportWeightMaxHere.value,
  async run({ file, api, basePath }) {
    // The table's type says that a kind's exporter takes that kind's API; TypeScript can't follow that through the union.
    const document = await (exporters[api.kind] as (api: DescribedApi) => Promise<ApiDescription>)(api);
    return writers[file]({ ...document, servers: [{ url: basePath }] });
  },
};

/** Makes an example for each model, until they are too much together. */
async function makeExamples(document: ApiDescription): Promise<Record<string, unknown>> {
  const { SchemaExamples } = await import("../../openapi/mock/schema-example.ts");
  const examples = new SchemaExamples({
    document,
    side: "response",
    stepsMax: bounds.referenceExampleStepsMax.value,
  });
  const { schemas = {} } = (document["components"] ?? {}) as { readonly schemas?: Readonly<Record<string, unknown>> };
  const made: Record<string, unknown> = {};
  let characters = 0;
  for (const [name, schema] of Object.entries(schemas)) {
    const example = examples.of(schema);
    characters += JSON.stringify(example)?.length ?? 0;
    if (characters > bounds.referenceExamplesCharsMax.value) break;
    if (example !== undefined) made[name] = example;
  }
  return made;
}
