import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { readEditedApi } from "../stage-definitions.ts";
import { apiIdOf } from "./plan-source.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Publishes the routes that a stage's definition has and its deployment lacks, for hints. */
export const undeployedSource: PublicationSource<"undeployed"> = {
  extent: { kind: "beside", publication: "plan" },
  madeFrom: [restKinds.restApi, restKinds.resource, v2Kinds.api, v2Kinds.route],
  isAwaited: false,
  failure: "Undeployed routes can't be told.",
  async read(tx, { key, scope }, published) {
    const plan = published.find("plan", key);
    const edited = await readEditedApi(tx, apiIdOf(key));
    if (plan === undefined || edited === undefined) return undefined;
    return {
      sources: edited.documents.map((document) => ({ scope, ...document })),
      make() {
        const deployed = new Set(plan.methods.map(({ routeKey }) => routeKey));
        const routes = edited.routes.filter((route) => !deployed.has(route));
        return { value: routes.length === 0 ? undefined : routes };
      },
    };
  },
  isSame: (before, after) => before.join() === after.join(),
};
