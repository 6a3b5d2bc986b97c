import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { connect, type PorticoCalls } from "./portico-calls.ts";
import { makeCollection } from "./postman-collection.ts";
import { getStatus, refuseUndocumented, type StageStatus, stageOf } from "./server-status.ts";
import { stageUrls } from "./up/render-routes.ts";

/** `portico export API STAGE`: writes what the stage serves, as GetExport does. */
export async function runExport({ args, options, output }: Invocation): Promise<number> {
  const [api = "", stageName = ""] = args;
  const endpoint = await findEndpoint(options);
  const stage = stageOf(await getStatus(endpoint), api, stageName, options);
  refuseUndocumented(stage);
  const extensions = options["extensions"];
  const isPostman = options["postman"] === true;
  const calls = connect(endpoint, stage.account, stage.region);
  const writeCollection = (text: string): number => {
    const url = stageUrls(showEndpoint(endpoint), stage.region, stage).byPath;
    output.json(makeCollection(JSON.parse(text), { url, region: stage.region }));
    return 0;
  };
  const writeDocument = (text: string): number => {
    output.raw(text.endsWith("\n") ? text : `${text}\n`);
    return 0;
  };
  if (stage.protocol === "HTTP") {
    const text = await exportHttpApi(calls, stage, options["yaml"] && !isPostman ? "YAML" : "JSON");
    return isPostman ? writeCollection(text) : writeDocument(text);
  }
  const { body } = await calls.call("apigateway", "GetExport", {
    restApiId: stage.apiId,
    stageName,
    exportType: isPostman ? "oas30" : (options["format"] ?? "oas30"),
    accepts: options["yaml"] && !isPostman ? "application/yaml" : "application/json",
    ...(typeof extensions === "string" && { parameters: { extensions } }),
  });
  return isPostman ? writeCollection(String(body)) : writeDocument(String(body));
}

/** Returns the document of what an HTTP API's stage serves. */
export async function exportHttpApi(
  calls: PorticoCalls,
  { apiId: ApiId, stageName: StageName }: Pick<StageStatus, "apiId" | "stageName">,
  OutputType: "JSON" | "YAML",
): Promise<string> {
  const { body } = await calls.call("apigatewayv2", "ExportApi", {
    ApiId,
    StageName,
    OutputType,
    Specification: "OAS30",
  });
  return String(body);
}
