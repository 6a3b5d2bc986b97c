import { bounds } from "../base/bounds.ts";
import { javaDate } from "../base/java-date.ts";
import type { TracedBody, TraceEvent, TraceFact } from "./trace.ts";

/** AWS's levels of execution logs. Only a data trace or a test shows lines of the level `data`. */
type LineLevel = "error" | "info" | "data";

export interface ExecutionLogLine {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly level: "error" | "info";
  readonly text: string;
}

/** Which lines of a log are shown. AWS: a data trace shows requests in full, also at the level ERROR. */
interface ExecutionLogSettings {
  readonly level: "ERROR" | "INFO";
  readonly hasDataTrace: boolean;
}

/** A finished exchange's execution log, as it is written to a log group. */
export interface ExecutionLogEntry {
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  readonly stageName: string;
  readonly requestId: string;
  /** The lines in order, each without the `({requestId}) ` that AWS puts before it. */
  readonly lines: readonly ExecutionLogLine[];
}

/** AWS: "Set up CloudWatch logging for REST APIs in API Gateway": the log group of a stage's execution logs. */
export const executionLogGroup = ({ apiId, stageName }: Pick<ExecutionLogEntry, "apiId" | "stageName">): string =>
  `API-Gateway-Execution-Logs_${apiId}/${stageName}`;

/** Takes the execution logs of finished exchanges; never throws and never waits. */
export interface ExecutionLogSink {
  write(entry: ExecutionLogEntry): void;
}

/** As observed: a line of more than 1,024 characters, without its prefix, is cut there. */
const lineCharsMax = bounds.executionLogLineCharsMax.value;

/**
 * Renders a trace in the words of API Gateway's execution logs.
 * AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway"; the lines as in
 * "Tutorial: Create a REST API with a Lambda non-proxy integration", and as users quote them.
 */
export function renderExecutionLog(events: readonly TraceEvent[], settings: ExecutionLogSettings): ExecutionLogLine[] {
  const lines: ExecutionLogLine[] = [];
  const isShown = (level: LineLevel): boolean =>
    settings.hasDataTrace || level === "error" || (level === "info" && settings.level === "INFO");
  const seen: LogContext = { stage: nowhere, method: "", apiKey: "", endpointRequestId: undefined };
  for (const event of events) {
    if (event.kind === "stage") seen.stage = event;
    if (event.kind === "request") seen.method = `${event.methodVerb} ${event.resourcePath}`;
    if (event.kind === "api-key") seen.apiKey = event.key;
  }
  for (const event of inOrderOfPhases(events)) {
    if (event.kind === "endpoint-response") seen.endpointRequestId = event.requestId;
    const hasFailed = event.kind === "completed" && event.status >= 400;
    for (const [level, text] of linesOf(event, seen)) {
      // As observed: the level ERROR shows how a failed method ended.
      if (isShown(level) || (hasFailed && text.startsWith("Method completed"))) {
        lines.push({ atMs: event.atMs, level: level === "error" ? level : "info", text: cutLine(text) });
      }
    }
  }
  return lines;
}

/** What is checked before AWS says that the execution starts. */
const gates: ReadonlySet<TraceEvent["kind"]> = new Set([
  "authorizer-shared",
  "authorizer-start",
  "authorizer-identity",
  "authorizer-result",
  "authorizer-policy",
  "authorizer-end",
  "authorizer-decision",
  "resource-policy",
  "api-key",
  "quota",
  "throttled",
]);

/**
 * Returns the events in the order of AWS's log: the method's request comes after its gates, and not at all if one of them
 * refused. Here the method is known, and its request recorded, before anybody is asked.
 */
function inOrderOfPhases(events: readonly TraceEvent[]): readonly TraceEvent[] {
  const others = events.filter(({ kind }) => kind !== "request" && kind !== "request-body");
  const last = others.findLastIndex(({ kind }) => gates.has(kind));
  if (last < 0) return events;
  if (others.some(isRefusal) || isRefusedByAuthorizer(others, last)) return others;
  const { atMs } = others[last]!;
  const held = events.filter((event) => !others.includes(event)).map((event) => ({ ...event, atMs }));
  return [...others.slice(0, last + 1), ...held, ...others.slice(last + 1)];
}

/** Returns whether an API key, a quota or a throttle let the request not pass. */
function isRefusal(event: TraceEvent): boolean {
  if (event.kind === "api-key") return event.finding !== "found";
  return event.kind === "throttled" || (event.kind === "quota" && event.outcome !== "counted");
}

function isRefusedByAuthorizer(events: readonly TraceEvent[], last: number): boolean {
  const has = (wanted: TraceEvent["kind"]): boolean => events.some(({ kind }) => kind === wanted);
  if (!has("authorizer-start") || has("api-key")) return false;
  return !has("authorizer-end") || events[last + 1]?.kind === "failure";
}

