import {
  type HttpApi,
  type HttpApiDefinition,
  type HttpAuthorizer,
  type HttpIntegration,
  type IntegrationResponse,
  type Route,
  type V2Model,
  v2Kinds,
} from "../../definition/http-api.ts";
import { isWebSocketApi, type V2Api, type V2ApiDefinition } from "../../definition/v2-api.ts";
import type {
  RouteResponse,
  WebSocketApi,
  WebSocketApiDefinition,
  WebSocketAuthorizer,
  WebSocketIntegration,
  WebSocketRoute,
} from "../../definition/websocket-api.ts";
import { nonEmpty, present } from "../../families/work.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { type WrittenDocument, writeDifference } from "../apis/write-difference.ts";

/** Reads everything of an API that a deployment freezes. */
export const readV2ApiDefinition = (tx: Reader, api: V2Api): Promise<V2ApiDefinition> =>
  isWebSocketApi(api) ? readWebSocketApiDefinition(tx, api) : readHttpApiDefinition(tx, api as HttpApi);

const below = async <Item>(tx: Reader, kind: string, { ApiId }: Pick<V2Api, "ApiId">): Promise<readonly Item[]> =>
  (await tx.list<Item>(kind, { prefix: `${ApiId}/` })).map(({ body }) => body);

/** Reads everything of an HTTP API that a deployment freezes and an import changes. */
export const readHttpApiDefinition = async (tx: Reader, api: HttpApi): Promise<HttpApiDefinition> => ({
  api,
  routes: await below<Route>(tx, v2Kinds.route, api),
  integrations: await below<HttpIntegration>(tx, v2Kinds.integration, api),
  authorizers: await below<HttpAuthorizer>(tx, v2Kinds.authorizer, api),
  ...present({
    integrationResponses: nonEmpty(await below<IntegrationResponse>(tx, v2Kinds.integrationResponse, api)),
    models: nonEmpty(await below<V2Model>(tx, v2Kinds.model, api)),
  }),
});

const readWebSocketApiDefinition = async (tx: Reader, api: WebSocketApi): Promise<WebSocketApiDefinition> => ({
  api,
  routes: await below<WebSocketRoute>(tx, v2Kinds.route, api),
  routeResponses: await below<RouteResponse>(tx, v2Kinds.routeResponse, api),
  integrations: await below<WebSocketIntegration>(tx, v2Kinds.integration, api),
  integrationResponses: await below<IntegrationResponse>(tx, v2Kinds.integrationResponse, api),
  models: await below<V2Model>(tx, v2Kinds.model, api),
  authorizers: await below<WebSocketAuthorizer>(tx, v2Kinds.authorizer, api),
});

/** Reads the definition, and a text that differs if any of its documents does. */
export async function readVersionedHttpApi(
  tx: Reader,
  api: HttpApi,
): Promise<{ readonly definition: HttpApiDefinition; readonly version: string }> {
  const stored = await tx.get<HttpApi>(v2Kinds.api, api.ApiId);
  const inApi = { prefix: `${api.ApiId}/` };
  const kinds = [v2Kinds.route, v2Kinds.integration, v2Kinds.integrationResponse, v2Kinds.authorizer, v2Kinds.model];
  const documents = (await Promise.all(kinds.map((kind) => tx.list(kind, inApi)))).flat();
  const latest = documents.reduce((max, { revision }) => Math.max(max, revision), stored?.revision ?? 0);
  return {
    definition: await readHttpApiDefinition(tx, api),
    version: `${documents.length} documents at ${latest}`,
  };
}

/** Returns the documents of a definition. */
function documentsOf({
  api,
  routes,
  integrations,
  integrationResponses = [],
  authorizers,
  models = [],
}: HttpApiDefinition): readonly WrittenDocument[] {
  const document = (kind: string, id: string, body: object): WrittenDocument => ({
    kind,
    id: `${api.ApiId}/${id}`,
    body,
  });
  return [
    { kind: v2Kinds.api, id: api.ApiId, body: api },
    ...routes.map((route) => document(v2Kinds.route, route.RouteId, route)),
    ...integrations.map((item) => document(v2Kinds.integration, item.IntegrationId, item)),
    ...integrationResponses.map((item) =>
      document(v2Kinds.integrationResponse, `${item.IntegrationId}/${item.IntegrationResponseId}`, item),
    ),
    ...authorizers.map((item) => document(v2Kinds.authorizer, item.AuthorizerId, item)),
    ...models.map((item) => document(v2Kinds.model, item.ModelId, item)),
  ];
}

/** Writes the difference between two states of one API. */
export const writeHttpApiDefinition = (
  tx: Transaction,
  before: HttpApiDefinition,
  after: HttpApiDefinition,
): Promise<void> => writeDifference(tx, documentsOf(before), documentsOf(after));
