import type { CallContext, Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { type AssumeRoleInput, assumeRole, callerArn } from "./assume-role.ts";
import type { Sessions } from "./sessions.ts";

/** The operations of the `sts` service: who is calling, and sessions of roles. AWS: STS API reference. */
export const makeStsOperations = (store: Store, sessions: Sessions): Operations => ({
  GetCallerIdentity: async (_input: object, call: CallContext) => ({
    // A key that is an account's number, and one that was not made here, is the account's root.
    UserId: call.caller?.userId ?? call.account,
    Account: call.account,
    Arn: callerArn(call),
  }),
  AssumeRole: (input: AssumeRoleInput, call: CallContext) => assumeRole(store, sessions, input, call),
});
