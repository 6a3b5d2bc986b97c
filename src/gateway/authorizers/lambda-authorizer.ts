import {
  type AuthorizerResult,
  type InvalidResult,
  parseAuthorizerResult,
  parseSimpleResult,
  type SimpleResult,
} from "../../access/authorizer-result.ts";
import { bounds } from "../../base/bounds.ts";
import type { InvokeOutcome } from "../../functions/function-client.ts";
import type { HttpApiLambdaAuthorizerPlan, LambdaAuthorizerPlan } from "../../plan/authorizers.ts";
import type { Plan } from "../../plan/kinds.ts";
import type { PayloadFormat } from "../../plan/payload-format.ts";
import { maskValue } from "../../telemetry/secrets.ts";
import type { Trace } from "../../telemetry/trace.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import { problemOfInvoking } from "../integrations/function-access.ts";
import { authorizerEventLinkers } from "../integrations/http-api-event.ts";
import { traceInvocation } from "../integrations/invocation.ts";
import { linkAuthorizerEvent } from "../integrations/lambda-event.ts";
import { linkConnectAuthorizerEvent } from "../integrations/websocket-event.ts";
import { linkIdentity, linkIdentityText, type ReadIdentity } from "./identity.ts";
import type { AuthorizerContext, LinkedAuthorizer } from "./link-authorizer.ts";
import { methodArnOf } from "./method-arn.ts";
import { refuseCaller, refuseConfiguration, refuseLate } from "./refusals.ts";
import type { ResultMemory } from "./result-cache.ts";
import { linkValidation } from "./validation-expression.ts";

type InvokingPlan = LambdaAuthorizerPlan | HttpApiLambdaAuthorizerPlan;
type Result = AuthorizerResult | SimpleResult;

/** What authorizers of the kinds of APIs differ in. */
interface Dialect {
  readonly readIdentity: ReadIdentity;
  /** Returns why the function is not asked about an identity, or undefined. */
  readonly problemOf: (identity: readonly string[]) => string | undefined;
  /** Returns the text under which what is said of an identity is remembered. */
  readonly textOf: (exchange: Exchange, identity: readonly string[]) => string;
  readonly linkEvent: (method: Plan["methods"][number]) => (exchange: Exchange, identity: readonly string[]) => string;
  readonly parse: (text: string) => Result | InvalidResult;
  /** `$context.authorizer.error` if the function may not be invoked. */
  readonly invocationRefused: string;
}

/**
 * Links an authorizer whose function decides. What it says is remembered for as long as the plan says, and whoever asks
 * meanwhile with the same identity waits for the call under way.
 * AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "Control access to HTTP APIs with AWS Lambda
 * authorizers".
 */
export function linkLambdaAuthorizer(plan: InvokingPlan, context: AuthorizerContext): LinkedAuthorizer {
  const { resultTtlSeconds } = plan;
  const dialect = plan.kind === "http-api-request" ? linkHttpApi(plan, context) : linkRest(plan, context);
  const { readIdentity, textOf, parse } = dialect;
  const problemOf = linkPermission(plan, context);
  const memory = acquireMemory(plan, context);
  return {
    forMethod(method, takeGrant) {
      const writeEvent = dialect.linkEvent(method);
      return (exchange) => {
        const identity = readIdentity(exchange);
        if (identity === undefined) return refuseCaller(exchange, describeMissing(plan));
        const wrong = dialect.problemOf(identity);
        if (wrong !== undefined) return refuseCaller(exchange, wrong);
        const key = memory?.keyOf(textOf(exchange, identity));
        const known = key === undefined ? undefined : memory?.find(key);
        if (known !== undefined) return recall(exchange, known);
        let call = key === undefined ? undefined : memory?.underWay<FunctionAnswer>(key);
        if (call !== undefined) exchange.trace?.add({ kind: "authorizer-shared", from: "call under way" });
        else {
          const problem = problemOf();
          if (problem !== undefined) {
            const { detail, hint = `Execution failed due to configuration error: ${detail}` } = problem;
            exchange.trace?.addFailure([`Execution failed due to configuration error: ${detail}`]);
            return refuseConfiguration(exchange, dialect.invocationRefused, hint);
          }
          // Failures are not remembered, and neither is `Unauthorized`.
          const keep = (result: Result): void => {
            if (key !== undefined) memory?.keep(key, result, resultTtlSeconds);
          };
          call = invoke(exchange, writeEvent(exchange, identity), { plan, context, keep, parse });
          if (key !== undefined) memory?.share(key, call);
        }
        exchange.wait(call, (answer) => {
          const grant = conclude(exchange, answer, plan);
          if (grant !== undefined) takeGrant(exchange, grant);
        });
        return undefined;
      };
    },
  };
}

