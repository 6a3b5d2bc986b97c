import { bounds } from "../base/bounds.ts";
import { shortened } from "./text-lengths.ts";

/** What makes a stage valid: its name, its variables, its method settings. */

/** AWS: CreateStage, stageName: "Stage names can only contain alphanumeric characters, hyphens, and underscores", 128. */
export const checkStageName = (stageName: string): string | undefined =>
  /^[a-zA-Z0-9_-]{1,128}$/.test(stageName) ? undefined : "Stage name only allows a-zA-Z0-9_";

/** AWS: "Amazon API Gateway quotas and important notes": stage variables per stage, key and value length. */
const variablesMax = bounds.stageVariablesMax.value;
const variableNameMax = bounds.stageVariableNameCharsMax.value;
const variableValueMax = bounds.stageVariableValueCharsMax.value;

/** Checks a stage's variables, or a canary's overrides of them. */
export function checkStageVariables(variables: Readonly<Record<string, string>> | undefined): string | undefined {
  const entries = Object.entries(variables ?? {});
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (entries.length > variablesMax)
    return `Maximum number of stage variables for this stage has been reached: ${variablesMax}`;
  for (const [name, value] of entries) {
    if (!/^\w+$/.test(name) || name.length > variableNameMax) {
      return `Invalid stage variable name: ${shortened(name)}.  Please use names with only word characters.`;
    }
    if (!/^[A-Za-z0-9 \-._~:/?#&=,]+$/.test(value) || value.length > variableValueMax) {
      return (
        `Invalid stage variable value: ${shortened(value)}.  Please use values with alphanumeric characters and the symbols ' ', ` +
        "-', '.', '_', ':', '/', '?', '&', '=', and ','."
      );
    }
  }
  return undefined;
}

/** Checks access log settings: the ARN of a log group or of a Firehose stream, and a format that names the request. */
export function checkAccessLogs(settings: { readonly destinationArn?: string; readonly format?: string }) {
  const { destinationArn, format } = settings;
  const isDestination =
    destinationArn === undefined ||
    /^arn:aws[a-z-]*:(logs:[a-z0-9-]+:\d{12}:log-group:\S+|firehose:[a-z0-9-]+:\d{12}:deliverystream\/amazon-apigateway-\S+)$/.test(
      destinationArn,
    );
  // AWS's words, as users quote them.
  if (format !== undefined && /[\r\n]/.test(format.replace(/\r?\n$/, ""))) {
    return "Access Log format must be single line, new line character is allowed only at end of the format";
  }
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (!isDestination) return "Invalid ARN specified in the request";
  if (format !== undefined && !/\$context\.(requestId|extendedRequestId)\b/.test(format)) {
    return "Access Log format must contain $context.requestId or $context.extendedRequestId";
  }
  return undefined;
}
