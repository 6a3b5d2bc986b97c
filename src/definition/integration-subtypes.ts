/** How a parameter, which mappings make as text, is written for its service. */
export type SubtypeForm = "text" | "number" | "time" | "bytes" | "list" | "attributes";

/** The form of an action's requests. */
export type SubtypeProtocol = "json" | "json-entry" | "json-lower" | "query" | "configuration";

/** An action that an HTTP API calls itself. `Region` is optional for all of them. */
export interface IntegrationSubtype {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The service, as `arn:aws:apigateway:{region}:{service}:action/{action}` names it, and IAM's name of the action. */
  readonly service: string;
  readonly action: string;
  readonly protocol: SubtypeProtocol;
  /** The forms of parameters that are not text. */
  readonly forms: Readonly<Record<string, SubtypeForm>>;
}

type Call = Pick<IntegrationSubtype, "service" | "action" | "protocol"> & Partial<Pick<IntegrationSubtype, "forms">>;

const subtype = (call: Call, required: readonly string[], ...optional: string[]): IntegrationSubtype => ({
  forms: {},
  ...call,
  required,
  optional: [...optional, "Region"],
});

const sqs = { service: "sqs", protocol: "query" } as const;
const stepFunctions = { service: "states", protocol: "json-lower" } as const;

/**
 * The actions that `IntegrationSubtype` names.
 * AWS: API Gateway Developer Guide, "Integration subtype reference"; the services' API references.
 * Unconfirmed: SQS is called in its query protocol, so that its answers are XML; see docs/compatibility.md, "HTTP APIs, AWS
 * services".
 */
export const integrationSubtypes: Readonly<Record<string, IntegrationSubtype>> = {
  "EventBridge-PutEvents": subtype(
    { service: "events", action: "PutEvents", protocol: "json-entry", forms: { Time: "time", Resources: "list" } },
    ["Detail", "DetailType", "Source"],
    "Time",
    "EventBusName",
    "Resources",
    "TraceHeader",
  ),
  "SQS-SendMessage": subtype(
    {
      ...sqs,
      action: "SendMessage",
      forms: { DelaySeconds: "number", MessageAttributes: "attributes", MessageSystemAttributes: "attributes" },
    },
    ["QueueUrl", "MessageBody"],
    "DelaySeconds",
    "MessageAttributes",
    "MessageDeduplicationId",
    "MessageGroupId",
    "MessageSystemAttributes",
  ),
  "SQS-ReceiveMessage": subtype(
    {
      ...sqs,
      action: "ReceiveMessage",
      forms: {
        AttributeNames: "list",
        MaxNumberOfMessages: "number",
        MessageAttributeNames: "list",
        VisibilityTimeout: "number",
        WaitTimeSeconds: "number",
      },
    },
    ["QueueUrl"],
    "AttributeNames",
    "MaxNumberOfMessages",
    "MessageAttributeNames",
    "ReceiveRequestAttemptId",
    "VisibilityTimeout",
    "WaitTimeSeconds",
  ),
  "SQS-DeleteMessage": subtype({ ...sqs, action: "DeleteMessage" }, ["ReceiptHandle", "QueueUrl"]),
  "SQS-PurgeQueue": subtype({ ...sqs, action: "PurgeQueue" }, ["QueueUrl"]),
  "AppConfig-GetConfiguration": subtype(
    { service: "appconfig", action: "GetConfiguration", protocol: "configuration" },
    ["Application", "Environment", "Configuration", "ClientId"],
    "ClientConfigurationVersion",
  ),
  "Kinesis-PutRecord": subtype(
    { service: "kinesis", action: "PutRecord", protocol: "json", forms: { Data: "bytes" } },
    ["StreamName", "Data", "PartitionKey"],
    "SequenceNumberForOrdering",
    "ExplicitHashKey",
  ),
  "StepFunctions-StartExecution": subtype(
    { ...stepFunctions, action: "StartExecution" },
    ["StateMachineArn"],
    "Name",
    "Input",
  ),
  "StepFunctions-StartSyncExecution": subtype(
    { ...stepFunctions, action: "StartSyncExecution" },
    ["StateMachineArn"],
    "Name",
    "Input",
    "TraceHeader",
  ),
  "StepFunctions-StopExecution": subtype(
    { ...stepFunctions, action: "StopExecution" },
    ["ExecutionArn"],
    "Cause",
    "Error",
  ),
};
