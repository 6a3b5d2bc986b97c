/** Roles that callers give to API Gateway, in APIs of every kind. */
import { accessDenied } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";

/** Returns the account of a role, user or session that credentials name; undefined where only a stage knows it. */
const accountOf = (credentials: string): string | undefined =>
  /^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):/.exec(credentials)?.[1];

const isForeign = (credentials: string | undefined, call: CallContext): credentials is string => {
  const account = accountOf(credentials ?? "");
  return account !== undefined && account !== call.account;
};

/**
 * Refuses the role of another account than the call's, as users quote AWS's answer to PutIntegration. What stage
 * variables hide is refused where it is used: docs/internals/architecture.md, "Fail closed".
 */
export function refuseForeignRole(credentials: string | undefined, call: CallContext): void {
  if (credentials !== undefined && credentials !== "") requirePassRole(credentials, call);
  if (!isForeign(credentials, call)) return;
  throw accessDenied("Cross-account pass role is not allowed.", {
    hint: `The call was for the account ${call.account}, and ${credentials} belongs to ${accountOf(credentials)}`,
  });
}

/**
 * Asks whether the caller may give API Gateway a role. AWS: IAM User Guide, "Grant a user permissions to pass a role to an
 * AWS service". The caller's own credentials (`arn:aws:iam::*:user/*`) are no role.
 */
function requirePassRole(credentials: string, { authority }: CallContext): void {
  if (authority === undefined || credentials === "arn:aws:iam::*:user/*") return;
  const pass = { action: "iam:PassRole", keys: { "iam:passedtoservice": "apigateway.amazonaws.com" } };
  authority.require({ ...pass, resource: credentials });
  // Whatever a stage variable puts in its place must not be denied.
  const variableAt = credentials.indexOf("${");
  if (variableAt >= 0) {
    authority.require({ ...pass, resource: credentials.slice(0, variableAt), isResourcePrefix: true });
  }
}
