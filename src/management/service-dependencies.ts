import type { RunJob } from "../base/job.ts";
import type { BeyondAws } from "../definition/beyond-aws.ts";
import type { Store } from "../store/store.ts";
import type { ControlLimits } from "./control-limits.ts";
import type { FindRole, UnsavedUsage } from "./control-service.ts";

/** What the operations of both versions of API Gateway need. */
export interface ServiceDependencies {
  readonly store: Store;
  readonly limits: ControlLimits;
  /** Runs jobs in another thread; if it is absent, everything runs in this one. */
  readonly run?: RunJob;
  /** Absent: no role is kept here. */
  readonly findRole?: FindRole;
  /** If it is absent, no calls are counted. */
  readonly unsavedUsage?: UnsavedUsage;
  /** The service's profile; by default `aws`. */
  readonly profile?: "aws" | "relaxed";
  /** The features that `--beyond-aws` names; by default none. */
  readonly beyondAws?: readonly BeyondAws[];
}

export const noRoles: FindRole = async () => ({ role: undefined, isAccountHere: false });

export const noUsage: UnsavedUsage = () => [];
