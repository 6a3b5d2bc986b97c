import type { WebSocketLambdaPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { fitsLambda, linkInvocationCheck } from "../integrations/function-access.ts";
import { Invocation } from "../integrations/invocation.ts";
import { ProxyRelay } from "../integrations/proxy-relay.ts";
import { collectBody } from "../integrations/request-body.ts";
import { linkWebSocketEvent } from "../integrations/websocket-event.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";

const empty = Buffer.alloc(0);
const neverBinary = (): boolean => false;

/** AWS: API Gateway Developer Guide, "WebSocket API integration request in API Gateway", AWS_PROXY. */
export function linkWebSocketLambda(plan: WebSocketLambdaPlan, context: LinkContext): RunStep {
  const { stage, method, thread } = context;
  const { functionArn, timeoutMs } = plan;
  const mayInvoke = linkInvocationCheck(plan, context);
  const writeEvent = linkWebSocketEvent(stage, method);
  const call = (exchange: Exchange, body: Buffer): void => {
    if (!mayInvoke(exchange)) return;
    const event = writeEvent(exchange, body);
    if (!fitsLambda(exchange, event)) return;
    exchange.forgetBody();
    new Invocation(exchange, new ProxyRelay(exchange, thread, neverBinary), { functionArn, timeoutMs, thread }).start(
      event,
    );
  };
  return (exchange) => {
    if (!exchange.request.hasBody) call(exchange, empty);
    else collectBody(exchange, thread, (body) => call(exchange, body));
    return false;
  };
}
