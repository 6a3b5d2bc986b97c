import { bindOperations } from "../../families/make-families.ts";
import type { Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { accessKeyOperations } from "./access-keys.ts";
import { accountOperations } from "./account.ts";
import { groupOperations } from "./groups.ts";
import type { IamService } from "./iam-families.ts";
import { openIdProviderOperations } from "./open-id-providers.ts";
import { policyOperations } from "./policies.ts";
import { roleOperations } from "./roles.ts";
import { simulationOperations } from "./simulate.ts";
import { userOperations } from "./users.ts";

/** The `iam` service: users, groups, roles, their policies and their keys. */
export const makeIamOperations = (store: Store, service: IamService): Operations =>
  bindOperations(
    {
      ...userOperations,
      ...groupOperations,
      ...accessKeyOperations,
      ...roleOperations,
      ...policyOperations,
      ...accountOperations,
      ...openIdProviderOperations,
      ...simulationOperations,
    },
    store,
    service,
  );
