import { type AuthorizerResult, type InvalidResult, parseAuthorizerResult } from "../../access/authorizer-result.ts";
import type { InvokeOutcome } from "../../functions/function-client.ts";
import { parseJavaPattern } from "../../language/java/java-pattern.ts";
import type { LambdaAuthorizerPlan } from "../../plan/authorizers.ts";
import type { Plan } from "../../plan/kinds.ts";
import { maskValue } from "../../telemetry/secrets.ts";
import type { Trace } from "../../telemetry/trace.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import { problemOfInvoking } from "../integrations/function-access.ts";
import { traceInvocation } from "../integrations/invocation.ts";
import { linkAuthorizerEvent } from "../integrations/lambda-event.ts";
import { linkIdentity, linkIdentityText } from "./identity.ts";
import type { AuthorizerContext, LinkedAuthorizer } from "./link-authorizer.ts";
import { methodArnOf } from "./method-arn.ts";
import { refuseCaller, refuseConfiguration, refuseLate } from "./refusals.ts";
import type { ResultMemory } from "./result-cache.ts";

/**
 * Links an authorizer whose function decides. What it says is remembered for as long as the plan says, and whoever asks
 * meanwhile with the same identity waits for the call under way.
 * AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers".
 */
export function linkLambdaAuthorizer(plan: LambdaAuthorizerPlan, context: AuthorizerContext): LinkedAuthorizer {
  const { resultTtlSeconds } = plan;
  const isTokens = plan.kind === "token";
  const readIdentity = linkIdentity(plan.identitySources, isTokens ? "one" : "several", {
    required: isTokens || resultTtlSeconds > 0,
  });
  const isToken = linkValidation(plan.identityValidationExpression);
  const problemOf = linkPermission(plan, context);
  const memory = acquireMemory(plan, context);
  const textOf = isTokens ? undefined : linkIdentityText(plan.identitySources);
  return {
    forMethod(method, takeGrant) {
      const writeEvent = linkEvent(plan, context.stage, method);
      return (exchange) => {
        const identity = readIdentity(exchange);
        if (identity === undefined) return refuseCaller(exchange, describeMissing(plan));
        const token = identity[0] ?? "";
        if (isTokens && !isToken(token))
          return refuseCaller(exchange, "the token does not match the identityValidationExpression");
        const key = memory?.keyOf(textOf?.(exchange) ?? token);
        const known = key === undefined ? undefined : memory?.find(key);
        if (known !== undefined) return recall(exchange, known);
        let call = key === undefined ? undefined : memory?.underWay<FunctionAnswer>(key);
        if (call !== undefined) exchange.trace?.add({ kind: "authorizer-shared", from: "call under way" });
        else {
          const problem = problemOf();
          if (problem !== undefined) {
            const { detail, hint = `Execution failed due to configuration error: ${detail}` } = problem;
            exchange.trace?.addFailure([`Execution failed due to configuration error: ${detail}`]);
            return refuseConfiguration(exchange, "Authorizer error", hint);
          }
          // Failures are not remembered, and neither is `Unauthorized`.
          const keep = (result: AuthorizerResult): void => {
            if (key !== undefined) memory?.keep(key, result, resultTtlSeconds);
          };
          call = invoke(exchange, writeEvent(exchange, token), { plan, context, keep });
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

const describeMissing = ({ identitySources }: LambdaAuthorizerPlan): string =>
  `an identity source has no value: ${identitySources.map(({ expression }) => expression).join(", ")}`;

/** AWS: CreateAuthorizer, identityValidationExpression: the function is called only if there is a match. */
function linkValidation(expression: string | undefined): (token: string) => boolean {
  if (expression === undefined) return () => true;
  const parsed = parseJavaPattern(expression);
  // The compiler closes methods whose expression can't be parsed.
  return parsed.kind === "pattern" ? (token) => parsed.pattern.matches(token) : () => false;
}

/** Links the function that says why the authorizer's function may not be invoked now; undefined if it may. */
function linkPermission(
  { functionArn, roleArn, problem, id }: LambdaAuthorizerPlan,
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
  plan: LambdaAuthorizerPlan,
  { stage, thread, onRetire, isTest }: AuthorizerContext,
): ResultMemory | undefined {
  if (plan.resultTtlSeconds <= 0 || plan.identitySources.length === 0 || isTest === true) return undefined;
  const name = JSON.stringify([stage.apiId, stage.stageName, stage.authorizerFlushes, plan]);
  onRetire(() => thread.authorizerResults.release(name));
  return thread.authorizerResults.acquire(name);
}

/** AWS: API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer". */
function linkEvent(
  plan: LambdaAuthorizerPlan,
  stage: Plan,
  method: Plan["methods"][number],
): (exchange: Exchange, token: string) => string {
  if (plan.kind === "token") {
    return (exchange, authorizationToken) =>
      JSON.stringify({ type: "TOKEN", methodArn: methodArnOf(exchange), authorizationToken });
  }
  const writeRequest = linkAuthorizerEvent(stage, method);
  return (exchange) => writeRequest(exchange, methodArnOf(exchange));
}

/** What came of a call of the function, for all requests that wait for it. */
interface FunctionAnswer {
  /** Undefined if the function did not answer in time. */
  readonly outcome: InvokeOutcome | undefined;
  /** What the function answered, as a result; absent if Lambda itself refused. */
  readonly result?: AuthorizerResult | InvalidResult;
  readonly latencyMs: number;
}

interface AuthorizerCall {
  readonly plan: LambdaAuthorizerPlan;
  readonly context: AuthorizerContext;
  /** Takes a valid result. */
  readonly keep: (result: AuthorizerResult) => void;
}

/** Calls the function. Nobody's going away ends the call, because others may wait for it as well. */
async function invoke(
  exchange: Exchange,
  payload: string,
  { plan: { functionArn, timeoutMs }, context, keep }: AuthorizerCall,
): Promise<FunctionAnswer> {
  const { functions, metrics } = context.thread;
  traceInvocation(exchange, { functionArn, type: "RequestResponse", clientContext: undefined, payload });
  metrics.add("functionInvocations");
  const startedAt = performance.now();
  const invoked = functions.invoke({ functionArn, payload, traceId: exchange.traceHeader });
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, timeoutMs, undefined);
  try {
    const outcome = await Promise.race([invoked, late.promise]);
    const latencyMs = performance.now() - startedAt;
    if (outcome?.kind === "service-error") metrics.add("functionServiceErrors");
    if (outcome?.kind === "function-error") metrics.add("functionErrors");
    if (outcome === undefined || outcome.kind === "service-error") return { outcome, latencyMs };
    const result = parseAuthorizerResult(outcome.payload.toString("utf8"));
    if (outcome.kind === "ok" && "policy" in result) keep(result);
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
    trace.add({ kind: "authorizer-policy", principal: maskValue(grant.principalId ?? "") });
  }
  return grant;
}

/** The caller's API key, and what sounds like a secret in the context, are masked in logs. */
function learnSecrets(trace: Trace, { usageIdentifierKey = "", context = {} }: Grant): void {
  trace.learnSecrets(["api-key", usageIdentifierKey, ...Object.entries(context).flat()]);
}

function conclude(
  exchange: Exchange,
  { outcome, result, latencyMs }: FunctionAnswer,
  { functionArn, timeoutMs }: LambdaAuthorizerPlan,
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
  const isResult = result !== undefined && "policy" in result;
  if (isResult && trace !== undefined) learnSecrets(trace, result);
  trace?.add({ kind: "authorizer-result", body: trace.body(outcome.payload) });
  if (isResult && outcome.kind === "ok") {
    trace?.add({ kind: "authorizer-policy", principal: maskValue(result.principalId) });
    return result;
  }
  const problem = isResult || result === undefined ? "Invalid JSON in response" : result.problem;
  const hint = result !== undefined && "hint" in result ? result.hint : undefined;
  const failure = outcome.kind === "function-error" ? `the function failed: ${outcome.errorMessage}` : undefined;
  return refuseConfiguration(exchange, problem, failure ?? hint ?? problem);
}
