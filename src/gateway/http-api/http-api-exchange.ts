import type { InboundExchange } from "../../http/inbound.ts";
import { Exchange } from "../exchange.ts";
import type { BelowStage, Program } from "../program.ts";
import { makeExtendedRequestId } from "../request-ids.ts";

/** Makes the exchange of a request as HTTP APIs read it. There is one id, which has the form of an extended one. */
export function openHttpApiExchange(
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

/** Adds the header that every answer has, in the letter case of AWS: "Troubleshooting issues with HTTP API JWT authorizers". */
export function addHttpApiHeaders({ requestId }: Exchange, headers: string[]): void {
  headers.push("apigw-requestid", requestId);
}
