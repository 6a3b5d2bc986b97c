import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { InvalidRules, NotEvaluable } from "../../waf/statement-type.ts";

// The errors of AWS WAF. The words are AWS's, as users quote them.

export const nonexistentItem = (): ApiError =>
  new ApiError(
    "WAFNonexistentItemException",
    "AWS WAF couldn’t perform the operation because your resource doesn’t exist.",
  );

export const duplicateItem = (): ApiError =>
  new ApiError(
    "WAFDuplicateItemException",
    "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an existing one.",
  );

export const associatedItem = (): ApiError =>
  new ApiError(
    "WAFAssociatedItemException",
    "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s associated with another resource.",
  );

export const optimisticLock = (): ApiError =>
  new ApiError(
    "WAFOptimisticLockException",
    "AWS WAF couldn’t save your changes because someone changed the resource after you started to edit it. Reapply your changes.",
  );

export const limitsExceeded = (hint: string): ApiError =>
  new ApiError(
    "WAFLimitsExceededException",
    "AWS WAF couldn’t perform the operation because you exceeded your resource limit.",
    { hint },
  );

export const invalidParameter = (field: string, parameter: string, reason: string, hint?: string): ApiError => {
  const shown = parameter.slice(0, 256);
  return new ApiError("WAFInvalidParameterException", `Error reason: ${reason}, field: ${field}, parameter: ${shown}`, {
    members: { Field: field, Parameter: shown, Reason: reason },
    hint,
  });
};

/** Runs checks of rules, and throws what they find as AWS's error. What Portico can't evaluate is refused by name. */
export function checking<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (error instanceof InvalidRules) throw invalidParameter(error.field, error.parameter, error.message);
    if (error instanceof NotEvaluable) throw notEvaluable(error);
    throw error;
  }
}

export const notEvaluable = (error: NotEvaluable): ApiError =>
  notImplemented(`Portico can't evaluate this yet: ${error.message}.`);
