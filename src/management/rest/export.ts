import type { Deployment, RestApi, RestApiDefinition, Stage } from "../../definition/rest-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import type { ExportOptions } from "../../openapi/export-rest-api.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { publishedDocumentation } from "./documentation-version.ts";
import { restApis } from "./rest-apis.ts";
import { operations, reading, type Work } from "./work.ts";

const exportTypes: readonly string[] = ["swagger", "oas30"];

async function getExport(work: Work<"GetExport", RestApi>): Promise<unknown> {
  const { input, parent: api } = work;
  const stage = (await work.tx.get<Stage>(restKinds.stage, `${api.id}/${input.stageName}`))?.body;
  if (stage === undefined) throw notFound("Invalid stage identifier specified");
  // Unconfirmed: how AWS words both; see docs/compatibility.md, "REST control plane, words".
  const { exportType } = input;
  if (!exportTypes.includes(exportType)) {
    throw badRequest(`Invalid export type specified: ${exportType}. Must be one of: [${exportTypes.join(", ")}]`);
  }
  const named = (input.parameters?.["extensions"] ?? "").split(",").map((name) => name.trim());
  const id = `${api.id}/${stage.deploymentId}`;
  const snapshot = await work.tx.get<RestApiDefinition>(restKinds.snapshot, id);
  const deployment = await work.tx.get<Deployment>(restKinds.deployment, id);
  if (snapshot === undefined || deployment === undefined) throw notFound("Invalid Deployment identifier specified");
  const format = /\byaml\b/i.test(input.accepts ?? "") ? "yaml" : "json";
  const documentation = await publishedDocumentation(work.tx, api.id, stage.documentationVersion);
  const document = await writeDocument(snapshot.body, {
    exportType: exportType as "swagger" | "oas30",
    extensions: named.filter((name) => name !== ""),
    format,
    host: `${api.id}.execute-api.${work.call.region}.amazonaws.com`,
    region: work.call.region,
    stage,
    deployedAt: deployment.body.createdDate,
    ...(documentation !== undefined && { documentation }),
  });
  const stamp = new Date(work.call.clock.now())
    .toISOString()
    .replaceAll(":", "-")
    .replace(/\.\d+Z$/, "Z");
  return {
    body: Buffer.from(document),
    contentType: `application/${format}`,
    contentDisposition: `attachment; filename="${exportType}_${stamp}.${format}"`,
  };
}

async function writeDocument(definition: RestApiDefinition, options: ExportOptions): Promise<string> {
  // Loaded when it is asked for: YAML is not needed to serve.
  const { ExportRefusal, exportRestApi } = await import("../../openapi/export-rest-api.ts");
  try {
    return exportRestApi(definition, options);
  } catch (error) {
    throw error instanceof ExportRefusal ? badRequest(error.message) : error;
  }
}

/** AWS: API Gateway REST API reference, "GetExport". */
export const exportOperations = operations({ GetExport: reading(getExport, restApis) });
