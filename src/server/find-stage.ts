import type { HttpStage } from "../definition/http-api.ts";
import { type ApiIdClaim, restKinds, type Stage } from "../definition/rest-api.ts";

import { everywhere, type Store, type StoredDocument } from "../store/store.ts";
import { stageKinds } from "./served-stage.ts";

/** Finds the stage of that name of the API with that id, in any account. Returns undefined if there is none. */
export function findStage(
  store: Store,
  apiId: string,
  stageName: string,
): Promise<StoredDocument<Stage | HttpStage> | undefined> {
  return store.read(everywhere, async (tx) => {
    const claim = await tx.get<ApiIdClaim>(restKinds.apiIdClaim, apiId);
    if (claim === undefined) return undefined;
    const { account, region } = claim.body;
    for (const kind of stageKinds) {
      const stage = await tx.in({ account, region }).get<Stage | HttpStage>(kind, `${apiId}/${stageName}`);
      if (stage !== undefined) return stage;
    }
    return undefined;
  });
}
