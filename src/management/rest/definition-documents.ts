/** A whole API as documents of the store. They are read together, and written as the difference between two states. */
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
import type { Reader, StoredDocument, Transaction } from "../../store/store.ts";
import { type WrittenDocument, writeDifference } from "../apis/write-difference.ts";
import { childrenOf } from "./work.ts";

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Reads everything of an API that a deployment freezes and an import changes. */
export async function readDefinition(tx: Reader, restApi: RestApi): Promise<RestApiDefinition> {
  return definitionOf(restApi, await listDocuments(tx, restApi.id));
}

/** The same with the documentation parts, for code that changes or copies them. */
export async function readDocumentedDefinition(tx: Reader, restApi: RestApi): Promise<RestApiDefinition> {
  const documentationParts = await childrenOf<DocumentationPart>(tx, documentationKinds.part, restApi.id);
  return { ...(await readDefinition(tx, restApi)), documentationParts };
}

/**
 * Reads the definition with its documentation, and a text that differs if any of their documents does. Returns
 * undefined if there is no such API.
 */
export async function readVersionedDefinition(
  tx: Reader,
  id: string,
): Promise<{ readonly definition: RestApiDefinition; readonly version: string } | undefined> {
  const api = await tx.get<RestApi>(restKinds.restApi, id);
  if (api === undefined) return undefined;
  const parts = await tx.list<DocumentationPart>(documentationKinds.part, { prefix: `${id}/` });
  const documents = await listDocuments(tx, id);
  return {
    definition: { ...definitionOf(api.body, documents), documentationParts: bodiesOf(parts) },
    version: versionOf([api, ...Object.values(documents).flat(), ...parts]),
  };
}

/** Returns a text that differs if a document was written, added or deleted. */
export function versionOf(documents: readonly StoredDocument<unknown>[]): string {
  const latest = documents.reduce((max, { revision }) => Math.max(max, revision), 0);
  return `${documents.length} documents at ${latest}`;
}

interface ApiDocuments {
  readonly resources: readonly StoredDocument<Resource>[];
  readonly models: readonly StoredDocument<Model>[];
  readonly requestValidators: readonly StoredDocument<RequestValidator>[];
  readonly gatewayResponses: readonly StoredDocument<GatewayResponse>[];
  readonly authorizers: readonly StoredDocument<Authorizer>[];
}

async function listDocuments(tx: Reader, apiId: string): Promise<ApiDocuments> {
  const below = { prefix: `${apiId}/` };
  return {
    resources: await tx.list<Resource>(restKinds.resource, below),
    models: await tx.list<Model>(restKinds.model, below),
    requestValidators: await tx.list<RequestValidator>(restKinds.requestValidator, below),
    gatewayResponses: await tx.list<GatewayResponse>(restKinds.gatewayResponse, below),
    authorizers: await tx.list<Authorizer>(restKinds.authorizer, below),
  };
}

const definitionOf = (restApi: RestApi, documents: ApiDocuments): RestApiDefinition => ({
  restApi,
  resources: bodiesOf(documents.resources).sort((one, other) => byText(one.path, other.path)),
  models: bodiesOf(documents.models),
  requestValidators: bodiesOf(documents.requestValidators),
  gatewayResponses: bodiesOf(documents.gatewayResponses),
  authorizers: bodiesOf(documents.authorizers),
});

const bodiesOf = <Item>(documents: readonly StoredDocument<Item>[]): Item[] => documents.map(({ body }) => body);

/** Returns the documents of a definition. */
function documentsOf(definition: RestApiDefinition): readonly WrittenDocument[] {
  const apiId = definition.restApi.id;
  const below = (kind: string, id: string, body: object): WrittenDocument => ({ kind, id: `${apiId}/${id}`, body });
  return [
    { kind: restKinds.restApi, id: apiId, body: definition.restApi },
    ...definition.resources.map((item) => below(restKinds.resource, item.id, item)),
    ...definition.models.map((item) => below(restKinds.model, item.name, item)),
    ...definition.requestValidators.map((item) => below(restKinds.requestValidator, item.id, item)),
    ...definition.gatewayResponses.map((item) => below(restKinds.gatewayResponse, item.responseType, item)),
    ...definition.authorizers.map((item) => below(restKinds.authorizer, item.id, item)),
    ...(definition.documentationParts ?? []).map((item) => below(documentationKinds.part, item.id, item)),
  ];
}

/** Writes the difference between two states of one API; `before` is undefined for a new API. */
export const writeDefinition = (
  tx: Transaction,
  before: RestApiDefinition | undefined,
  after: RestApiDefinition,
): Promise<void> => writeDifference(tx, before === undefined ? [] : documentsOf(before), documentsOf(after));
