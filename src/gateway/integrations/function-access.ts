import { bounds } from "../../base/bounds.ts";
import type { Plan } from "../../plan/kinds.ts";
import type { Exchange } from "../exchange.ts";
import type { ThreadContext } from "../thread-context.ts";

/** The method that wants to invoke. */
export interface Invoker {
  readonly stage: Plan;
  readonly method: Plan["methods"][number];
  readonly thread: ThreadContext;
}

/** AWS, as observed; a function that is not there has no policy that would allow it, either. */
const invalidPermissions = ["Execution failed due to configuration error: Invalid permissions on Lambda function"];

/** May API Gateway invoke the function for this method? If not, the exchange is answered as AWS does. */
export function mayInvoke(exchange: Exchange, functionArn: string, invoker: Invoker): boolean {
  const { stage, method } = invoker;
  const sourceArn =
    `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/${stage.stageName}/` +
    `${exchange.httpMethod}${method.resourcePath}`;
  const hint = problemOfInvoking(functionArn, sourceArn, invoker);
  if (hint === undefined) return true;
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", { hint, log: invalidPermissions });
  return false;
}

/** Why API Gateway may not invoke the function for that method or authorizer; undefined: it may. */
export function problemOfInvoking(
  functionArn: string,
  sourceArn: string,
  { stage, thread }: Invoker,
): string | undefined {
  const facts = thread.functions.describe(functionArn);
  if (facts === undefined) return `Execution failed: there is no function ${functionArn}`;
  if (thread.permissions.decide(facts, sourceArn, stage.account) === "allowed") return undefined;
  const anySource = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/*/*`;
  return (
    "Execution failed due to configuration error: Invalid permissions on Lambda function. Allow it with: " +
    `aws lambda add-permission --function-name ${functionArn} --statement-id apigateway ` +
    `--action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn '${anySource}'`
  );
}

/** Is the event short enough for Lambda? If not, the exchange is answered as AWS does. */
export function fitsLambda(exchange: Exchange, event: Buffer | string): boolean {
  const max = bounds.lambdaPayloadBytesMax.value;
  // A character is three bytes at most, so that the bytes of most events need not be counted.
  if (event.length <= max / 3 || Buffer.byteLength(event) <= max) return true;
  exchange.program.responses.finish(exchange, "REQUEST_TOO_LARGE", {
    hint: `the event would be longer than Lambda's ${max} bytes`,
  });
  return false;
}
