import { isObject, type JsonObject } from "../base/json-object.ts";
import { type DocumentationLocation, type DocumentationPart, parseProperties } from "../definition/documentation.ts";
import { membersOf } from "./json-value.ts";

/**
 * The members of a part's content that a document has a place for, by the part's type; extensions (`x-…`) are added. An
 * entity's own texts (title and version of the API) are kept, as in AWS's sample export.
 * AWS: API Gateway developer guide, "Publish API documentation using the API Gateway REST API".
 */
const attributes: Readonly<Record<string, readonly string[]>> = {
  API: ["tags", "externalDocs"],
  RESOURCE: [],
  METHOD: ["summary", "description", "tags", "externalDocs", "deprecated"],
  PATH_PARAMETER: ["description"],
  QUERY_PARAMETER: ["description"],
  REQUEST_HEADER: ["description"],
  REQUEST_BODY: ["description"],
  RESPONSE: ["description"],
  RESPONSE_HEADER: ["description"],
  RESPONSE_BODY: [],
  AUTHORIZER: ["description"],
  MODEL: ["title", "description"],
};
const infoAttributes: readonly string[] = ["description", "termsOfService", "contact", "license"];

/** The types of parameters, by their location in `method.request.{location}.{name}`. */
export const parameterTypes: Readonly<Record<string, string>> = {
  path: "PATH_PARAMETER",
  querystring: "QUERY_PARAMETER",
  header: "REQUEST_HEADER",
};

/** Whether content of a type also holds for entities below or beside its own. */
const isInherited = (type: string): boolean => !["API", "RESOURCE", "AUTHORIZER", "MODEL"].includes(type);

/**
 * Returns whether a member is another tool's extension. API Gateway's own extensions come from the definition, since
 * texts don't configure an API.
 */
const isExtension = (name: string): boolean => name.startsWith("x-") && !name.startsWith("x-amazon-apigateway-");

/**
 * Returns the texts that a document has in an entity's own place. Extensions are other tools' and not documentation.
 */
export const textsOf = (type: string, source: JsonObject): JsonObject => picked(source, attributes[type] ?? []);

/** Returns the texts of a document's `info`. */
export const textsOfInfo = (source: JsonObject): JsonObject =>
  isObject(source["info"]) ? picked(source["info"], infoAttributes) : {};

const picked = (content: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(membersOf(content).filter(([name]) => names.includes(name)));

const pickedWithExtensions = (content: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(membersOf(content).filter(([name]) => names.includes(name) || isExtension(name)));

/** The entity whose texts are looked up; a member that does not apply is absent. */
export type DocumentedEntity = DocumentationLocation;

/** The texts of a version's parts, found by their entities. */
export class DocumentationTexts {
  /** The parts by type, then by path, because documents have thousands. */
  readonly #parts = new Map<string, Map<string, Part[]>>();

  constructor(parts: readonly DocumentationPart[]) {
    for (const { location, properties } of parts) {
      const content = parseProperties(properties);
      if (content === undefined) continue;
      const ofType = this.#parts.get(location.type) ?? new Map<string, Part[]>();
      this.#parts.set(location.type, ofType);
      const { path = "/" } = location;
      const atPath = ofType.get(path) ?? [];
      ofType.set(path, atPath);
      atPath.push({ location, content });
    }
    for (const ofType of this.#parts.values()) {
      for (const atPath of ofType.values()) atPath.sort((left, right) => rank(right.location) - rank(left.location));
    }
  }

  /** Returns an entity's texts: those of its own part, else of the most specific part that it inherits from. */
  of(entity: DocumentedEntity): JsonObject {
    return pickedWithExtensions(this.#content(entity), attributes[entity.type] ?? []);
  }

  /** The texts of the document's `info`. */
  get info(): JsonObject {
    const { info } = this.#content({ type: "API" });
    return isObject(info) ? pickedWithExtensions(info, infoAttributes) : {};
  }

  /** Returns the texts of models and their properties, by path: `Pet.name`, or without a dot the model itself. */
  models(): readonly [string, JsonObject][] {
    return (this.#parts.get("MODEL")?.get("/") ?? []).flatMap(({ location, content }): [string, JsonObject][] =>
      location.name === undefined ? [] : [[location.name, pickedWithExtensions(content, attributes["MODEL"]!)]],
    );
  }

  #content(entity: DocumentedEntity): JsonObject {
    const ofType = this.#parts.get(entity.type);
    const { path = "/" } = entity;
    // The most specific part is first: that of the longest path.
    for (const at of isInherited(entity.type) ? upwards(path) : [path]) {
      const found = ofType?.get(at)?.find(({ location }) => covers(location, entity));
      if (found !== undefined) return found.content;
    }
    return {};
  }
}

interface Part {
  readonly location: DocumentationLocation;
  readonly content: JsonObject;
}

/** `/a/b`, `/a`, `/` */
function upwards(path: string): readonly string[] {
  const paths = [path];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) paths.push(path.slice(0, end));
  return path === "/" ? paths : [...paths, "/"];
}

/**
 * AWS: API Gateway developer guide, "Representation of API documentation in API Gateway", "Inherit content from an API
 * entity of more general specifications": precedence is path before status code.
 */
const rank = ({ method = "*", statusCode = "*" }: DocumentationLocation): number =>
  (statusCode === "*" ? 0 : 2) + (method === "*" ? 0 : 1);

const covers = (location: DocumentationLocation, entity: DocumentedEntity): boolean => {
  const { method = "*", statusCode = "*" } = location;
  return (
    (method === "*" || method === entity.method) &&
    (statusCode === "*" || statusCode === entity.statusCode) &&
    location.name === entity.name
  );
};
