import { accountOfAccessKey } from "../../access/access-key-id.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { type AssumeRoleInput, assumeRole } from "./assume-role.ts";
import { callerOf } from "./caller.ts";
import { type FederationTokenInput, getFederationToken, getSessionToken, type SessionTokenInput } from "./get-token.ts";
import { invalid } from "./session-policies.ts";
import type { Sessions } from "./sessions.ts";
import { assumeRoleWithWebIdentity, type FindProviderKey, type WebIdentityInput } from "./web-identity.ts";

/** The operations of the `sts` service: who is calling, and sessions. AWS: STS API reference. */
export const makeStsOperations = (store: Store, sessions: Sessions, findKey: FindProviderKey): Operations => ({
  GetCallerIdentity: async (_input: object, call: CallContext) => {
    const { userId, account, arn } = callerOf(call);
    return { UserId: userId, Account: account, Arn: arn };
  },
  AssumeRole: (input: AssumeRoleInput, call: CallContext) => assumeRole(store, sessions, input, call),
  AssumeRoleWithWebIdentity: (input: WebIdentityInput, call: CallContext) =>
    assumeRoleWithWebIdentity({ store, sessions, findKey }, input, call),
  GetSessionToken: (input: SessionTokenInput, call: CallContext) => getSessionToken(sessions, input, call),
  GetFederationToken: (input: FederationTokenInput, call: CallContext) =>
    getFederationToken(store, sessions, input, call),
  GetAccessKeyInfo: async ({ AccessKeyId: id }: { readonly AccessKeyId: string }) => {
    const account = accountOfAccessKey(id);
    if (account === undefined) throw invalid(`${id} is not an access key's id.`);
    return { Account: account };
  },
  DecodeAuthorizationMessage: async (
    { EncodedMessage: sealed }: { readonly EncodedMessage: string },
    call: CallContext,
  ) => {
    const message = (await sessions.requireSeal()).openMessage(call.account, sealed);
    if (message === undefined) {
      throw new ApiError("InvalidAuthorizationMessageException", "Message is not valid");
    }
    return { DecodedMessage: message };
  },
});
