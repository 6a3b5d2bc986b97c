/** The operations of the `logs` service. Control knows them by their names: what they do is loaded by the logs' thread. */
export const logsOperationNames = [
  "CreateLogGroup",
  "DeleteLogGroup",
  "DescribeLogGroups",
  "PutRetentionPolicy",
  "DeleteRetentionPolicy",
  "PutLogGroupDeletionProtection",
  "TagResource",
  "UntagResource",
  "ListTagsForResource",
  "TagLogGroup",
  "UntagLogGroup",
  "ListTagsLogGroup",
  "CreateLogStream",
  "DeleteLogStream",
  "DescribeLogStreams",
  "PutLogEvents",
  "GetLogEvents",
  "FilterLogEvents",
] as const;
export type LogsOperationName = (typeof logsOperationNames)[number];
