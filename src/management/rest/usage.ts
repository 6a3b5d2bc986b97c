import { bounds } from "../../base/bounds.ts";
import { keyKinds, type UsageMonth, type UsagePlan, type UsagePlanKey } from "../../definition/api-key.ts";
import { applyPatch, listPaths, member, type PatchTable, wholeNumber } from "../../families/patch.ts";
import { pageRequestOf } from "../../families/place.ts";
import { regionalScope } from "../../families/work.ts";
import { dayOf, dayText, monthStartOf, periodStartOf, quotaOf } from "../../limits/quota-period.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { type Page, pageWindow, restPaging } from "../../protocol/paging.ts";
import { usagePlans } from "./usage-plan.ts";
import { usagePlanKeys } from "./usage-plan-key.ts";
import { answerPage, type Change, operations, pageOfItems, reading, type Work, writing } from "./work.ts";

/** A key in a plan: `link` is absent if it was deleted, or has left the plan. */
interface UsageOwner {
  readonly planId: string;
  readonly keyId: string;
  readonly link?: UsagePlanKey | undefined;
}

/** The remaining quota of a plan without a quota. */
const unlimited = Number.MAX_SAFE_INTEGER;

/** Returns the months, `YYYY-MM`, of days. */
function monthsOf(first: number, last: number): readonly string[] {
  const months: string[] = [];
  for (let day = monthStartOf(first); day <= last; day = monthStartOf(day + 31)) months.push(dayText(day).slice(0, 7));
  return months;
}

/** Returns the calls of each day, as they are saved and as they were counted since. */
async function countedDays(
  work: Work,
  { planId, keyId }: UsageOwner,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for (const month of monthsOf(first, last)) {
    const stored = await work.tx.get<UsageMonth>(keyKinds.usageMonth, `${month}/${planId}/${keyId}`);
    const start = dayOf(Date.parse(`${month}-01T00:00:00Z`));
    for (const [index, count] of (stored?.body.days ?? []).entries()) counts.set(start + index, count);
  }
  for (const { start: day, count } of work.unsavedUsage(regionalScope(work.call), planId, keyId)) {
    counts.set(day, Math.max(count, counts.get(day) ?? 0));
  }
  return counts;
}

/** What a key used on a day, and in the quota's period up to that day's end. */
interface KeyUsage {
  readonly today: number;
  readonly inPeriod: number;
  /** The first day of the period; without a quota, the day itself. */
  readonly start: number;
}

async function usedOn(
  work: Work,
  plan: UsagePlan,
  owner: UsageOwner,
  days: readonly number[],
): Promise<readonly KeyUsage[]> {
  const startOf = (day: number): number => periodStartOf(plan.quota?.period ?? "DAY", day);
  const first = startOf(days[0]!);
  const counts = await countedDays(work, owner, { first, last: days.at(-1)! });
  let inPeriod = 0;
  for (let day = first; day < days[0]!; day++) inPeriod += counts.get(day) ?? 0;
  let current = first;
  return days.map((day) => {
    const start = startOf(day);
    const today = counts.get(day) ?? 0;
    inPeriod = (start === current ? inPeriod : 0) + today;
    current = start;
    return { today, inPeriod, start };
  });
}

/** Returns what a key may send in the period that begins on a day. */
function quotaInPeriod(plan: UsagePlan, link: UsagePlanKey | undefined, start: number): number {
  const extension = link?.extension && {
    start: dayOf(Date.parse(link.extension.periodStart)),
    requests: link.extension.requests,
  };
  return quotaOf(plan.quota!, { firstDay: dayOf((link?.createdDate ?? 0) * 1_000), extension }, start);
}

/** Returns `[used, remaining]` of each day. */
async function dailyUsage(work: Work, plan: UsagePlan, owner: UsageOwner, days: readonly number[]) {
  const used = await usedOn(work, plan, owner, days);
  return used.map(({ today, inPeriod, start }) => [
    today,
    plan.quota === undefined ? unlimited : Math.max(0, quotaInPeriod(plan, owner.link, start) - inPeriod),
  ]);
}

/** The greatest number of days that one answer covers. */
const daysMax = bounds.usageDaysMax.value;

/** Returns the days that the call asks for, including the first and the last. */
function requestedDays({ startDate, endDate }: Work<"GetUsage">["input"]): readonly number[] {
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  const [first, last] = [startDate, endDate].map((date) => {
    const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
    if (Number.isNaN(ms) || dayText(dayOf(ms)) !== date) {
      throw badRequest(`Invalid date specified: ${date}. Must be of the form YYYY-MM-DD`);
    }
    return dayOf(ms);
  }) as [number, number];
  const count = last - first + 1;
  if (count < 1) throw badRequest("Invalid date range specified: the end date is before the start date");
  if (count > daysMax) throw badRequest(`Invalid date range specified: at most ${daysMax} days`);
  return Array.from({ length: count }, (_, index) => first + index);
}

