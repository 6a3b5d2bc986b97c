import type { RestApiDefinition } from "../../definition/rest-api.ts";
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
  if (!isForeign(credentials, call)) return;
  throw accessDenied("Cross-account pass role is not allowed.", {
    hint: `The call was for the account ${call.account}, and ${credentials} belongs to ${accountOf(credentials)}`,
  });
}

/** Refuses the roles of other accounts that a definition has and that the one before it did not have. */
export function refuseForeignRoles(definition: RestApiDefinition, before: RestApiDefinition, call: CallContext): void {
  const known = new Set(credentialsOf(before));
  refuseForeignRole(
    credentialsOf(definition).find((credentials) => isForeign(credentials, call) && !known.has(credentials)),
    call,
  );
}

function credentialsOf({ resources, authorizers }: RestApiDefinition): readonly string[] {
  const methods = resources.flatMap(({ resourceMethods }) => Object.values(resourceMethods ?? {}));
  return [
    ...methods.flatMap(({ methodIntegration }) => methodIntegration?.credentials ?? []),
    ...authorizers.flatMap(({ authorizerCredentials }) => authorizerCredentials ?? []),
  ];
}
