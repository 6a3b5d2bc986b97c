/** The names of the `logs` service's operations. Control knows only the names; the logs' thread loads the code. */
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
