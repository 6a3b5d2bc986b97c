import type { RoleAccess } from "../access/role-access.ts";
import type { RunJob } from "../base/job.ts";
import type { BeyondAws } from "../definition/beyond-aws.ts";
import type { Change, Work } from "../families/work.ts";
import { limitExceeded } from "../protocol/errors.ts";
import type { Reader, Scope } from "../store/store.ts";
import { type ControlLimit, type ControlLimits, limitMessage } from "./control-limits.ts";

/** A role of IAM, if it is kept here, and whether its account's roles are. */
export interface KnownRole {
  readonly role: RoleAccess | undefined;
  readonly isAccountHere: boolean;
}

/** Finds a role by its ARN; it is passed in, since management does not know IAM. */
export type FindRole = (tx: Reader, arn: string) => Promise<KnownRole>;

/**
 * Returns the calls of a key in a plan on the last days, of which some may not be in the store yet. Days are counted from
 * 1970-01-01.
 */
export type UnsavedUsage = (
  scope: Scope,
  planId: string,
  keyId: string,
) => readonly { readonly start: number; readonly count: number }[];

/** What the operations of API Gateway work with, both those of REST APIs and those of version 2. */
export interface ControlService {
  readonly limits: ControlLimits;
  /**
   * With `relaxed`, imports accept documents that AWS refuses, and warn about them.
   * See docs/internals/architecture.md, "Faithful, and lenient by name".
   */
  readonly profile: "aws" | "relaxed";
  /** What AWS would refuse, and this server has been told to accept. */
  readonly beyondAws: readonly BeyondAws[];
  /** Runs long jobs where they delay nobody. */
  readonly run: RunJob;
  readonly findRole: FindRole;
  readonly unsavedUsage: UnsavedUsage;
}

/** A call at work in code that both versions share; only its operation knows the form of its input. */
export type ControlWork<In = unknown, ParentItem = unknown> = Work<ControlService, In, ParentItem>;

/** A call that may write, in code that both versions share. */
export type ControlChange<In = unknown, ParentItem = unknown> = Change<ControlService, In, ParentItem>;

/** Refuses a call that would exceed a limit; `count` is the number that exists already. */
export function requireRoom({ limits }: ControlWork, limit: ControlLimit, count: number): void {
  if (count >= limits[limit]) throw limitExceeded(limitMessage(limit));
}
