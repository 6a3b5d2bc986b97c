import type { InboundExchange, InboundRequest } from "../../http/inbound.ts";
import { Exchange } from "../exchange.ts";
import type { BelowStage, Program } from "../program.ts";
import { isUuid, makeExtendedRequestId, makeRequestId } from "../request-ids.ts";
import { verbs } from "../routing/verbs.ts";

/**
 * Makes the exchange of a request as REST APIs read it. AWS quirk: several slashes after the stage count as one, as
 * observed.
 */
export function openRestExchange(
  inbound: InboundExchange,
  program: Program,
  { path, query, customDomain }: BelowStage,
  nowMs: number,
): Exchange {
  const pathAsSent = path === "" ? "/" : path;
  return new Exchange(inbound, program, {
    httpMethod: effectiveMethod(inbound),
    path: pathAsSent.startsWith("//") ? pathAsSent.replace(/^\/+/, "/") : pathAsSent,
    pathAsSent,
    rawQuery: query,
    customDomain,
    requestId: requestIdOf(inbound),
    extendedRequestId: makeExtendedRequestId(),
    startedMs: nowMs,
  });
}

/** AWS: API Gateway Developer Guide, "Important notes for REST APIs": X-HTTP-Method-Override. */
function effectiveMethod(request: InboundRequest): string {
  const override = request.header("x-http-method-override");
  if (override === undefined) return request.method;
  const verb = override.toUpperCase();
  return verbs.has(verb) ? verb : request.method;
}

/**
 * AWS: API Gateway Developer Guide, "Access logging for REST APIs": a client's id that is not a UUID is replaced by
 * `{UUID}_REPLACED_INVALID_REQUEST_ID`, so that each request has an id of its own.
 */
function requestIdOf(request: InboundRequest): string {
  const chosen = request.header("x-amzn-requestid");
  if (chosen === undefined) return makeRequestId();
  return isUuid(chosen) ? chosen : `${makeRequestId()}_REPLACED_INVALID_REQUEST_ID`;
}

/** Adds the headers that every answer has. */
export function addRestHeaders({ requestId, extendedRequestId }: Exchange, headers: string[]): void {
  headers.push("x-amzn-RequestId", requestId, "x-amz-apigw-id", extendedRequestId);
}
