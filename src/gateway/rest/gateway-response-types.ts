import type { FailureType } from "../responses/failure.ts";

/** A gateway response type's built-in facts. */
export interface GatewayResponseFacts {
  readonly status: number;
  /** null renders as `{"message":null}`. */
  readonly message: string | null;
  /** `x-amzn-ErrorType`. */
  readonly errorType: string;
  readonly parent: "DEFAULT_4XX" | "DEFAULT_5XX";
  /** AWS quirk: errors of the execution phase have a space after the colon, those of the front none. */
  readonly phase: "front" | "execution";
  /** The name of the message's member in the body; `message` if absent. */
  readonly member?: string;
}

const front = (status: number, message: string | null, errorType: string): GatewayResponseFacts => ({
  status,
  message,
  errorType,
  parent: status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX",
  phase: "front",
});
const execution = (status: number, message: string, errorType: string): GatewayResponseFacts => ({
  ...front(status, message, errorType),
  phase: "execution",
});

/**
 * The answers that the gateway gives itself: all of AWS's types, including those of checks that are not built yet.
 * AWS: API Gateway Developer Guide, "Gateway response types for API Gateway".
 */
export const gatewayResponseTypes = {
  // AWS quirk: the member of a policy's refusal has a capital M.
  ACCESS_DENIED: {
    ...front(403, "User is not authorized to access this resource", "AccessDeniedException"),
    member: "Message",
  },
  API_CONFIGURATION_ERROR: execution(500, "Internal server error", "InternalServerErrorException"),
  AUTHORIZER_CONFIGURATION_ERROR: front(500, null, "AuthorizerConfigurationException"),
  AUTHORIZER_FAILURE: front(500, null, "AuthorizerFailureException"),
  BAD_REQUEST_BODY: execution(400, "Invalid request body", "BadRequestException"),
  BAD_REQUEST_PARAMETERS: execution(400, "Missing required request parameters", "BadRequestException"),
  EXPIRED_TOKEN: front(403, "The security token included in the request is expired", "ExpiredTokenException"),
  INTEGRATION_FAILURE: execution(504, "Network error communicating with endpoint", "InternalServerErrorException"),
  INTEGRATION_TIMEOUT: execution(504, "Endpoint request timed out", "InternalServerErrorException"),
  INVALID_API_KEY: front(403, "Forbidden", "ForbiddenException"),
  INVALID_SIGNATURE: front(
    403,
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    "InvalidSignatureException",
  ),
  MISSING_AUTHENTICATION_TOKEN: front(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
  QUOTA_EXCEEDED: front(429, "Limit Exceeded", "LimitExceededException"),
  REQUEST_TOO_LARGE: execution(413, "Request Too Long", "BadRequestException"),
  RESOURCE_NOT_FOUND: front(404, "Not Found", "NotFoundException"),
  THROTTLED: front(429, "Too Many Requests", "TooManyRequestsException"),
  UNAUTHORIZED: front(401, "Unauthorized", "UnauthorizedException"),
  UNSUPPORTED_MEDIA_TYPE: execution(415, "Unsupported Media Type", "BadRequestException"),
  WAF_FILTERED: front(403, "Forbidden", "ForbiddenException"),
  DEFAULT_4XX: front(400, "Bad Request", "BadRequestException"),
  DEFAULT_5XX: execution(500, "Internal server error", "InternalServerErrorException"),
} as const satisfies Record<FailureType, GatewayResponseFacts>;
