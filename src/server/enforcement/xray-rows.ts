import { type AccessRow, type AccessTable, rowsOf, tableOf, text } from "./access-rows.ts";

const onEverything: AccessRow = ({ operation }) => ({ action: `xray:${operation}`, resource: "*" });

/** A rule by its ARN, or by its name. */
const onRule: AccessRow = (question, { call }) => {
  const { SamplingRule: rule, SamplingRuleUpdate: update } = question.input;
  const given = { ...question.input, ...(rule ?? {}), ...(update ?? {}) } as Readonly<Record<string, unknown>>;
  const name = typeof given["RuleName"] === "string" ? given["RuleName"] : "";
  const arn = given["RuleARN"];
  return {
    action: `xray:${question.operation}`,
    resource: typeof arn === "string" ? arn : `arn:aws:xray:${call.region}:${call.account}:sampling-rule/${name}`,
  };
};

const onResource: AccessRow = (question) => ({
  action: `xray:${question.operation}`,
  resource: text(question, "ResourceARN") ?? "",
});

/** AWS: Service Authorization Reference, "AWS X-Ray". */
export const xrayTable: AccessTable = tableOf({
  ...rowsOf(
    [
      "PutTraceSegments",
      "PutTelemetryRecords",
      "BatchGetTraces",
      "GetTraceSummaries",
      "GetServiceGraph",
      "GetTraceGraph",
      "GetSamplingRules",
      "GetSamplingStatisticSummaries",
      "GetSamplingTargets",
    ],
    onEverything,
  ),
  ...rowsOf(["CreateSamplingRule", "UpdateSamplingRule", "DeleteSamplingRule"], onRule),
  ...rowsOf(["TagResource", "UntagResource", "ListTagsForResource"], onResource),
});
