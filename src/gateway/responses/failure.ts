import { problems } from "../../http/http1/problem.ts";
import type { InboundRequest } from "../../http/inbound.ts";
import { hasHints } from "../../http/request-client.ts";
import type { Exchange } from "../exchange.ts";

/**
 * How an exchange can fail, for every kind of API. The names are those of REST APIs, which have a gateway response for
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

/** What a failure says beyond its type. */
export interface Failure {
  /** The message, if it differs from the type's own. */
  readonly message?: string;
  /** AWS quirk: a function's failure is an INTEGRATION_FAILURE with the status 502. */
  readonly status?: number;
  readonly errorType?: string;
  /** Says that the failure happened in the execution phase, although its type belongs to the front end. */
  readonly phase?: "execution";
  /** `$context.error.validationErrorString`. */
  readonly validationErrorString?: string;
  /** If no gateway response customises the failure, the front end answers it in plain text, without the API's headers. */
  readonly isPlain?: true;
  /** What the execution log says after the type's own words: AWS's text, where it is known. */
  readonly detail?: string;
  /**
   * The explanation for `x-portico-hint`, on listeners that have hints; undefined if it would be made for those
   * listeners only.
   */
  readonly hint: string | undefined;
  /** More headers of the answer, names and values in turn, where the kind of API has them. */
  readonly headers?: readonly string[];
  /** Lines of the execution log, if they differ from those that type, message and detail make. */
  readonly log?: readonly string[];
}

/**
 * Returns the execution log's line and the hint of an API_CONFIGURATION_ERROR. They are the same text, but only the
 * hint ends with `help`.
 */
export const configurationError = (detail: string, help = ""): Pick<Failure, "detail" | "hint"> => ({
  detail,
  hint: `Execution failed due to configuration error: ${detail}${help}`,
});

/** How an API answers failures; each kind of API has its own bodies and headers. */
export interface FailureResponses {
  /** Answers the exchange, unless it is complete. Returns false, as a step that answers does. */
  finish(exchange: Exchange, type: FailureType, failure: Failure): false;
  /** Refuses what can't be enforced, by its own form of answer. Without this function it is an answer with 501. */
  refuse?(exchange: Exchange, message: string): void;
}

/** The hint of a failure that only a bug of Portico can cause. */
export const ourFault = problems.internal.hint;

/** Adds `x-portico-hint`, which explains an answer of the gateway itself, if the caller is shown hints. */
export function addHint(request: InboundRequest, headers: string[], hint: string): void {
  if (hasHints(request)) headers.push("x-portico-hint", hintValue(hint));
}

/** Returns a hint as one line of bounded length. */
function hintValue(hint: string): string {
  const line = hint.replaceAll(/\s*\n\s*/g, "; ");
  return line.length <= 900 ? line : `${line.slice(0, 897)}...`;
}

/** Returns the execution log's line of a failure, of APIs that have such a log. */
export function failureLine(type: FailureType, message: string | null, detail: string | undefined): string {
  const why = detail === undefined ? "" : `: ${detail}`;
  switch (type) {
    case "BAD_REQUEST_BODY":
      return detail ?? message ?? type;
    case "API_CONFIGURATION_ERROR":
      return `Execution failed due to configuration error${why}`;
    case "INTEGRATION_FAILURE":
      return `Execution failed due to a network error communicating with endpoint${why}`;
    case "INTEGRATION_TIMEOUT":
      return "Execution failed due to a timeout error";
    case "DEFAULT_5XX":
      return `Execution failed due to an internal error${why}`;
    default:
      // Unconfirmed: no source shows AWS's lines for other refusals; see docs/compatibility.md, "execution logs,
      // lines".
      return `Execution failed: ${message}`;
  }
}
