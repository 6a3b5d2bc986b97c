import { UserError } from "../base/user-error.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import { connect } from "./portico-calls.ts";
import { getStatus, stagesOf } from "./server-status.ts";

/** `portico export API STAGE`: what the stage serves, as GetExport writes it. */
export async function runExport({ args, options, output }: Invocation): Promise<number> {
  const [api = "", stageName = ""] = args;
  const endpoint = await findEndpoint(options);
  const stages = stagesOf(await getStatus(endpoint), api).filter(
    (one) =>
      (options["account"] === undefined || one.account === options["account"]) &&
      (options["region"] === undefined || one.region === options["region"]),
  );
  const found = stages.filter((one) => one.stageName === stageName);
  const [stage, second] = found;
  if (!stage || second)
    throw new UserError({
      what: second ? `Several APIs are named ${api}.` : `${api} has no stage ${stageName}.`,
      why: second
        ? `They are ${found.map((one) => one.apiId).join(", ")}.`
        : `It has ${stages.map((one) => one.stageName).join(", ") || "none in that account and region"}.`,
      next: second ? "Give the id instead of the name." : "Name one of these.",
    });
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
