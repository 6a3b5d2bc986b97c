import type { CallContext } from "../../protocol/operation.ts";
import { type AccessRow, type AccessTable, rowsOf, tableOf, text } from "./access-rows.ts";

/** Metrics are no resources. */
const onEverything: AccessRow = ({ operation }) => ({ action: `cloudwatch:${operation}`, resource: "*" });

/** AWS: CloudWatch User Guide, "Using condition keys to limit access to CloudWatch namespaces": only of what is put. */
const putMetrics: AccessRow = (question) => ({
  action: "cloudwatch:PutMetricData",
  resource: "*",
  keys: { "cloudwatch:namespace": text(question, "Namespace") ?? null },
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

/**
 * AWS: CloudWatch User Guide, "Using condition keys to limit alarm actions"; CloudWatch API reference, "PutMetricAlarm", Tags:
 * they take the permission for TagResource.
 */
const putAlarm: AccessRow = (question, { call }) => {
  const { input } = question;
  const resource = alarmArn(call, text(question, "AlarmName") ?? "*");
  const actions = ["OKActions", "AlarmActions", "InsufficientDataActions"].flatMap((state) => input[state] ?? []);
  const keys = { "cloudwatch:alarmactions": actions.length === 0 ? null : (actions as string[]) };
  const demand = { action: "cloudwatch:PutMetricAlarm", resource, keys };
  const { Tags: tags } = input;
  const tagging = { action: "cloudwatch:TagResource", resource };
  return Array.isArray(tags) && tags.length > 0 ? [demand, tagging] : demand;
};

const onResource: AccessRow = (question) => ({
  action: `cloudwatch:${question.operation}`,
  resource: text(question, "ResourceARN") ?? "",
});

/** AWS: Service Authorization Reference, "Amazon CloudWatch". */
export const cloudWatchTable: AccessTable = tableOf({
  ...rowsOf(["DescribeAlarmsForMetric", "GetMetricData", "GetMetricStatistics", "ListMetrics"], onEverything),
  PutMetricData: putMetrics,
  PutMetricAlarm: putAlarm,
  ...rowsOf(
    [
      "DeleteAlarms",
      "DescribeAlarmHistory",
      "DescribeAlarms",
      "DisableAlarmActions",
      "EnableAlarmActions",
      "SetAlarmState",
    ],
    onAlarms,
  ),
  ...rowsOf(["ListTagsForResource", "TagResource", "UntagResource"], onResource),
});
