/** The membership of keys in usage plans, seen from both sides. */
import { keyKinds, type UsagePlan, type UsagePlanKey } from "../../definition/api-key.ts";
import { nowSeconds } from "../../families/work.ts";
import { requireRoom } from "../control-service.ts";
import type { Change, Work } from "./work.ts";

const stagesOf = (plan: UsagePlan): ReadonlySet<string> =>
  new Set(plan.apiStages.map(({ apiId, stage }) => `${apiId}:${stage}`));

/** Returns the ids of the plans that a key is in. */
export async function plansOfKey(work: Work, keyId: string): Promise<readonly string[]> {
  const links = await work.tx.list(keyKinds.planOfKey, { prefix: `${keyId}/` });
  return links.map(({ id }) => id.slice(keyId.length + 1));
}

/** The result of adding a key to a plan: it was added, was in the plan before, or can't be in it. */
type JoinResult =
  | { readonly kind: "joined" | "member"; readonly link: UsagePlanKey }
  | { readonly kind: "refused"; readonly message: string };

/**
 * Adds a key to a plan.
 * AWS: API Gateway developer guide, "Creating and using usage plans with API keys": a key is in at most one plan for a
 * stage.
 */
export async function joinPlan(work: Change, plan: UsagePlan, keyId: string): Promise<JoinResult> {
  const id = `${plan.id}/${keyId}`;
  const before = await work.tx.get<UsagePlanKey>(keyKinds.usagePlanKey, id);
  if (before !== undefined) return { kind: "member", link: before.body };
  const others = await plansOfKey(work, keyId);
  requireRoom(work, "usagePlansPerKey", others.length);
  const stages = stagesOf(plan);
  for (const otherId of others) {
    const other = (await work.tx.get<UsagePlan>(keyKinds.usagePlan, otherId))!.body;
    const shared = [...stagesOf(other)].find((stage) => stages.has(stage));
    if (shared !== undefined) return { kind: "refused", message: alreadySubscribed(keyId, shared, otherId) };
  }
  const link: UsagePlanKey = { keyId, createdDate: nowSeconds(work.call), place: await countJoin(work, plan.id) };
  await work.tx.put(keyKinds.usagePlanKey, id, link);
  await work.tx.put(keyKinds.planOfKey, `${keyId}/${plan.id}`, {});
  return { kind: "joined", link };
}

/** Counts a key that joins a plan, and returns how many had joined before, those that have left included. */
async function countJoin({ tx }: Change, planId: string): Promise<number> {
  const counted = await tx.get<{ readonly joined: number }>(keyKinds.usagePlanJoins, planId);
  // A plan that an earlier version of Portico made has no count yet.
  const joined = counted?.body.joined ?? (await tx.count(keyKinds.usagePlanKey, `${planId}/`));
  await tx.put(keyKinds.usagePlanJoins, planId, { joined: joined + 1 });
  return joined;
}

// Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
const alreadySubscribed = (keyId: string, stage: string, planId: string): string =>
  `API Key ${keyId} is already subscribed to API Stage ${stage} through usage plan ${planId}`;

/**
 * Returns why stages can't be added to a plan, or undefined: a key of the plan has one of them through another plan.
 */
export async function checkNewStages(
  work: Work,
  plan: UsagePlan,
  added: readonly string[],
): Promise<string | undefined> {
  if (added.length === 0) return undefined;
  const keys = new Set(await keysOfPlan(work, plan.id));
  if (keys.size === 0) return undefined;
  for (const other of await plansOfApis(work, new Set(added.map((stage) => stage.slice(0, stage.indexOf(":")))))) {
    if (other.id === plan.id) continue;
    const stages = stagesOf(other);
    const shared = added.find((stage) => stages.has(stage));
    if (shared === undefined) continue;
    const key = (await keysOfPlan(work, other.id)).find((keyId) => keys.has(keyId));
    if (key !== undefined) return alreadySubscribed(key, shared, other.id);
  }
  return undefined;
}

/** Returns the plans that have stages of one of the APIs, in the order of their ids. */
async function plansOfApis(work: Work, apiIds: Iterable<string>): Promise<readonly UsagePlan[]> {
  const plans = new Map<string, UsagePlan>();
  for (const key of apiIds) {
    const found = await work.tx.list<UsagePlan>(keyKinds.usagePlan, { where: { index: "api", key } });
    for (const { id, body } of found) plans.set(id, body);
  }
  return [...plans.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}

const keysOfPlan = async (work: Work, planId: string): Promise<readonly string[]> =>
  (await work.tx.list(keyKinds.usagePlanKey, { prefix: `${planId}/` })).map(({ id }) => id.slice(planId.length + 1));

/** Removes a key from a plan. Its usage stays, and counts if it comes back. */
export async function leavePlan(work: Change, planId: string, keyId: string): Promise<void> {
  await work.tx.delete(keyKinds.usagePlanKey, `${planId}/${keyId}`);
  await work.tx.delete(keyKinds.planOfKey, `${keyId}/${planId}`);
}

/** Removes every key from a plan that is deleted. */
export async function emptyPlan(work: Change, planId: string): Promise<void> {
  for (const keyId of await keysOfPlan(work, planId)) await work.tx.delete(keyKinds.planOfKey, `${keyId}/${planId}`);
  await work.tx.deleteAll(keyKinds.usagePlanKey, `${planId}/`);
  await work.tx.delete(keyKinds.usagePlanJoins, planId);
}
