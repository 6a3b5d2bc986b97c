import { bounds } from "../../base/bounds.ts";
import { describeMissing } from "../../functions/function-client.ts";
import type { Plan } from "../../plan/kinds.ts";
import type { LambdaPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";
import { callerMayInvoke } from "./caller-access.ts";

/** The method or authorizer that wants to invoke a function. */
export interface Invoker {
  readonly stage: Plan;
  readonly method: Plan["methods"][number];
  readonly thread: ThreadContext;
  /** Called before a refusal is answered. */
  readonly onRefused?: (exchange: Exchange) => void;
}

/**
 * As observed on AWS. A function that does not exist has no policy that would allow the call, so it gets the same
 * answer.
 */
const invalidPermissions = "Execution failed due to configuration error: Invalid permissions on Lambda function";

/**
 * Links what decides, for each request, whether the function may be invoked for the method. If not, it answers the
 * exchange as AWS does. A role's policies were asked when the method was compiled.
 */
export function linkInvocationCheck(
  { functionArn, roleArn, asCaller }: Pick<LambdaPlan, "functionArn" | "roleArn" | "asCaller">,
  invoker: Invoker,
): (exchange: Exchange) => boolean {
  if (asCaller !== undefined) return (exchange) => callerMayInvoke(exchange, asCaller, invoker);
  return roleArn === undefined ? (exchange) => mayInvoke(exchange, functionArn, invoker) : () => true;
}

/** Returns whether API Gateway may invoke the function for this method. If not, it answers the exchange as AWS does. */
function mayInvoke(exchange: Exchange, functionArn: string, invoker: Invoker): boolean {
  const { stage, method } = invoker;
  // AWS: "Troubleshooting issues with HTTP API Lambda integrations": the default route is named by its key alone, as are
  // the routes of WebSocket APIs.
  const isKey = stage.kind === "websocket" || method.resourcePath === "$default";
  const called = isKey ? method.resourcePath : `${exchange.httpMethod}${method.resourcePath}`;
  const sourceArn = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/${stage.stageName}/${called}`;
  const hint = problemOfInvoking(functionArn, sourceArn, invoker);
  if (hint === undefined) return true;
  invoker.onRefused?.(exchange);
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", { hint, log: [invalidPermissions] });
  return false;
}

/** Returns why API Gateway may not invoke the function for that method or authorizer, or undefined if it may. */
export function problemOfInvoking(
  functionArn: string,
  sourceArn: string,
  { stage, thread }: Pick<Invoker, "stage" | "thread">,
): string | undefined {
  const facts = thread.functions.describe(functionArn);
  if (facts === undefined) return `${invalidPermissions}: ${describeMissing(functionArn, thread.functions)}`;
  if (thread.permissions.decide(facts, sourceArn, stage.account) === "allowed") return undefined;
  const owner = functionArn.split(":", 8)[7] === undefined ? "" : ". A version or alias has a policy of its own";
  const anySource = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/*/*`;
  return (
    `${invalidPermissions}${owner}. Allow it with: ` +
    `aws lambda add-permission --function-name ${functionArn} --statement-id apigateway ` +
    `--action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn '${anySource}'`
  );
}

/** Returns whether the event is short enough for Lambda. If not, it answers the exchange as AWS does. */
export function fitsLambda(exchange: Exchange, event: Buffer | string): boolean {
  const max = bounds.lambdaPayloadBytesMax.value;
  // A character has at most three bytes, so the bytes of most events need not be counted.
  if (event.length <= max / 3 || Buffer.byteLength(event) <= max) return true;
  exchange.program.responses.finish(exchange, "REQUEST_TOO_LARGE", {
    hint: `the event would be longer than Lambda's ${max} bytes`,
  });
  return false;
}
