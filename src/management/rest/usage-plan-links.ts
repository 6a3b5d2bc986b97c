/** What ties API keys and usage plans to stages. */
import { type ApiKey, keyKinds, type UsagePlan } from "../../definition/api-key.ts";
import type { Change } from "./work.ts";

/** Forgets a stage that goes, or all of an API's: in the usage plans, and in the keys' legacy lists. */
export async function dropStageLinks(work: Change, apiId: string, stageName?: string): Promise<void> {
  for (const { id, body } of await work.tx.list<UsagePlan>(keyKinds.usagePlan)) {
    const apiStages = body.apiStages.filter(
      (one) => one.apiId !== apiId || (stageName !== undefined && one.stage !== stageName),
    );
    if (apiStages.length < body.apiStages.length) await work.tx.put(keyKinds.usagePlan, id, { ...body, apiStages });
  }
  const isGone = (stageKey: string) =>
    stageName === undefined ? stageKey.startsWith(`${apiId}/`) : stageKey === `${apiId}/${stageName}`;
  for (const { id, body } of await work.tx.list<ApiKey>(keyKinds.apiKey)) {
    const stageKeys = body.stageKeys.filter((stageKey) => !isGone(stageKey));
    if (stageKeys.length < body.stageKeys.length) await work.tx.put(keyKinds.apiKey, id, { ...body, stageKeys });
  }
}
