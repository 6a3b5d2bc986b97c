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
 * What the gateway answers by itself. AWS: API Gateway Developer Guide, "Gateway response types for API Gateway".
 * Types of checks that are not built yet join with their steps.
 */
export const gatewayResponseTypes = {
  MISSING_AUTHENTICATION_TOKEN: front(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
  THROTTLED: front(429, "Too Many Requests", "TooManyRequestsException"),
  BAD_REQUEST_PARAMETERS: execution(400, "Missing required request parameters", "BadRequestException"),
  BAD_REQUEST_BODY: execution(400, "Invalid request body", "BadRequestException"),
  API_CONFIGURATION_ERROR: execution(500, "Internal server error", "InternalServerErrorException"),
  INTEGRATION_FAILURE: execution(504, "Network error communicating with endpoint", "InternalServerErrorException"),
  INTEGRATION_TIMEOUT: execution(504, "Endpoint request timed out", "InternalServerErrorException"),
  REQUEST_TOO_LARGE: execution(413, "Request Too Long", "BadRequestException"),
  UNSUPPORTED_MEDIA_TYPE: execution(415, "Unsupported Media Type", "BadRequestException"),
  DEFAULT_4XX: front(400, "Bad Request", "BadRequestException"),
  DEFAULT_5XX: execution(500, "Internal server error", "InternalServerErrorException"),
} as const satisfies Record<string, GatewayResponseFacts>;

export type GatewayResponseType = keyof typeof gatewayResponseTypes;
