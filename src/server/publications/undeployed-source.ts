import { routesOf } from "../../definition/diff.ts";
import { type RestApi, restKinds } from "../../definition/rest-api.ts";
import { readDefinition } from "../../management/rest/definition-documents.ts";
import { apiIdOf } from "./plan-source.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Publishes the routes that a stage's definition has and its deployment lacks, for hints. */
export const undeployedSource: PublicationSource<"undeployed"> = {
  extent: { kind: "beside", publication: "plan" },
  madeFrom: [restKinds.restApi, restKinds.resource],
  isAwaited: false,
  failure: "Undeployed routes can't be told.",
  async read(tx, { key, scope }, published) {
    const apiId = apiIdOf(key);
    const plan = published.find("plan", key);
    const restApi = await tx.get<RestApi>(restKinds.restApi, apiId);
    if (plan === undefined || restApi === undefined) return undefined;
    const definition = await readDefinition(tx, restApi.body);
    const sources = [
      { scope, kind: restKinds.restApi, id: apiId },
      { scope, kind: restKinds.resource, id: `${apiId}/` },
    ];
    return {
      sources,
      make() {
        const deployed = new Set(plan.methods.map(({ routeKey }) => routeKey));
        const routes = routesOf(definition).filter((route) => !deployed.has(route));
        return { value: routes.length === 0 ? undefined : routes };
      },
    };
  },
  isSame: (before, after) => before.join() === after.join(),
};
