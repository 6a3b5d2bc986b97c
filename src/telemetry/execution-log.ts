import { bounds } from "../base/bounds.ts";
import { javaDate } from "../base/java-date.ts";
import type { LoggedExchange } from "./log-sink.ts";
import type { TracedBody, TraceEvent, TraceFact, TraceRecord } from "./trace.ts";

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

/** The stage that an execution log belongs to. */
export interface LoggedStage {
  readonly account: string;
  readonly region: string;
  /** `rest` or `websocket`. */
  readonly kind: string;
  readonly apiId: string;
  readonly apiName: string;
  readonly stageName: string;
  /** The exchanges are those of the stage's canary. */
  readonly isCanary?: true;
}

/**
 * The log group of a stage's execution logs. AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API
 * Gateway". That of a WebSocket API has another name, as users see it.
 */
export const executionLogGroup = ({
  kind,
  apiId,
  stageName,
}: Pick<LoggedStage, "kind" | "apiId" | "stageName">): string =>
  kind === "websocket" ? `/aws/apigateway/${apiId}/${stageName}` : `API-Gateway-Execution-Logs_${apiId}/${stageName}`;

/** Takes a line of a log, without the `({requestId}) ` that AWS puts before it. */
export type TakeLine = (level: ExecutionLogLine["level"], atMs: number, text: string) => void;

/** Takes the execution logs of finished exchanges; never throws and never waits. */
export interface ExecutionLogSink {
  open(stage: LoggedStage): ExecutionLogWriter;
}

export interface ExecutionLogWriter {
  /** Takes the lines of one exchange: `tell` tells them in order, before it returns. */
  write(exchange: LoggedExchange, tell: (take: TakeLine) => void): void;
}

/** As observed: a line of more than 1,024 characters, without its prefix, is cut there. */
const lineCharsMax = bounds.executionLogLineCharsMax.value;

/** Renders a trace whose secrets are masked already. */
export function renderExecutionLog(events: readonly TraceEvent[], settings: ExecutionLogSettings): ExecutionLogLine[] {
  const lines: ExecutionLogLine[] = [];
  const record = { facts: events, times: events.map(({ atMs }) => atMs) };
  tellExecutionLog(record, settings, (level, atMs, text) => lines.push({ level, atMs, text }));
  return lines;
}

/** Masks what is secret in the events of a trace. */
interface Masks {
  text(text: string): string;
  uri(uri: string): string;
}

const noMasks: Masks = { text: (text) => text, uri: (uri) => uri };

/**
 * Tells a trace in the words of API Gateway's execution logs, line by line. It runs in gateway threads for every request that is
 * logged, so it makes no object for a line, and no text that is not shown.
 * AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway"; the lines as in
 * "Tutorial: Create a REST API with a Lambda non-proxy integration", and as users quote them.
 */
export function tellExecutionLog(
  record: TraceRecord,
  settings: ExecutionLogSettings,
  take: TakeLine,
  masks: Masks = noMasks,
): void {
  const context: LogContext = { stage: nowhere, method: "", apiKey: "", endpointRequestId: undefined };
  let hasGates = false;
  for (const fact of record.facts) {
    if (fact.kind === "stage") context.stage = fact;
    else if (fact.kind === "request") context.method = `${fact.methodVerb} ${fact.resourcePath}`;
    else if (gates.has(fact.kind)) {
      hasGates = true;
      if (fact.kind === "api-key") context.apiKey = fact.key;
    }
  }
  const teller = new Teller(context, settings, take, masks);
  const { facts, times } = hasGates ? inOrderOfPhases(record) : record;
  for (let index = 0; index < facts.length; index++) teller.tell(facts[index]!, times[index]!);
}

