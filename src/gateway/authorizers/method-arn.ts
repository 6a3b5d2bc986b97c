import { bounds } from "../../base/bounds.ts";
import type { Exchange } from "../exchange.ts";
import { addHint } from "../responses/failure.ts";

/**
 * Returns the ARN of the method that a request calls, with the path as the client sent it. Policies of authorizers,
 * identities and APIs name it, and events of authorizers have it.
 */
export function methodArnOf(exchange: Exchange): string {
  const { region, account, apiId, stageName } = exchange.program.plan;
  // AWS quirk: a test's stage has a name here that it has nowhere else.
  const stage = exchange.isTest ? "ESTestInvoke-stage" : stageName;
  return `arn:aws:execute-api:${region}:${account}:${apiId}/${stage}/${calledOf(exchange)}`;
}

const bytesMax = bounds.methodArnBytesMax.value;

/**
 * Returns the key of a route whose ARN ends with that and not with verb and path: `$default` of HTTP APIs, `$connect` of
 * WebSocket APIs. AWS: API Gateway Developer Guide, "Control access to HTTP APIs with IAM authorization in API Gateway",
 * "Control access to WebSocket APIs with IAM authorization".
 */
export function routeNameOf({ method }: Pick<Exchange, "method">): string | undefined {
  const path = method?.plan.resourcePath;
  return path?.startsWith("$") === true ? path : undefined;
}

/** Returns the end of the ARN of a call, behind the stage. */
export const calledOf = (exchange: Pick<Exchange, "method" | "httpMethod" | "path">): string =>
  routeNameOf(exchange) ?? `${exchange.httpMethod}${exchange.path}`;

/**
 * Returns whether the ARN of the method that a request calls is as short as it has to be for methods with authorization.
 * If not, it answers as AWS does. `stageArn` is the beginning of the ARN, up to the verb.
 */
export function fitsArn(exchange: Exchange, stageArn: string): boolean {
  // A path is received as bytes, one for each character.
  const bytes = stageArn.length + exchange.httpMethod.length + exchange.path.length;
  if (bytes <= bytesMax) return true;
  const headers = ["Content-Type", "application/json"];
  const hint = `the method's ARN would have ${bytes} bytes, and may have ${bytesMax} where callers are authorized`;
  exchange.trace?.addFailure([hint]);
  addHint(exchange.request, headers, hint);
  exchange.respond(414, headers, JSON.stringify({ message: "Request URI too long" }));
  return false;
}
