import {
  type HttpApi,
  type HttpApiDefinition,
  type HttpAuthorizer,
  type HttpIntegration,
  httpApiKinds,
  type Route,
} from "../../definition/http-api.ts";
import type { Reader } from "../../store/store.ts";

/** Reads everything of an HTTP API that a deployment freezes and an import changes. */
export async function readHttpApiDefinition(tx: Reader, api: HttpApi): Promise<HttpApiDefinition> {
  const below = async <Item>(kind: string): Promise<readonly Item[]> =>
    (await tx.list<Item>(kind, { prefix: `${api.ApiId}/` })).map(({ body }) => body);
  return {
    api,
    routes: await below<Route>(httpApiKinds.route),
    integrations: await below<HttpIntegration>(httpApiKinds.integration),
    authorizers: await below<HttpAuthorizer>(httpApiKinds.authorizer),
  };
}
