import {
  completeLocation,
  type DocumentationPart,
  describeLocation,
  documentationKinds,
  inPlaceOrder,
  locationKey,
  parseProperties,
  placeOrderKey,
} from "../../definition/documentation.ts";
import type { RestApi } from "../../definition/rest-api.ts";
import { listPaths, member, text } from "../../families/patch.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { limitMessage } from "../control-limits.ts";
import { requireRoom } from "../control-service.ts";
import { versionOf } from "./definition-documents.ts";
import { importDocumentationJob } from "./document-jobs.ts";
import { restApis } from "./rest-apis.ts";
import {
  type Change,
  childrenOf,
  defineResource,
  documents,
  operations,
  pageOfItems,
  preparedWrite,
  type Work,
} from "./work.ts";

export const partsOf = (work: Work, apiId: string): Promise<readonly DocumentationPart[]> =>
  childrenOf<DocumentationPart>(work.tx, documentationKinds.part, apiId);

const parts = documents({
  kind: documentationKinds.part,
  parent: restApis,
  speaksForParent: true,
  member: "documentationPartId",
  idOf: (part: DocumentationPart) => part.id,
  missing: () => notFound("Invalid Documentation part identifier specified"),
});

/** Returns a part's content, checked. AWS: "a map of key-value pairs", encoded as a JSON string. */
function checkedProperties(properties: string): string {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "documentation parts, words".
  if (parseProperties(properties) === undefined) {
    throw badRequest("Invalid documentation part properties specified: must be a JSON object");
  }
  return properties;
}

async function createDocumentationPart(work: Change<"CreateDocumentationPart", RestApi>): Promise<DocumentationPart> {
  const { input } = work;
  const result = completeLocation(input.location);
  if (result.kind === "refused") throw badRequest(result.message);
  const properties = checkedProperties(input.properties);
  const others = await parts.all(work);
  const key = locationKey(result.location);
  if (others.some((other) => locationKey(other.location) === key)) {
    throw conflict(
      `Documentation part already exists for the specified location: ${describeLocation(result.location)}.`,
    );
  }
  requireRoom(work, "documentationPartsPerApi", others.length);
  const id = await parts.freshId(work, 6);
  return { id, location: result.location, properties };
}

/** Returns whether a part passes all filters of GetDocumentationParts. */
function isWanted(part: DocumentationPart, input: Work<"GetDocumentationParts">["input"]): boolean {
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
const importDocumentationParts = preparedWrite(
  {
    job: importDocumentationJob,
    async prepare({ input, tx, parentId }: Work<"ImportDocumentationParts", RestApi>) {
      const stored = await tx.list<DocumentationPart>(documentationKinds.part, { prefix: `${parentId}/` });
      const base = stored.map((document) => document.body);
      return {
        input: { document: input.body, base, options: { mode: input.mode ?? "merge" } },
        version: versionOf(stored),
      };
    },
    async apply(work, { base }, result) {
      if (result.kind === "refused") throw badRequest(result.message, { hint: result.reason });
      const { parts: all, imported, warnings } = result;
      if (warnings.length > 0 && work.input.failOnWarnings === true) {
        throw badRequest(`Warnings found during import:${warnings.map((warning) => `\n\t${warning}`).join("")}`);
      }
      if (all.length > work.limits.documentationPartsPerApi) {
        throw badRequest(`Errors found during import:\n\t${limitMessage("documentationPartsPerApi")}`);
      }
      const kept = new Set(all.map((part) => part.id));
      for (const part of base) if (!kept.has(part.id)) await parts.delete(part, work);
      for (const part of imported) await parts.put(part, work);
      return { ids: inPlaceOrder(imported).map((part) => part.id), ...(warnings.length === 0 ? {} : { warnings }) };
    },
  },
  restApis,
);

/** AWS: API Gateway REST API reference, "DocumentationPart". */
export const documentationPart = {
  ...defineResource({
    operations: {
      create: "CreateDocumentationPart",
      get: "GetDocumentationPart",
      list: "GetDocumentationParts",
      update: "UpdateDocumentationPart",
      delete: "DeleteDocumentationPart",
    },
    place: parts,
    async list(work) {
      const all = await parts.all(work);
      const wanted = inPlaceOrder(all.filter((part) => isWanted(part, work.input)));
      return pageOfItems(work, wanted, placeOrderKey);
    },
    create: createDocumentationPart,
    patch: { refuse: listPaths, rules: { "/properties": member("properties", text) } },
    complete: (item) => ({ ...item, properties: checkedProperties(item.properties) }),
  }),
  ...operations({ ImportDocumentationParts: importDocumentationParts }),
};
