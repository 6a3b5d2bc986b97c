import { parseAuthorizerResult } from "../../access/authorizer-result.ts";
import type { InvokeOutcome } from "../../functions/function-client.ts";
import { parseJavaPattern } from "../../language/java/java-pattern.ts";
import type { LambdaAuthorizerPlan } from "../../plan/authorizers.ts";
import type { Plan } from "../../plan/kinds.ts";
import { maskValue } from "../../telemetry/secrets.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import { problemOfInvoking } from "../integrations/function-access.ts";
import { traceInvocation } from "../integrations/invocation.ts";
import { linkAuthorizerEvent } from "../integrations/lambda-event.ts";
import { linkIdentity } from "./identity.ts";
import type { AuthorizerContext, LinkedAuthorizer, TakeGrant } from "./link-authorizer.ts";
import { methodArnOf } from "./method-arn.ts";
import { refuseCaller, refuseConfiguration } from "./refusals.ts";

/** AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers". */
export function linkLambdaAuthorizer(plan: LambdaAuthorizerPlan, context: AuthorizerContext): LinkedAuthorizer {
  const readIdentity = linkIdentity(plan.identitySources, plan.kind === "token" ? "one" : "several");
  const isToken = linkValidation(plan.identityValidationExpression);
  const problemOf = linkPermission(plan, context);
  return {
    forMethod(method, takeGrant) {
      const writeEvent = linkEvent(plan, context.stage, method);
      return (exchange) => {
        const identity = readIdentity(exchange);
        if (identity === undefined) return refuseCaller(exchange, describeMissing(plan));
        if (!identity.every(isToken))
          return refuseCaller(exchange, "the token does not match the identityValidationExpression");
        const problem = problemOf();
        if (problem !== undefined) {
          const { detail, hint = `Execution failed due to configuration error: ${detail}` } = problem;
          exchange.trace?.addFailure([`Execution failed due to configuration error: ${detail}`]);
          return refuseConfiguration(exchange, "Authorizer error", hint);
        }
        return invoke(exchange, writeEvent(exchange, identity[0] ?? ""), { plan, context, takeGrant });
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

interface AuthorizerCall {
  readonly plan: LambdaAuthorizerPlan;
  readonly context: AuthorizerContext;
  readonly takeGrant: TakeGrant;
}

function invoke(exchange: Exchange, payload: string, asked: AuthorizerCall): undefined {
  const { plan, context } = asked;
  const { thread } = context;
  const { functionArn, timeoutMs } = plan;
  traceInvocation(exchange, { functionArn, type: "RequestResponse", clientContext: undefined, payload });
  thread.metrics.add("functionInvocations");
  const invoked = thread.functions.invoke({ functionArn, payload, traceId: exchange.traceHeader });
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, timeoutMs, undefined);
  const outcome = Promise.race([invoked, late.promise]).finally(() => clearTimeout(timer));
  exchange.wait(outcome, (answer) => {
    const grant = conclude(exchange, answer, asked);
    if (grant !== undefined) asked.takeGrant(exchange, grant);
  });
}

function conclude(
  exchange: Exchange,
  outcome: InvokeOutcome | undefined,
  { plan, context }: AuthorizerCall,
): Grant | undefined {
  const { metrics } = context.thread;
  switch (outcome?.kind) {
    case undefined:
      exchange.program.responses.finish(exchange, "AUTHORIZER_FAILURE", {
        hint: `${plan.functionArn} did not answer within ${plan.timeoutMs} ms`,
        log: ["Execution failed due to a timeout error"],
      });
      return undefined;
    case "service-error": {
      metrics.add("functionServiceErrors");
      const hint = `Lambda answered ${outcome.status} ${outcome.code}: ${outcome.message}`;
      return refuseConfiguration(exchange, outcome.message, hint);
    }
    case "function-error":
      metrics.add("functionErrors");
      // AWS: "Lambda authorizer example": the function says so by failing with this word.
      if (outcome.errorMessage === "Unauthorized")
        return refuseCaller(exchange, "the function failed with Unauthorized");
      return take(exchange, outcome);
    case "ok":
      return take(exchange, outcome);
  }
}

/** AWS quirk: the text of a function's failure is read as if it were the function's result, and is not a valid one. */
function take(exchange: Exchange, outcome: Exclude<InvokeOutcome, { kind: "service-error" }>): Grant | undefined {
  const result = parseAuthorizerResult(outcome.payload.toString("utf8"));
  const { trace } = exchange;
  if ("policy" in result) trace?.learnSecrets(["api-key", result.usageIdentifierKey ?? ""]);
  trace?.add({ kind: "authorizer-result", body: trace.body(outcome.payload) });
  if ("problem" in result) {
    const failure = outcome.kind === "function-error" ? `the function failed: ${outcome.errorMessage}` : undefined;
    return refuseConfiguration(exchange, result.problem, failure ?? result.hint ?? result.problem);
  }
  trace?.add({ kind: "authorizer-policy", principal: maskValue(result.principalId) });
  return result;
}
