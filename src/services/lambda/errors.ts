import { ApiError } from "../../protocol/errors.ts";

/** AWS: Lambda API reference, "Common error types": a parameter of the call is invalid. */
export const invalid = (message: string): ApiError => new ApiError("InvalidParameterValueException", message);
