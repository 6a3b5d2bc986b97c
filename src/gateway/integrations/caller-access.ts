import { type AccessDecision, authorize, type ParsedPolicy, problemOf } from "../../access/authorize.ts";
import type { ConditionContext } from "../../access/condition-keys.ts";
import { describeMissing } from "../../functions/function-client.ts";
import type { AwsCallPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { invokeContextOf } from "../resource-policy.ts";
import { configurationError } from "../responses/failure.ts";
import type { ThreadContext } from "../thread-context.ts";

/**
 * Returns whether the caller's own policies allow a call that an integration makes for it (`credentials`
 * `arn:aws:iam::*:user/*`). If not, it answers the exchange as AWS does. `policy` is that of the called resource.
 * AWS: API Gateway REST API reference, "Integration": credentials.
 */
export function callerMay(
  exchange: Exchange,
  call: AwsCallPlan,
  policy?: ParsedPolicy,
  onRefused?: (exchange: Exchange) => void,
): boolean {
  const signer = exchange.caller.iam?.signer;
  if (signer === undefined) {
    onRefused?.(exchange);
    return refuse(exchange, noCaller);
  }
  const { principal, access } = signer;
  const account = /^arn:[^:]*:[^:]*:[^:]*:(\d{12})(?::|$)/.exec(call.resource)?.[1] ?? exchange.program.plan.account;
  const { action, resource, isPrefix: isResourcePrefix } = call;
  const context = contextOf(call, invokeContextOf(exchange, principal));
  const decision: AccessDecision = authorize({ action, resource, isResourcePrefix, context }, access, {
    account,
    policy,
  });
  const problem = problemOf(decision, action);
  if (problem === undefined) return true;
  onRefused?.(exchange);
  const on = isResourcePrefix ? `${resource}*` : resource;
  return refuse(
    exchange,
    `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${on} ${problem}`,
  );
}

/** Returns whether the caller may invoke the function, by its own policies or the function's. */
export function callerMayInvoke(
  exchange: Exchange,
  call: AwsCallPlan,
  { thread, onRefused }: { readonly thread: ThreadContext; readonly onRefused?: (exchange: Exchange) => void },
): boolean {
  const facts = thread.functions.describe(call.resource);
  if (facts === undefined) {
    onRefused?.(exchange);
    return refuse(exchange, describeMissing(call.resource, thread.functions));
  }
  const policy = thread.permissions.policyOf(facts);
  return callerMay(exchange, call, policy && { name: "the function's policy", policy }, onRefused);
}

export const noCaller =
  "the integration's credentials are the caller's, and the request has no signature that says who that is";

const refuse = (exchange: Exchange, detail: string): false =>
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", configurationError(detail));

/** What is asked about the call itself; whether a service is said to call is not known here. */
function contextOf({ resource, region }: AwsCallPlan, ofCaller: ConditionContext): ConditionContext {
  return (key) => {
    if (key === "aws:requestedregion") return region;
    if (key === "aws:resourceaccount") return resource.split(":")[4] || undefined;
    return key === "aws:viaawsservice" || key.startsWith("aws:calledvia") ? undefined : ofCaller(key);
  };
}
