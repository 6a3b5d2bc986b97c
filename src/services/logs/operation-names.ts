/** The operations that need nothing but the store. Control knows only the names; the logs' thread loads the code. */
export const storeOperationNames = [
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

/** The names of the operations of Logs Insights. */
const queryOperationNames = ["StartQuery", "GetQueryResults", "StopQuery", "DescribeQueries"] as const;

/** The names of the `logs` service's operations that its thread answers. */
export const logsOperationNames: readonly string[] = [...storeOperationNames, ...queryOperationNames];
/** The names of all operations of the service: `StartLiveTail` is control's. */
export const servedLogsOperations: readonly string[] = [...logsOperationNames, "StartLiveTail"];

/** What control asks the thread of a live tail: `StartLiveTail` itself is a stream, which control makes of these. */
export const tailCalls = { start: "StartTail", next: "NextOfTail", end: "EndTail" } as const;
