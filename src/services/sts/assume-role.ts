import { assumedRoleArn, type Identity, type Session } from "../../access/principal.ts";
import { parseRoleArn } from "../../access/role-access.ts";
import { bounds } from "../../base/bounds.ts";
import { nowSeconds, present } from "../../families/work.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Reader, Store } from "../../store/store.ts";
import { documentId, iamKinds, iamScope, type RoleDocument } from "../iam/documents.ts";
import { loadIdentity } from "../iam/load-principal.ts";
import { callerOf, notAuthorized, refuseDevice, requireAllowed } from "./caller.ts";
import { refuseSession } from "./get-token.ts";
import { invalid, packedSizeOf, readSessionLimits, type SessionInput } from "./session-policies.ts";
import type { Sessions } from "./sessions.ts";

export interface AssumeRoleInput extends SessionInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly DurationSeconds?: number;
  readonly ExternalId?: string;
  readonly SourceIdentity?: string;
  readonly SerialNumber?: string;
  readonly TokenCode?: string;
  readonly ProvidedContexts?: readonly object[];
}

/** AWS: STS API reference, "AssumeRole". */
export async function assumeRole(
  store: Store,
  sessions: Sessions,
  input: AssumeRoleInput,
  call: CallContext,
): Promise<object> {
  const { RoleArn: roleArn, RoleSessionName: name } = input;
  if (input.ProvidedContexts !== undefined) throw notImplemented("Portico has no context providers.");
  const account = parseRoleArn(roleArn)?.account;
  if (account === undefined) throw invalid(`${roleArn.slice(0, 256)} is invalid`);
  refuseSession("AssumeRole", call, ["federated-user"]);
  // The key that is an account's number is the one that everybody begins with; it is no root of AWS's.
  if (call.caller?.type === "Account") {
    throw new ApiError("AccessDenied", "Roles may not be assumed by root accounts.");
  }
  refuseDevice(input);
  const session = await store.read(iamScope(account), (tx) => makeSession(tx, input, call, account));
  const packedSize = packedSizeOf(session);
  return present({
    Credentials: await sessions.issue(account, session),
    AssumedRoleUser: { AssumedRoleId: `${session.issuerId}:${name}`, Arn: assumedRoleArn(roleArn, name) },
    PackedPolicySize: packedSize,
    SourceIdentity: session.sourceIdentity,
  });
}

async function makeSession(tx: Reader, input: AssumeRoleInput, call: CallContext, account: string): Promise<Session> {
  const { RoleArn: roleArn, RoleSessionName: name } = input;
  const { session: calling } = callerOf(call);
  const parent = calling?.kind === "assumed-role" ? calling : undefined;
  const limits = await readSessionLimits(tx, account, input, parent);
  const sourceIdentity = input.SourceIdentity ?? parent?.sourceIdentity;
  const { identity: role } = await loadIdentity(tx, roleArn);
  // A role that does not exist looks like one that may not be assumed.
  if (role === undefined) {
    throw notAuthorized(call, "sts:AssumeRole", roleArn, "There is no such role: make it with aws iam create-role.");
  }
  // AWS: IAM User Guide, "Monitor and control actions taken with assumed roles": it stays as it was first set.
  if (parent?.sourceIdentity !== undefined && parent.sourceIdentity !== sourceIdentity) {
    throw notAuthorized(
      call,
      "sts:SetSourceIdentity",
      roleArn,
      "The session has another source identity, which can't be changed.",
    );
  }
  const actions = actionsOf("AssumeRole", limits, sourceIdentity).map((operation) => `sts:${operation}`);
  requireAllowed(actions, factsOf(role, input, sourceIdentity), call, role);
  const issuedAt = nowSeconds(call);
  return present<Session>({
    kind: "assumed-role",
    issuerArn: roleArn,
    issuerId: role.id,
    name,
    issuedAt,
    expiresAt: issuedAt + (await durationOf(tx, input, role, parent !== undefined)),
    ...limits,
    sourceIdentity,
  });
}

/** AWS: tags and a source identity, passed or inherited, need permissions of their own. */
export const actionsOf = (
  operation: "AssumeRole" | "AssumeRoleWithWebIdentity",
  { tags }: Pick<Session, "tags">,
  sourceIdentity: string | undefined,
): string[] => [
  operation,
  ...(tags === undefined ? [] : ["TagSession"]),
  ...(sourceIdentity === undefined ? [] : ["SetSourceIdentity"]),
];

const factsOf = (
  role: Identity,
  { RoleSessionName, ExternalId, Tags = [], TransitiveTagKeys = [] }: AssumeRoleInput,
  sourceIdentity: string | undefined,
) => ({
  resource: role.arn,
  resourceTags: role.tags,
  sessionName: RoleSessionName,
  externalId: ExternalId,
  sourceIdentity,
  tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
  transitiveTagKeys: TransitiveTagKeys,
});

/** Returns how many seconds a session of the role lasts. */
export async function durationOf(
  tx: Reader,
  { DurationSeconds: asked }: Pick<AssumeRoleInput, "DurationSeconds">,
  { name }: Identity,
  isChained = false,
): Promise<number> {
  const { maxSessionSeconds = 0 } = (await tx.get<RoleDocument>(iamKinds.role, documentId(name)))?.body ?? {};
  const wanted = asked ?? bounds.roleSessionSecondsDefault.value;
  if (wanted > maxSessionSeconds) {
    throw invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  if (isChained && wanted > bounds.roleChainSecondsMax.value) {
    throw invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
  }
  return wanted;
}
