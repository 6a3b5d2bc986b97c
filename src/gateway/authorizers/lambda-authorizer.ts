import { parseAuthorizerResult } from "../../access/authorizer-result.ts";
import type { InvokeOutcome } from "../../functions/function-client.ts";
import { parseJavaPattern } from "../../language/java/java-pattern.ts";
import type { LambdaAuthorizerPlan } from "../../plan/authorizers.ts";
import { maskValue } from "../../telemetry/secrets.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import { problemOfInvoking } from "../integrations/function-access.ts";
import { traceInvocation } from "../integrations/invocation.ts";
import { linkAuthorizerEvent } from "../integrations/lambda-event.ts";
import type { LinkContext } from "../link-context.ts";
import { linkIdentity } from "./identity.ts";
import type { Authorize } from "./link-authorizer.ts";
import { refuseCaller, refuseConfiguration } from "./refusals.ts";

/** AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers". */
export function linkLambdaAuthorizer(plan: LambdaAuthorizerPlan, context: LinkContext): Authorize {
  const { stage, method, thread } = context;
  const { functionArn } = plan;
  const readIdentity = linkIdentity(plan.identitySources, plan.kind === "token" ? "one" : "several");
  const isToken = linkValidation(plan.identityValidationExpression);
  const writeEvent = linkEvent(plan, context);
  const sourceArn = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/authorizers/${plan.id}`;
  return (exchange, granted) => {
    const identity = readIdentity(exchange);
    if (identity === undefined) return refuseCaller(exchange, describeMissing(plan));
    if (!identity.every(isToken))
      return refuseCaller(exchange, "the token does not match the identityValidationExpression");
    const problem =
      plan.roleArn === undefined ? problemOfInvoking(functionArn, sourceArn, { stage, method, thread }) : undefined;
    if (problem !== undefined) {
      exchange.trace?.addFailure([
        "Execution failed due to configuration error: Invalid permissions on Lambda function",
      ]);
      return refuseConfiguration(exchange, "Authorizer error", problem);
    }
    invoke(exchange, writeEvent(exchange, identity[0] ?? ""), { plan, context, granted });
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

/** AWS: API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer". */
function linkEvent(
  plan: LambdaAuthorizerPlan,
  { stage, method }: LinkContext,
): (exchange: Exchange, token: string) => string {
  // AWS quirk: a test's stage has a name here that it has nowhere else.
  const stageOf = ({ isTest }: Exchange): string => (isTest ? "ESTestInvoke-stage" : stage.stageName);
  const api = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}`;
  const methodArn = (exchange: Exchange): string =>
    `${api}/${stageOf(exchange)}/${exchange.httpMethod}${exchange.path}`;
  if (plan.kind === "token") {
    return (exchange, authorizationToken) =>
      JSON.stringify({ type: "TOKEN", methodArn: methodArn(exchange), authorizationToken });
  }
  const writeRequest = linkAuthorizerEvent(stage, method);
  return (exchange) => writeRequest(exchange, methodArn(exchange));
}

interface AuthorizerCall {
  readonly plan: LambdaAuthorizerPlan;
  readonly context: LinkContext;
  readonly granted: (grant: Grant) => void;
}

function invoke(exchange: Exchange, payload: string, asked: AuthorizerCall): void {
  const { plan, context } = asked;
  const { thread } = context;
  const { functionArn, timeoutMs } = plan;
  traceInvocation(exchange, { functionArn, type: "RequestResponse", clientContext: undefined, payload });
  thread.metrics.add("functionInvocations");
  const invoked = thread.functions.invoke({ functionArn, payload, traceId: exchange.traceHeader });
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, timeoutMs, undefined);
  const outcome = Promise.race([invoked, late.promise]).finally(() => clearTimeout(timer));
  exchange.wait(outcome, (answer) => conclude(exchange, answer, asked));
}

function conclude(exchange: Exchange, outcome: InvokeOutcome | undefined, asked: AuthorizerCall): void {
  const { plan, context } = asked;
  const { metrics } = context.thread;
  switch (outcome?.kind) {
    case undefined:
      exchange.program.responses.finish(exchange, "AUTHORIZER_FAILURE", {
        hint: `${plan.functionArn} did not answer within ${plan.timeoutMs} ms`,
        log: ["Execution failed due to a timeout error"],
      });
      break;
    case "service-error": {
      metrics.add("functionServiceErrors");
      const hint = `Lambda answered ${outcome.status} ${outcome.code}: ${outcome.message}`;
      refuseConfiguration(exchange, outcome.message, hint);
      break;
    }
    case "function-error":
      metrics.add("functionErrors");
      // AWS: "Lambda authorizer example": the function says so by failing with this word.
      if (outcome.errorMessage === "Unauthorized") refuseCaller(exchange, "the function failed with Unauthorized");
      else take(exchange, outcome, asked);
      break;
    case "ok":
      take(exchange, outcome, asked);
      break;
  }
}

/** AWS quirk: the text of a function's failure is read as if it were the function's result, and is not a valid one. */
function take(
  exchange: Exchange,
  outcome: Exclude<InvokeOutcome, { kind: "service-error" }>,
  { granted }: AuthorizerCall,
): void {
  const result = parseAuthorizerResult(outcome.payload.toString("utf8"));
  const { trace } = exchange;
  if ("policy" in result) trace?.learnSecrets(["api-key", result.usageIdentifierKey ?? ""]);
  trace?.add({ kind: "authorizer-result", body: trace.body(outcome.payload) });
  if ("problem" in result) {
    const failure = outcome.kind === "function-error" ? `the function failed: ${outcome.errorMessage}` : undefined;
    refuseConfiguration(exchange, result.problem, failure ?? result.hint ?? result.problem);
  } else {
    trace?.add({ kind: "authorizer-policy", principal: maskValue(result.principalId) });
    granted(result);
  }
}
