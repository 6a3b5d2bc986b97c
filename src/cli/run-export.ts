import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { connect } from "./portico-calls.ts";
import { makeCollection } from "./postman-collection.ts";
import { getStatus, stageOf } from "./server-status.ts";
import { stageUrls } from "./up/render-routes.ts";

/** `portico export API STAGE`: writes what the stage serves, as GetExport does. */
export async function runExport({ args, options, output }: Invocation): Promise<number> {
  const [api = "", stageName = ""] = args;
  const endpoint = await findEndpoint(options);
  const stage = stageOf(await getStatus(endpoint), api, stageName, options);
  const extensions = options["extensions"];
  const isPostman = options["postman"] === true;
  const { body } = await connect(endpoint, stage.account, stage.region).call("apigateway", "GetExport", {
    restApiId: stage.apiId,
    stageName,
    exportType: isPostman ? "oas30" : (options["format"] ?? "oas30"),
    accepts: options["yaml"] && !isPostman ? "application/yaml" : "application/json",
    ...(typeof extensions === "string" && { parameters: { extensions } }),
  });
  const text = String(body);
  if (isPostman) {
    const url = stageUrls(showEndpoint(endpoint), stage.region, stage).byPath;
    output.json(makeCollection(JSON.parse(text), { url, region: stage.region }));
    return 0;
  }
  output.raw(text.endsWith("\n") ? text : `${text}\n`);
  return 0;
}
