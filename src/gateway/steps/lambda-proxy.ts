import { bounds } from "../../base/bounds.ts";
import type { LambdaProxyPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { Invocation } from "../integrations/invocation.ts";
import { linkEvent } from "../integrations/lambda-event.ts";
import { linkBinaryMediaTypes, mediaTypeOf } from "../integrations/media-types.ts";
import { collectBody } from "../integrations/request-body.ts";
import type { RunStep } from "../program.ts";
import type { LinkContext } from "./link-step.ts";

const empty = Buffer.alloc(0);

/** AWS: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway". */
export function linkLambdaProxy(plan: LambdaProxyPlan, context: LinkContext): RunStep {
  const { stage, method, thread } = context;
  const writeEvent = linkEvent(stage, method);
  const isBinary = linkBinaryMediaTypes(stage.binaryMediaTypes);
  const call = (exchange: Exchange, body: Buffer): void => {
    const refusal = checkPermission(exchange, plan, context);
    if (refusal !== undefined) {
      exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", { hint: refusal });
      return;
    }
    const contentType = exchange.request.header("content-type");
    const event = writeEvent(exchange, body, contentType !== undefined && isBinary(mediaTypeOf(contentType)));
    if (event.length > bounds.lambdaPayloadBytesMax.value / 3 && isTooLong(event)) {
      exchange.program.responses.finish(exchange, "REQUEST_TOO_LARGE", {
        hint: `the event would be longer than Lambda's ${bounds.lambdaPayloadBytesMax.value} bytes`,
      });
      return;
    }
    new Invocation(exchange, { plan, thread, isBinary }).start(event);
  };
  return (exchange) => {
    if (!exchange.request.hasBody) call(exchange, empty);
    else collectBody(exchange, thread, (body) => call(exchange, body));
    return false;
  };
}

const isTooLong = (event: string): boolean => Buffer.byteLength(event) > bounds.lambdaPayloadBytesMax.value;

/** In words why API Gateway may not invoke the function; undefined if it may. */
function checkPermission(
  exchange: Exchange,
  plan: LambdaProxyPlan,
  { stage, method, thread }: LinkContext,
): string | undefined {
  const facts = thread.functions.describe(plan.functionArn);
  if (facts === undefined) return `Execution failed: there is no function ${plan.functionArn}`;
  const sourceArn =
    `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/${stage.stageName}/` +
    `${exchange.httpMethod}${method.resourcePath}`;
  const decision = thread.permissions.decide(facts, sourceArn, stage.account);
  if (decision === "allowed") return undefined;
  const anySource = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/*/*`;
  return (
    "Execution failed due to configuration error: Invalid permissions on Lambda function. Allow it with: " +
    `aws lambda add-permission --function-name ${plan.functionArn} --statement-id apigateway ` +
    `--action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn '${anySource}'`
  );
}
