import { getMetricData } from "./get-metric-data.ts";
import { getMetricStatistics } from "./get-metric-statistics.ts";
import { listMetrics } from "./list-metrics.ts";
import type { MetricOperation } from "./metric-call.ts";
import type { MetricOperationName } from "./operation-names.ts";
import { putMetricData } from "./put-metric-data.ts";

/** The operations of the `cloudwatch` service that the metrics' thread answers. */
export const metricOperations: Readonly<Record<MetricOperationName, MetricOperation>> = {
  PutMetricData: putMetricData,
  ListMetrics: listMetrics,
  GetMetricStatistics: getMetricStatistics,
  GetMetricData: getMetricData,
};
