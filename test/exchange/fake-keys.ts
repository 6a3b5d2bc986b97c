import { randomBytes } from "node:crypto";
import type { UsageSaving } from "../../src/gateway/key-access.ts";
import { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import type { QuotaShare } from "../../src/limits/quota-period.ts";
import type { TokenBuckets } from "../../src/limits/token-buckets.ts";

export const scope = { account: "000000000000", region: "us-east-1" };

export const aKeyTable = (): ApiKeyTable => new ApiKeyTable(randomBytes(16).toString("hex"));

/** Counts are saved at once. */
export const savingAtOnce: UsageSaving = { hurry() {}, save: () => Promise.resolve(true) };

/** Adds a key, and puts it in plans. */
export function addKey(
  table: ApiKeyTable,
  key: {
    readonly id: string;
    readonly value: string;
    readonly isEnabled?: boolean;
    readonly plans?: readonly string[];
  },
  buckets: TokenBuckets,
  { of = scope, share = { firstDay: 0 } }: { readonly of?: typeof scope; readonly share?: QuotaShare } = {},
): void {
  table.put(of, { id: key.id, value: key.value, isEnabled: key.isEnabled ?? true });
  for (const planId of key.plans ?? []) {
    const bucket = buckets.bucket(`${planId}/${key.id}`);
    table.link(of, { keyId: key.id, plan: table.planSlot(of, planId), share, bucket });
  }
}
