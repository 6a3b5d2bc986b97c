import { type AccessRow, type AccessTable, rowsOf, tableOf } from "./access-rows.ts";

/** Metrics are no resources: policies name them by conditions such as `cloudwatch:namespace`. */
const onMetrics: AccessRow = ({ operation, input }) => ({
  action: `cloudwatch:${operation}`,
  resource: "*",
  keys: { "cloudwatch:namespace": typeof input["Namespace"] === "string" ? input["Namespace"] : null },
});

/** AWS: Service Authorization Reference, "Amazon CloudWatch". */
export const cloudWatchTable: AccessTable = tableOf({
  ...rowsOf(["GetMetricData", "GetMetricStatistics", "ListMetrics", "PutMetricData"], onMetrics),
});
