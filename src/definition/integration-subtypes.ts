/** The parameters of an action that an HTTP API calls itself. `Region` is optional for all of them. */
export interface IntegrationSubtype {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const subtype = (required: readonly string[], ...optional: string[]): IntegrationSubtype => ({
  required,
  optional: [...optional, "Region"],
});

/**
 * The actions that `IntegrationSubtype` names.
 * AWS: API Gateway Developer Guide, "Integration subtype reference".
 */
export const integrationSubtypes: Readonly<Record<string, IntegrationSubtype>> = {
  "EventBridge-PutEvents": subtype(
    ["Detail", "DetailType", "Source"],
    "Time",
    "EventBusName",
    "Resources",
    "TraceHeader",
  ),
  "SQS-SendMessage": subtype(
    ["QueueUrl", "MessageBody"],
    "DelaySeconds",
    "MessageAttributes",
    "MessageDeduplicationId",
    "MessageGroupId",
    "MessageSystemAttributes",
  ),
  "SQS-ReceiveMessage": subtype(
    ["QueueUrl"],
    "AttributeNames",
    "MaxNumberOfMessages",
    "MessageAttributeNames",
    "ReceiveRequestAttemptId",
    "VisibilityTimeout",
    "WaitTimeSeconds",
  ),
  "SQS-DeleteMessage": subtype(["ReceiptHandle", "QueueUrl"]),
  "SQS-PurgeQueue": subtype(["QueueUrl"]),
  "AppConfig-GetConfiguration": subtype(
    ["Application", "Environment", "Configuration", "ClientId"],
    "ClientConfigurationVersion",
  ),
  "Kinesis-PutRecord": subtype(["StreamName", "Data", "PartitionKey"], "SequenceNumberForOrdering", "ExplicitHashKey"),
  "StepFunctions-StartExecution": subtype(["StateMachineArn"], "Name", "Input"),
  "StepFunctions-StartSyncExecution": subtype(["StateMachineArn"], "Name", "Input", "TraceHeader"),
  "StepFunctions-StopExecution": subtype(["ExecutionArn"], "Cause", "Error"),
};
