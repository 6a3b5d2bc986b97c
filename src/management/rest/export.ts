import type { Deployment, RestApi, RestApiDefinition, Stage } from "../../definition/rest-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { documentVersion } from "../../openapi/document-version.ts";
import type { ExportOptions } from "../../openapi/export-rest-api.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { publishedDocumentation } from "../apis/rest-description.ts";
import { exportJob } from "./document-jobs.ts";
import { restApis } from "./rest-apis.ts";
import { operations, spanning, type Work } from "./work.ts";

const exportTypes: readonly string[] = ["swagger", "oas30"];

/** Reads what an export needs from the store. */
async function readExport(
  work: Work<"GetExport", RestApi>,
): Promise<{ readonly definition: RestApiDefinition; readonly options: ExportOptions }> {
  const { input, parent: api } = work;
  const stage = (await work.tx.get<Stage>(restKinds.stage, `${api.id}/${input.stageName}`))?.body;
  if (stage === undefined) throw notFound("Invalid stage identifier specified");
  // Unconfirmed: how AWS words both; see docs/compatibility.md, "REST control plane, words".
  const { exportType } = input;
  if (!exportTypes.includes(exportType)) {
    throw badRequest(`Invalid export type specified: ${exportType}. Must be one of: [${exportTypes.join(", ")}]`);
  }
  // AWS: API Gateway Developer Guide, "Publish API documentation using the API Gateway REST API": by default, documentation
  // parts are included.
  const named = (input.parameters?.["extensions"] ?? "documentation").split(",").map((name) => name.trim());
  const id = `${api.id}/${stage.deploymentId}`;
  const snapshot = await work.tx.get<RestApiDefinition>(restKinds.snapshot, id);
  const deployment = await work.tx.get<Deployment>(restKinds.deployment, id);
  if (snapshot === undefined || deployment === undefined) throw notFound("Invalid Deployment identifier specified");
  const format = /\byaml\b/i.test(input.accepts ?? "") ? "yaml" : "json";
  const documentation = await publishedDocumentation(work.tx, api.id, stage.documentationVersion);
  const options: ExportOptions = {
    exportType: exportType as "swagger" | "oas30",
    extensions: named.filter((name) => name !== ""),
    format,
    host: `${api.id}.execute-api.${work.call.region}.amazonaws.com`,
    region: work.call.region,
    stage,
    deployedAt: deployment.body.createdDate,
    ...(documentation !== undefined && { documentation }),
  };
  return { definition: snapshot.body, options };
}

/** AWS: API Gateway REST API reference, "GetExport". */
export const exportOperations = operations({
  GetExport: spanning(async ({ run, read }) => {
    const source = await read(readExport, restApis);
    const written = await run(exportJob, source);
    if (written.kind === "refused") throw badRequest(written.message);
    const { exportType, format, deployedAt } = source.options;
    const version = documentVersion(source.definition.restApi, deployedAt).replaceAll(/[^\x20-\x7e]|["\\/]/g, "_");
    return {
      body: Buffer.from(written.document),
      // Recorded: whatever was accepted.
      contentType: "application/octet-stream",
      contentDisposition: `attachment; filename="${exportType}_${version}.${format}"`,
    };
  }),
});
