import { bindOperations } from "../../families/make-families.ts";
import type { Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { policyOperations } from "./policies.ts";
import { roleOperations } from "./roles.ts";

/** The `iam` service: roles and policies, as deep as the credentials of integrations need them. */
export const makeIamOperations = (store: Store): Operations =>
  bindOperations({ ...roleOperations, ...policyOperations }, store, {});
