import { makeConditionContext } from "../../access/condition-keys.ts";
import { type AssumeRequest, parseRoleArn, Role, sessionArn } from "../../access/role-access.ts";
import { bounds } from "../../base/bounds.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Reader, Store } from "../../store/store.ts";
import type { RoleDocument } from "../iam/documents.ts";
import { iamScope } from "../iam/documents.ts";
import { loadRole } from "../iam/load-role.ts";
import type { Sessions } from "./sessions.ts";

export interface AssumeRoleInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly DurationSeconds?: number;
  readonly ExternalId?: string;
  readonly SourceIdentity?: string;
  readonly Policy?: string;
  readonly PolicyArns?: readonly object[];
}

export const callerArn = ({ account, caller }: CallContext): string => caller?.arn ?? `arn:aws:iam::${account}:root`;

/** AWS: STS API reference, "AssumeRole". */
export async function assumeRole(
  store: Store,
  sessions: Sessions,
  input: AssumeRoleInput,
  call: CallContext,
): Promise<object> {
  const { RoleArn: roleArn, RoleSessionName: sessionName } = input;
  // Ignoring a session policy would allow what it forbids.
  if (input.Policy !== undefined || input.PolicyArns !== undefined) {
    throw notImplemented("Portico has no session policies: leave out Policy and PolicyArns.");
  }
  const account = parseRoleArn(roleArn)?.account;
  if (account === undefined) throw invalid(`${roleArn.slice(0, 256)} is invalid`);
  const document = await store.read(iamScope(account), (tx) => requireAssumable(tx, input, call));
  const expiresAt = Math.floor(call.clock.now() / 1000) + durationOf(input, document, call);
  return {
    Credentials: await sessions.issue({ roleArn, roleId: document.id, sessionName, expiresAt }),
    AssumedRoleUser: { AssumedRoleId: `${document.id}:${sessionName}`, Arn: sessionArn(roleArn, sessionName) },
    ...(input.SourceIdentity === undefined ? {} : { SourceIdentity: input.SourceIdentity }),
  };
}

const invalid = (message: string): ApiError => new ApiError("ValidationError", message);

/** Throws unless the caller may assume the role. A role that does not exist looks like one that may not be assumed. */
async function requireAssumable(tx: Reader, input: AssumeRoleInput, call: CallContext): Promise<RoleDocument> {
  const { role, document } = await loadRole(tx, input.RoleArn);
  const request = requestOf(input, call);
  const asked = role && new Role(role);
  const isAllowed = asked?.canBeAssumed(request) === true && (await mayAsk(tx, asked, call, request));
  if (isAllowed && document !== undefined) return document;
  throw new ApiError(
    "AccessDenied",
    `User: ${callerArn(call)} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
    {
      hint:
        role === undefined
          ? `There is no role ${input.RoleArn}: make it with aws iam create-role.`
          : "The role's trust policy, and the policies of the role that asks, have to allow it.",
    },
  );
}

function requestOf(input: AssumeRoleInput, call: CallContext): AssumeRequest {
  const { account, caller } = call;
  return {
    awsPrincipal: { account, arns: caller === undefined ? [] : [caller.arn, caller.roleArn] },
    context: makeConditionContext({
      kind: "assume-role",
      account,
      principalArn: caller?.roleArn ?? callerArn(call),
      userId: caller?.userId ?? account,
      isSession: caller !== undefined,
      region: call.region,
      resource: input.RoleArn,
      sessionName: input.RoleSessionName,
      externalId: input.ExternalId,
    }),
  };
}

/**
 * Returns whether the caller's own policies allow the call. An account's own key may do everything; a role's session
 * may do what the role may. Within one account, a trust policy that names the role itself suffices. AWS: IAM User
 * Guide, "Policy evaluation logic", Evaluating policies within a single account.
 */
async function mayAsk(
  tx: Reader,
  asked: Role,
  { caller, account }: CallContext,
  request: AssumeRequest,
): Promise<boolean> {
  if (caller === undefined) return true;
  const { role } = await loadRole(tx, caller.roleArn);
  if (role === undefined) return false;
  const problem = new Role(role).problemWith({ ...request, action: "sts:AssumeRole", resource: asked.arn });
  const named = { account: "", arns: [caller.arn, caller.roleArn] };
  const isNamed =
    parseRoleArn(asked.arn)?.account === account && asked.canBeAssumed({ ...request, awsPrincipal: named });
  return problem === undefined || (isNamed && !problem.startsWith("with an explicit deny"));
}

function durationOf(
  { DurationSeconds: asked }: AssumeRoleInput,
  { maxSessionSeconds }: RoleDocument,
  { caller }: CallContext,
): number {
  const wanted = asked ?? bounds.roleSessionSecondsDefault.value;
  if (wanted > maxSessionSeconds) {
    throw invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  if (caller !== undefined && wanted > bounds.roleChainSecondsMax.value) {
    throw invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
  }
  return wanted;
}