type TracedStage = Omit<Extract<TraceFact, { kind: "stage" }>, "kind" | "apiKind" | "apiName" | "deploymentId">;

/** Facts of earlier events that later lines need. */
interface LogContext {
  stage: TracedStage;
  /** The method's verb and resource path. */
  method: string;
  /** The caller's API key, masked. */
  apiKey: string;
  /** The id that AWS's service gave the integration's request. */
  endpointRequestId: string | undefined;
}

const nowhere: TracedStage = { apiId: "", stageName: "", requestId: "", extendedRequestId: "", isTest: false };

/**
 * Renders a trace as the `log` of TestInvokeMethod. AWS: API Gateway Developer Guide, "Tutorial: Create a REST API with
 * a Lambda non-proxy integration".
 */
export function renderTestLog(events: readonly TraceEvent[]): string {
  const stage = events.find((event) => event.kind === "stage");
  const lines = renderExecutionLog(events, { level: "INFO", hasDataTrace: true });
  const text = lines.map((line) => `${javaDate(line.atMs)} : ${line.text}\n`).join("");
  return `Execution log for request ${stage?.requestId ?? ""}\n${text}`;
}

type Line = readonly [LineLevel, string];

const cutLine = (text: string): string =>
  text.length <= lineCharsMax ? text : `${text.slice(0, lineCharsMax)} [TRUNCATED]`;

function linesOf(event: TraceEvent, context: LogContext): readonly Line[] {
  const { stage, endpointRequestId } = context;
  switch (event.kind) {
    case "stage":
      return event.isTest ? [] : [["info", `Extended Request Id: ${event.extendedRequestId}`]];
    case "request":
      return [
        ...(stage.isTest || event.steps.includes("api-key") ? [] : noKeyLines(event, context)),
        ["info", `Starting execution for request: ${stage.requestId}`],
        ["info", `HTTP Method: ${event.httpMethod}, Resource Path: ${event.path}`],
        ["data", `Method request path: ${javaMap(event.pathParameters)}`],
        ["data", `Method request query string: ${javaMap(event.queryString)}`],
        ["data", `Method request headers: ${javaMap(event.headers)}`],
      ];
    case "api-key":
      return apiKeyLines(event, context);
    case "quota":
      return event.outcome === "counted" ? [usagePlanLine(context)] : [];
    case "request-body":
      return [["data", `Method request body before transformations: ${show(event.body)}`]];
    case "authorizer-start":
      return [["info", `Starting authorizer: ${event.authorizerId} for request: ${stage.requestId}`]];
    case "authorizer-identity":
      return [["data", `Incoming identity: ${event.identity}`]];
    case "authorizer-result":
      return [["data", `Authorizer result body before parsing: ${show(event.body)}`]];
    case "authorizer-policy":
      return [["info", `Using valid authorizer policy for principal: ${event.principal}`]];
    case "authorizer-end":
      return [["info", "Successfully completed authorizer execution"]];
    case "validation":
      return event.of === "body" && event.problem === undefined
        ? [["info", `Request validation succeeded for content type ${event.mediaType}`]]
        : [];
    case "endpoint-request":
      return [
        ["data", `Endpoint request URI: ${event.uri}`],
        ["data", `Endpoint request headers: ${javaMap(endpointHeaders(event, stage))}`],
        ["data", `Endpoint request body after transformations: ${show(event.body)}`],
        ["info", `Sending request to ${event.uri}`],
      ];
    case "endpoint-response":
      return [
        ["info", `Received response. Status: ${event.status}, Integration latency: ${Math.round(event.latencyMs)} ms`],
        ["data", `Endpoint response headers: ${javaMap(event.headers)}`],
      ];
    case "endpoint-response-body":
      return [["data", `Endpoint response body before transformations: ${show(event.body)}`]];
    case "method-response":
      return [
        ["data", `Method response body after transformations: ${show(event.body)}`],
        ["data", `Method response headers: ${javaMap(inOrder(event.headers, firstOfResponse))}`],
        ["info", "Successfully completed execution"],
      ];
    case "failure":
      return [["error", event.message]];
    case "refused":
      return [["error", event.reason]];
    case "completed":
      return [
        ["info", `Method completed with status: ${event.status}`],
        // As observed, and not in tests.
        ...(endpointRequestId === undefined || stage.isTest
          ? []
          : [["info", `AWS Integration Endpoint RequestId : ${endpointRequestId}`] as const]),
      ];
    // AWS's log does not show these.
    case "authorizer-shared":
    case "authorizer-decision":
    case "iam":
    case "resource-policy":
    case "throttled":
    case "preflight":
    case "web-acl":
    case "request-template":
    case "template":
    case "mapping":
    case "integration-response":
    case "gateway-response":
    case "message-route":
    case "sent":
    case "closed":
    case "answer":
      return [];
  }
}

