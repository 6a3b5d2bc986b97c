import { bounds } from "../base/bounds.ts";
import type { Clock } from "../base/clock.ts";
import { type ExecutionLogWriter, tellExecutionLog } from "../telemetry/execution-log.ts";
import { maskValue } from "../telemetry/secrets.ts";
import { Trace, type TraceOptions } from "../telemetry/trace.ts";
import type { Exchange } from "./exchange.ts";
import { eventHeaders } from "./integrations/lambda-event.ts";
import { collectBody } from "./integrations/request-body.ts";
import type { MethodProgram } from "./program.ts";
import type { ThreadContext } from "./thread-context.ts";

/** Starts recording what happens to the exchange. */
export function beginTrace(exchange: Exchange, trace: Trace): void {
  const { plan } = exchange.program;
  const { kind: apiKind, apiId, apiName, stageName, deploymentId } = plan;
  const { requestId, extendedRequestId, traceId } = exchange;
  exchange.trace = trace;
  trace.add({
    kind: "stage",
    apiKind,
    apiId,
    apiName,
    stageName,
    deploymentId,
    requestId,
    extendedRequestId,
    traceId,
    isTraced: plan.kind === "rest" && plan.isTraced === true,
    isTest: exchange.isTest,
  });
}

/** Runs the method that the exchange asks for, with a trace where the method is logged. */
export function runMethod(exchange: Exchange, method: MethodProgram, thread: ThreadContext): void {
  exchange.method = method;
  const { logging } = method.plan;
  if (logging !== undefined && exchange.trace === undefined) {
    const detail = logging.hasDataTrace ? "data" : logging.level === "INFO" ? "events" : "failures";
    beginTrace(exchange, makeTrace(detail, bounds.executionLogBodyCharsMax.value, thread.clock));
  }
  if (exchange.trace === undefined) exchange.run();
  else runTraced(exchange, exchange.trace, thread);
}

export const makeTrace = (detail: TraceOptions["detail"], bodyCharsMax: number, clock: Clock): Trace =>
  new Trace({ detail, bodyCharsMax, now: () => clock.now() });

/**
 * Runs a routed exchange that is traced. Where bodies are recorded, the request's is read before anything else, as on
 * AWS: its line comes before those of the integration.
 */
function runTraced(exchange: Exchange, trace: Trace, thread: ThreadContext): void {
  const { plan } = exchange.method!;
  const { steps, identityNames } = factsOf(exchange);
  if (identityNames.length > 0) trace.learnSecretNames(identityNames);
  if (!trace.hasData) learnSecrets(exchange, trace);
  trace.add({
    kind: "request",
    httpMethod: exchange.httpMethod,
    path: exchange.path,
    resourcePath: plan.resourcePath,
    methodVerb: plan.httpMethod,
    pathParameters: trace.hasData ? pathPairs(exchange) : [],
    queryString: trace.hasData ? pairs(exchange.query) : [],
    headers: trace.hasData ? pairs(eventHeaders(exchange)) : [],
    apiKey: maskedKey(exchange),
    steps,
  });
  const run = (body: Buffer | undefined): void => {
    if (trace.hasData) trace.add({ kind: "request-body", body: trace.body(body) });
    exchange.run();
  };
  if (trace.hasData && exchange.request.hasBody) collectBody(exchange, thread, run);
  else run(undefined);
}

/** What a trace tells of a method, for every request the same. */
interface TracedMethod {
  readonly steps: readonly string[];
  /** The headers and parameters in which the method's authorizer looks for the caller's identity. */
  readonly identityNames: readonly string[];
}

const methods = new WeakMap<object, TracedMethod>();

function factsOf({ method, program }: Exchange): TracedMethod {
  const { plan } = method!;
  let facts = methods.get(plan);
  if (facts === undefined) {
    const { authorizers = {} } = program.plan;
    facts = {
      steps: plan.steps.map(({ kind }) => kind),
      identityNames: plan.steps
        .flatMap((step) => (step.kind === "authorizer" ? (authorizers[step.authorizerId]?.identitySources ?? []) : []))
        .flatMap(({ value }) => (value?.kind === "request" ? value.name : [])),
    };
    methods.set(plan, facts);
  }
  return facts;
}

/** Tells the trace the request's secrets, which it then masks in paths, URIs and failures. */
function learnSecrets(exchange: Exchange, trace: Trace): void {
  trace.learnSecrets(exchange.request.rawHeaders);
  if (exchange.rawQuery !== "") trace.learnSecrets(pairs(exchange.query));
  if (exchange.pathNames.length > 0) trace.learnSecrets(pathPairs(exchange));
}

const pathPairs = ({ pathNames, pathValues }: Exchange): string[] =>
  pathNames.flatMap((name, index) => [name, pathValues[index]!]);

function maskedKey({ request }: Exchange): string | undefined {
  const value = request.header("x-api-key");
  return value === undefined ? undefined : maskValue(value.slice(-bounds.apiKeyCharsMax.value));
}

const pairs = (values: ReadonlyMap<string, readonly string[]>): string[] =>
  [...values].flatMap(([name, each]) => each.flatMap((value) => [name, value]));

/** Passes the execution log of a finished exchange to its stage's, if its method has one. */
export function writeExecutionLog(exchange: Exchange, writer: ExecutionLogWriter): void {
  const { trace, method } = exchange;
  const logging = method?.plan.logging;
  if (trace === undefined || logging === undefined) return;
  writer.write(exchange, (take) =>
    tellExecutionLog(trace.recorded, logging, take, {
      text: (text) => trace.maskText(text),
      uri: (uri) => trace.maskUri(uri),
    }),
  );
}
