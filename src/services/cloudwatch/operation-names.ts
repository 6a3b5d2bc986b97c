/** The operations of the `cloudwatch` service that the metrics' thread answers. Control knows only their names. */
export const metricOperationNames = ["PutMetricData", "ListMetrics", "GetMetricStatistics", "GetMetricData"] as const;
export type MetricOperationName = (typeof metricOperationNames)[number];