/**
 * Returns a page of the keys that are in the plan, or have usage of it in one of the months. Only the page is read, however many
 * keys there are.
 */
async function ownersOf(
  work: Work<"GetUsage", UsagePlan>,
  planId: string,
  months: readonly string[],
): Promise<Page<string>> {
  const { limit, after = "" } = pageWindow(pageRequestOf(work.input, restPaging), restPaging);
  const found = new Set<string>();
  const add = async (kind: string, prefix: string): Promise<void> => {
    const range = { prefix, after: `${prefix}${after}`, limit: limit + 1 };
    for (const { id } of await work.tx.list(kind, range)) found.add(id.slice(prefix.length));
  };
  await add(keyKinds.usagePlanKey, `${planId}/`);
  for (const month of months) await add(keyKinds.usageMonth, `${month}/${planId}/`);
  const sorted = [...found].sort((one, other) => (one < other ? -1 : 1));
  return pageOfItems(work, sorted, (keyId) => keyId);
}

async function getUsage(work: Work<"GetUsage", UsagePlan>): Promise<unknown> {
  const { input, parent: plan } = work;
  const days = requestedDays(input);
  const months = monthsOf(days[0]!, days.at(-1)!);
  const { keyId: asked } = input;
  const page = asked ? { items: [asked], next: undefined } : await ownersOf(work, plan.id, months);
  const usage: Record<string, unknown> = {};
  for (const keyId of page.items) {
    const link = await usagePlanKeys.get({ ...work, parentId: plan.id }, keyId);
    if (asked && link === undefined) await requireUsage(work, { planId: plan.id, keyId }, months);
    usage[keyId] = await dailyUsage(work, plan, { planId: plan.id, keyId, link }, days);
  }
  return {
    ...answerPage(page),
    usagePlanId: plan.id,
    startDate: dayText(days[0]!),
    endDate: dayText(days.at(-1)!),
    items: usage,
  };
}

/** Refuses a key that is not in the plan and has no usage there. */
async function requireUsage(work: Work, { planId, keyId }: UsageOwner, months: readonly string[]): Promise<void> {
  for (const month of months) {
    if ((await work.tx.get(keyKinds.usageMonth, `${month}/${planId}/${keyId}`)) !== undefined) return;
  }
  throw notFound("Invalid API Key identifier specified");
}

/** The remaining quota in the present period, the only part of a key's usage that can be changed. */
const patch: PatchTable = {
  refuse: listPaths,
  rules: { "/remaining": member("remaining", wholeNumber(0, bounds.usagePlanIntegerMax.value)) },
};

async function updateUsage(work: Change<"UpdateUsage", UsagePlan>): Promise<unknown> {
  const { parent: plan } = work;
  const before = await usagePlanKeys.find(work);
  const today = dayOf(work.call.clock.now());
  const { patchOperations = [] } = work.input;
  if (patchOperations.length > work.limits.patchOperations) throw badRequest("Too many patch operations");
  const { remaining } = applyPatch<{ readonly remaining?: number }>({}, patchOperations, patch);
  const link = remaining === undefined ? before : await extended(work, plan, before, { today, remaining });
  const owner = { planId: plan.id, keyId: link.keyId, link };
  const items = { [link.keyId]: await dailyUsage(work, plan, owner, [today]) };
  return { usagePlanId: plan.id, startDate: dayText(today), endDate: dayText(today), items };
}

/** Writes and returns the key with the wanted number of requests left for the rest of the period. */
async function extended(
  work: Change<never, UsagePlan>,
  plan: UsagePlan,
  link: UsagePlanKey,
  { today, remaining }: { readonly today: number; readonly remaining: number },
): Promise<UsagePlanKey> {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (plan.quota === undefined) throw badRequest(`Usage Plan ${plan.id} has no quota`);
  const { extension: _, ...plain } = link;
  const [used] = await usedOn(work, plan, { planId: plan.id, keyId: link.keyId }, [today]);
  const { start, inPeriod } = used!;
  const requests = remaining - (quotaInPeriod(plan, plain, start) - inPeriod);
  const item: UsagePlanKey = { ...plain, extension: { periodStart: dayText(start), requests } };
  await usagePlanKeys.put(item, work);
  return item;
}

/** AWS: API Gateway REST API reference, "GetUsage", "UpdateUsage". */
export const usageOperations = operations({
  GetUsage: reading(getUsage, usagePlans),
  UpdateUsage: writing(updateUsage, usagePlans),
});
