import { problems } from "../../http/http1/problem.ts";
import type { InboundRequest } from "../../http/inbound.ts";
import type { Exchange } from "../exchange.ts";

/**
 * What goes wrong with an exchange, for every kind of API: AWS's names for it at REST APIs, which have a gateway response for
 * each. AWS: API Gateway Developer Guide, "Gateway response types for API Gateway".
 */
export type FailureType =
  | "ACCESS_DENIED"
  | "API_CONFIGURATION_ERROR"
  | "AUTHORIZER_CONFIGURATION_ERROR"
  | "AUTHORIZER_FAILURE"
  | "BAD_REQUEST_BODY"
  | "BAD_REQUEST_PARAMETERS"
  | "EXPIRED_TOKEN"
  | "INTEGRATION_FAILURE"
  | "INTEGRATION_TIMEOUT"
  | "INVALID_API_KEY"
  | "INVALID_SIGNATURE"
  | "MISSING_AUTHENTICATION_TOKEN"
  | "QUOTA_EXCEEDED"
  | "REQUEST_TOO_LARGE"
  | "RESOURCE_NOT_FOUND"
  | "THROTTLED"
  | "UNAUTHORIZED"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "WAF_FILTERED"
  | "DEFAULT_4XX"
  | "DEFAULT_5XX";

/** What of a failure is not said by its type. */
export interface Failure {
  /** Other words than the type's own. */
  readonly message?: string;
  /** AWS quirk: a function's failure is an INTEGRATION_FAILURE with the status 502. */
  readonly status?: number;
  readonly errorType?: string;
  /** The execution phase's error, though its type is the front's. */
  readonly phase?: "execution";
  /** `$context.error.validationErrorString`. */
  readonly validationErrorString?: string;
  /** What the execution log says behind the type's own words: AWS's, where they are known. */
  readonly detail?: string;
  /** What helps, for `x-portico-hint` on listeners that have hints; undefined where it is made only for those. */
  readonly hint: string | undefined;
  /** Lines of the execution log, where they are not what type, message and detail make. */
  readonly log?: readonly string[];
}

/** An API_CONFIGURATION_ERROR's line in the execution log, which is its hint as well; only the hint has `help` behind it. */
export const configurationError = (detail: string, help = ""): Pick<Failure, "detail" | "hint"> => ({
  detail,
  hint: `Execution failed due to configuration error: ${detail}${help}`,
});

/** How an API answers what fails: each kind of API has its own bodies and headers. */
export interface FailureResponses {
  /** Answers the exchange, unless it is complete; false, as a step that answers does. */
  finish(exchange: Exchange, type: FailureType, failure: Failure): false;
}

/** Of an error that nobody but us can have made. */
export const ourFault = problems.internal.hint;

/** Adds `x-portico-hint`, which says why the gateway answered by itself, for callers whose listener has hints. */
export function addHint({ listener }: InboundRequest, headers: string[], hint: string): void {
  if (listener.hasHints) headers.push("x-portico-hint", hintValue(hint));
}

/** One line, bounded. */
function hintValue(hint: string): string {
  const line = hint.replaceAll(/\s*\n\s*/g, "; ");
  return line.length <= 900 ? line : `${line.slice(0, 897)}...`;
}
