import { bounds } from "../../base/bounds.ts";
import {
  keyKinds,
  type QuotaSettings,
  type UsageDay,
  type UsagePlan,
  type UsagePlanKey,
} from "../../definition/api-key.ts";
import { applyPatch, listPaths, member, type PatchTable, wholeNumber } from "../../families/patch.ts";
import { badRequest } from "../../protocol/errors.ts";
import { usagePlans } from "./usage-plan.ts";
import { usagePlanKeys } from "./usage-plan-key.ts";
import { answerPage, type Change, operations, pageOfItems, reading, type Work, writing } from "./work.ts";

// Days are `YYYY-MM-DD`, in UTC.

const dayMs = 86_400_000;
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const msOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** Returns the first day of the quota's period that contains a day. */
function periodStart(day: string, period: QuotaSettings["period"]): string {
  if (period === "MONTH") return `${day.slice(0, 7)}-01`;
  if (period === "DAY") return day;
  // Unconfirmed: that AWS's weeks begin on Sundays; see docs/compatibility.md, "a usage plan's quota".
  const ms = msOf(day);
  return dayOf(ms - new Date(ms).getUTCDay() * dayMs);
}

/** Returns the quota of a key in the period that begins on a day. */
function quotaOf(quota: QuotaSettings, link: UsagePlanKey, start: string): number {
  const isFirst = periodStart(dayOf(link.createdDate * 1000), quota.period) === start;
  const extension = link.extension?.periodStart === start ? link.extension.requests : 0;
  return quota.limit - (isFirst ? quota.offset : 0) + extension;
}

/** The remaining quota of a plan without a quota. */
const unlimited = Number.MAX_SAFE_INTEGER;

/** What a key used on a day, and in the quota's period up to that day's end. */
interface KeyUsage {
  readonly today: number;
  readonly inPeriod: number;
  /** The first day of the period; without a quota, the day itself. */
  readonly start: string;
}

async function usedOn(
  work: Work,
  plan: UsagePlan,
  keyId: string,
  days: readonly string[],
): Promise<readonly KeyUsage[]> {
  const startOf = (day: string) => periodStart(day, plan.quota?.period ?? "DAY");
  const first = startOf(days[0]!);
  const prefix = `${plan.id}/${keyId}/`;
  const after = `${prefix}${dayOf(msOf(first) - dayMs)}`;
  // The period of the first day asked for begins at most a month earlier.
  const recorded = await work.tx.list<UsageDay>(keyKinds.usageDay, { prefix, after, limit: days.length + 31 });
  const byDay = new Map(recorded.map(({ id, body }) => [id.slice(prefix.length), body.used]));
  let inPeriod = 0;
  for (let day = first; day < days[0]!; day = dayOf(msOf(day) + dayMs)) inPeriod += byDay.get(day) ?? 0;
  let current = first;
  return days.map((day) => {
    const start = startOf(day);
    const today = byDay.get(day) ?? 0;
    inPeriod = (start === current ? inPeriod : 0) + today;
    current = start;
    return { today, inPeriod, start };
  });
}

/** Returns `[used, remaining]` of each day. */
async function dailyUsage(work: Work, plan: UsagePlan, link: UsagePlanKey, days: readonly string[]) {
  const used = await usedOn(work, plan, link.keyId, days);
  return used.map(({ today, inPeriod, start }) => [
    today,
    plan.quota === undefined ? unlimited : Math.max(0, quotaOf(plan.quota, link, start) - inPeriod),
  ]);
}

/** The greatest number of days that one answer covers. */
const daysMax = bounds.usageDaysMax.value;

/** Returns the days that the call asks for, including the first and the last. */
function requestedDays({ startDate, endDate }: Work<"GetUsage">["input"]): readonly string[] {
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  for (const date of [startDate, endDate]) {
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(date) && !Number.isNaN(msOf(date)) && dayOf(msOf(date)) === date;
    if (!isDay) throw badRequest(`Invalid date specified: ${date}. Must be of the form YYYY-MM-DD`);
  }
  const count = (msOf(endDate) - msOf(startDate)) / dayMs + 1;
  if (count < 1) throw badRequest("Invalid date range specified: the end date is before the start date");
  if (count > daysMax) throw badRequest(`Invalid date range specified: at most ${daysMax} days`);
  return Array.from({ length: count }, (_, index) => dayOf(msOf(startDate) + index * dayMs));
}

async function getUsage(work: Work<"GetUsage", UsagePlan>): Promise<unknown> {
  const { input, parent: plan } = work;
  const days = requestedDays(input);
  const { keyId } = input;
  const links = keyId ? [await usagePlanKeys.find({ ...work, input: { keyId } })] : await usagePlanKeys.all(work);
  const page = pageOfItems(work, links, (link) => link.keyId);
  const usage: Record<string, unknown> = {};
  for (const link of page.items) usage[link.keyId] = await dailyUsage(work, plan, link, days);
  return { ...answerPage(page), usagePlanId: plan.id, startDate: days[0], endDate: days.at(-1), items: usage };
}

/** The remaining quota in the present period, the only part of a key's usage that can be changed. */
const patch: PatchTable = {
  refuse: listPaths,
  rules: { "/remaining": member("remaining", wholeNumber(0, 2_147_483_647)) },
};

async function updateUsage(work: Change<"UpdateUsage", UsagePlan>): Promise<unknown> {
  const { parent: plan } = work;
  const before = await usagePlanKeys.find(work);
  const today = dayOf(work.call.clock.now());
  const { patchOperations = [] } = work.input;
  if (patchOperations.length > work.limits.patchOperations) throw badRequest("Too many patch operations");
  const { remaining } = applyPatch<{ readonly remaining?: number }>({}, patchOperations, patch);
  const link = remaining === undefined ? before : await extended(work, plan, before, { today, remaining });
  const items = { [link.keyId]: await dailyUsage(work, plan, link, [today]) };
  return { usagePlanId: plan.id, startDate: today, endDate: today, items };
}

/** Writes and returns the key with the wanted number of requests left for the rest of the period. */
async function extended(
  work: Change<never, UsagePlan>,
  plan: UsagePlan,
  link: UsagePlanKey,
  { today, remaining }: { readonly today: string; readonly remaining: number },
): Promise<UsagePlanKey> {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (plan.quota === undefined) throw badRequest(`Usage Plan ${plan.id} has no quota`);
  const { extension: _, ...plain } = link;
  const [used] = await usedOn(work, plan, link.keyId, [today]);
  const { start, inPeriod } = used!;
  const requests = remaining - (quotaOf(plan.quota, plain, start) - inPeriod);
  const item: UsagePlanKey = { ...plain, extension: { periodStart: start, requests } };
  await usagePlanKeys.put(item, work);
  return item;
}

/** AWS: API Gateway REST API reference, "GetUsage", "UpdateUsage". */
export const usageOperations = operations({
  GetUsage: reading(getUsage, usagePlans),
  UpdateUsage: writing(updateUsage, usagePlans),
});
