import type { Exchange } from "../exchange.ts";
import { addHint, type Failure, type FailureResponses, type FailureType } from "../responses/failure.ts";
import { isPreflight } from "./cors.ts";

interface Facts {
  readonly status: number;
  readonly message: string;
}

/**
 * The answers that the gateway gives itself. Nothing customises them, and they say little.
 * Unconfirmed: the texts of 400, 413, 415, 502 and 504; see docs/compatibility.md, "HTTP APIs, words of errors".
 */
const facts: Readonly<Record<FailureType, Facts>> = {
  ACCESS_DENIED: { status: 403, message: "Forbidden" },
  API_CONFIGURATION_ERROR: { status: 500, message: "Internal Server Error" },
  AUTHORIZER_CONFIGURATION_ERROR: { status: 500, message: "Internal Server Error" },
  AUTHORIZER_FAILURE: { status: 500, message: "Internal Server Error" },
  BAD_REQUEST_BODY: { status: 400, message: "Bad Request" },
  BAD_REQUEST_PARAMETERS: { status: 400, message: "Bad Request" },
  EXPIRED_TOKEN: { status: 403, message: "Forbidden" },
  INTEGRATION_FAILURE: { status: 503, message: "Service Unavailable" },
  INTEGRATION_TIMEOUT: { status: 503, message: "Service Unavailable" },
  INVALID_API_KEY: { status: 403, message: "Forbidden" },
  INVALID_SIGNATURE: { status: 403, message: "Forbidden" },
  MISSING_AUTHENTICATION_TOKEN: { status: 403, message: "Forbidden" },
  QUOTA_EXCEEDED: { status: 429, message: "Limit Exceeded" },
  REQUEST_TOO_LARGE: { status: 413, message: "Request Entity Too Large" },
  RESOURCE_NOT_FOUND: { status: 404, message: "Not Found" },
  THROTTLED: { status: 429, message: "Too Many Requests" },
  UNAUTHORIZED: { status: 401, message: "Unauthorized" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: "Unsupported Media Type" },
  WAF_FILTERED: { status: 403, message: "Forbidden" },
  DEFAULT_4XX: { status: 400, message: "Bad Request" },
  DEFAULT_5XX: { status: 500, message: "Internal Server Error" },
};

/**
 * AWS quirk of REST APIs that shared steps ask for: a refused signature may be a DEFAULT_4XX with the status 403. A function's
 * failure is an INTEGRATION_FAILURE with the status 500.
 */
function factsOf(type: FailureType, { status }: Failure): Facts {
  if (status === 403) return facts.ACCESS_DENIED;
  if (status === 502) return badGateway;
  return status === 500 ? facts.DEFAULT_5XX : facts[type];
}

/** A backend's answer that can't be read. */
const badGateway: Facts = { status: 502, message: "Bad Gateway" };

/** Adds to the hint of a refused caller that a browser sends no credentials with a preflight. */
function withCorsHint(exchange: Exchange, status: number, hint: string | undefined): string | undefined {
  const { method } = exchange;
  if ((status !== 401 && status !== 403) || method === undefined || !isPreflight(exchange)) return hint;
  const { routeKey } = method.plan;
  const trap = `a preflight has no credentials, and ${routeKey} takes it: give OPTIONS a route without authorization`;
  return hint === undefined ? trap : `${hint}; ${trap}`;
}

/** How an HTTP API answers failures. AWS: API Gateway Developer Guide, "Troubleshooting issues with HTTP APIs". */
export const httpApiResponses: FailureResponses = {
  finish(exchange: Exchange, type: FailureType, failure: Failure): false {
    if (exchange.isComplete) return false;
    const { status, message } = factsOf(type, failure);
    exchange.error = { type, message };
    const hint = withCorsHint(exchange, status, failure.hint);
    const headers = ["Content-Type", "application/json", ...(failure.headers ?? [])];
    const body = JSON.stringify({ message });
    exchange.trace?.addFailure(failure.log ?? [failure.detail ?? message], {
      type,
      status,
      headers,
      body,
      hint,
    });
    if (hint !== undefined) addHint(exchange.request, headers, hint);
    exchange.respond(status, headers, body);
    return false;
  },
};
