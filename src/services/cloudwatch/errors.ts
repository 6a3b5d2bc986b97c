import { ApiError } from "../../protocol/errors.ts";

export const invalidValue = (message: string, hint?: string): ApiError =>
  new ApiError("InvalidParameterValueException", message, { status: 400, hint });

export const invalidCombination = (message: string): ApiError =>
  new ApiError("InvalidParameterCombinationException", message, { status: 400 });

export const missingParameter = (message: string): ApiError =>
  new ApiError("MissingRequiredParameterException", message, { status: 400 });