function linkRest(plan: LambdaAuthorizerPlan, { stage }: AuthorizerContext): Dialect {
  const { identitySources, identityValidationExpression, resultTtlSeconds } = plan;
  const isWebSocket = stage.kind === "websocket";
  const parse = isWebSocket ? parseConnectResult : parseAuthorizerResult;
  const common = { parse, invocationRefused: "Authorizer error" };
  if (plan.kind === "token") {
    const isToken = linkValidation(identityValidationExpression);
    return {
      ...common,
      readIdentity: linkIdentity(identitySources, "one"),
      problemOf: ([token = ""]) =>
        isToken(token) ? undefined : "the token does not match the identityValidationExpression",
      textOf: (_, [token = ""]) => token,
      linkEvent:
        () =>
        (exchange, [authorizationToken = ""]) =>
          JSON.stringify({ type: "TOKEN", methodArn: methodArnOf(exchange), authorizationToken }),
    };
  }
  return {
    ...common,
    // Unconfirmed: WebSocket APIs, which remember nothing, demand them; see docs/compatibility.md, "WebSocket APIs, authorizers".
    readIdentity: linkIdentity(identitySources, "several", { required: isWebSocket || resultTtlSeconds > 0 }),
    problemOf: () => undefined,
    textOf: linkIdentityText(identitySources),
    linkEvent(method) {
      const write = isWebSocket ? linkConnectAuthorizerEvent(stage, method) : linkAuthorizerEvent(stage, method);
      return (exchange) => write(exchange, methodArnOf(exchange));
    },
  };
}

/** AWS: API Gateway Developer Guide, "Quotas for configuring and running a WebSocket API in API Gateway": 8 KB. */
function parseConnectResult(text: string): Result | InvalidResult {
  const bytesMax = bounds.connectAuthorizerResultBytesMax.value;
  return Buffer.byteLength(text) > bytesMax
    ? { problem: `Authorizer result is larger than ${bytesMax} bytes` }
    : parseAuthorizerResult(text);
}

/** All identity sources have to be there. */
function linkHttpApi(plan: HttpApiLambdaAuthorizerPlan, { stage }: AuthorizerContext): Dialect {
  const { identitySources, payloadFormat, hasSimpleResponses } = plan;
  return {
    readIdentity: linkIdentity(identitySources, "joined"),
    problemOf: () => undefined,
    textOf: linkIdentityText(identitySources),
    linkEvent(method) {
      const write = authorizerEventLinkers[payloadFormat](stage, method);
      return (exchange, identity) => write(exchange, { routeArn: methodArnOf(exchange), identity });
    },
    parse: hasSimpleResponses ? parseSimpleResult : policyParsers[payloadFormat],
    // As users quote it.
    invocationRefused:
      "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. " +
      "Check the permissions and try again.",
  };
}

/** Unconfirmed: a context of format 1.0 has texts only; see docs/compatibility.md, "HTTP APIs, results of authorizers". */
const policyParsers: Readonly<Record<PayloadFormat, Dialect["parse"]>> = {
  "1.0": parseTexts,
  "2.0": (text) => parseAuthorizerResult(text, "values"),
};

function parseTexts(text: string): Result | InvalidResult {
  const result = parseAuthorizerResult(text);
  if ("problem" in result || Object.keys(result.context).length === 0) return result;
  return { ...result, contextText: JSON.stringify(result.context) };
}

const describeMissing = ({ identitySources }: InvokingPlan): string =>
  `an identity source has no value: ${identitySources.map(({ expression }) => expression).join(", ")}`;