const apiStageOf = ({ stage }: LogContext): string => `${stage.apiId}/${stage.stageName}`;

const verifyingLine = (apiKey: string, context: LogContext): Line => [
  "info",
  `Verifying Usage Plan for request: ${context.stage.requestId}. API Key: ${apiKey} API Stage: ${apiStageOf(context)}`,
];

const usagePlanLine = (context: LogContext): Line => [
  "info",
  `Usage Plan check succeeded for API Key ${context.apiKey} and API Stage ${apiStageOf(context)}`,
];

/** The lines that AWS writes for every request, even if the method needs no key. */
function noKeyLines({ apiKey = "" }: Extract<TraceEvent, { kind: "request" }>, context: LogContext): readonly Line[] {
  return [
    verifyingLine(apiKey, context),
    [
      "info",
      `API Key ${apiKey} authorized because method '${context.method}' does not require API Key. ` +
        "Request will not contribute to throttle or quota limits",
    ],
    usagePlanLine({ ...context, apiKey }),
  ];
}

/** Unconfirmed: how AWS words the last; see docs/compatibility.md, "execution logs, lines". */
function apiKeyLines({ finding, key, planId }: Extract<TraceEvent, { kind: "api-key" }>, context: LogContext): Line[] {
  const lines: Line[] = [verifyingLine(key, context)];
  if (finding !== "found") return lines;
  const text =
    `API Key ${key} authorized because method '${context.method}' requires API Key and API Key is associated with usage ` +
    `plan ${planId} for API Stage ${apiStageOf(context)}`;
  return [...lines, ["info", text]];
}

const show = (body: TracedBody): string => (body.isBinary ? "[Binary Data]" : body.text);

/** Prints names and values (in turn) as Java prints a map, with the values of one name together. */
function javaMap(pairs: readonly string[]): string {
  const values = new Map<string, string>();
  for (let index = 0; index < pairs.length; index += 2) {
    const before = values.get(pairs[index]!);
    const value = pairs[index + 1]!;
    values.set(pairs[index]!, before === undefined ? value : `${before}, ${value}`);
  }
  return `{${[...values].map(([name, value]) => `${name}=${value}`).join(", ")}}`;
}

/** The order in which AWS logs headers, as recorded: docs/internals/aws-facts/recorded.md, row 16. */
const firstOfResponse = ["x-amzn-trace-id", "content-type"];
const firstOfRequest = [
  "x-amzn-lambda-integration-tag",
  "authorization",
  "x-amz-date",
  "x-amzn-apigateway-api-id",
  "accept",
  "user-agent",
  "x-amz-security-token",
];

/** Returns names and values (in turn) with those of certain names first. */
function inOrder(pairs: readonly string[], first: readonly string[]): string[] {
  const ranked: { readonly rank: number; readonly pair: readonly string[] }[] = [];
  for (let index = 0; index < pairs.length; index += 2) {
    const rank = first.indexOf(pairs[index]!.toLowerCase());
    ranked.push({ rank: rank < 0 ? first.length : rank, pair: pairs.slice(index, index + 2) });
  }
  return ranked.sort((left, right) => left.rank - right.rank).flatMap(({ pair }) => pair);
}

/**
 * Returns the headers of a request to an integration as AWS logs them. A function is invoked without a request here, so the
 * headers that AWS sends to Lambda are written in its form: what is secret in them is only asterisks, as long as on AWS, which
 * cuts the line.
 */
function endpointHeaders(event: Extract<TraceEvent, { kind: "endpoint-request" }>, stage: TracedStage): string[] {
  const headers = [...event.headers];
  if (event.isInvocation === true) {
    headers.unshift(
      ...["x-amzn-lambda-integration-tag", stage.isTest ? "test-request" : stage.requestId],
      ...["Authorization", "*".repeat(signatureChars)],
      ...["X-Amz-Date", new Date(event.atMs).toISOString().replace(/[-:]|\.\d+/g, "")],
      ...["x-amzn-apigateway-api-id", stage.apiId, "Accept", "application/json"],
      ...["User-Agent", `AmazonAPIGateway_${stage.apiId}`, "X-Amz-Security-Token", "*".repeat(lineCharsMax)],
    );
  }
  const isSigned = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === "x-amz-date");
  return isSigned ? inOrder(headers, firstOfRequest) : headers;
}

/** The length of a signature's header at AWS, about. */
const signatureChars = 330;
