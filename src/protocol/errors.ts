/**
 * A caller's mistake on the management API: an error name of the interface model and a message. The one place that
 * turns it into status, headers and body is the protocol layer's `errorResponse`.
 */
export class ApiError extends Error {
  /** The error's name in the model, such as `NotFoundException`. */
  readonly code: string;
  /** The status where the model does not give one (front-end errors that no operation declares). */
  readonly status: number | undefined;
  /** For `Retry-After`, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  constructor(code: string, message: string, options: { status?: number; retryAfterSeconds?: number } = {}) {
    super(message);
    this.code = code;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export const badRequest = (message: string): ApiError => new ApiError("BadRequestException", message);
export const notFound = (message: string): ApiError => new ApiError("NotFoundException", message);
export const conflict = (message: string): ApiError => new ApiError("ConflictException", message);
export const limitExceeded = (message: string): ApiError => new ApiError("LimitExceededException", message);

/** An operation that exists on AWS and not yet here, or a part of one; 501, naming itself. */
export const notImplemented = (message: string): ApiError =>
  new ApiError("NotImplementedException", message, { status: 501 });
