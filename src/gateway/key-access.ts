import { ApiKeyFinder } from "../limits/api-key-finder.ts";
import type { ApiKeyRecords } from "../limits/api-key-memory.ts";
import type { Throttles } from "../limits/throttles.ts";
import { UsageCounter } from "../limits/usage-counter.ts";
import { UsagePlans } from "./usage-plans.ts";

/** Has the counts of calls saved, which control does. */
export interface UsageSaving {
  /** Asks for it, and does not wait. */
  hurry(): void;
  /** Asks for it. Resolves with whether it was possible; never rejects. */
  save(): Promise<boolean>;
}

/** What a thread finds callers' API keys with, and counts their calls. */
export interface KeyAccess {
  readonly finder: ApiKeyFinder;
  readonly counter: UsageCounter;
  readonly plans: UsagePlans;
  readonly saving: UsageSaving;
}

export const makeKeyAccess = (
  records: ApiKeyRecords,
  { clients, account }: Throttles,
  saving: UsageSaving,
): KeyAccess => ({
  finder: new ApiKeyFinder(records),
  counter: new UsageCounter(records),
  plans: new UsagePlans({ bucketOf: (name) => clients.bucket(name), account }),
  saving,
});
