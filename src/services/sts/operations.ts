import type { CallContext, Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { type AssumeRoleInput, assumeRole, callerArn } from "./assume-role.ts";
import type { Sessions } from "./sessions.ts";

/** The operations of the `sts` service: who is calling, and sessions of roles. AWS: STS API reference. */
export const makeStsOperations = (store: Store, sessions: Sessions): Operations => ({
  GetCallerIdentity: async (_input: object, call: CallContext) => ({
    // A key that does not belong to a session is its account's root, since there are no users.
    UserId: call.caller?.userId ?? call.account,
    Account: call.account,
    Arn: callerArn(call),
  }),
  AssumeRole: (input: AssumeRoleInput, call: CallContext) => assumeRole(store, sessions, input, call),
});
