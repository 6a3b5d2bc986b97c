/** A limit: what it is, AWS's number where AWS has one, and where that is written. */
interface Bound {
  readonly value: number;
  readonly source: string;
}

/**
 * Every bound of queues, bodies, templates and tables that is not a user's setting, in one place.
 * AWS: "Amazon API Gateway quotas and important notes".
 */
export const bounds = {
  integrationTimeoutMsDefault: { value: 29_000, source: "AWS: Maximum integration timeout" },
  integrationTimeoutMsMin: { value: 50, source: "AWS: Maximum integration timeout" },
  payloadBytesMax: { value: 10_485_760, source: "AWS: Payload size" },
  lambdaPayloadBytesMax: { value: 6_291_556, source: "AWS Lambda: Invocation payload, synchronous" },
  accessLogFormatBytesMax: { value: 3_072, source: "AWS: Access log template size" },
  mappingTemplateBytesMax: { value: 307_200, source: "AWS: Mapping template size" },
  throttlingRatePerSecond: { value: 10_000, source: "AWS: Throttle quota per account, per Region" },
  throttlingBurst: { value: 5_000, source: "AWS: Throttle quota per account, per Region" },
  requestTargetBytesMax: { value: 10_240, source: "AWS: URL length, Regional" },
  backendConnectionsMax: { value: 512, source: "ours: connections of one gateway thread to one origin" },
  backendRequestsMax: { value: 8_192, source: "ours: requests of one gateway thread that one origin has not answered" },
  backendHeaderBytesMax: { value: 65_536, source: "ours: response headers of a backend" },
  smallBodyBytesMax: { value: 65_536, source: "ours: request bodies up to this are buffered, since that is cheaper" },
  accessLogBufferBytesMax: {
    value: 8_388_608,
    source: "ours: access log lines that wait for a slow disk; more are dropped",
  },
  selectionPatternStatesMax: { value: 2_000, source: "ours: states of a compiled selection pattern" },
  jsonDepthMax: { value: 1_000, source: "ours, and Jackson's since 2.15: levels of a JSON text" },
  jsonNumberLengthMax: { value: 1_000, source: "ours, and Jackson's since 2.15: characters of a number in JSON" },
  hintBytesMax: { value: 900, source: "ours: the header x-portico-hint" },
  hintRoutesMax: { value: 20_000, source: "ours: routes that a hint looks at" },
  metricsStagesMax: { value: 256, source: "ours: stages with a label of their own in the metrics" },
  permissionDecisionsMax: { value: 4_096, source: "ours: remembered decisions of one function's policy" },
  inputDepthMax: { value: 64, source: "ours: levels of a management call's JSON; no operation has a dozen" },
  formBytesMax: { value: 1_048_576, source: "ours: a call in the query protocol; the largest member is a policy" },
  formParametersMax: { value: 10_000, source: "ours: parameters of a call in the query protocol" },
  formDepthMax: { value: 16, source: "ours: dots in the name of such a parameter" },
  managementPathSegmentsMax: { value: 32, source: "ours: segments of a management path; no template has a dozen" },
  validationProblemsMax: { value: 32, source: "ours: problems that one answer lists" },
  quotedValueLengthMax: { value: 1_024, source: "ours: characters of a value that a problem quotes" },
  patternLengthMax: { value: 131_072, source: "AWS: the longest text with a pattern, a simulated IAM policy" },
  pageTokenLengthMax: { value: 2_048, source: "ours: a page's token" },
  clientAnswerBytesMax: { value: 268_435_456, source: "ours: an answer that the command line takes" },
  functionConcurrencyMax: { value: 1_000, source: "AWS Lambda: Concurrent executions" },
  functionInitMsMax: { value: 10_000, source: "AWS Lambda: Init phase" },
  functionTimeoutSecondsMax: { value: 900, source: "AWS Lambda: Function timeout" },
  functionMemoryMbMax: { value: 10_240, source: "AWS Lambda: Function memory allocation" },
  functionEnvironmentBytesMax: { value: 4_096, source: "AWS Lambda: Function environment variables" },
  functionPolicyBytesMax: { value: 20_480, source: "AWS Lambda: Function resource-based policy" },
  functionTagsMax: { value: 50, source: "AWS: tags of a resource" },
  functionLogTailBytes: { value: 4_096, source: "AWS Lambda: Invoke, LogType" },
  functionLogBacklogBytesMax: { value: 262_144, source: "ours: output of a thread's functions on its way to the log" },
  functionWaitMsMax: { value: 30_000, source: "ours: an invocation waits so long for an environment" },
  packageZippedBytesMax: { value: 52_428_800, source: "AWS Lambda: Deployment package size, zipped" },
  packageUnzippedBytesMax: { value: 262_144_000, source: "AWS Lambda: Deployment package size, unzipped" },
  packageEntriesMax: { value: 50_000, source: "ours: files and folders of a deployment package" },
  lambdaEventBytesMax: { value: 1_048_576, source: "AWS Lambda: Invocation payload, asynchronous" },
  lambdaEventAgeMsMax: { value: 21_600_000, source: "AWS Lambda: Maximum age of an asynchronous event" },
  lambdaEventsQueuedMax: { value: 10_000, source: "ours: asynchronous events that wait or run" },
  lambdaEventsRunningMax: { value: 64, source: "ours: asynchronous events that run at a time" },
} as const satisfies Record<string, Bound>;
