import type { CallContext, Operations } from "../../protocol/operation.ts";

/** The `sts` service: who is calling. AWS: STS API reference, "GetCallerIdentity". */
export function makeStsOperations(): Operations {
  return {
    GetCallerIdentity: async (_input: object, call: CallContext) => ({
      // Until there is IAM, every caller is its account's root.
      UserId: call.account,
      Account: call.account,
      Arn: `arn:aws:iam::${call.account}:root`,
    }),
  };
}
