import type { CreateUsagePlanKeyRequest } from "@aws-sdk/client-api-gateway";
import { type ApiKey, keyKinds, type UsagePlanKey } from "../../definition/api-key.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import type { DefinedResource } from "./define-resource.ts";
import { defineResource, type Place, pageOfItems, reading, writing } from "./define-resource.ts";
import { requireUsagePlan } from "./usage-plan.ts";
import { joinPlan, leavePlan } from "./usage-plan-membership.ts";
import { type Change, present, type Work } from "./work.ts";

const missing = "Invalid API Key identifier specified";

async function requireKey(work: Work, keyId: string): Promise<ApiKey> {
  const stored = await work.tx.get<ApiKey>(keyKinds.apiKey, keyId);
  if (stored === undefined) throw notFound(missing);
  return stored.body;
}

/** The key's place in the plan that the input names. */
export async function requireUsagePlanKey(work: Work): Promise<UsagePlanKey> {
  const plan = await requireUsagePlan(work);
  const stored = await work.tx.get<UsagePlanKey>(keyKinds.usagePlanKey, `${plan.id}/${work.input["keyId"]}`);
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (stored === undefined) throw notFound(missing);
  return stored.body;
}

const place: Place<UsagePlanKey> = {
  find: requireUsagePlanKey,
  // What is written, joinPlan writes.
  put: async () => {},
  delete: (item, work) => leavePlan(work, work.input["usagePlanId"] as string, item.keyId),
};

const keyType = "API_KEY";
const view = (key: ApiKey) => present({ id: key.id, type: keyType, value: key.value, name: key.name });

async function createUsagePlanKey(work: Change): Promise<unknown> {
  const input = work.input as unknown as CreateUsagePlanKeyRequest;
  const plan = await requireUsagePlan(work);
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (input.keyType !== keyType)
    throw badRequest(`Invalid key type specified: ${input.keyType}. Must be one of: [${keyType}]`);
  const key = await requireKey(work, input.keyId!);
  const joined = await joinPlan(work, plan, key.id);
  if (joined.kind === "member") throw conflict(`API Key ${key.id} is already in usage plan ${plan.id}`);
  if (joined.kind === "refused") throw conflict(joined.message);
  return view(key);
}

async function listUsagePlanKeys(work: Work): Promise<unknown> {
  const plan = await requireUsagePlan(work);
  const links = await work.tx.list<UsagePlanKey>(keyKinds.usagePlanKey, { prefix: `${plan.id}/` });
  const prefix = (work.input["nameQuery"] as string | undefined) ?? "";
  if (prefix === "") {
    const { items, ...rest } = pageOfItems(work, links, ({ body }) => body.keyId);
    const keys: ApiKey[] = [];
    for (const { body } of items) keys.push(await requireKey(work, body.keyId));
    return { ...rest, items: keys.map(view) };
  }
  const keys: ApiKey[] = [];
  for (const { body } of links) {
    const key = await requireKey(work, body.keyId);
    if ((key.name ?? "").startsWith(prefix)) keys.push(key);
  }
  const { items, ...rest } = pageOfItems(work, keys, (key) => key.id);
  return { ...rest, items: items.map(view) };
}

/** AWS: API Gateway REST API reference, "UsagePlanKey". */
export const usagePlanKey: DefinedResource = (dependencies) => ({
  ...defineResource<UsagePlanKey>({
    operations: { get: "GetUsagePlanKey", delete: "DeleteUsagePlanKey" },
    place,
    view: async (item, work) => view(await requireKey(work, item.keyId)),
  })(dependencies),
  CreateUsagePlanKey: writing(dependencies, createUsagePlanKey),
  GetUsagePlanKeys: reading(dependencies, listUsagePlanKeys),
});
