import { ApiError } from "../../protocol/errors.ts";

// IAM's errors. The words are AWS's, as users quote them.
export const invalidInput = (message: string): ApiError => new ApiError("InvalidInputException", message);
export const limitExceeded = (message: string): ApiError => new ApiError("LimitExceededException", message);
export const deleteConflict = (message: string): ApiError => new ApiError("DeleteConflictException", message);
export const alreadyExists = (message: string): ApiError => new ApiError("EntityAlreadyExistsException", message);
export const noSuchEntity = (message: string, hint?: string): ApiError =>
  // The status is given, since CreateRole answers so without declaring it.
  new ApiError("NoSuchEntityException", message, { status: 404, hint });
export const validationError = (message: string): ApiError => new ApiError("ValidationError", message);
