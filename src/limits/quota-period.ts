/** The periods of quotas. Days are counted from 1970-01-01, in UTC. */
export type QuotaPeriod = "DAY" | "WEEK" | "MONTH";

/** A usage plan's quota. */
export interface Quota {
  readonly limit: number;
  /** The number of requests that are subtracted in a key's first period. */
  readonly offset: number;
  readonly period: QuotaPeriod;
}

const dayMs = 86_400_000;

/** Returns the day of a time in milliseconds since 1970. */
export const dayOf = (ms: number): number => Math.floor(ms / dayMs);

/** Returns the time at which a day begins, in milliseconds since 1970. */
export const timeOf = (day: number): number => day * dayMs;

/** Returns a day as `YYYY-MM-DD`. */
export const dayText = (day: number): string => new Date(timeOf(day)).toISOString().slice(0, 10);

/** Returns the first day of the month that contains a day. */
export function monthStartOf(day: number): number {
  const date = new Date(timeOf(day));
  return day - date.getUTCDate() + 1;
}

/**
 * Returns the first day of the quota's period that contains a day. Unconfirmed: that AWS's weeks begin on Sundays; see
 * docs/compatibility.md, "a usage plan's quota".
 */
export function periodStartOf(period: QuotaPeriod, day: number): number {
  if (period === "DAY") return day;
  // 1970-01-01 was a Thursday.
  return period === "WEEK" ? day - ((day + 4) % 7) : monthStartOf(day);
}

/** A key's part in the quota of a plan, apart from what it used. */
export interface QuotaShare {
  /** The first day of a period that the key is in: `offset` is subtracted in the period that contains it. */
  readonly firstDay: number;
  /** The change by UpdateUsage to the quota of the one period that begins on that day. */
  readonly extension?: { readonly start: number; readonly requests: number } | undefined;
}

/** Returns how many requests a key may send in the period that begins on the day `start`. */
export function quotaOf({ limit, offset, period }: Quota, { firstDay, extension }: QuotaShare, start: number): number {
  const isFirst = offset > 0 && periodStartOf(period, firstDay) === start;
  return limit - (isFirst ? offset : 0) + (extension?.start === start ? extension.requests : 0);
}
