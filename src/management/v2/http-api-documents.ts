import {
  type HttpApi,
  type HttpApiDefinition,
  type HttpAuthorizer,
  type HttpIntegration,
  httpApiKinds,
  type Route,
} from "../../definition/http-api.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { type WrittenDocument, writeDifference } from "../apis/write-difference.ts";

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

/** Reads the definition, and a text that differs if any of its documents does. */
export async function readVersionedHttpApi(
  tx: Reader,
  api: HttpApi,
): Promise<{ readonly definition: HttpApiDefinition; readonly version: string }> {
  const stored = await tx.get<HttpApi>(httpApiKinds.api, api.ApiId);
  const below = { prefix: `${api.ApiId}/` };
  const kinds = [httpApiKinds.route, httpApiKinds.integration, httpApiKinds.authorizer];
  const documents = (await Promise.all(kinds.map((kind) => tx.list(kind, below)))).flat();
  const latest = documents.reduce((max, { revision }) => Math.max(max, revision), stored?.revision ?? 0);
  return {
    definition: await readHttpApiDefinition(tx, api),
    version: `${documents.length} documents at ${latest}`,
  };
}

/** Returns the documents of a definition. */
function documentsOf({ api, routes, integrations, authorizers }: HttpApiDefinition): readonly WrittenDocument[] {
  const below = (kind: string, id: string, body: object): WrittenDocument => ({ kind, id: `${api.ApiId}/${id}`, body });
  return [
    { kind: httpApiKinds.api, id: api.ApiId, body: api },
    ...routes.map((route) => below(httpApiKinds.route, route.RouteId, route)),
    ...integrations.map((item) => below(httpApiKinds.integration, item.IntegrationId, item)),
    ...authorizers.map((item) => below(httpApiKinds.authorizer, item.AuthorizerId, item)),
  ];
}

/** Writes the difference between two states of one API. */
export const writeHttpApiDefinition = (
  tx: Transaction,
  before: HttpApiDefinition,
  after: HttpApiDefinition,
): Promise<void> => writeDifference(tx, documentsOf(before), documentsOf(after));
