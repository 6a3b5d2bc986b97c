import type { BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../steps/link-step.ts";
import { BackendCall, type BackendConsumer, type RequestBodyStream } from "./backend-call.ts";
import type { WriteHeaders } from "./backend-request.ts";

/** Sends an exchange's request; the path is written already, and the body is as it goes out. */
export type CallBackend = (exchange: Exchange, path: string, body: Buffer | RequestBodyStream | undefined) => void;

/** Holds the backend's connections as long as the program lives. The answer goes to what `consumerOf` makes. */
export function linkBackendCall(
  plan: BackendPlan,
  { thread, onRetire }: LinkContext,
  {
    writeHeaders,
    consumerOf,
  }: { readonly writeHeaders: WriteHeaders; readonly consumerOf: (exchange: Exchange) => BackendConsumer },
): CallBackend {
  const pool = thread.pools.acquire(plan);
  onRetire(() => thread.pools.release(pool));
  return (exchange, path, body) => {
    const headers = writeHeaders(exchange);
    exchange.forgetBody();
    const { contentLength } = exchange.request;
    // A streamed body keeps its declared length; a buffer's is known to the client.
    if (body !== undefined && !Buffer.isBuffer(body) && contentLength !== undefined) {
      headers.push("Content-Length", String(contentLength));
    }
    const method = plan.httpMethod ?? exchange.httpMethod;
    exchange.trace?.add({
      kind: "endpoint-request",
      httpMethod: method,
      uri: plan.origin + path,
      headers,
      body: exchange.trace.body(Buffer.isBuffer(body) ? body : undefined),
    });
    const consumer = consumerOf(exchange);
    new BackendCall(exchange, consumer, { pool, path, headers, body, method, timeoutMs: plan.timeoutMs }, thread);
  };
}
