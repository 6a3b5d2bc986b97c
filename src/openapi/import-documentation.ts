import type { IdSource } from "../base/ids.ts";
import { isObject, type JsonObject } from "../base/json-object.ts";
import {
  completeLocation,
  type DocumentationLocation,
  type DocumentationPart,
  describeLocation,
  locationKey,
  parseProperties,
} from "../definition/documentation.ts";
import { parameterTypes, textsOf, textsOfInfo } from "./documentation-texts.ts";
import { ImportLog } from "./import-log.ts";
import { member, membersOf, scalarText } from "./json-value.ts";
import { parseDocument } from "./parse-document.ts";
import type { ApiDocument } from "./read-document.ts";

/** AWS: API Gateway developer guide, "x-amazon-apigateway-documentation object". */
export const documentationExtension = "x-amazon-apigateway-documentation";

/** Recorded. */
const invalidInput = "Unable to build importer with provided input.";

interface DocumentationImport {
  /** All parts of the API after the import. */
  readonly parts: readonly DocumentationPart[];
  /** The document's parts, in its order. */
  readonly imported: readonly DocumentationPart[];
}

interface DocumentationImportOptions {
  readonly mode: "merge" | "overwrite";
  readonly ids: IdSource;
}

/**
 * Returns the documentation extension of a document that is imported whole: its own or, without one, an extension made
 * of the texts in the entities' own places. Returns undefined if there are none.
 */
export function documentedBy(api: ApiDocument): unknown {
  const extension = member(api.source, documentationExtension);
  if (extension !== undefined && extension !== null) return extension;
  const documentationParts: { readonly location: DocumentationLocation; readonly properties: JsonObject }[] = [];
  const note = (location: DocumentationLocation, properties: JsonObject): void => {
    if (Object.keys(properties).length > 0) documentationParts.push({ location, properties });
  };
  const say = (location: DocumentationLocation, source: JsonObject): void =>
    note(location, textsOf(location.type, source));
  const info = textsOfInfo(api.source);
  note({ type: "API" }, { ...textsOf("API", api.source), ...(Object.keys(info).length > 0 && { info }) });
  for (const [name, scheme] of api.securitySchemes) say({ type: "AUTHORIZER", name }, scheme);
  for (const { path, source, operations } of api.paths) {
    say({ type: "RESOURCE", path }, source);
    for (const { httpMethod: method, ...operation } of operations) {
      const at = { path, method };
      say({ type: "METHOD", ...at }, operation.source);
      for (const { location, name, source: parameter } of operation.parameters) {
        say({ type: parameterTypes[location]!, ...at, name }, parameter);
      }
      say({ type: "REQUEST_BODY", ...at }, operation.bodySource);
      for (const { statusCode, source: response, headers } of operation.responses) {
        const { description, ...others } = response;
        // The text that AWS's exports fill in does not count.
        const isFilledIn = description === `${statusCode} response` || description === "";
        say({ type: "RESPONSE", ...at, statusCode }, isFilledIn ? others : response);
        for (const header of headers) {
          say({ type: "RESPONSE_HEADER", ...at, statusCode, name: header.name }, header.source);
        }
      }
    }
  }
  // A model keeps its texts in its schema.
  return documentationParts.length === 0 ? undefined : { documentationParts };
}

/**
 * Merges the parts of a documentation extension into the existing ones, or replaces these. A part that stays at its
 * location keeps its id. Returns undefined if there is no extension.
 * AWS: API Gateway developer guide, "Import API documentation".
 */
export function importDocumentation(
  extension: unknown,
  existing: readonly DocumentationPart[],
  { mode, ids }: DocumentationImportOptions,
  log: ImportLog,
): DocumentationImport | undefined {
  if (extension === undefined || extension === null) return undefined;
  const list = member(extension, "documentationParts") ?? [];
  if (!isObject(extension) || !Array.isArray(list)) {
    log.error(`Unable to import documentation parts: ${documentationExtension}.documentationParts is not a list`);
    return { parts: existing, imported: [] };
  }
  const known = new Map(existing.map((part) => [locationKey(part.location), part]));
  const imported = new Map<string, DocumentationPart>();
  for (const entry of list) {
    const part = readPart(entry, log);
    if (part === undefined) continue;
    const key = locationKey(part.location);
    if (imported.has(key)) {
      log.error(
        `Unable to create documentation part: Documentation part already exists for the specified location: ${describeLocation(part.location)}.`,
      );
      continue;
    }
    const before = known.get(key);
    // AWS: "an imported attribute replaces the existing one …; other existing attributes remain unaffected".
    const properties =
      mode === "merge" && before !== undefined
        ? { ...parseProperties(before.properties), ...part.properties }
        : part.properties;
    imported.set(key, {
      id: before?.id ?? ids.id(6),
      location: part.location,
      properties: JSON.stringify(properties),
    });
  }
  const kept = mode === "merge" ? [...known].filter(([key]) => !imported.has(key)).map(([, part]) => part) : [];
  return { parts: [...kept, ...imported.values()], imported: [...imported.values()] };
}

function readPart(
  entry: unknown,
  log: ImportLog,
): (Pick<DocumentationPart, "location"> & { readonly properties: JsonObject }) | undefined {
  const fail = (problem: string): undefined =>
    log.error(`Unable to create documentation part: ${problem}`) as undefined;
  const given = member(entry, "location");
  if (!isObject(given)) return fail("Invalid documentation part location specified");
  const texts = membersOf(given).flatMap(([name, value]): [string, string][] => {
    const text = scalarText(value);
    return text === undefined ? [] : [[name, text]];
  });
  const result = completeLocation(Object.fromEntries(texts));
  if (result.kind === "refused") return fail(result.message);
  const content = member(entry, "properties");
  const properties = typeof content === "string" ? parseProperties(content) : content;
  if (!isObject(properties)) {
    return fail(`Invalid documentation part properties specified for ${describeLocation(result.location)}`);
  }
  return { location: result.location, properties };
}

export type DocumentationPartsResult =
  | ({ readonly kind: "imported"; readonly warnings: readonly string[] } & DocumentationImport)
  | { readonly kind: "refused"; readonly message: string; readonly reason?: string };

/** Imports the documentation of a whole document, as ImportDocumentationParts does. */
export function importDocumentationParts(
  document: Buffer,
  existing: readonly DocumentationPart[],
  options: DocumentationImportOptions,
): DocumentationPartsResult {
  const parsed = parseDocument(document, new Map());
  if (parsed.kind === "unreadable") return { kind: "refused", message: invalidInput, reason: parsed.reason };
  const { swagger, openapi } = parsed.document;
  if (scalarText(swagger) === undefined && scalarText(openapi) === undefined) {
    const reason = "the document is neither Swagger 2.0 nor OpenAPI 3 (swagger, openapi)";
    return { kind: "refused", message: invalidInput, reason };
  }
  const log = new ImportLog();
  const result = importDocumentation(member(parsed.document, documentationExtension), existing, options, log);
  if (result === undefined)
    log.warn(`Extension ${documentationExtension} is missing: no documentation part is changed.`);
  if (log.hasErrors) return { kind: "refused", message: log.refusal() };
  return { kind: "imported", warnings: log.warnings, ...(result ?? { parts: existing, imported: [] }) };
}