/** What is checked before AWS says that the execution starts. */
const gates: ReadonlySet<TraceFact["kind"]> = new Set([
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
 * Returns what happened in the order of AWS's log: the method's request comes after its gates, and not at all if one of them
 * refused. Here the method is known, and its request recorded, before anybody is asked.
 */
function inOrderOfPhases(record: TraceRecord): TraceRecord {
  const isHeld = ({ kind }: TraceFact): boolean => kind === "request" || kind === "request-body";
  const others = pick(record, (fact) => !isHeld(fact));
  const last = others.facts.findLastIndex(({ kind }) => gates.has(kind));
  if (last < 0) return record;
  if (others.facts.some(isRefusal) || isRefusedByAuthorizer(others.facts, last)) return others;
  const held = record.facts.filter(isHeld);
  const atMs = others.times[last]!;
  return {
    facts: others.facts.toSpliced(last + 1, 0, ...held),
    times: others.times.toSpliced(last + 1, 0, ...held.map(() => atMs)),
  };
}

const pick = ({ facts, times }: TraceRecord, isWanted: (fact: TraceFact) => boolean): TraceRecord => ({
  facts: facts.filter(isWanted),
  times: times.filter((_time, index) => isWanted(facts[index]!)),
});

/** Returns whether an API key, a quota or a throttle let the request not pass. */
function isRefusal(event: TraceFact): boolean {
  if (event.kind === "api-key") return event.finding !== "found";
  return event.kind === "throttled" || (event.kind === "quota" && event.outcome !== "counted");
}

function isRefusedByAuthorizer(events: readonly TraceFact[], last: number): boolean {
  const has = (wanted: TraceFact["kind"]): boolean => events.some(({ kind }) => kind === wanted);
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

const nowhere: TracedStage = {
  ...{ apiId: "", stageName: "", requestId: "", extendedRequestId: "", traceId: "" },
  ...{ isTraced: false, isTest: false },
};

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

const cutLine = (text: string): string =>
  text.length <= lineCharsMax ? text : `${text.slice(0, lineCharsMax)} [TRUNCATED]`;

/** Tells the lines of one trace. */
class Teller {
  readonly #context: LogContext;
  readonly #take: TakeLine;
  readonly #masks: Masks;
  readonly #hasInfo: boolean;
  readonly #hasData: boolean;
  #atMs = 0;

  constructor(context: LogContext, settings: ExecutionLogSettings, take: TakeLine, masks: Masks) {
    this.#context = context;
    this.#take = take;
    this.#masks = masks;
    this.#hasData = settings.hasDataTrace;
    this.#hasInfo = settings.hasDataTrace || settings.level === "INFO";
  }

  #line(level: ExecutionLogLine["level"], text: string): void {
    this.#take(level, this.#atMs, cutLine(this.#masks.text(text)));
  }

  #error(text: string): void {
    this.#line("error", text);
  }

  #info(text: string): void {
    if (this.#hasInfo) this.#line("info", text);
  }

  tell(event: TraceFact, atMs: number): void {
    const context = this.#context;
    const { stage } = context;
    this.#atMs = atMs;
    switch (event.kind) {
      case "stage":
        if (!event.isTest) this.#info(`Extended Request Id: ${event.extendedRequestId}`);
        return;
      case "request":
        if (!stage.isTest && !event.steps.includes("api-key")) this.#noKey(event);
        this.#info(`Starting execution for request: ${stage.requestId}`);
        this.#info(`HTTP Method: ${event.httpMethod}, Resource Path: ${this.#masks.uri(event.path)}`);
        if (!this.#hasData) return;
        this.#info(`Method request path: ${javaMap(event.pathParameters)}`);
        this.#info(`Method request query string: ${javaMap(event.queryString)}`);
        this.#info(`Method request headers: ${javaMap(event.headers)}`);
        return;
      case "api-key":
        this.#apiKey(event);
        return;
      case "quota":
        if (event.outcome === "counted") this.#info(usagePlanLine(context));
        return;
      case "request-body":
        if (this.#hasData) this.#info(`Method request body before transformations: ${show(event.body)}`);
        return;
      case "authorizer-start":
        this.#info(`Starting authorizer: ${event.authorizerId} for request: ${stage.requestId}`);
        return;
      case "authorizer-identity":
        if (this.#hasData) this.#info(`Incoming identity: ${event.identity}`);
        return;
      case "authorizer-result":
        if (this.#hasData) this.#info(`Authorizer result body before parsing: ${show(event.body)}`);
        return;
      case "authorizer-policy":
        this.#info(`Using valid authorizer policy for principal: ${event.principal}`);
        return;
      case "authorizer-end":
        this.#info("Successfully completed authorizer execution");
        return;
      case "validation":
        if (event.of === "body" && event.problem === undefined) {
          this.#info(`Request validation succeeded for content type ${event.mediaType}`);
        }
        return;
      case "endpoint-request":
        if (this.#hasData) {
          this.#info(`Endpoint request URI: ${event.uri}`);
          this.#info(`Endpoint request headers: ${javaMap(endpointHeaders(event, stage, atMs))}`);
          this.#info(`Endpoint request body after transformations: ${show(event.body)}`);
        }
        this.#info(`Sending request to ${this.#masks.uri(event.uri)}`);
        return;
      case "endpoint-response":
        context.endpointRequestId = event.requestId;
        this.#info(
          `Received response. Status: ${event.status}, Integration latency: ${Math.round(event.latencyMs)} ms`,
        );
        if (this.#hasData) this.#info(`Endpoint response headers: ${javaMap(event.headers)}`);
        return;
      case "endpoint-response-body":
        if (this.#hasData) this.#info(`Endpoint response body before transformations: ${show(event.body)}`);
        return;
      case "method-response":
        if (this.#hasData) {
          this.#info(`Method response body after transformations: ${show(event.body)}`);
          this.#info(`Method response headers: ${javaMap(inOrder(event.headers, firstOfResponse))}`);
        }
        this.#info("Successfully completed execution");
        return;
      case "failure":
        this.#error(event.message);
        return;
      case "refused":
        this.#error(event.reason);
        return;
      case "completed":
        // As observed: the level ERROR shows how a failed method ended.
        if (this.#hasInfo || event.status >= 400) this.#line("info", `Method completed with status: ${event.status}`);
        // As observed, and not in tests.
        if (context.endpointRequestId !== undefined && !stage.isTest) {
          this.#info(`AWS Integration Endpoint RequestId : ${context.endpointRequestId}`);
        }
        // As users quote AWS since 2024; earlier without `Root=`.
        if (stage.isTraced && !stage.isTest) this.#info(`X-ray Tracing ID : Root=${stage.traceId}`);
        return;
      // AWS's log does not show these.
      case "authorizer-shared":
      case "authorizer-decision":
      case "iam":
      case "resource-policy":
      case "throttled":
      case "preflight":
      case "response-cache":
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
    }
  }

  /** The lines that AWS writes for every request, even if the method needs no key. */
  #noKey({ apiKey = "" }: Extract<TraceFact, { kind: "request" }>): void {
    const context = this.#context;
    this.#info(verifyingLine(apiKey, context));
    this.#info(
      `API Key ${apiKey} authorized because method '${context.method}' does not require API Key. ` +
        "Request will not contribute to throttle or quota limits",
    );
    this.#info(usagePlanLine({ ...context, apiKey }));
  }

  /** Unconfirmed: how AWS words the last; see docs/compatibility.md, "execution logs, lines". */
  #apiKey({ finding, key, planId }: Extract<TraceFact, { kind: "api-key" }>): void {
    const context = this.#context;
    this.#info(verifyingLine(key, context));
    if (finding !== "found") return;
    this.#info(
      `API Key ${key} authorized because method '${context.method}' requires API Key and API Key is associated with usage ` +
        `plan ${planId} for API Stage ${apiStageOf(context)}`,
    );
  }
}

const apiStageOf = ({ stage }: LogContext): string => `${stage.apiId}/${stage.stageName}`;

const verifyingLine = (apiKey: string, context: LogContext): string =>
  `Verifying Usage Plan for request: ${context.stage.requestId}. API Key: ${apiKey} API Stage: ${apiStageOf(context)}`;

const usagePlanLine = (context: LogContext): string =>
  `Usage Plan check succeeded for API Key ${context.apiKey} and API Stage ${apiStageOf(context)}`;

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
function endpointHeaders(
  event: Extract<TraceFact, { kind: "endpoint-request" }>,
  stage: TracedStage,
  atMs: number,
): string[] {
  const headers = [...event.headers];
  if (event.isInvocation === true) {
    headers.unshift(
      ...["x-amzn-lambda-integration-tag", stage.isTest ? "test-request" : stage.requestId],
      ...["Authorization", "*".repeat(signatureChars)],
      ...["X-Amz-Date", new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, "")],
      ...["x-amzn-apigateway-api-id", stage.apiId, "Accept", "application/json"],
      ...["User-Agent", `AmazonAPIGateway_${stage.apiId}`, "X-Amz-Security-Token", "*".repeat(lineCharsMax)],
    );
  }
  const isSigned = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === "x-amz-date");
  return isSigned ? inOrder(headers, firstOfRequest) : headers;
}

/** The length of a signature's header at AWS, about. */
const signatureChars = 330;
