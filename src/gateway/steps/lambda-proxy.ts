import type { LambdaProxyPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { fitsLambda, linkInvocationCheck } from "../integrations/function-access.ts";
import { Invocation } from "../integrations/invocation.ts";
import { linkEvent } from "../integrations/lambda-event.ts";
import { LambdaStream } from "../integrations/lambda-stream.ts";
import { linkBinaryMediaTypes, mediaTypeOf } from "../integrations/media-types.ts";
import { ProxyRelay } from "../integrations/proxy-relay.ts";
import { collectBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";

const empty = Buffer.alloc(0);

/** AWS: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway". */
export function linkLambdaProxy(plan: LambdaProxyPlan, context: LinkContext): RunStep {
  const { stage, method, thread } = context;
  const { functionArn, timeoutMs, stream } = plan;
  const mayInvoke = linkInvocationCheck(plan, context);
  const writeEvent = linkEvent(stage, method);
  const isBinary = linkBinaryMediaTypes(stage.binaryMediaTypes);
  const call = (exchange: Exchange, body: Buffer): void => {
    if (!mayInvoke(exchange)) return;
    const contentType = exchange.request.header("content-type");
    const event = writeEvent(exchange, body, contentType !== undefined && isBinary(mediaTypeOf(contentType)));
    if (!fitsLambda(exchange, event)) return;
    exchange.forgetBody();
    if (stream !== undefined) {
      new LambdaStream(exchange, { functionArn, timeoutMs, stream, thread }).start(event);
      return;
    }
    const relay = new ProxyRelay(exchange, thread, isBinary);
    new Invocation(exchange, relay, { functionArn, timeoutMs, thread }).start(event);
  };
  return (exchange) => {
    if (!exchange.request.hasBody) call(exchange, empty);
    else collectBody(exchange, thread, (body) => call(exchange, body));
    return false;
  };
}
