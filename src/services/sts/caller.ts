import { accessOf, authorize, problemOf } from "../../access/authorize.ts";
import { parsePolicy } from "../../access/policy.ts";
import { type Identity, type Principal, principalOfIdentity, rootOf } from "../../access/principal.ts";
import { makeSessionContext, type SessionRequest } from "../../access/sts-conditions.ts";
import { nowSeconds } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";

/** Returns who calls: a key that is an account's number, and one that was not made here, is the account's root. */
export const callerOf = ({ account, caller }: CallContext): Principal => caller ?? principalOfIdentity(rootOf(account));

/** What policies may ask of a call for a session, besides who calls and when. */
export type RequestFacts = Omit<SessionRequest, "principal" | "region" | "userAgent" | "sourceAddress" | "now">;

/**
 * Throws unless the caller may do each of these actions of STS. A role is asked by its trust policy as well. AWS: IAM User
 * Guide, "Policy evaluation logic"; "Troubleshoot access denied error messages".
 */
export function requireAllowed(
  actions: readonly string[],
  facts: RequestFacts,
  call: CallContext,
  role?: Identity,
): void {
  const principal = callerOf(call);
  const { region, userAgent, sourceAddress } = call;
  const now = nowSeconds(call);
  const context = makeSessionContext({ ...facts, principal, region, userAgent, sourceAddress, now });
  const resource =
    role === undefined
      ? { account: principal.account }
      : {
          account: role.account,
          policy: { name: "trust policy", policy: parsePolicy(role.trustPolicy ?? "", "trust") },
          isPolicyDecisive: true,
        };
  for (const action of actions) {
    const decision = authorize({ action, resource: facts.resource, context }, accessOf(principal), resource);
    const problem = problemOf(decision, action);
    if (problem === undefined) continue;
    throw notAuthorized(call, action, facts.resource, `It is refused ${problem.replace(asResource, asTrust)}.`);
  }
}

/** What a role's policy is called where it decides as the policy of a resource. */
const [asResource, asTrust] = ["resource-based policy", "trust policy of the role"];

/** AWS's words for a role that can't be assumed say no more, whether it exists or not. */
export const notAuthorized = (call: CallContext, action: string, resource: string, hint: string): ApiError =>
  new ApiError(
    "AccessDenied",
    `User: ${callerOf(call).arn} is not authorized to perform: ${action} on resource: ${resource}`,
    { hint },
  );

/** Throws if the call asks for a check by a device, since nobody has one here. */
export function refuseDevice({ SerialNumber, TokenCode }: { SerialNumber?: string; TokenCode?: string }): void {
  if (SerialNumber === undefined && TokenCode === undefined) return;
  throw new ApiError(
    "AccessDenied",
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
  );
}
