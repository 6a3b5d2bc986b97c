import { ApiError } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";

/** A function as a caller names it. */
export interface FunctionReference {
  readonly name: string;
  /** Unqualified. */
  readonly functionArn: string;
  /** The qualifier as the caller gave it, such as `$LATEST`; undefined without one. */
  readonly qualifier: string | undefined;
  /** The ARN with the qualifier, if there is one. */
  readonly qualifiedArn: string;
}

const forms =
  /^(?:(?:arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):)?(\d{12}):)?(?:function:)?([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/;

/**
 * Reads a name, a partial ARN or an ARN, each with or without a qualifier.
 * AWS: Lambda API reference, "GetFunction", FunctionName.
 */
export function parseFunctionName(
  given: string,
  qualifier: string | undefined,
  call: Pick<CallContext, "account" | "region">,
): FunctionReference {
  const [, region, account, name, own] = forms.exec(given) ?? [];
  if (name === undefined) throw new ApiError("InvalidParameterValueException", `Invalid function name: ${given}`);
  if (name.length > 64) {
    throw new ApiError(
      "ValidationException",
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    );
  }
  if (region !== undefined && region !== call.region) {
    throw new ApiError(
      "ResourceNotFoundException",
      `Functions from '${region}' are not reachable in this region ('${call.region}')`,
    );
  }
  const functionArn = `arn:aws:lambda:${call.region}:${account ?? call.account}:function:${name}`;
  if (account !== undefined && account !== call.account) {
    throw new ApiError(
      "AccessDeniedException",
      `User: arn:aws:iam::${call.account}:root is not authorized to access the function ${functionArn} of another account`,
    );
  }
  if (own !== undefined && qualifier !== undefined && own !== qualifier) {
    throw new ApiError(
      "InvalidParameterValueException",
      "The derived qualifier from the function name does not match the specified qualifier.",
    );
  }
  const chosen = own ?? qualifier;
  return {
    name,
    functionArn,
    qualifier: chosen,
    qualifiedArn: chosen === undefined ? functionArn : `${functionArn}:${chosen}`,
  };
}

export const functionNotFound = (arn: string): ApiError =>
  new ApiError("ResourceNotFoundException", `Function not found: ${arn}`);
