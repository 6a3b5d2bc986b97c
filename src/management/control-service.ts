import type { RunJob } from "../base/job.ts";
import type { Change, Work } from "../families/work.ts";
import { limitExceeded } from "../protocol/errors.ts";
import { type ControlLimit, type ControlLimits, limitMessage } from "./control-limits.ts";

/** What the operations of API Gateway work with, those of REST APIs and those of version 2. */
export interface ControlService {
  readonly limits: ControlLimits;
  /**
   * With `relaxed`, imports accept what AWS refuses, and warn of it.
   * See docs/internals/architecture.md, "Faithful, and lenient by name".
   */
  readonly profile: "aws" | "relaxed";
  /** Runs what is long where it delays nobody. */
  readonly run: RunJob;
}

/** A call at work in what both versions share: how its input is written is its operation's business. */
export type ControlWork<In = unknown, ParentItem = unknown> = Work<ControlService, In, ParentItem>;

/** A call that may write in what both versions share. */
export type ControlChange<In = unknown, ParentItem = unknown> = Change<ControlService, In, ParentItem>;

/** Refuses what would go over one of the limits; `count` is how many there are already. */
export function requireRoom({ limits }: ControlWork, limit: ControlLimit, count: number): void {
  if (count >= limits[limit]) throw limitExceeded(limitMessage(limit));
}
