import { type AccessRow, type AccessTable, rowsOf, tableOf, text } from "./access-rows.ts";

/**
 * AWS's answers name log groups and streams like this, with nothing where the call names none. AWS: CloudWatch Logs User
 * Guide, "Overview of managing access permissions", ARNs that policies may use.
 */
const onStream: AccessRow = (question, { call }) => {
  const given = text(question, "logGroupName") ?? text(question, "logGroupIdentifier") ?? "";
  const named = /^arn:[^:]*:logs:([^:]*):([^:]*):log-group:([^:]*)/.exec(given);
  const [, region = call.region, account = call.account, group = given] = named ?? [];
  const stream = text(question, "logStreamName") ?? "";
  return {
    action: `logs:${question.operation}`,
    resource: `arn:aws:logs:${region}:${account}:log-group:${group}:log-stream:${stream}`,
  };
};

/** AWS: Service Authorization Reference, "Amazon CloudWatch Logs": StartLiveTail and StartQuery are on log groups. */
const onGroups: AccessRow = (question, { call }) => {
  const { input } = question;
  const named = [input["logGroupIdentifiers"], input["logGroupNames"], input["logGroupName"]].flat();
  const groups = named.filter((each) => typeof each === "string");
  return (groups.length === 0 ? [""] : groups).map((group) => {
    const arn = group.startsWith("arn:") ? group : `arn:aws:logs:${call.region}:${call.account}:log-group:${group}`;
    return { action: `logs:${question.operation}`, resource: `${arn.replace(/:\*$/, "")}:*` };
  });
};

/** The operation names no resource. */
const onAll: AccessRow = (question) => ({ action: `logs:${question.operation}`, resource: "*" });

const onResource: AccessRow = (question) => ({
  action: `logs:${question.operation}`,
  // `:*` at the end makes no other group of it.
  resource: (text(question, "resourceArn") ?? "").replace(/:\*$/, ""),
});

/** AWS: Service Authorization Reference, "Amazon CloudWatch Logs". */
export const logsTable: AccessTable = tableOf({
  ...rowsOf(
    [
      "CreateLogGroup",
      "CreateLogStream",
      "DeleteLogGroup",
      "DeleteLogStream",
      "DeleteRetentionPolicy",
      "DescribeLogGroups",
      "DescribeLogStreams",
      "FilterLogEvents",
      "GetLogEvents",
      "ListTagsLogGroup",
      "PutLogEvents",
      "PutLogGroupDeletionProtection",
      "PutRetentionPolicy",
      "TagLogGroup",
      "UntagLogGroup",
    ],
    onStream,
  ),
  ...rowsOf(["StartLiveTail", "StartQuery"], onGroups),
  ...rowsOf(["DescribeQueries", "GetQueryResults", "StopQuery"], onAll),
  ListTagsForResource: onResource,
  TagResource: onResource,
  UntagResource: onResource,
});
