import { type ApiKey, keyKinds, newestFirst, type UsagePlan, type UsagePlanKey } from "../../definition/api-key.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { usagePlans } from "./usage-plan.ts";
import { joinPlan, leavePlan } from "./usage-plan-membership.ts";
import {
  answerPage,
  type Change,
  childrenOf,
  defineResource,
  documents,
  operations,
  pageOfItems,
  reading,
  type Work,
  writing,
} from "./work.ts";

const missing = "Invalid API Key identifier specified";

async function requireKey(work: Work, keyId: string): Promise<ApiKey> {
  const stored = await work.tx.get<ApiKey>(keyKinds.apiKey, keyId);
  if (stored === undefined) throw notFound(missing);
  return stored.body;
}

/** The documents of a plan's keys. */
export const usagePlanKeys = documents({
  kind: keyKinds.usagePlanKey,
  parent: usagePlans,
  member: "keyId",
  idOf: (link: UsagePlanKey) => link.keyId,
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  missing: () => notFound(missing),
});

const keyType = "API_KEY";
const view = (key: ApiKey) => present({ id: key.id, type: keyType, value: key.value, name: key.name });

async function createUsagePlanKey(work: Change<"CreateUsagePlanKey", UsagePlan>): Promise<unknown> {
  const { input, parent: plan } = work;
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (input.keyType !== keyType)
    throw badRequest(`Invalid key type specified: ${input.keyType}. Must be one of: [${keyType}]`);
  const key = await requireKey(work, input.keyId);
  const joined = await joinPlan(work, plan, key.id);
  if (joined.kind === "member") throw conflict(`API Key ${key.id} is already in usage plan ${plan.id}`);
  if (joined.kind === "refused") throw conflict(joined.message);
  return view(key);
}

/** Recorded: the keys that joined last come first. */
const orderOf = (link: UsagePlanKey): string => `${newestFirst(link)}${link.keyId}`;

/** Recorded: a plan that is not there has no keys. */
async function listUsagePlanKeys(work: Work<"GetUsagePlanKeys">): Promise<unknown> {
  const prefix = work.input.nameQuery ?? "";
  const stored = await childrenOf<UsagePlanKey>(work.tx, keyKinds.usagePlanKey, work.input.usagePlanId);
  const links = stored.toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  const keyOf = ({ keyId }: UsagePlanKey): Promise<ApiKey> => requireKey(work, keyId);
  const isNamed = async (link: UsagePlanKey) => ((await keyOf(link)).name ?? "").startsWith(prefix);
  const wanted: UsagePlanKey[] = [];
  // Without a name, only the page's keys are read.
  for (const link of links) if (prefix === "" || (await isNamed(link))) wanted.push(link);
  const page = pageOfItems(work, wanted, orderOf);
  const items: unknown[] = [];
  for (const link of page.items) items.push(view(await keyOf(link)));
  return answerPage({ ...page, items });
}

/** AWS: API Gateway REST API reference, "UsagePlanKey". */
export const usagePlanKey = {
  ...defineResource({
    operations: { get: "GetUsagePlanKey", delete: "DeleteUsagePlanKey" },
    place: {
      ...usagePlanKeys,
      delete: (item, work) => leavePlan(work, work.parent.id, item.keyId),
    },
    view: async (item, work) => view(await requireKey(work, item.keyId)),
  }),
  ...operations({
    // This is not the family's create, because joinPlan writes the document.
    CreateUsagePlanKey: writing(createUsagePlanKey, usagePlans),
    GetUsagePlanKeys: reading(listUsagePlanKeys),
  }),
};
