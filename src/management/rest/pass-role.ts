import { isDeepStrictEqual } from "node:util";
import type { RestApiDefinition } from "../../definition/rest-api.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";

/**
 * Refuses the roles of other accounts that a definition has and that the one before it did not have, and those that the
 * caller may not give to what changed.
 */
export function refuseForeignRoles(definition: RestApiDefinition, before: RestApiDefinition, call: CallContext): void {
  const known = credentialsOf(before);
  for (const [place, holder] of credentialsOf(definition)) {
    if (!isDeepStrictEqual(known.get(place), holder)) refuseForeignRole(holder.credentials, call);
  }
}

interface Holder {
  readonly credentials: string | undefined;
  /** What uses the role. */
  readonly user: unknown;
}

/** Returns what has a role, by the place where it is. */
function credentialsOf({ resources, authorizers }: RestApiDefinition): ReadonlyMap<string, Holder> {
  const holders = new Map<string, Holder>();
  for (const { path, resourceMethods = {} } of resources) {
    for (const [method, { methodIntegration: user }] of Object.entries(resourceMethods)) {
      if (user?.credentials) holders.set(`${method} ${path}`, { credentials: user.credentials, user });
    }
  }
  for (const user of authorizers) {
    const { authorizerCredentials: credentials, name } = user;
    if (credentials) holders.set(`authorizer ${name}`, { credentials, user: { ...user, id: "" } });
  }
  return holders;
}
