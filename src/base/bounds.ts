/** A limit: its value, and its source if it is AWS's. */
interface Bound {
  readonly value: number;
  readonly source: string;
}

/**
 * Every bound of sizes, counts, depths and times that is not a user's setting, by the rooms that keep it: guards
 * against hostile or broken input, and AWS's quotas. AWS: "Amazon API Gateway quotas and important notes".
 */
export const bounds = {
  // The HTTP codec in front, and the client to backends
  requestTargetBytesMax: { value: 10_240, source: "AWS: URL length, Regional" },
  requestTargetBytesMaxEdge: { value: 8_192, source: "AWS: URL length, edge-optimized" },
  requestTargetBytesMaxPrivate: { value: 8_192, source: "AWS: URL length, private" },
  backendHeaderBytesMax: { value: 65_536, source: "ours: response headers of a backend" },
  backendInterimAnswersMax: {
    value: 32,
    source: "ours: interim answers of one request (RFC 9110 §15.2); more are no service to anybody",
  },
  backendConnectMsMax: { value: 10_000, source: "ours: a connection to a backend until it is made" },
  backendIdleMsMax: {
    value: 300_000,
    source: "ours: a connection to a backend is kept so long for its next request, whatever the backend promises",
  },
  headerNamesKnownMax: {
    value: 2_048,
    source: "ours: names of headers that a thread remembers as sendable, and so for answers",
  },
  headerNameKnownCharsMax: { value: 128, source: "ours: each of these names" },
  headerNamesWrittenMax: {
    value: 1_024,
    source: "ours: names of headers and parameters that a thread remembers as JSON for events",
  },
  serverNamesKnownMax: {
    value: 128,
    source: "ours: names of the server of which a thread keeps the certificate; another one costs some 300 µs",
  },
  chunkSizeDigitsMax: {
    value: 8,
    source: "ours: digits of a chunk's size; 4 GB in one chunk is more than any limit lets through",
  },
  chunkExtensionBytesMax: {
    value: 4_096,
    source: "ours: chunk extensions of a body, which carry no data; RFC 9112 §7.1.1 wants a bound",
  },
  trailerBytesMax: { value: 8_192, source: "ours: trailers of a body" },
  contentLengthDigitsMax: { value: 15, source: "ours: digits of a Content-Length; with fifteen it is a safe integer" },
  cachedAnswerBytesMax: { value: 1_048_576, source: 'AWS: "Cache settings for REST APIs in API Gateway"' },
  recordedAnswersBytesMax: {
    value: 134_217_728,
    source: "ours: answers that a thread records for its response caches while it passes them on; others are not kept",
  },
  cacheKeyCharsMax: { value: 16_384, source: "ours: requests with longer keys go past the response cache" },
  cacheShardsMax: { value: 64, source: "ours: the parts of a stage's response cache" },
  headerNameCachedBytesMax: { value: 64, source: "ours: a header's name that is read without making a text" },
  requestMethodBytesMax: { value: 32, source: "ours: the method of a request" },
  requestEmptyLinesMax: { value: 4, source: "ours: empty lines before a request (RFC 9112 §2.2)" },
  requestHeaderBytesMax: { value: 10_240, source: "AWS: Total combined size of request line and header values" },
  requestHeadersMax: { value: 200, source: "ours: header lines of a request" },
  requestPendingBytesMax: {
    value: 65_536,
    source: "ours: body that is not read yet, or pipelined requests, before the socket is no longer read",
  },
  requestDrainBytesMax: {
    value: 262_144,
    source: "ours: body that no handler read and that is thrown away to keep the connection",
  },
  lingerBytesMax: {
    value: 33_554_432,
    source: "ours: bytes thrown away after the last answer, so that the client sees it (RFC 9112 §9.6)",
  },
  lingerMsMax: { value: 2_000, source: "ours: how long that goes on" },
  requestHeaderMsMax: { value: 20_000, source: "ours: from a request's first byte to the end of its headers" },
  ipAddressCharsMax: { value: 45, source: "ours: RFC 4291, an IPv6 address whose end is written as IPv4" },
  proxyLineBytesMax: { value: 107, source: "ours: PROXY protocol §2.1, the longest line of version 1, with its end" },
  proxyHeaderBytesMax: { value: 8_192, source: "ours: what follows the first 16 bytes of a PROXY header of version 2" },
  refusedConnectionLogMs: {
    value: 60_000,
    source: "ours: between two log lines of a thread about refused PROXY headers",
  },
  trustedProxyHopsMax: { value: 32, source: "ours: trusted proxies that one request came through" },
  bodyIdleMsMax: { value: 30_000, source: "ours: a body that is being read, without progress" },
  answerIdleMsMax: {
    value: 60_000,
    source: "ours: an answer that is being sent, without progress; a kernel takes more only by megabytes",
  },
  bodyBytesPerSecondMin: { value: 500, source: "ours: average of a body, up or down, once its time-out has passed" },
  clientIdleMsMax: { value: 65_000, source: "ours: a client's connection between two requests" },
  clientConnectionsMax: {
    value: 20_000,
    source: "ours: clients' connections of one gateway thread, if the process may have that many open files",
  },
  leftByWebSocketsMax: {
    value: 1_000,
    source: "ours: connections of a gateway thread that WebSockets leave to others; an eighth at most",
  },
  otherFilesMax: {
    value: 2_048,
    source: "ours: open files that clients' connections leave to backends, functions and the store",
  },
  bufferedBodyBytesMax: {
    value: 268_435_456,
    source: "ours: bodies that a thread buffers, all connections together; more are refused with a 503",
  },
  queuedAnswerBytesMax: {
    value: 268_435_456,
    source: "ours: answers that clients have not taken, all connections together; beyond it those who owe most are cut",
  },
  backendHeadersMax: { value: 1_000, source: "ours: header lines of a backend's answer" },

  // The gateway: exchanges, integrations, authorizers, hints
  userPoolKeySetsMax: { value: 256, source: "ours: user pools whose keys a thread keeps" },
  userPoolKeySetBytesMax: {
    value: 150_000,
    source: "AWS: Quotas for configuring and running an HTTP API, response size from JSON Web Key Set endpoint",
  },
  streamMetadataBytesMax: { value: 16_384, source: "AWS: a function's metadata with its delimiter" },
  templateOverrideCharsMax: { value: 65_536, source: "ours: names and values that templates override in one exchange" },
  jsonContainersMax: {
    value: 500_000,
    source: "ours: objects and arrays of a body or text that is parsed; about 0.2 s",
  },
  lenientJsonCharsMax: { value: 65_536, source: "ours: JSON that only a lenient parser takes, which is not counted" },
  jsonPathsCachedMax: { value: 1_024, source: "ours: JSONPaths of templates that a thread keeps parsed" },
  backendConnectionsMax: { value: 512, source: "ours: connections of one gateway thread to one origin" },
  backendConnectsPerMsMax: {
    value: 16,
    source:
      "ours: connections that one gateway thread opens to one origin in a millisecond, but for requests that are sent again",
  },
  backendRequestsMax: { value: 8_192, source: "ours: requests of one gateway thread that one origin has not answered" },
  stsAnswerBytesMax: { value: 65_536, source: "ours: what STS answers to AssumeRole" },
  smallBodyBytesMax: { value: 65_536, source: "ours: request bodies up to this are buffered, since that is cheaper" },
  selectionPatternVisitsMax: {
    value: 2_000_000,
    source: "ours: states that the selection patterns of a method visit for one answer; about 0.2 s",
  },
  identityPatternVisitsMax: {
    value: 500_000,
    source: "ours: states that an identityValidationExpression visits for one identity; about 0.05 s",
  },
  hintRoutesMax: { value: 20_000, source: "ours: routes that a hint looks at" },
  simulatedPolicyCharsMax: {
    value: 4_000_000,
    source: "ours: characters of policies that one page of a simulation evaluates, each as often as it is evaluated",
  },
  simulatedMatchesMax: {
    value: 2_000,
    source: "ours: statements and missing keys that one page of a simulation names; it ends with the first item beyond",
  },
  policyStepsMax: {
    value: 2_000_000,
    source:
      "ours: characters and values that one evaluation of a policy compares by patterns and lists, some 5 ms; what is not reached never allows, and denies if it is a Deny",
  },
  permissionDecisionsMax: { value: 4_096, source: "ours: remembered decisions of one function's policy" },
  userPoolKeysFetchMsMax: { value: 5_000, source: "ours: the request for a user pool's keys" },
  traceHeaderCharsMax: { value: 512, source: "ours: the header X-Amzn-Trace-Id of a client that is kept" },
  stsAssumeRoleMsMax: { value: 10_000, source: "ours: the call of STS for a role's credentials" },
  serviceParametersCharsMax: {
    value: 2_097_152,
    source: "ours: text that an HTTP API sends to an AWS service in one call; no action that it knows takes more",
  },
  serviceListItemsMax: { value: 1_000, source: "ours: items of a list that an HTTP API sends to an AWS service" },
  serviceRegionsMax: {
    value: 64,
    source: "ours: regions in which a route that is told the region by requests has connections; AWS has fewer",
  },
  mappedBodyBytesMax: {
    value: 102_400,
    source:
      "AWS: Transform API requests and responses for HTTP APIs: a body is cut there before a JSONPath looks at it",
  },
  mappedValueCharsMax: {
    value: 10_240,
    source:
      "AWS: Quotas for configuring and running an HTTP API, request line and headers: a longer mapped value is none",
  },
  mappedHeaderNameCharsMax: { value: 256, source: "ours: a header's name that a mapping makes" },

  // Web ACLs
  wafStepsMax: {
    value: 16_000_000,
    source: "ours: steps of some 6 ns that a web ACL's inspection of one request takes; about 0.1 s",
  },
  wafPatternStatesMax: { value: 4_096, source: "ours: states of a pattern of a web ACL" },
  wafPatternKeptStatesMax: { value: 256, source: "ours: states that a thread keeps of such a pattern's automaton" },
  wafStatementDepthMax: { value: 20, source: "ours: statements inside statements" },
  wafSamplesMax: { value: 2_000, source: "ours: sampled requests that a thread keeps" },
  wafSamplesMsMax: { value: 2_000, source: "ours: until a thread has told its sampled requests" },
  wafSampledRulesMax: { value: 256, source: "ours: rules whose requests a thread samples" },
  wafForwardedAddressesMax: { value: 10, source: "AWS: addresses of a header that an IP set looks at under ANY" },
  wafSqlTokensMax: { value: 24, source: "ours: tokens of SQL that a detector reads behind each quote of a text" },
  wafSqlQuotesMax: { value: 8, source: "ours: quotes of each kind that may end the string that a text stands in" },
  wafTagsReadMax: { value: 64, source: "ours: tags of a text whose attributes a detector reads" },
  wafTagCharsMax: { value: 4_096, source: "ours: each of these tags" },
  wafUrlCharsMax: { value: 512, source: "ours: the beginning of a URL whose scheme a detector reads" },
  wafRulesMax: { value: 1_000, source: "ours: rules of a web ACL or rule group; AWS bounds their capacity only" },
  wafCapacityMax: { value: 5_000, source: "AWS: web ACL capacity units of a web ACL, and of a rule group" },
  wafWebAclsMax: { value: 100, source: "AWS: web ACLs of an account in a region" },
  wafRuleGroupsMax: { value: 100, source: "AWS: rule groups of an account in a region" },
  wafIpSetsMax: { value: 100, source: "AWS: IP sets of an account in a region" },
  wafRegexPatternSetsMax: { value: 10, source: "AWS: regex pattern sets of an account in a region" },
  wafAddressesMax: { value: 10_000, source: "AWS: addresses of an IP set" },
  wafRegexesMax: { value: 10, source: "AWS: patterns of a regex pattern set" },
  wafCustomBodiesMax: { value: 50, source: "AWS: custom response bodies of a web ACL or rule group" },
  wafCustomBodyBytesMax: { value: 4_096, source: "AWS: a custom response body" },
  wafTagsMax: { value: 50, source: "AWS: tags of a resource of AWS WAF" },
  wafPageItemsMax: { value: 100, source: "AWS: PaginationLimit" },
  wafRateSlotsMax: { value: 65_536, source: "ours: keys whose requests are counted for rate-based rules at one time" },
  wafHeadersMax: { value: 200, source: "AWS: headers, and cookies, that a web ACL inspects" },
  wafHeaderBytesMax: { value: 8_192, source: "AWS: bytes of headers, and of cookies, that a web ACL inspects" },

  // Templates, JSON, JSONPath, JSON Schema, XML and patterns
  mappingTemplateBytesMax: { value: 307_200, source: "AWS: Mapping template size" },
  templateLoopRoundsMax: { value: 1_000, source: "AWS: Mapping template, iterations of one #foreach loop" },
  templateStepsMax: {
    value: 20_000_000,
    source: "ours: directives, calls, rounds and members of one rendering; 1.5 s, outside of the gateway threads",
  },
  templateStepsMaxHere: {
    value: 500_000,
    source:
      "ours: steps of a rendering in a gateway thread, 40 ms; one that takes more is begun anew on its jobs' thread",
  },
  payloadBytesMaxHere: {
    value: 131_072,
    source: "ours: a body that a gateway thread parses itself, in 20 ms at most; more on its jobs' thread",
  },
  jobTemplatesKeptMax: { value: 64, source: "ours: templates that a jobs' thread keeps compiled" },
  templateTextCharsMax: {
    value: 10_485_760,
    source: "ours: what a template prints, and each text in it; AWS: Payload size",
  },
  templateCharsMadeMax: { value: 33_554_432, source: "ours: all texts together that one rendering makes" },
  templateCollectionSizeMax: { value: 100_000, source: "ours: elements of a list or map that a template makes" },
  templateIntegerBitsMax: { value: 4_096, source: "ours: a whole number that a template computes" },
  templateValueDepthMax: {
    value: 1_000,
    source: "ours: levels of a value that is printed, compared or read from JSON",
  },
  templateNestingMax: { value: 100, source: "ours: blocks, parentheses, lists and texts within each other" },
  templateMacroDepthMax: { value: 20, source: "Velocity 1.7: velocimacro.max.depth" },
  templateStepsPerPatternVisit: { value: 2, source: "ours: steps that a state counts as which a pattern visits" },
  templatePatternsCachedMax: {
    value: 128,
    source: "ours: compiled patterns of replaceAll, split, matches in a thread",
  },
  xmlDepthMax: { value: 1_000, source: "ours, as JSON's: elements within each other" },
  xmlNodesMax: { value: 100_000, source: "ours: elements, attributes, comments and instructions of a document" },
  xmlStepsPerNode: { value: 10, source: "ours: steps of a template that each of these counts as" },
  selectionPatternStatesMax: { value: 2_000, source: "ours: states of a compiled selection pattern" },
  jsonDepthMax: { value: 1_000, source: "ours, and Jackson's since 2.15: levels of a JSON text" },
  jsonNumberLengthMax: { value: 1_000, source: "ours, and Jackson's since 2.15: characters of a number in JSON" },
  jsonPathLengthMax: { value: 4_096, source: "ours: characters of a JSONPath" },
  jsonPathStepsMax: { value: 2_000_000, source: "ours: values that one evaluation of a JSONPath looks at" },
  patternStatesMax: { value: 20_000, source: "ours: states of a model's pattern" },
  patternStepsMax: { value: 4_000_000, source: "ours: steps of one search for a pattern of a log filter; about 0.1 s" },
  schemaStepsMax: {
    value: 10_000_000,
    source:
      "ours: steps of one validation, some 25 ns each: values looked at, characters by the four, states of patterns",
  },
  schemaStepsMaxHere: {
    value: 1_000_000,
    source: "ours: the same in a gateway thread, 25 ms; one that takes more is begun anew on its jobs' thread",
  },
  schemaRecursionMax: { value: 1_000, source: "ours: schemas within schemas and levels of a body, together" },
  schemaNestingMax: { value: 200, source: "ours: levels of a model's schema" },
  validationProblemsMax: { value: 32, source: "ours: problems that one answer lists" },
  quotedValueLengthMax: { value: 1_024, source: "ours: characters of a value that a problem quotes" },
  nativePatternStepsMax: {
    value: 200_000,
    source: "ours: steps of V8's engine at its worst; above this our own machine is cheaper",
  },
  nativeLinearPatternStepsMax: {
    value: 100_000_000,
    source: "ours: steps of V8's engine with a pattern that goes through a text once or a few times",
  },
  jsonPathConditionNestingMax: { value: 64, source: "ours: conditions of a JSONPath's filter within each other" },
  jsonPathTextLengthMax: {
    value: 512,
    source: "ours: characters of a text that a filter of a JSONPath takes for a path",
  },
  jsonPathEvaluationNestingMax: { value: 64, source: "ours: evaluations of JSONPaths within each other" },
  jsonPathNestingMax: { value: 32, source: "ours: JSONPaths within each other" },
  logFilterExpressionsMax: {
    value: 2,
    source: "AWS CloudWatch Logs: Filter pattern syntax, regular expressions in a pattern",
  },
  templateDefineDepthMax: {
    value: 2,
    source: "Velocity 1.7: directive.define.max.depth; a block prints within itself at most once",
  },

  // Functions: environments, packages, invocations
  lambdaPayloadBytesMax: { value: 6_291_556, source: "AWS Lambda: Invocation payload, synchronous" },
  lambdaStreamBytesMax: { value: 209_715_200, source: "AWS Lambda: Invocation payload, streamed responses" },
  functionConcurrencyMax: { value: 1_000, source: "AWS Lambda: Concurrent executions" },
  functionInitMsMax: { value: 10_000, source: "AWS Lambda: Init phase" },
  functionLogTailBytes: { value: 4_096, source: "AWS Lambda: Invoke, LogType" },
  functionLogBacklogBytesMax: { value: 262_144, source: "ours: output of a thread's functions on its way to the log" },
  functionLogLineCharsMax: { value: 262_144, source: "ours: a longer line of a function becomes several log events" },
  functionWaitMsMax: { value: 30_000, source: "ours: an invocation waits so long for an environment" },
  packageUnzippedBytesMax: { value: 262_144_000, source: "AWS Lambda: Deployment package size, unzipped" },
  packageEntriesMax: { value: 50_000, source: "ours: files and folders of a deployment package" },
  functionCollectionsMax: {
    value: 2,
    source: "ours: garbage collections that leave a function over its memory; freed pages may return after the first",
  },
  functionOverMemoryLooksMax: {
    value: 5,
    source: "ours: looks, every 200 ms, at a function over its memory that answers no request to collect garbage",
  },
  functionOverMemoryFactorMax: {
    value: 2,
    source: "ours: a function of so many times its memory ends without waiting for a garbage collection",
  },
  functionControlBytesMax: {
    value: 1_048_576,
    source: "ours: a line that an environment's bootstrap sends to the manager",
  },
  functionExitMsMax: {
    value: 1_000,
    source: "ours: a process that has closed its connection until it has ended, so that its exit status is known",
  },
  functionAcknowledgementMsMax: {
    value: 5_000,
    source: "ours: a change of a function waits so long for the threads that invoke",
  },
  functionRecallMsMax: {
    value: 50,
    source: "ours: a thread may take so long to say whether it has an environment to spare",
  },

  // Logs and metrics, on their way
  accessLogBufferBytesMax: {
    value: 8_388_608,
    source: "ours: access log lines that wait for a slow disk; more are dropped",
  },
  accessLogFormatCharsMax: { value: 3_072, source: "AWS: Quotas, access log template size" },
  executionLogBacklogCharsMax: {
    value: 4_194_304,
    source: "ours: lines of execution logs that wait for a slow reader of standard output; more are dropped",
  },
  logLinesWaitingCharsMax: {
    value: 4_194_304,
    source: "ours: lines of a thread on their way to CloudWatch Logs; more are dropped",
  },
  metricsRoutesMax: {
    value: 1_024,
    source: "ours: stages and routes with labels of their own for Prometheus; further routes share their stage's",
  },
  metricValuesWaitingMax: {
    value: 1_000_000,
    source: "ours: values of a thread's metrics on their way to the embedded CloudWatch; further points are dropped",
  },
  metricsFlushMs: {
    value: 10_000,
    source: "ours: a thread keeps what it has measured for CloudWatch so long, unless somebody asks for it",
  },
  metricsCollectMsMax: {
    value: 1_000,
    source: "ours: a read of metrics waits so long for the gateway threads to store what they have measured",
  },
  executionLogLineCharsMax: { value: 1_024, source: "AWS, as observed: a line of an execution log without its prefix" },
  secretsMax: {
    value: 256,
    source: "ours: secrets of one request that are masked; a cookie header may have hundreds of parts",
  },

  // Decisions on access
  authorizerResultCharsMax: { value: 262_144, source: "ours: what the function of an authorizer answers" },
  connectAuthorizerResultBytesMax: {
    value: 8_192,
    source: "AWS: Quotas for configuring and running a WebSocket API, Lambda authorizer result size",
  },
  authorizerResultsMax: { value: 50_000, source: "ours: results of authorizers that a gateway thread remembers" },
  authorizerPoliciesMax: { value: 2_000, source: "ours: policies of these results that are shared, by their text" },
  authorizerResultsCharsMax: {
    value: 4_194_304,
    source:
      "ours: the length of all of these results, 100 MB of memory: each takes some 25 times its length, and 40 times if its patterns are mostly stars",
  },
  verifiedTokensMax: { value: 50_000, source: "ours: tokens that a gateway thread knows to be signed rightly" },
  verifiedTokensCharsMax: { value: 16_777_216, source: "ours: the length of all of these tokens" },
  methodArnBytesMax: { value: 1_600, source: "AWS: Quotas for configuring and running a REST API, method ARN length" },
  httpAuthorizerTimeoutMs: {
    value: 10_000,
    source: "AWS: Quotas for configuring and running an HTTP API, Lambda authorizer timeout",
  },
  authorizerPolicyResourceCharsMax: { value: 512, source: "AWS: Authorizer output, Resource" },
  tokenCharsMax: { value: 16_384, source: "ours: a user pool's token; a request's headers have 10,240 bytes on AWS" },
  userPoolKeysMax: { value: 400, source: "ours: RSA keys of 2,048 bits that 150,000 bytes of a key set can have" },

  // What makes a definition valid
  integrationTimeoutMsMin: { value: 50, source: "AWS: Maximum integration timeout" },
  streamTimeoutMsMax: { value: 900_000, source: "AWS: Maximum integration timeout, response streaming" },
  authorizerTtlSecondsMax: { value: 3_600, source: "AWS: CreateAuthorizer, authorizerResultTtlInSeconds" },
  modelSchemaBytesMax: { value: 409_600, source: "AWS: Amazon API Gateway quotas and important notes, model size" },
  modelTemplateDepthMax: {
    value: 16,
    source: "ours: levels of the template that is made of a model; references may go round in circles",
  },
  modelTemplateValuesMax: {
    value: 2_000,
    source: "ours: values of such a template; references can make much of little",
  },
  resourcePolicyCharsMax: {
    value: 8_192,
    source: "AWS: Amazon API Gateway quotas and important notes, API Gateway resource policy size",
  },
  apiNameCharsMax: { value: 1_024, source: "ours: the name of a REST API" },
  jwtAudiencesMax: { value: 50, source: "AWS: Quotas for configuring and running an HTTP API" },
  jwtAudienceCharsMax: { value: 2_048, source: "ours: an audience of a JWT authorizer" },
  issuerCharsMax: { value: 2_048, source: "AWS: CreateAuthorizer, jwtConfiguration" },
  identitySourcesMax: { value: 32, source: "ours: identity sources of an HTTP API's authorizer" },
  vpcLinkSubnetsMax: { value: 10, source: "AWS: Quotas for configuring and running an HTTP API" },
  vpcLinkSecurityGroupsMax: { value: 50, source: "ours: security groups of a VPC link of an HTTP API" },
  apiMappingKeyCharsMax: { value: 300, source: "AWS: Map API stages to a custom domain name for HTTP APIs" },
  routingValuesMax: { value: 32, source: "ours: header values or base paths of one condition" },
  routingHeaderCharsMax: { value: 39, source: "AWS: RoutingRuleMatchHeaderValue, header: less than 40" },
  routingGlobCharsMax: { value: 127, source: "AWS: RoutingRuleMatchHeaderValue, valueGlob: less than 128" },
  roleArnCharsMax: { value: 2_048, source: "AWS IAM: API reference, an ARN" },
  identitySourceCharsMax: { value: 1_024, source: "ours: an identity source of an HTTP API's authorizer" },
  routeKeyCharsMax: {
    value: 2_048,
    source: "ours: a route key; as many parts of a path make no tree too deep to read",
  },
  routeScopesMax: { value: 10, source: "AWS: Quotas for configuring and running an HTTP API" },
  scopeCharsMax: { value: 64, source: "AWS: CreateRoute, authorizationScopes" },
  shownCharsMax: { value: 512, source: "ours: characters of a caller's text that a refusal repeats" },
  selectionExpressionCharsMax: { value: 1_024, source: "ours: a selection expression of a WebSocket API" },
  v2TemplateCharsMax: { value: 32_768, source: "AWS: API Gateway version 2 API reference, TemplateMap" },
  httpMappingsMax: { value: 1_000, source: "ours: parameter mappings of one integration" },
  httpMappingValueCharsMax: { value: 512, source: "AWS: CreateIntegration, requestParameters" },
  corsListCharsMax: { value: 10_240, source: "ours: a list of a CORS configuration, which becomes a header" },
  stageVariablesMax: {
    value: 100,
    source: "AWS: Amazon API Gateway quotas and important notes, stage variables per stage",
  },
  stageVariableNameCharsMax: {
    value: 64,
    source: "AWS: Amazon API Gateway quotas and important notes, length of a stage variable's key",
  },
  stageVariableValueCharsMax: {
    value: 512,
    source: "AWS: Amazon API Gateway quotas and important notes, length of a stage variable's value",
  },

  // Plans: what an integration has that says nothing else
  integrationTimeoutMsDefault: { value: 29_000, source: "AWS: Maximum integration timeout" },
  httpIntegrationTimeoutMsDefault: { value: 30_000, source: "AWS: Quotas for configuring and running an HTTP API" },
  streamIdleMs: { value: 300_000, source: "AWS: Idle timeout of response streaming, Regional" },
  streamIdleMsEdge: { value: 30_000, source: "AWS: Idle timeout of response streaming, edge-optimized" },

  // Throttles
  methodBucketsMax: {
    value: 524_288,
    source: "ours: token buckets of accounts and methods, 24 bytes each; only those that are not full need a place",
  },
  clientBucketsMax: { value: 1_048_576, source: "ours: token buckets of clients, 24 bytes each" },

  // Operations of API Gateway
  throttlingRatePerSecond: { value: 10_000, source: "AWS: Throttle quota per account, per Region" },
  throttlingBurst: { value: 5_000, source: "AWS: Throttle quota per account, per Region" },
  relaxedThrottleMin: {
    value: 1_000_000_000,
    source: "ours: the account's throttle in the relaxed profile; more than any machine serves",
  },
  apiKeyCharsMin: { value: 20, source: "AWS: CreateApiKey, as users quote it" },
  importedApiKeyCharsMin: { value: 30, source: "AWS: API key file format" },
  apiKeyCharsMax: { value: 128, source: "AWS: API key file format" },
  apiKeyNameCharsMax: { value: 1_024, source: "AWS: API key file format" },
  apiKeyDescriptionCharsMax: {
    value: 125_000,
    source: "ours: AWS refuses a description that is too long, at a length that is not known",
  },
  documentationVersionCharsMax: {
    value: 255,
    source: "ours: the name of a documentation version; it is part of a path",
  },
  relaxedLimitMin: {
    value: 100_000,
    source: "ours: what the relaxed profile raises AWS's limits to; more than anybody has, and little enough to list",
  },
  minimumCompressionSizeMax: { value: 10_485_760, source: "AWS: RestApi, minimumCompressionSize" },
  tagKeyCharsMax: { value: 128, source: "AWS: Tag restrictions and usage conventions" },
  tagValueCharsMax: { value: 256, source: "AWS: Tag restrictions and usage conventions" },
  usagePlanIntegerMax: {
    value: 2_147_483_647,
    source: "ours: quotas, offsets and bursts of a usage plan; an integer of Java's",
  },
  usagePlanRateMax: { value: 1_000_000_000, source: "ours: the rate of a usage plan" },
  apiKeyChains: {
    value: 1_048_576,
    source:
      "ours: chains of the table of API keys, a power of two; a million keys have one each, and more only longer ones",
  },
  apiKeyChainMax: { value: 1_000, source: "ours: keys of one chain, and plans of one key, that a request looks at" },
  apiKeyBatchMax: {
    value: 500,
    source: "ours: API keys, and counts of their calls, that control reads or writes before it turns to other work",
  },
  usageUnsavedMax: {
    value: 1_000,
    source:
      "ours: calls of a key in a plan with a quota that a crash may forget; the next one waits until they are saved",
  },
  usageSaveMs: { value: 250, source: "ours: how often control saves the counts of calls" },
  usageSaveMsMax: { value: 5_000, source: "ours: how long a call waits for counts to be saved" },
  usageDaysKept: { value: 90, source: "ours: days of usage that are kept; AWS says nothing" },
  usageDaysMax: { value: 90, source: "ours: days that one answer of GetUsage covers" },

  // Lambda, CloudWatch Logs, IAM and STS
  logBatchBytesMax: { value: 1_048_576, source: "AWS CloudWatch Logs: PutLogEvents, batch size and event size" },
  logGroupTagsMax: { value: 50, source: "AWS: tags of a resource" },
  logChunkCharsMax: { value: 524_288, source: "ours: log lines that are stored together" },
  logSearchMsMax: {
    value: 100,
    source: "ours: how long one FilterLogEvents looks for lines; the next page goes on behind them",
  },
  logSearchCharsMax: { value: 16_777_216, source: "ours: text that one FilterLogEvents looks through; about 0.1 s" },
  metricDataMax: { value: 1_000, source: "AWS CloudWatch: PutMetricData, metrics of one call" },
  metricDatumValuesMax: { value: 150, source: "AWS CloudWatch: PutMetricData, values of one metric" },
  metricValueMax: { value: 2 ** 360, source: "AWS CloudWatch: PutMetricData, values lie between -2^360 and 2^360" },
  metricPastMsMax: { value: 1_209_600_000, source: "AWS CloudWatch: PutMetricData, two weeks" },
  metricFutureMsMax: { value: 7_200_000, source: "AWS CloudWatch: PutMetricData, two hours" },
  metricDaysKept: { value: 15, source: "AWS CloudWatch: points of one minute are kept for 15 days" },
  metricsPerAccountMax: { value: 100_000, source: "ours: metrics of an account; points of further ones are dropped" },
  metricAccountsMax: { value: 1_000, source: "ours: accounts that have metrics; points of further ones are dropped" },
  metricDistinctValuesMax: {
    value: 1_000,
    source: "ours: distinct values of a point that are kept; beyond, they are rounded to 1 % and more",
  },
  metricPeriodValuesMax: {
    value: 4_000,
    source:
      "ours: distinct values of a period while its minutes are added together; beyond, they are rounded as those of a minute",
  },
  metricMemoryBytesMax: { value: 67_108_864, source: "ours: all metrics of a server that keeps them in memory" },
  threadCallsOfAccountMax: {
    value: 2,
    source: "ours: calls of an account about logs, metrics or traces that their thread has at once; others wait",
  },
  metricsLookedAtMax: {
    value: 5_000,
    source: "ours: metrics that one ListMetrics looks at for those that it answers; the next page has the others",
  },
  metricPageItemsMax: { value: 500, source: "AWS CloudWatch: ListMetrics, metrics of one page" },
  metricQueriesMax: { value: 500, source: "AWS CloudWatch: GetMetricData, queries of one call" },
  metricDataPointsMax: { value: 100_800, source: "AWS CloudWatch: GetMetricData, values of one answer" },
  metricQueryPointsMax: { value: 500_000, source: "ours: values that one GetMetricData computes" },
  metricQueryMinutesMax: {
    value: 2_000_000,
    source: "ours: minutes that one GetMetricData reads; some seconds at most",
  },
  metricQueryBytesMax: {
    value: 134_217_728,
    source: "ours: stored bytes that one call reads; three seconds at most, in slices between other work",
  },
  metricMathValuesMax: {
    value: 1_000_000,
    source: "ours: values that the expressions of one GetMetricData or one alarm compute; some 0.2 s",
  },
  metricExpressionCharsMax: { value: 2_048, source: "AWS CloudWatch: MetricDataQuery, Expression" },
  metricExpressionDepthMax: { value: 64, source: "ours: levels of an expression, and of expressions that use others" },
  alarmsMax: { value: 5_000, source: "AWS CloudWatch: alarms of a region" },
  alarmQueriesMax: { value: 10, source: "AWS CloudWatch: MetricDataQuery, metrics of an alarm, and expressions" },
  alarmTagsMax: { value: 50, source: "AWS: tags of a resource" },
  alarmPageItemsMax: { value: 100, source: "AWS CloudWatch: DescribeAlarms and DescribeAlarmHistory, MaxRecords" },
  alarmHistoryDays: { value: 30, source: "AWS CloudWatch: DescribeAlarmHistory, days that are kept" },
  alarmHistoryDataCharsMax: {
    value: 4_095,
    source: "AWS CloudWatch: AlarmHistoryItem, HistoryData; of longer ones the largest members are left out",
  },
  alarmHistorySummaryCharsMax: { value: 255, source: "AWS CloudWatch: AlarmHistoryItem, HistorySummary" },
  alarmSettingsCharsMax: {
    value: 16_384,
    source: "ours: an alarm's settings, as JSON; those of all alarms are read together",
  },
  alarmsLookedAtMax: {
    value: 1_000,
    source: "ours: alarms that one DescribeAlarms looks at for those that it answers; the next page has the others",
  },
  alarmHistoryItemsMax: {
    value: 5_000,
    source: "ours: lines of history of all alarms of a region; the oldest go first",
  },
  alarmReadBytesMax: {
    value: 4_194_304,
    source: "ours: stored bytes that one alarm reads; 0.2 s at most, in slices between other work",
  },
  alarmAccountsAtOnce: { value: 4, source: "ours: accounts and regions whose alarms are evaluated at once" },
  alarmsReadAtOnce: { value: 100, source: "ours: alarms whose metrics are read in one call of their thread" },
  alarmReasonCharsMax: { value: 1_023, source: "AWS CloudWatch: SetAlarmState, StateReason" },
  guardTickMs: { value: 1_000, source: "ours: how often guarded canaries are judged" },
  guardSaveMs: {
    value: 5_000,
    source: "ours: how often what a guarded canary counts is saved; a crash forgets so much",
  },
  guardStepsMax: { value: 100, source: "ours: steps of a guarded canary" },
  guardMinutesMax: {
    value: 1_440,
    source: "ours: minutes of a user's metric that one step of a guarded canary compares",
  },
  alarmTickMs: { value: 1_000, source: "ours: how often it is looked whether a minute has begun" },
  alarmActionAttemptsMax: { value: 3, source: "ours: how often an action is tried that its receiver did not take" },
  alarmActionPauseMs: { value: 1_000, source: "ours: before the second attempt; twice as long before the next" },
  alarmActionMsMax: { value: 10_000, source: "ours: how long a receiver of an alarm may take to answer" },
  alarmActionsMax: { value: 1_000, source: "ours: actions of alarms under way at once; further ones fail" },
  metricStatisticsMax: { value: 1_440, source: "AWS CloudWatch: GetMetricStatistics, points of one answer" },
  functionTimeoutSecondsMax: { value: 900, source: "AWS Lambda: Function timeout" },
  functionMemoryMbMax: { value: 10_240, source: "AWS Lambda: Function memory allocation" },
  functionEnvironmentBytesMax: { value: 4_096, source: "AWS Lambda: Function environment variables" },
  functionPolicyBytesMax: { value: 20_480, source: "AWS Lambda: Function resource-based policy" },
  functionTagsMax: { value: 50, source: "AWS: tags of a resource" },
  packageZippedBytesMax: { value: 52_428_800, source: "AWS Lambda: Deployment package size, zipped" },
  lambdaEventBytesMax: { value: 1_048_576, source: "AWS Lambda: Invocation payload, asynchronous" },
  lambdaEventAgeMsMax: { value: 21_600_000, source: "AWS Lambda: Maximum age of an asynchronous event" },
  lambdaEventsQueuedMax: { value: 10_000, source: "ours: asynchronous events that wait or run" },
  lambdaEventLeaseMs: {
    value: 960_000,
    source:
      "ours: for how long a server may run an asynchronous event before another takes it; the longest function and a minute",
  },
  lambdaEventsRunningMax: { value: 64, source: "ours: asynchronous events that run at a time" },
  iamUsersMax: { value: 5_000, source: "AWS IAM: Users per account" },
  iamGroupsMax: { value: 300, source: "AWS IAM: Groups per account" },
  iamGroupsOfUserMax: { value: 10, source: "AWS IAM: Groups that a user can be a member of" },
  iamAccessKeysMax: { value: 2, source: "AWS IAM: Access keys of a user" },
  iamOpenIdProvidersMax: { value: 100, source: "AWS IAM: OpenId connect providers per account" },
  iamOpenIdClientsMax: { value: 100, source: "AWS IAM: CreateOpenIDConnectProvider, ClientIDList" },
  iamOpenIdThumbprintsMax: { value: 5, source: "AWS IAM: CreateOpenIDConnectProvider, ThumbprintList" },
  accessKeyUseStoredSeconds: { value: 900, source: "ours: how often an access key's last use is stored" },
  accessKeyUseToldMs: {
    value: 60_000,
    source: "ours: how often a gateway thread tells control that an access key is in use",
  },
  accessKeyUsesMax: { value: 10_000, source: "ours: access keys whose last use is in memory" },
  iamRolesMax: { value: 1_000, source: "AWS IAM: Roles per account" },
  iamPoliciesMax: { value: 1_500, source: "AWS IAM: Customer managed policies per account" },
  iamAttachedPoliciesMax: { value: 10, source: "AWS IAM: Managed policies per user, group or role" },
  iamPolicyVersionsMax: { value: 5, source: "AWS IAM: Versions per managed policy" },
  iamPolicyCharsMax: { value: 6_144, source: "AWS IAM: Managed policy length, without white space" },
  iamUserPoliciesCharsMax: { value: 2_048, source: "AWS IAM: User inline policies, together, without white space" },
  iamGroupPoliciesCharsMax: { value: 5_120, source: "AWS IAM: Group inline policies, together, without white space" },
  iamInlinePoliciesCharsMax: { value: 10_240, source: "AWS IAM: Role inline policies, together, without white space" },
  iamTrustPolicyCharsMax: { value: 2_048, source: "AWS IAM: Role trust policy length, without white space" },
  iamTagsMax: { value: 50, source: "AWS IAM: Tags of a user, role or policy" },
  roleSessionSecondsDefault: { value: 3_600, source: "AWS STS: AssumeRole, DurationSeconds" },
  signingKeysMax: {
    value: 4_096,
    source: "ours: signing keys that a thread remembers, of the access keys that called it, for each day; 1 MB",
  },
  openedSessionsMax: {
    value: 1_024,
    source: "ours: session tokens that a thread remembers with whom they belong to; each costs some 20 µs to open",
  },
  signedHeadersMax: { value: 256, source: "ours: names in SignedHeaders; each is looked for among the headers" },
  presignedSecondsMax: { value: 604_800, source: "AWS: X-Amz-Expires, seven days" },
  signatureSkewMs: { value: 300_000, source: "AWS: a signature's time may differ from the server's by five minutes" },
  sessionTokenCharsMax: {
    value: 8_192,
    source: "ours: a session token; what it seals is bounded by what AWS lets callers pass",
  },
  sessionBytesMax: { value: 262_144, source: "ours: what a session token seals, before it is compressed" },
  sessionPolicyCharsMax: { value: 2_048, source: "AWS STS: AssumeRole, Policy" },
  sessionPolicyArnsMax: { value: 10, source: "AWS STS: AssumeRole, PolicyArns" },
  packedSessionBytesMax: {
    value: 3_072,
    source: "ours: a session's policies and tags, compressed; AWS's number is unknown",
  },
  sessionSecondsDefault: { value: 43_200, source: "AWS STS: GetSessionToken, GetFederationToken, DurationSeconds" },
  rootSessionSecondsMax: { value: 3_600, source: "AWS STS: GetSessionToken, GetFederationToken, of a root" },
  authorizationMessageBytesMax: { value: 65_536, source: "ours: an authorization message, before it is compressed" },
  roleChainSecondsMax: { value: 3_600, source: "AWS STS: a session of a role that another role's session assumes" },
  functionStreamQueuedBytesMax: {
    value: 262_144,
    source: "ours: what waits for a caller of InvokeWithResponseStream; the function then waits, too",
  },
  logEventFutureMsMax: { value: 7_200_000, source: "AWS CloudWatch Logs: PutLogEvents, two hours" },
  logEventPastMsMax: { value: 1_209_600_000, source: "AWS CloudWatch Logs: PutLogEvents, 14 days" },
  logEventsMax: {
    value: 10_000,
    source: "AWS CloudWatch Logs: GetLogEvents and FilterLogEvents, events of one answer",
  },
  logAnswerBytesMax: {
    value: 1_048_576,
    source: "AWS CloudWatch Logs: GetLogEvents and FilterLogEvents, size of one answer",
  },
  logAddressesMax: { value: 10_000, source: "ours: addresses of log streams that are remembered" },
  firehoseRecordsMax: { value: 500, source: "AWS Firehose: PutRecordBatch, records" },
  firehoseBatchCharsMax: { value: 1_000_000, source: "ours: text of one PutRecordBatch; AWS takes 4 MiB, in base64" },
  firehoseAttemptsMax: { value: 4, source: "ours: attempts to send a batch of access log lines to Firehose" },
  firehoseRequestMsMax: { value: 10_000, source: "ours: the time of one PutRecordBatch" },
  firehoseAnswerBytesMax: {
    value: 1_048_576,
    source: "ours: the answer to PutRecordBatch; AWS's has some 100 bytes a record",
  },
  firehoseCloseMsMax: { value: 2_000, source: "ours: how long a server that stops waits for Firehose" },
  logQueryGroupsMax: { value: 50, source: "AWS CloudWatch Logs: StartQuery, log groups" },
  logQueryDepthMax: { value: 50, source: "ours: levels of a query's parentheses and calls" },
  logQueryTextCharsMax: { value: 1_048_576, source: "ours: a text that a query's function makes; a longer one is cut" },
  logQueryRowsMax: { value: 100_000, source: "AWS CloudWatch Logs: StartQuery, limit" },
  logQueryRowsDefault: { value: 10_000, source: "AWS CloudWatch Logs: StartQuery, limit, its default" },
  logQueryCharsMax: { value: 100_663_296, source: "ours: text that a query keeps, and that all results have" },
  logQueryCharsMaxOfAll: { value: 201_326_592, source: "ours: text that all queries keep that run" },
  logQueryResultCharsMax: { value: 33_554_432, source: "ours: text of one query's result" },
  logQueryPageRowsMax: { value: 10_000, source: "AWS CloudWatch Logs: GetQueryResults, log events of one page" },
  logQueryPageCharsMax: {
    value: 4_194_304,
    source:
      "ours: text of one page of GetQueryResults, with what its values cost besides; the next page has the others",
  },
  logQueryRecordStepsMax: {
    value: 1_000_000,
    source: "ours: steps that a query takes for one line, or for one row; some 25 ms",
  },
  logQueriesRunningMax: { value: 30, source: "AWS CloudWatch Logs: Logs Insights queries at once, of an account" },
  logQueriesKept: { value: 100, source: "ours: queries whose results are kept" },
  logQuerySliceChars: {
    value: 262_144,
    source: "ours: text that a query reads before lines are stored again; some milliseconds",
  },
  logQueryMsMax: { value: 3_600_000, source: "AWS CloudWatch Logs: Logs Insights queries end after 60 minutes" },
  liveTailEventsMax: { value: 500, source: "AWS CloudWatch Logs: StartLiveTail, log events of one update" },
  liveTailUpdatesMax: { value: 10, source: "AWS CloudWatch Logs: StartLiveTail, updates that wait for a slow client" },
  liveTailMatchMsMax: {
    value: 200,
    source: "ours: how long all live tails together look at the lines of a second; of the others they show none",
  },
  liveTailUpdateCharsMax: { value: 262_144, source: "ours: text of one update of a live tail" },
  liveTailMsMax: { value: 10_800_000, source: "AWS CloudWatch Logs: StartLiveTail, three hours" },
  liveTailSessionsMax: { value: 15, source: "AWS CloudWatch Logs: Live Tail sessions of an account and region" },
  liveTailSessionsMaxHere: { value: 60, source: "ours: Live Tail sessions of all accounts" },
  logPageItemsMax: { value: 50, source: "AWS CloudWatch Logs: DescribeLogGroups and DescribeLogStreams, limit" },

  // The protocol of management calls
  hintBytesMax: { value: 900, source: "ours: the header x-portico-hint" },
  inputDepthMax: { value: 64, source: "ours: levels of a management call's JSON; no operation has a dozen" },
  inputValuesMax: {
    value: 50_000,
    source: "ours: values of a management call's JSON; CloudWatch Logs takes 10,000 events of two members",
  },
  inputBytesMaxHere: {
    value: 1_048_576,
    source: "ours: a management call's JSON that control parses itself, in 20 ms; more on the jobs' thread",
  },
  formBytesMax: { value: 1_048_576, source: "ours: a call in the query protocol; the largest member is a policy" },
  functionSessionSeconds: { value: 43_200, source: "ours: the session of a function's role, as long as roles' can be" },
  functionSessionUsedMs: { value: 39_600_000, source: "ours: an environment ends before its session does" },
  unsignedFormBytesMax: {
    value: 65_536,
    source: "ours: a form that is read of a caller who has not signed, for AssumeRoleWithWebIdentity",
  },
  cborValuesMax: {
    value: 500_000,
    source: "ours: values of a management call's CBOR; PutMetricData takes 1,000 metrics of 150 values and counts",
  },
  formParametersMax: { value: 10_000, source: "ours: parameters of a call in the query protocol" },
  formDepthMax: { value: 16, source: "ours: dots in the name of such a parameter" },
  managementPathSegmentsMax: { value: 32, source: "ours: segments of a management path; no template has a dozen" },
  patternLengthMax: { value: 131_072, source: "AWS: the longest text with a pattern, a simulated IAM policy" },
  pageTokenLengthMax: { value: 2_048, source: "ours: a page's token" },
  clientAnswerBytesMax: { value: 268_435_456, source: "ours: an answer that the command line takes" },
  restPageItemsMax: { value: 500, source: "AWS: GetRestApis and its like, limit" },
  lambdaPageItemsMax: { value: 50, source: "AWS Lambda: ListFunctions, MaxItems" },
  iamPageItemsMax: { value: 1_000, source: "AWS IAM: ListRoles and its like, MaxItems" },

  // OpenAPI documents, and mocks of them
  importLinesMax: {
    value: 1_000,
    source: "ours: warnings and errors of an import; more help nobody, and a hostile document could ask for millions",
  },
  mockBodyBytesMax: {
    value: 280_000,
    source: "ours: a made answer; with some text around it stays a mapping template of AWS's size",
  },
  mockPatternCharsMax: { value: 1_000, source: "ours: a text that is made for a pattern" },
  mockPatternDepthMax: { value: 50, source: "ours: groups of a pattern within each other" },
  mockValuesMax: { value: 2_000, source: "ours: values of a made example; beyond that only what is required is made" },
  mockStepsMax: { value: 50_000, source: "ours: schemas that are looked at for one example" },
  mockOptionalDepthMax: { value: 8, source: "ours: levels below which only what is required is made" },
  mockDepthMax: { value: 64, source: "ours: levels of a made example" },
  mockItemsMax: { value: 100, source: "ours: items or members that a schema may ask for" },
  mockTextCharsMax: { value: 10_000, source: "ours: a text of a made example" },
  documentDepthMax: {
    value: 256,
    source: "ours: levels of an OpenAPI document, and of a model with what its references put in",
  },
  documentValuesMax: {
    value: 2_000_000,
    source: "ours: values of an OpenAPI document, with YAML's aliases and merge keys followed",
  },
  yamlCharsMax: { value: 8_388_608, source: "ours: an OpenAPI document in YAML; AWS takes 6 MB" },
  yamlLexemesMax: { value: 1_500_000, source: "ours: tokens of such a document, which are what costs time and memory" },
  documentMediaTypesMax: { value: 64, source: "ours: media types of an operation" },
  referenceHopsMax: { value: 64, source: "ours: references in a row; a longer chain goes round in a circle" },
  referenceWeightMax: { value: 200_000, source: "ours: values that a document's references put in" },
  importPathsCharsMax: { value: 33_554_432, source: "ours: the paths of all resources of a document together" },

  // Generated SDKs
  sdkNameCharsMax: { value: 120, source: "ours: a name in a generated SDK; it becomes a file, too" },
  sdkMembersMax: {
    value: 500,
    source: "ours: members of a structure of a generated SDK; Java's class files could not hold more",
  },
  sdkMemberNameCharsMax: { value: 500, source: "ours: a member's name in a generated SDK" },
  sdkDepthMax: { value: 250, source: "ours: references and parts of schemas in a row, and schemas in schemas" },
  sdkStepsMax: { value: 100_000, source: "ours: parts of schemas that are looked at for an SDK" },

  // The store
  storeBatchMax: { value: 512, source: "ours: transactions that share a commit" },
  storeTransactionMsMax: { value: 30_000, source: "ours: a transaction; a stuck one would hold up all writers" },
  storeCheckedBytesMax: { value: 33_554_432, source: "ours: a larger store is not checked page by page at start" },

  // The server: threads, control, its own pages
  payloadBytesMax: { value: 10_485_760, source: "AWS: Payload size" },
  probesMax: { value: 32, source: "ours: tests of methods and explanations of requests that run at a time" },
  probeMsMax: {
    value: 330_000,
    source: "ours: one of them; an integration's own time-out, five minutes at most, ends it before",
  },
  testStreamBytesMax: { value: 1_048_576, source: "AWS: of a streamed answer that TestInvokeMethod gathers" },
  testStreamMsMax: { value: 35_000, source: "AWS: TestInvokeMethod of a streamed answer" },
  explainMsMax: { value: 60_000, source: "ours: a request that `portico explain` sends; it shows what came by then" },
  explainBodyCharsMax: { value: 65_536, source: "ours: of each body that `portico explain` shows" },
  executionLogBodyCharsMax: { value: 2_048, source: "ours: of a body, for an execution log; its lines have 1,024" },
  tracesWaitingMax: { value: 10_000, source: "ours: sampled exchanges of a thread on their way to the traces' thread" },
  traceMemoryBytesMax: { value: 67_108_864, source: "ours: all traces of a server that keeps them in memory" },
  traceFilterCharsMax: { value: 2_000, source: "AWS X-Ray: FilterExpression" },
  traceFilterStepsMax: {
    value: 4_000_000,
    source: "ours: conditions that the filter of one GetTraceSummaries asks of segments; some 0.1 s",
  },
  traceFilterDepthMax: { value: 32, source: "ours: nesting of a filter expression" },
  traceSegmentBytesMax: { value: 65_536, source: "AWS X-Ray: a segment document" },
  traceTextCharsMax: { value: 250, source: "AWS X-Ray: texts of a segment document" },
  traceDatagramBytesMax: {
    value: 65_507,
    source: "ours: a segment on its way to an X-Ray daemon; UDP carries no more over IPv4",
  },
  traceDatagramsUnderWayMax: {
    value: 1_000,
    source: "ours: segments that wait for the address of an X-Ray daemon, or for the socket; more are dropped",
  },
  traceRangeMsMax: { value: 86_400_000, source: "AWS X-Ray: GetTraceSummaries, 24 hours" },
  traceAheadMsMax: { value: 3_600_000, source: "ours: how far ahead of the server's clock a segment may begin" },
  traceTimeSecondsMax: { value: 32_503_680_000, source: "ours: times of segments, up to the year 3000" },
  traceSegmentDepthMax: { value: 32, source: "ours: nesting of subsegments" },
  traceBytesMax: {
    value: 512_000,
    source: "AWS X-Ray quotas: trace document size, 500 KB; of a longer one, this is read",
  },
  traceScanBytesMax: {
    value: 2_097_152,
    source: "ours: segments of the traces that one call looks through, some 0.1 s; the next page has the others",
  },
  traceAnnotationsMax: { value: 50, source: "AWS X-Ray quotas: indexed annotations per trace" },
  traceJsonDepthMax: { value: 200, source: "ours: nesting of a segment document" },
  traceDocumentsMax: { value: 1_000, source: "ours: segment documents of one PutTraceSegments" },
  traceSegmentsMax: {
    value: 1_000,
    source: "ours: segments of one trace that are read, and as many that are inferred",
  },
  traceBatchIdsMax: { value: 5, source: "AWS X-Ray: BatchGetTraces, trace ids of one call" },
  traceGraphIdsMax: { value: 100, source: "ours: trace ids of one GetTraceGraph" },
  traceGraphNodesMax: {
    value: 1_000,
    source: "ours: nodes of one answer of a service graph, and those of one more trace; the next page has the others",
  },
  traceScanMax: { value: 500, source: "ours: traces that one call looks through; the next page has the others" },
  samplingRulesMax: { value: 25, source: "AWS X-Ray quotas: custom sampling rules of a region" },
  samplingRuleTagsMax: { value: 50, source: "AWS X-Ray quotas: tags of a sampling rule" },
  otlpItemsWaitingMax: { value: 20_000, source: "ours: spans or log lines that wait for an OpenTelemetry collector" },
  otlpBatchItemsMax: { value: 512, source: "ours: of these, how many go in one request" },
  otlpCharsWaitingMax: { value: 16_777_216, source: "ours: texts of log lines that wait for it" },
  otlpBatchCharsMax: {
    value: 1_048_576,
    source: "ours: of these, how many go in one request, but at least one line; collectors take 20 MiB by default",
  },
  otlpFlushMs: { value: 1_000, source: "ours: how long the first of them waits" },
  otlpRequestMsMax: {
    value: 10_000,
    source: "ours: one request to it; OpenTelemetry's exporters have the same default",
  },
  otlpAttemptsMax: { value: 5, source: "ours: how often a batch is sent before it is given up" },
  otlpPauseMsMax: { value: 30_000, source: "ours: the pause between two attempts, whatever the collector asks for" },
  otlpCloseMsMax: { value: 2_000, source: "ours: how long a server that stops goes on sending" },
  otlpAnswerBytesMax: { value: 65_536, source: "ours: what is read of a collector's answer" },
  logMemoryBytesMax: { value: 134_217_728, source: "ours: all logs of a server that keeps them in memory" },
  referenceExamplesCharsMax: { value: 4_194_304, source: "ours: examples of models on an API's reference page" },
  portalSiteCharsMax: { value: 8_388_608, source: "ours: what a portal shows, which its page reads at once" },
  referenceExampleStepsMax: { value: 1_000_000, source: "ours: schemas looked at for them; about a second" },
  lambdaEventsWaitingMax: {
    value: 1_000,
    source: "ours: asynchronous events of a thread that control has not taken yet",
  },
  lambdaRequestBytesMax: {
    value: 70_167_211,
    source: "AWS Lambda: request of CreateFunction, a zip of 50 MB in base64",
  },
  jobsWaitingMax: {
    value: 64,
    source: "ours: jobs that wait for the jobs' thread; a call that brings one more gets 429",
  },
  jobMsMax: { value: 60_000, source: "ours: a job of the jobs' thread; GitHub's API of 1,200 operations takes 2 s" },
  exchangeJobMsMax: {
    value: 30_000,
    source: "ours: work of a gateway thread's exchange on its jobs' thread; 10 MB of JSON take 2 s",
  },
  jobsThreadIdleMs: { value: 60_000, source: "ours: the jobs' thread ends when it had nothing to do for so long" },
  importWeightMaxHere: {
    value: 1_024,
    source: "ours: 32 KB of a document are read in control, in 15 ms if they are YAML; more on the jobs' thread",
  },
  importReferencesMaxHere: {
    value: 30,
    source: "ours: references within such a document, other than to schemas; three in a row then mean 1,000 values",
  },
  exportWeightMaxHere: {
    value: 5_000,
    source:
      "ours: values and 32s of characters of an API, some 50 operations, that control exports or makes an SDK of; 40 ms",
  },
  compileWeightMaxHere: {
    value: 100_000,
    source: "ours: the same of an API, some 1,000 operations, that control compiles itself; 20 ms",
  },
  idleCollectionMs: { value: 15_000, source: "ours: between two looks whether a thread is idle and has garbage" },
  idleCollectionBytesMin: { value: 41_943_040, source: "ours: what may be garbage, so that it is worth collecting" },
  idleCollectionBytesMax: {
    value: 268_435_456,
    source: "ours: a heap that is collected so; one of this size takes 0.2 s if all of it is in use",
  },
  methodsLinkedAtOnceMax: {
    value: 250,
    source:
      "ours: methods of a stage that a gateway thread links when their plan comes; the others with their first request",
  },
  controlBodiesMax: {
    value: 8,
    source: "ours: largest management bodies that are held at a time; of one client half of them",
  },
  acknowledgementMsMax: { value: 5_000, source: "ours: an acknowledgement waits so long for the gateway threads" },
  publishedCommitsMax: { value: 4_096, source: "ours: commits of which it is known whether they published anything" },
  publicationRetryMs: {
    value: 5_000,
    source: "ours: what can't be published is made again after this, then twice this",
  },
  publicationRetryMsMax: { value: 300_000, source: "ours: the longest of those pauses" },
  partCloseMsMax: {
    value: 5_000,
    source: "ours: a part of the server when it stops, once no request is under way; one that takes longer is given up",
  },
  processExitMsMax: { value: 1_000, source: "ours: the process after everything in it was closed" },
  threadBreakDownMs: {
    value: 1_000,
    source: "ours: what is under way in a gateway thread that fails has so long to end",
  },
  threadRestartMsMax: { value: 5_000, source: "ours: the back-off of a gateway thread that keeps dying" },
  configFileBytesMax: { value: 1_048_576, source: "ours: portico.yaml" },
  managementCallsMax: {
    value: 256,
    source: "ours: management calls under way in one gateway thread; some (Invoke) take minutes",
  },
  managementHeldBytesMax: {
    value: 524_288,
    source:
      "ours: body of a management call that its gateway thread holds until it is whole; of a longer one, the beginning",
  },
  managementHeldBytesAllMax: {
    value: 33_554_432,
    source: "ours: all bodies together that a gateway thread holds so; those of one client half of it",
  },
  managementStreamsMax: {
    value: 64,
    source: "ours: of these calls, those whose longer bodies are still coming in; those of one client half of it",
  },
  operationsCallsMax: {
    value: 32,
    source:
      "ours: calls of operations endpoints beyond those of management, so that a busy server can be asked how it is",
  },
  controlSocketsFreeMax: { value: 8, source: "ours: connections to control that a gateway thread keeps" },
  clockAdvanceMsMax: { value: 3_155_760_000_000, source: "ours: a step of the test clock; a hundred years" },
  scratchFoldersSweptMax: { value: 64, source: "ours: folders of servers that are gone that one start clears away" },
  controlIdleMsMax: {
    value: 960_000,
    source: "ours: a management call without a byte; a synchronous invocation may take 15 minutes on AWS",
  },
  controlConnectionsMax: { value: 256, source: "ours: connections of the gateway threads that control takes" },
  deploymentsComparedMax: {
    value: 50,
    source: "ours: the newest deployments of an API, as `portico deployments` tells them",
  },
  operationsBodyBytesMax: {
    value: 65_536,
    source: "ours: what is sent to an operations endpoint, if it takes no payload",
  },

  // The command line
  cliProbeMsMax: { value: 2_000, source: "ours: a look whether a server answers" },
  cliExplainMsMax: { value: 90_000, source: "ours: `portico explain`; longer than the server takes" },
  cliFollowedEventsMax: {
    value: 5_000,
    source: "ours: events of the last seconds that `portico logs --follow` remembers as printed",
  },
  cliStatusMsMax: { value: 30_000, source: "ours: the page of a server's status" },
  webSocketFrameBytesMax: { value: 32_768, source: "AWS: WebSocket API quotas, frame size" },
  webSocketMessageBytesMax: { value: 131_072, source: "AWS: WebSocket API quotas, message payload size" },
  webSocketIdleMsMax: { value: 600_000, source: "AWS: WebSocket API quotas, idle connection timeout" },
  webSocketLifeMsMax: { value: 7_200_000, source: "AWS: WebSocket API quotas, connection duration" },
  webSocketTargetBytesMax: { value: 4_096, source: "AWS: WebSocket API quotas, URL length" },
  webSocketUnsentBytesMax: {
    value: 262_144,
    source: "ours: what waits for a client that does not read; then its connection is closed",
  },
  webSocketMessagesAtOnceMax: {
    value: 32,
    source: "ours: messages of one connection that are under way; then nothing more is read",
  },
  webSocketMessagesBytesAtOnceMax: {
    value: 262_144,
    source: "ours: the bytes of these messages; then nothing more is read",
  },
  webSocketMessagesBytesMax: {
    value: 268_435_456,
    source: "ours: the same of all connections of a gateway thread; who sends more is closed with 1013",
  },
  webSocketLargeMessageBytes: {
    value: 4_096,
    source: "ours: a message whose work may take some 0.1 s; such ones wait in a line of their own",
  },
  webSocketPieceBytesMax: {
    value: 4_096,
    source: "ours: of what was received in one piece, what a message that is under way may keep besides itself",
  },
  webSocketTurnMsMax: {
    value: 10,
    source: "ours: what a turn of the event loop spends on short messages, and on large ones, or a single one of each",
  },
  webSocketConnectsPerSecond: {
    value: 500,
    source: "AWS: new connections per second per account, across WebSocket APIs",
  },
  connectionCallsMax: {
    value: 16_384,
    source: "ours: calls of @connections on their way from one gateway thread to another",
  },
  connectionCallsBytesMax: { value: 33_554_432, source: "ours: the messages of these calls together" },
  connectionCallMsMax: { value: 5_000, source: "ours: one of them; a thread that takes longer hangs" },
  connectionGroupNameBytesMax: { value: 128, source: "ours: a group's name" },
  connectionGroupsMax: { value: 32, source: "ours: the groups of one connection" },
  stageGroupsMax: { value: 20_000, source: "ours: groups of a stage's connections in one gateway thread" },
  connectionPageMax: { value: 1_000, source: "ours: connections or groups in one answer" },
  connectionExceptionsMax: { value: 16, source: "ours: the connections that a message to many leaves out" },
  connectionListsMax: {
    value: 64,
    source: "ours: lists of connections or groups that wait in a gateway thread; more are 429",
  },
  connectionSendsMax: { value: 64, source: "ours: messages to many that wait in a gateway thread; more are 429" },
  connectionSendTurn: {
    value: 256,
    source: "ours: connections that are sent one message before others get their turn; about 2 ms",
  },
  stageKeptBytesMax: {
    value: 67_108_864,
    source: "ours: messages that are kept for a stage's clients that may come back, in one gateway thread",
  },
  resumableClientsMax: { value: 40_000, source: "ours: such clients of one gateway thread" },
  keptMessagesSweepMs: { value: 1_000, source: "ours: from one look for what was kept too long to the next" },
  lastWillBytesMax: { value: 8_192, source: "ours: what is sent when a connection is lost" },
  lastWillsBytesMax: {
    value: 33_554_432,
    source: "ours: that of all connections of a gateway thread, those that wait to be sent included",
  },
  connectionPostBytesMax: { value: 131_072, source: "AWS: the interface model of apigatewaymanagementapi, Data" },
  webSocketControlBytesMax: { value: 125, source: "ours: RFC 6455 §5.5" },
  webSocketMessageFramesMax: {
    value: 16_384,
    source: "ours: the frames of one message that a client sends, so that empty ones come to an end",
  },
  webSocketMessageMsMax: {
    value: 120_000,
    source: "ours: from the first part of a message that a client sends to its last",
  },
  webSocketTurnBytesMax: {
    value: 65_536,
    source: "ours: what is read of one connection before others get their turn, which is one read of a socket",
  },
  webSocketJoinedBytesMax: {
    value: 16_384,
    source: "ours: the payload up to which a frame is one piece; of a larger one head and payload are two writes",
  },
  cliHandshakeMsMax: {
    value: 35_000,
    source: "ours: the handshake of `portico ws`, above the 29 s of a $connect integration",
  },
  cliReconnectsMax: {
    value: 9,
    source: "ours: tries of `portico ws --resume` to connect again, with delays that double from 100 ms to 26 s",
  },
  cliRefusalBytesMax: { value: 2_000, source: "ours: what `portico ws` shows of the answer that refuses it" },
  projectDocumentBytesMax: {
    value: 67_108_864,
    source: "ours: an OpenAPI document of `portico up`, twice the size of the largest ones that are published",
  },
  projectReferencedFilesMax: { value: 500, source: "ours: files that an OpenAPI document of `portico up` refers to" },
  projectReferencedFileBytesMax: { value: 33_554_432, source: "ours: each of these files" },
  projectReferenceDepthMax: { value: 200, source: "ours: levels of a document with what it refers to" },
  projectFilesCheckedMax: { value: 20, source: "ours: changed files of a function whose syntax is checked" },
  projectFileCheckMsMax: { value: 5_000, source: "ours: the check of one of them" },
  projectProcessReadyMsMax: { value: 10_000, source: "ours: a backend of `portico up` until it listens" },
  projectProcessStopMsMax: { value: 2_000, source: "ours: such a backend until it has ended" },
  projectPositionsCharsMax: {
    value: 1_000_000,
    source: "ours: a document that is parsed again for the positions of problems; longer ones would take seconds",
  },
  projectFilesSearchedMax: {
    value: 500,
    source: "ours: files of a function that are searched for what its answers need",
  },
  projectFileSearchedBytesMax: { value: 1_000_000, source: "ours: each of these files" },
  projectFoldersWatchedMax: { value: 2_000, source: "ours: folders that `portico up` watches" },
} as const satisfies Record<string, Bound>;
