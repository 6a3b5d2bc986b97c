import type { CallContext } from "../../protocol/operation.ts";
import { type AccessRow, type AccessTable, rowsOf, tableOf, text } from "./access-rows.ts";

/** Metrics are no resources: policies name them by conditions such as `cloudwatch:namespace`. */
const onMetrics: AccessRow = ({ operation, input }) => ({
  action: `cloudwatch:${operation}`,
  resource: "*",
  keys: { "cloudwatch:namespace": typeof input["Namespace"] === "string" ? input["Namespace"] : null },
});

const alarmArn = ({ account, region }: CallContext, name: string): string =>
  `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;

/** Every alarm that the call names; all of them, if it names none. */
const onAlarms: AccessRow = ({ operation, input }, { call }) => {
  const single = input["AlarmName"];
  const many = input["AlarmNames"];
  const names = Array.isArray(many) && many.length > 0 ? many : [typeof single === "string" ? single : "*"];
  return names.map((name) => ({ action: `cloudwatch:${operation}`, resource: alarmArn(call, String(name)) }));
};

const onEverything: AccessRow = ({ operation }) => ({ action: `cloudwatch:${operation}`, resource: "*" });

const onResource: AccessRow = (question) => ({
  action: `cloudwatch:${question.operation}`,
  resource: text(question, "ResourceARN") ?? "",
});

/** AWS: Service Authorization Reference, "Amazon CloudWatch". */
export const cloudWatchTable: AccessTable = tableOf({
  ...rowsOf(["GetMetricData", "GetMetricStatistics", "ListMetrics", "PutMetricData"], onMetrics),
  ...rowsOf(
    [
      "DeleteAlarms",
      "DescribeAlarmHistory",
      "DescribeAlarms",
      "DisableAlarmActions",
      "EnableAlarmActions",
      "PutMetricAlarm",
      "SetAlarmState",
    ],
    onAlarms,
  ),
  DescribeAlarmsForMetric: onEverything,
  ...rowsOf(["ListTagsForResource", "TagResource", "UntagResource"], onResource),
});
