import { type HttpApi, type HttpApiDefinition, type HttpStage, v2Kinds } from "../../definition/http-api.ts";
import type { HttpExportOptions } from "../../openapi/export-http-api.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { addressOfApi } from "../apis/api-address.ts";
import { httpApis } from "./apis.ts";
import { exportHttpApiJob } from "./document-jobs.ts";
import { readHttpApiDefinition } from "./v2-api-documents.ts";
import { operations, spanning, type Work } from "./work.ts";

/** Reads what an export needs: what the stage serves or, without a stage, the API as it is edited. */
async function readExport(
  work: Work<"ExportApi", HttpApi>,
): Promise<{ readonly definition: HttpApiDefinition; readonly options: HttpExportOptions }> {
  const { input, parent: api, tx } = work;
  const { Specification, OutputType, ExportVersion = "1.0", IncludeExtensions = true, StageName } = input;
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (Specification !== "OAS30") {
    throw badRequest(`Invalid specification specified: ${Specification}. Must be one of: [OAS30]`);
  }
  if (ExportVersion !== "1.0") throw badRequest(`Invalid export version specified: ${ExportVersion}. Must be 1.0`);
  if (OutputType !== "JSON" && OutputType !== "YAML") {
    throw badRequest(`Invalid output type specified: ${OutputType}. Must be one of: [JSON, YAML]`);
  }
  const definition = StageName === undefined ? await readHttpApiDefinition(tx, api) : await readServed(work, StageName);
  return {
    definition,
    options: {
      format: OutputType === "YAML" ? "yaml" : "json",
      endpoint: addressOfApi(work.call, api.ApiId),
      includeExtensions: IncludeExtensions,
      ...(StageName !== undefined && { stageName: StageName }),
    },
  };
}

async function readServed({ tx, parent: api }: Work<never, HttpApi>, stageName: string): Promise<HttpApiDefinition> {
  const stage = await tx.get<HttpStage>(v2Kinds.stage, `${api.ApiId}/${stageName}`);
  if (stage === undefined) throw notFound("Invalid stage identifier specified");
  const { DeploymentId } = stage.body;
  const snapshot =
    DeploymentId === undefined
      ? undefined
      : await tx.get<HttpApiDefinition>(v2Kinds.snapshot, `${api.ApiId}/${DeploymentId}`);
  return snapshot?.body ?? { api, routes: [], integrations: [], authorizers: [] };
}

/** AWS: API Gateway version 2 API reference, "ExportApi". */
export const exportOperations = operations({
  ExportApi: spanning(async ({ run, read }) => ({
    body: Buffer.from(await run(exportHttpApiJob, await read(readExport, httpApis))),
  })),
});
