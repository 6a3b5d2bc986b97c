import type { Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { makePolicyOperations } from "./policies.ts";
import { makeRoleOperations } from "./roles.ts";

/** The `iam` service: roles and policies, as deep as the credentials of integrations need them. */
export const makeIamOperations = (store: Store): Operations => ({
  ...makeRoleOperations(store),
  ...makePolicyOperations(store),
});