/** Links the function that says why the authorizer's function may not be invoked now; undefined if it may. */
function linkPermission(
  { functionArn, roleArn, problem, id }: InvokingPlan,
  { stage, thread }: AuthorizerContext,
): () => LambdaAuthorizerPlan["problem"] {
  if (problem !== undefined || roleArn !== undefined) return () => problem;
  const sourceArn = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/authorizers/${id}`;
  return () => {
    const hint = problemOfInvoking(functionArn, sourceArn, { stage, thread });
    return hint === undefined ? undefined : { detail: "Invalid permissions on Lambda function", hint };
  };
}

/**
 * Returns where results are remembered; undefined if none are. A program takes the results of the one before it over if
 * nothing that they depend on has changed. Without an identity source all callers would be one, so nothing is remembered.
 */
function acquireMemory(
  plan: InvokingPlan,
  { stage, thread, onRetire, isTest }: AuthorizerContext,
): ResultMemory | undefined {
  if (plan.resultTtlSeconds <= 0 || plan.identitySources.length === 0 || isTest === true) return undefined;
  const { apiId, stageName, birthId, authorizerFlushes, stageVariables } = stage;
  // A TOKEN's function is not told the variables, and its URI in the plan has them filled in.
  const told = plan.kind === "token" ? {} : stageVariables;
  const name = JSON.stringify([apiId, stageName, birthId, authorizerFlushes, told, plan]);
  onRetire(() => thread.authorizerResults.release(name));
  return thread.authorizerResults.acquire(name);
}

/** What came of a call of the function, for all requests that wait for it. */
interface FunctionAnswer {
  /** Undefined if the function did not answer in time. */
  readonly outcome: InvokeOutcome | undefined;
  /** What the function answered, as a result; absent if Lambda itself refused. */
  readonly result?: Result | InvalidResult;
  readonly latencyMs: number;
}

interface AuthorizerCall extends Pick<Dialect, "parse"> {
  readonly plan: InvokingPlan;
  readonly context: AuthorizerContext;
  /** Takes a valid result. */
  readonly keep: (result: Result) => void;
}

/** Calls the function. Nobody's going away ends the call, because others may wait for it as well. */
async function invoke(
  exchange: Exchange,
  payload: string,
  { plan: { functionArn, timeoutMs }, context, keep, parse }: AuthorizerCall,
): Promise<FunctionAnswer> {
  const { functions, metrics } = context.thread;
  const clientContext = undefined;
  traceInvocation(exchange, { purpose: "authorizer", functionArn, type: "RequestResponse", clientContext, payload });
  metrics.add("functionInvocations");
  const startedAt = performance.now();
  const invoked = functions.invoke({ functionArn, payload, traceId: exchange.authorizerTraceHeader });
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, timeoutMs, undefined);
  try {
    const outcome = await Promise.race([invoked, late.promise]);
    const latencyMs = performance.now() - startedAt;
    if (outcome?.kind === "service-error") metrics.add("functionServiceErrors");
    if (outcome?.kind === "function-error") metrics.add("functionErrors");
    if (outcome === undefined || outcome.kind === "service-error") return { outcome, latencyMs };
    const result = parse(outcome.payload.toString("utf8"));
    if (outcome.kind === "ok" && !("problem" in result)) keep(result);
    return { outcome, result, latencyMs };
  } finally {
    clearTimeout(timer);
  }
}

/** Takes a remembered result. */
function recall(exchange: Exchange, grant: Grant): Grant {
  const phase = exchange.access?.authorizer;
  if (phase !== undefined) {
    phase.isRemembered = true;
    phase.integrationLatencyMs = 0;
  }
  const { trace } = exchange;
  if (trace !== undefined) {
    learnSecrets(trace, grant);
    trace.add({ kind: "authorizer-shared", from: "memory" });
    tracePolicy(trace, grant);
  }
  return grant;
}

/** A simple response has no policy. */
function tracePolicy(trace: Trace, { policy, principalId = "" }: Grant): void {
  if (policy !== undefined) trace.add({ kind: "authorizer-policy", principal: maskValue(principalId) });
}

/** The caller's API key, and what sounds like a secret in the context, are masked in logs. */
function learnSecrets(trace: Trace, { usageIdentifierKey = "", context = {} }: Grant): void {
  trace.learnSecrets(["api-key", usageIdentifierKey, ...Object.entries(context).flat()]);
}

function conclude(
  exchange: Exchange,
  { outcome, result, latencyMs }: FunctionAnswer,
  { functionArn, timeoutMs }: InvokingPlan,
): Grant | undefined {
  const phase = exchange.access?.authorizer;
  if (phase !== undefined) {
    phase.integrationLatencyMs = latencyMs;
    phase.integrationStatus = outcome?.kind === "service-error" ? outcome.status : outcome && 200;
    phase.requestId = outcome?.requestId;
  }
  switch (outcome?.kind) {
    case undefined:
      return refuseLate(exchange, `${functionArn} did not answer within ${timeoutMs} ms`);
    case "service-error": {
      const hint = `Lambda answered ${outcome.status} ${outcome.code}: ${outcome.message}`;
      return refuseConfiguration(exchange, outcome.message, hint);
    }
    case "function-error":
      // AWS: "Lambda authorizer example": the function says so by failing with this word.
      if (outcome.errorMessage === "Unauthorized")
        return refuseCaller(exchange, "the function failed with Unauthorized");
      return take(exchange, outcome, result);
    case "ok":
      return take(exchange, outcome, result);
  }
}

/** AWS quirk: the text of a function's failure is read as if it were the function's result, and is not a valid one. */
function take(
  exchange: Exchange,
  outcome: Exclude<InvokeOutcome, { kind: "service-error" }>,
  result: FunctionAnswer["result"],
): Grant | undefined {
  const { trace } = exchange;
  const isResult = result !== undefined && !("problem" in result);
  const grant: Grant | undefined = isResult ? result : undefined;
  if (grant !== undefined && trace !== undefined) learnSecrets(trace, grant);
  trace?.add({ kind: "authorizer-result", body: trace.body(outcome.payload) });
  if (grant !== undefined && outcome.kind === "ok") {
    if (trace !== undefined) tracePolicy(trace, grant);
    return grant;
  }
  const problem = isResult || result === undefined ? "Invalid JSON in response" : result.problem;
  const hint = result !== undefined && "hint" in result ? result.hint : undefined;
  const failure = outcome.kind === "function-error" ? `the function failed: ${outcome.errorMessage}` : undefined;
  return refuseConfiguration(exchange, problem, failure ?? hint ?? problem);
}
