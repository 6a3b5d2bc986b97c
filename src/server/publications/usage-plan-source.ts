import { keyKinds, type ThrottleSettings, type UsagePlan } from "../../definition/api-key.ts";
import type { ApiKeyTable } from "../../limits/api-key-table.ts";
import type { ThrottleFacts, UsagePlanFacts } from "../../plan/usage-plan.ts";
import type { Scope } from "../../store/store.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Publishes the usage plans. Which keys are in them is in the table of API keys. */
export const makeUsagePlanSource = (table: Pick<ApiKeyTable, "planSlot">): PublicationSource<"usage-plan"> => ({
  extent: { kind: "each", documents: [keyKinds.usagePlan], keyOf: usagePlanKey },
  madeFrom: [],
  isAwaited: true,
  failure: "A usage plan can't be read. Its keys are refused.",
  async read(tx, { key, scope }) {
    const id = key.slice(usagePlanKey("", scope).length);
    const plan = await tx.get<UsagePlan>(keyKinds.usagePlan, id);
    if (plan === undefined) return undefined;
    return {
      sources: [],
      fingerprint: JSON.stringify(plan.body),
      make: () => ({ value: factsOf(plan.body, scope, table.planSlot(scope, id)) }),
    };
  },
});

/** Ids of usage plans are unique in an account and region only. */
const usagePlanKey = (id: string, { account, region }: Scope): string => `${account}/${region}/${id}`;

function factsOf({ id, apiStages, throttle, quota }: UsagePlan, scope: Scope, slot: number): UsagePlanFacts {
  const ofPlan = throttleOf(throttle);
  return {
    slot,
    account: scope.account,
    region: scope.region,
    id,
    stages: apiStages.map(({ apiId, stage, throttle: ofMethods = {} }) => ({
      apiId,
      stageName: stage,
      throttles: Object.fromEntries(
        Object.entries(ofMethods).flatMap(([method, settings]) => {
          const ofMethod = throttleOf(settings);
          return ofMethod === undefined ? [] : [[method, ofMethod]];
        }),
      ),
    })),
    ...(ofPlan === undefined ? {} : { throttle: ofPlan }),
    ...(quota === undefined ? {} : { quota: { limit: quota.limit, offset: quota.offset, period: quota.period } }),
  };
}

function throttleOf(settings: ThrottleSettings | undefined): ThrottleFacts | undefined {
  const { rateLimit, burstLimit } = settings ?? {};
  if (rateLimit === undefined && burstLimit === undefined) return undefined;
  return {
    ...(rateLimit === undefined ? {} : { ratePerSecond: rateLimit }),
    ...(burstLimit === undefined ? {} : { burst: burstLimit }),
  };
}
