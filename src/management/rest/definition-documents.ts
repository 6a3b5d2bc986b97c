/** A whole API as documents of the store: read together, and written as the difference of two states. */
import { isDeepStrictEqual } from "node:util";
import { type DocumentationPart, documentationKinds } from "../../definition/documentation.ts";
import {
  type Authorizer,
  type GatewayResponse,
  type Model,
  type RequestValidator,
  type Resource,
  type RestApi,
  type RestApiDefinition,
  restKinds,
} from "../../definition/rest-api.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { childrenOf } from "./work.ts";

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Everything of an API that a deployment freezes and an import changes. */
export async function readDefinition(tx: Reader, restApi: RestApi): Promise<RestApiDefinition> {
  const { id } = restApi;
  const resources = await childrenOf<Resource>(tx, restKinds.resource, id);
  return {
    restApi,
    resources: resources.toSorted((one, other) => byText(one.path, other.path)),
    models: await childrenOf<Model>(tx, restKinds.model, id),
    requestValidators: await childrenOf<RequestValidator>(tx, restKinds.requestValidator, id),
    gatewayResponses: await childrenOf<GatewayResponse>(tx, restKinds.gatewayResponse, id),
    authorizers: await childrenOf<Authorizer>(tx, restKinds.authorizer, id),
  };
}

/** The same with the documentation parts, for what changes or copies them. */
export async function readDocumentedDefinition(tx: Reader, restApi: RestApi): Promise<RestApiDefinition> {
  const documentationParts = await childrenOf<DocumentationPart>(tx, documentationKinds.part, restApi.id);
  return { ...(await readDefinition(tx, restApi)), documentationParts };
}

/** The documents of a definition: kind and id → body. */
function documentsOf(definition: RestApiDefinition): ReadonlyMap<string, { kind: string; id: string; body: object }> {
  const apiId = definition.restApi.id;
  const documents = new Map<string, { kind: string; id: string; body: object }>();
  const add = (kind: string, id: string, body: object) => documents.set(`${kind} ${id}`, { kind, id, body });
  add(restKinds.restApi, apiId, definition.restApi);
  for (const item of definition.resources) add(restKinds.resource, `${apiId}/${item.id}`, item);
  for (const item of definition.models) add(restKinds.model, `${apiId}/${item.name}`, item);
  for (const item of definition.requestValidators) add(restKinds.requestValidator, `${apiId}/${item.id}`, item);
  for (const item of definition.gatewayResponses) add(restKinds.gatewayResponse, `${apiId}/${item.responseType}`, item);
  for (const item of definition.authorizers) add(restKinds.authorizer, `${apiId}/${item.id}`, item);
  for (const item of definition.documentationParts ?? []) add(documentationKinds.part, `${apiId}/${item.id}`, item);
  return documents;
}

/** Writes what differs between two states of one API; `before` is undefined for a new one. */
export async function writeDefinition(
  tx: Transaction,
  before: RestApiDefinition | undefined,
  after: RestApiDefinition,
): Promise<void> {
  const old = before === undefined ? new Map<string, never>() : documentsOf(before);
  const current = documentsOf(after);
  for (const [key, { kind, id }] of old) {
    if (!current.has(key)) await tx.delete(kind, id);
  }
  for (const [key, { kind, id, body }] of current) {
    const stored = old.get(key) as { body: object } | undefined;
    if (stored === undefined || !isDeepStrictEqual(stored.body, body)) await tx.put(kind, id, body);
  }
}
