import { makeConditionContext } from "../../access/condition-keys.ts";
import { joinPolicies, parsePolicy } from "../../access/policy.ts";
import { assumedRoleArn, type Identity, type Principal } from "../../access/principal.ts";
import { type AccessProblem, type AssumeRequest, parseRoleArn, Role } from "../../access/role-access.ts";
import { bounds } from "../../base/bounds.ts";
import { nowSeconds } from "../../families/work.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Reader, Store } from "../../store/store.ts";
import { documentId, iamKinds, iamScope, type RoleDocument } from "../iam/documents.ts";
import { loadIdentity } from "../iam/load-principal.ts";
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
  const parts = parseRoleArn(roleArn);
  if (parts === undefined) throw invalid(`${roleArn.slice(0, 256)} is invalid`);
  const scope = iamScope(parts.account);
  const { role, maxSessionSeconds } = await store.read(scope, async (tx) => {
    const asked = await requireAssumable(tx, input, call);
    const document = await tx.get<RoleDocument>(iamKinds.role, documentId(asked.name));
    return { role: asked, maxSessionSeconds: document?.body.maxSessionSeconds ?? 0 };
  });
  const issuedAt = nowSeconds(call);
  const expiresAt = issuedAt + durationOf(input, maxSessionSeconds, call);
  return {
    Credentials: await sessions.issue(parts.account, {
      kind: "assumed-role",
      issuerArn: roleArn,
      issuerId: role.id,
      name: sessionName,
      issuedAt,
      expiresAt,
    }),
    AssumedRoleUser: { AssumedRoleId: `${role.id}:${sessionName}`, Arn: assumedRoleArn(roleArn, sessionName) },
    ...(input.SourceIdentity === undefined ? {} : { SourceIdentity: input.SourceIdentity }),
  };
}

const invalid = (message: string): ApiError => new ApiError("ValidationError", message);

/** Throws unless the caller may assume the role. A role that does not exist looks like one that may not be assumed. */
async function requireAssumable(tx: Reader, input: AssumeRoleInput, call: CallContext): Promise<Identity> {
  const { identity } = await loadIdentity(tx, input.RoleArn);
  const request = requestOf(input, call);
  const asked = identity && accessOf(identity);
  if (identity !== undefined && asked?.canBeAssumed(request) === true && mayAsk(asked, call, request)) return identity;
  throw new ApiError(
    "AccessDenied",
    `User: ${callerArn(call)} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
    {
      hint:
        identity === undefined
          ? `There is no role ${input.RoleArn}: make it with aws iam create-role.`
          : "The role's trust policy, and the policies of the user or role that asks, have to allow it.",
    },
  );
}

const accessOf = ({ arn, id, tags, trustPolicy = "", policies, permissionsBoundary: boundary }: Identity): Role =>
  new Role({
    arn,
    id,
    tags,
    trustPolicy,
    policies: policies.map(({ document }) => document),
    ...(boundary !== undefined && { permissionsBoundary: boundary.document }),
  });

const isRoot = (caller: Principal | undefined): boolean => caller === undefined || caller.type === "Account";

function requestOf(input: AssumeRoleInput, call: CallContext): AssumeRequest {
  const { account, caller } = call;
  return {
    awsPrincipal: {
      account,
      arns: caller === undefined || isRoot(caller) ? [] : [caller.arn, caller.principalArn],
    },
    context: makeConditionContext({
      kind: "assume-role",
      account,
      principalArn: caller?.principalArn ?? callerArn(call),
      userId: caller?.userId ?? account,
      principalType: caller?.type ?? "Account",
      userName: caller?.userName,
      isSession: caller?.session !== undefined,
      region: call.region,
      resource: input.RoleArn,
      sessionName: input.RoleSessionName,
      externalId: input.ExternalId,
    }),
  };
}

/**
 * Returns whether the caller's own policies allow the call. A root may do everything; everybody else may do what their
 * policies, boundary and session policies allow. Within one account, a trust policy that names the caller itself
 * suffices. AWS: IAM User Guide, "Policy evaluation logic", Evaluating policies within a single account.
 */
function mayAsk(asked: Role, { caller, account }: CallContext, request: AssumeRequest): boolean {
  if (caller === undefined) return true;
  const problem = problemOf(caller, { ...request, action: "sts:AssumeRole", resource: asked.arn });
  const named = { account: "", arns: [caller.arn, caller.principalArn] };
  const isNamed =
    parseRoleArn(asked.arn)?.account === account && asked.canBeAssumed({ ...request, awsPrincipal: named });
  return problem === undefined || (isNamed && !problem.startsWith("with an explicit deny"));
}

function problemOf(
  { identity, type, sessionPolicies }: Principal,
  request: Parameters<Role["problemWith"]>[0],
): AccessProblem {
  const own = type === "Account" ? undefined : accessOf(identity).problemWith(request);
  if (own !== undefined || sessionPolicies === undefined) return own;
  const session = joinPolicies(sessionPolicies.map(({ document }) => parsePolicy(document, "identity")));
  const { kind } = session.decide(request);
  if (kind === "allowed") return undefined;
  return kind === "not-allowed"
    ? "because no session policy allows the sts:AssumeRole action"
    : "with an explicit deny in a session policy";
}

function durationOf(
  { DurationSeconds: asked }: AssumeRoleInput,
  maxSessionSeconds: number,
  { caller }: CallContext,
): number {
  const wanted = asked ?? bounds.roleSessionSecondsDefault.value;
  if (wanted > maxSessionSeconds) {
    throw invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  if (caller?.type === "AssumedRole" && wanted > bounds.roleChainSecondsMax.value) {
    throw invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
  }
  return wanted;
}
