import type { Session } from "../../access/principal.ts";
import { bounds } from "../../base/bounds.ts";
import { nowSeconds, present } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { iamScope } from "../iam/documents.ts";
import { callerOf, refuseDevice, requireAllowed } from "./caller.ts";
import { packedSizeOf, readSessionLimits, type SessionInput } from "./session-policies.ts";
import type { Sessions } from "./sessions.ts";

/**
 * Throws if the caller is a session, or one of these kinds. AWS: IAM User Guide, "Compare AWS STS credentials": which
 * operations temporary credentials can call.
 */
export function refuseSession(operation: string, { caller }: CallContext, kinds?: readonly Session["kind"][]): void {
  const session = caller?.session;
  if (session === undefined || (kinds !== undefined && !kinds.includes(session.kind))) return;
  throw new ApiError("AccessDenied", `Cannot call ${operation} with session credentials`);
}

export interface SessionTokenInput {
  readonly DurationSeconds?: number;
  readonly SerialNumber?: string;
  readonly TokenCode?: string;
}

/** AWS: STS API reference, "GetSessionToken". A root's session lasts an hour at most, whatever is asked for. */
export async function getSessionToken(
  sessions: Sessions,
  input: SessionTokenInput,
  call: CallContext,
): Promise<object> {
  refuseSession("GetSessionToken", call);
  refuseDevice(input);
  const { identity, account } = callerOf(call);
  const issuedAt = nowSeconds(call);
  const session: Session = {
    kind: "user",
    issuerArn: identity.arn,
    issuerId: identity.id,
    issuedAt,
    expiresAt: issuedAt + durationOf(input, call),
  };
  return { Credentials: await sessions.issue(account, session) };
}

export interface FederationTokenInput extends SessionInput {
  readonly Name: string;
  readonly DurationSeconds?: number;
}

/** AWS: STS API reference, "GetFederationToken". */
export async function getFederationToken(
  store: Store,
  sessions: Sessions,
  input: FederationTokenInput,
  call: CallContext,
): Promise<object> {
  refuseSession("GetFederationToken", call);
  const { identity, account } = callerOf(call);
  const arn = `arn:aws:sts::${account}:federated-user/${input.Name}`;
  const limits = await store.read(iamScope(account), (tx) => readSessionLimits(tx, account, input));
  const { tags = {} } = limits;
  const actions = ["sts:GetFederationToken", ...(limits.tags === undefined ? [] : ["sts:TagSession"])];
  requireAllowed(actions, { resource: arn, resourceTags: {}, tags, transitiveTagKeys: [] }, call);
  const packedSize = packedSizeOf(limits);
  const issuedAt = nowSeconds(call);
  const session: Session = {
    kind: "federated-user",
    issuerArn: identity.arn,
    issuerId: identity.id,
    name: input.Name,
    issuedAt,
    expiresAt: issuedAt + durationOf(input, call),
    ...limits,
  };
  return present({
    Credentials: await sessions.issue(account, session),
    FederatedUser: { FederatedUserId: `${account}:${input.Name}`, Arn: arn },
    PackedPolicySize: packedSize,
  });
}

function durationOf({ DurationSeconds: asked }: { readonly DurationSeconds?: number }, call: CallContext): number {
  const wanted = asked ?? bounds.sessionSecondsDefault.value;
  return callerOf(call).type === "Account" ? Math.min(wanted, bounds.rootSessionSecondsMax.value) : wanted;
}
