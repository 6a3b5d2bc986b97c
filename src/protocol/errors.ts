/**
 * Thrown for a caller's mistake on the management API, with an error name of the interface model and a message. Only
 * the protocol layer's `error-response.ts` turns it into status, headers and body.
 */
export class ApiError extends Error {
  /** The error's name in the model, such as `NotFoundException`. */
  readonly code: string;
  /** The status, if the model does not give one (front-end errors that no operation declares). */
  readonly status: number | undefined;
  /** The value of `Retry-After`, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** Other members of the error's shape, such as Lambda's `Reason`. */
  readonly members: Readonly<Record<string, unknown>>;
  /** More than AWS's words say, for `x-portico-hint`: docs/internals/architecture.md, "Every answer can be explained". */
  readonly hint: string | undefined;
  constructor(code: string, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.code = code;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.members = options.members ?? {};
    this.hint = options.hint;
  }
}

export interface ApiErrorOptions {
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly hint?: string | undefined;
}

export const badRequest = (message: string, options: ApiErrorOptions = {}): ApiError =>
  new ApiError("BadRequestException", message, options);
export const notFound = (message: string): ApiError => new ApiError("NotFoundException", message);
export const conflict = (message: string): ApiError => new ApiError("ConflictException", message);
/** 403. */
export const accessDenied = (message: string, options: ApiErrorOptions = {}): ApiError =>
  new ApiError("AccessDeniedException", message, options);
export const limitExceeded = (message: string): ApiError => new ApiError("LimitExceededException", message);

/** Makes the 501 error for an operation that exists on AWS and not here yet, or a part of one. */
export const notImplemented = (message: string): ApiError =>
  new ApiError("NotImplementedException", message, { status: 501 });
