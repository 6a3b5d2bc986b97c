import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import { connect } from "./portico-calls.ts";
import { getStatus, stageOf } from "./server-status.ts";

/** `portico export API STAGE`: what the stage serves, as GetExport writes it. */
export async function runExport({ args, options, output }: Invocation): Promise<number> {
  const [api = "", stageName = ""] = args;
  const endpoint = await findEndpoint(options);
  const stage = stageOf(await getStatus(endpoint), api, stageName, options);
  const extensions = options["extensions"];
  const { body } = await connect(endpoint, stage.account, stage.region).call("apigateway", "GetExport", {
    restApiId: stage.apiId,
    stageName,
    exportType: options["format"] ?? "oas30",
    accepts: options["yaml"] ? "application/yaml" : "application/json",
    ...(typeof extensions === "string" && { parameters: { extensions } }),
  });
  const text = String(body);
  output.raw(text.endsWith("\n") ? text : `${text}\n`);
  return 0;
}
