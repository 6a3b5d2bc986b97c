import type {
  CreateDocumentationPartRequest,
  GetDocumentationPartsRequest,
  ImportDocumentationPartsRequest,
} from "@aws-sdk/client-api-gateway";
import {
  completeLocation,
  type DocumentationPart,
  describeLocation,
  documentationKinds,
  locationKey,
  parseProperties,
} from "../../definition/documentation.ts";
import { member, text } from "../../families/patch.ts";
import { badRequest, conflict } from "../../protocol/errors.ts";
import { type DefinedResource, defineResource, documentsOfApi, pageOfItems, writing } from "./define-resource.ts";
import { limitMessage } from "./limits.ts";
import { type Change, childrenOf, freshId, requireApi, requireRoom, type Work } from "./work.ts";

export const partsOf = (work: Work, apiId: string): Promise<readonly DocumentationPart[]> =>
  childrenOf<DocumentationPart>(work.tx, documentationKinds.part, apiId);

const documents = documentsOfApi<DocumentationPart>({
  kind: documentationKinds.part,
  member: "documentationPartId",
  idOf: (part) => part.id,
  missing: () => "Invalid Documentation part identifier specified",
});

/** A part's content; AWS: "a map of key-value pairs", encoded as a JSON string. */
function checkedProperties(properties: string): string {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "documentation parts, words".
  if (parseProperties(properties) === undefined) {
    throw badRequest("Invalid documentation part properties specified: must be a JSON object");
  }
  return properties;
}

async function createDocumentationPart(work: Change): Promise<DocumentationPart> {
  const input = work.input as unknown as CreateDocumentationPartRequest;
  const api = await requireApi(work);
  const result = completeLocation(input.location!);
  if (result.kind === "refused") throw badRequest(result.message);
  const properties = checkedProperties(input.properties!);
  const others = await partsOf(work, api.id);
  const key = locationKey(result.location);
  if (others.some((other) => locationKey(other.location) === key)) {
    throw conflict(
      `Documentation part already exists for the specified location: ${describeLocation(result.location)}.`,
    );
  }
  requireRoom(work, "documentationPartsPerApi", others.length);
  const id = await freshId(work, documentationKinds.part, api.id, 6);
  return { id, location: result.location, properties };
}

/** The filters of GetDocumentationParts, all of them at once. */
function isWanted(part: DocumentationPart, input: GetDocumentationPartsRequest): boolean {
  const { type, name, path } = part.location;
  // Unconfirmed: that "without content" means parts with an empty map; see docs/compatibility.md, "GetDocumentationParts".
  const isDocumented = Object.keys(parseProperties(part.properties) ?? {}).length > 0;
  return (
    (input.type === undefined || input.type === type) &&
    (!input.nameQuery || input.nameQuery === name) &&
    (!input.path || input.path === path) &&
    (input.locationStatus === undefined || (input.locationStatus === "DOCUMENTED") === isDocumented)
  );
}

/** AWS: API Gateway developer guide, "Import API documentation". */
async function importDocumentationParts(work: Change): Promise<unknown> {
  const input = work.input as unknown as ImportDocumentationPartsRequest;
  const api = await requireApi(work);
  const existing = await partsOf(work, api.id);
  // Loaded when it is asked for: YAML is not needed to serve.
  const { importDocumentationParts: importParts } = await import("../../openapi/import-documentation.ts");
  const { buffer, byteOffset, byteLength } = input.body as Uint8Array;
  const result = importParts(Buffer.from(buffer, byteOffset, byteLength), existing, {
    mode: input.mode ?? "merge",
    ids: work.call.ids,
  });
  if (result.kind === "refused") throw badRequest(result.message, { hint: result.reason });
  const { parts, imported, warnings } = result;
  if (warnings.length > 0 && input.failOnWarnings === true) {
    throw badRequest(`Warnings found during import:${warnings.map((warning) => `\n\t${warning}`).join("")}`);
  }
  if (parts.length > work.limits.documentationPartsPerApi) {
    throw badRequest(`Errors found during import:\n\t${limitMessage("documentationPartsPerApi")}`);
  }
  const kept = new Set(parts.map((part) => part.id));
  for (const part of existing) if (!kept.has(part.id)) await documents.delete(part, work);
  for (const part of imported) await documents.put(part, work);
  return { ids: imported.map((part) => part.id), ...(warnings.length === 0 ? {} : { warnings }) };
}

/** AWS: API Gateway REST API reference, "DocumentationPart". */
export const documentationPart: DefinedResource = (dependencies) => ({
  ...defineResource<DocumentationPart>({
    operations: {
      create: "CreateDocumentationPart",
      get: "GetDocumentationPart",
      list: "GetDocumentationParts",
      update: "UpdateDocumentationPart",
      delete: "DeleteDocumentationPart",
    },
    place: {
      ...documents,
      async list(work) {
        const all = await documents.all(work);
        const wanted = all.filter((part) => isWanted(part, work.input as unknown as GetDocumentationPartsRequest));
        return pageOfItems(work, wanted, (part) => part.id);
      },
    },
    create: createDocumentationPart,
    patch: { rules: { "/properties": member("properties", text) } },
    complete: async (item) => ({ ...item, properties: checkedProperties(item.properties) }),
  })(dependencies),
  ImportDocumentationParts: writing(dependencies, importDocumentationParts),
});
