import { hasHints } from "../../http/request-client.ts";
import type { Exchange } from "../exchange.ts";
import { addHint, type Failure, type FailureResponses, type FailureType, failureLine } from "../responses/failure.ts";

interface Facts {
  readonly status: number;
  readonly message: string;
}

const internal: Facts = { status: 500, message: "Internal server error" };
const forbidden: Facts = { status: 403, message: "Forbidden" };

/**
 * The answers that the gateway gives itself: to handshakes with their status, on open connections as a message.
 * Unconfirmed: the statuses of 400, 413, 415 and 504 and the texts of handshakes; see docs/compatibility.md,
 * "WebSocket APIs, handshakes".
 */
const facts: Readonly<Record<FailureType, Facts>> = {
  ACCESS_DENIED: forbidden,
  API_CONFIGURATION_ERROR: internal,
  AUTHORIZER_CONFIGURATION_ERROR: internal,
  AUTHORIZER_FAILURE: internal,
  BAD_REQUEST_BODY: { status: 400, message: "Bad request body" },
  BAD_REQUEST_PARAMETERS: { status: 400, message: "Bad Request" },
  EXPIRED_TOKEN: forbidden,
  INTEGRATION_FAILURE: { status: 502, message: "Internal server error" },
  INTEGRATION_TIMEOUT: { status: 504, message: "Endpoint request timed out" },
  INVALID_API_KEY: forbidden,
  INVALID_SIGNATURE: forbidden,
  MISSING_AUTHENTICATION_TOKEN: { status: 403, message: "Missing Authentication Token" },
  QUOTA_EXCEEDED: { status: 429, message: "Limit Exceeded" },
  REQUEST_TOO_LARGE: { status: 413, message: "Request Too Long" },
  RESOURCE_NOT_FOUND: forbidden,
  THROTTLED: { status: 429, message: "Too Many Requests" },
  UNAUTHORIZED: { status: 401, message: "Unauthorized" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: "Unsupported Media Type" },
  WAF_FILTERED: forbidden,
  DEFAULT_4XX: { status: 400, message: "Bad Request" },
  DEFAULT_5XX: internal,
};

/** How a WebSocket API answers failures. AWS: API Gateway Developer Guide, "Handle errors with WebSocket APIs". */
export const webSocketResponses: FailureResponses = {
  finish(exchange: Exchange, type: FailureType, failure: Failure): false {
    if (exchange.isComplete) return false;
    const { status: usual, message: words } = facts[type];
    const status = failure.status ?? usual;
    const message = (status === 403 && isHandshake(exchange) ? failure.message : undefined) ?? words;
    const { validationErrorString, hint } = failure;
    exchange.error = { type, message, validationErrorString };
    const headers = ["Content-Type", "application/json", ...(failure.headers ?? [])];
    const body = bodyOf(exchange, { type, status, message, hint });
    // The log says more than clients are told, such as which parameter a handshake lacks.
    const line = failureLine(type, failure.message ?? message, failure.detail);
    exchange.trace?.addFailure(failure.log ?? [line], { type, status, headers, body, hint });
    if (hint !== undefined) addHint(exchange.request, headers, hint);
    exchange.respond(status, headers, body);
    return false;
  },

  refuse(exchange: Exchange, message: string): void {
    exchange.error = { type: "API_CONFIGURATION_ERROR", message };
    exchange.trace?.add({ kind: "refused", reason: message });
    exchange.respond(501, [], bodyOf(exchange, { type: "API_CONFIGURATION_ERROR", status: 501, message }));
  },
};

const isHandshake = ({ connection }: Exchange): boolean =>
  connection === undefined || connection.eventType === "CONNECT";

/**
 * Writes the body of a failure. What refuses a handshake names no connection, unless the integration failed.
 * The hint is Portico's own, for listeners that have hints.
 */
function bodyOf(
  exchange: Exchange,
  { type, status, message, hint }: { type: FailureType; status: number; message: string; hint?: string | undefined },
): string {
  // AWS quirk: the member of a policy's refusal has a capital M, as for REST APIs.
  if (isHandshake(exchange) && status < 500)
    return JSON.stringify({ [type === "ACCESS_DENIED" ? "Message" : "message"]: message });
  return messageOf(exchange, message, isHandshake(exchange) || !hasHints(exchange.request) ? undefined : hint);
}

/** Writes what tells a client of a failure of its connection, with AWS's white space. */
export function messageOf({ connection, requestId }: Exchange, message: string, hint?: string): string {
  const shown = hint === undefined ? "" : `, "hint":${JSON.stringify(hint)}`;
  return `{"message": ${JSON.stringify(message)}, "connectionId":"${connection?.connectionId ?? ""}", "requestId":"${requestId}"${shown}}`;
}
