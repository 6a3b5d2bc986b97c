/** The links of API keys and usage plans to stages. */
import { type ApiKey, keyKinds, type UsagePlan } from "../../definition/api-key.ts";
import type { ControlChange } from "../control-service.ts";

/** Removes a deleted stage, or all stages of a deleted API, from the usage plans and from the keys' legacy lists. */
export async function dropStageLinks(work: ControlChange, apiId: string, stageName?: string): Promise<void> {
  const where = { index: "api", key: apiId };
  for (const { id, body } of await work.tx.list<UsagePlan>(keyKinds.usagePlan, { where })) {
    const apiStages = body.apiStages.filter(
      (one) => one.apiId !== apiId || (stageName !== undefined && one.stage !== stageName),
    );
    if (apiStages.length < body.apiStages.length) await work.tx.put(keyKinds.usagePlan, id, { ...body, apiStages });
  }
  const prefix = stageName === undefined ? `${apiId}/` : `${apiId}/${stageName}/`;
  for (const { id } of await work.tx.list(keyKinds.keyOfStage, { prefix })) {
    const [, , keyId] = id.split("/");
    const key = await work.tx.get<ApiKey>(keyKinds.apiKey, keyId!);
    if (key === undefined) continue;
    const stageKeys = key.body.stageKeys.filter((stageKey) => `${stageKey}/${keyId}` !== id);
    await work.tx.put(keyKinds.apiKey, keyId!, { ...key.body, stageKeys });
  }
  await work.tx.deleteAll(keyKinds.keyOfStage, prefix);
}
