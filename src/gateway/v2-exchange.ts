import type { InboundExchange } from "../http/inbound.ts";
import { Exchange } from "./exchange.ts";
import type { BelowStage, Program } from "./program.ts";
import { makeExtendedRequestId } from "./request-ids.ts";

/**
 * Makes the exchange of a request as HTTP and WebSocket APIs read it. There is one id, which has the form of an extended one.
 */
export function openV2Exchange(
  inbound: InboundExchange,
  program: Program,
  { path, query, customDomain }: BelowStage,
  nowMs: number,
): Exchange {
  const requestId = makeExtendedRequestId();
  const pathAsSent = path === "" ? "/" : path;
  return new Exchange(inbound, program, {
    httpMethod: inbound.method,
    path: pathAsSent,
    pathAsSent,
    rawQuery: query,
    customDomain,
    requestId,
    extendedRequestId: requestId,
    startedMs: nowMs,
  });
}
