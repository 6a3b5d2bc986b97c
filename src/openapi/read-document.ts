import { bounds } from "../base/bounds.ts";
import { isObject, type JsonObject } from "../base/json-object.ts";
import type { ImportLog } from "./import-log.ts";
import { flagMember, listMember, member, membersOf, objectMember, scalarText, textMember } from "./json-value.ts";
import type { References } from "./references.ts";

/** The common part of Swagger 2.0 and OpenAPI 3 documents, as far as API Gateway reads it. */
export interface ApiDocument {
  readonly source: JsonObject;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly version: string | undefined;
  /** The base path: it starts with `/` and does not end with it, or is empty. */
  readonly basePath: string;
  /** The schemas of `definitions` or `components.schemas`, by name. */
  readonly schemas: readonly [string, unknown][];
  readonly securitySchemes: ReadonlyMap<string, JsonObject>;
  readonly endpointConfiguration: JsonObject | undefined;
  readonly paths: readonly DocumentPath[];
}

export interface DocumentPath {
  readonly path: string;
  readonly source: JsonObject;
  readonly operations: readonly Operation[];
}

export interface Operation {
  /** `GET`, … or `ANY`. */
  readonly httpMethod: string;
  readonly source: JsonObject;
  readonly operationId: string | undefined;
  readonly parameters: readonly Parameter[];
  /** The object that describes the bodies: the parameter of Swagger 2.0, or `requestBody`. */
  readonly bodySource: JsonObject;
  readonly bodies: readonly Content[];
  readonly responses: readonly OperationResponse[];
  /** The operation's own requirements, or the document's. */
  readonly security: readonly unknown[];
}

export interface Parameter {
  readonly source: JsonObject;
  readonly location: "path" | "querystring" | "header";
  readonly name: string;
  readonly required: boolean;
}

export interface Content {
  readonly mediaType: string;
  readonly schema: unknown;
}

export interface OperationResponse {
  readonly source: JsonObject;
  readonly statusCode: string;
  readonly headers: readonly ResponseHeader[];
  readonly contents: readonly Content[];
}

export interface ResponseHeader {
  readonly name: string;
  readonly required: boolean;
  readonly source: JsonObject;
}

const anyMethod = "x-amazon-apigateway-any-method";
/** The verbs of API Gateway, by the members of a path that have their operations. */
export const verbs: Readonly<Record<string, string>> = {
  get: "GET",
  put: "PUT",
  post: "POST",
  delete: "DELETE",
  options: "OPTIONS",
  head: "HEAD",
  patch: "PATCH",
  [anyMethod]: "ANY",
};
const pathItemMembers = new Set(["parameters", "$ref", "summary", "description", "servers"]);
const locations: Readonly<Record<string, Parameter["location"]>> = {
  path: "path",
  query: "querystring",
  header: "header",
};

interface ReadContext {
  readonly document: JsonObject;
  readonly references: References;
  readonly dialect: Dialect;
  readonly log: ImportLog;
}

/** What differs between the two kinds of documents. */
interface Dialect {
  schemas(document: JsonObject): unknown;
  securitySchemes(document: JsonObject): unknown;
  basePath(document: JsonObject): string | undefined;
  endpointConfiguration(document: JsonObject): JsonObject | undefined;
  bodies(
    reading: ReadContext,
    operation: JsonObject,
    parameters: readonly JsonObject[],
    place: Place,
  ): readonly Content[];
  contents(reading: ReadContext, operation: JsonObject, response: JsonObject): readonly Content[];
}

/** Where a mistake is, for its message. */
interface Place {
  readonly httpMethod: string;
  readonly path: string;
}

/** The document's own list counts again for each of its operations. */
const mediaTypesMax = bounds.documentMediaTypesMax.value;

const endpointExtension = "x-amazon-apigateway-endpoint-configuration";

const swagger: Dialect = {
  schemas: (document) => document["definitions"],
  securitySchemes: (document) => document["securityDefinitions"],
  basePath: (document) => textMember(document, "basePath"),
  endpointConfiguration: (document) => objectMember(document, endpointExtension),
  bodies(reading, operation, parameters) {
    const body = parameters.find((parameter) => parameter["in"] === "body");
    if (body === undefined || member(body, "schema") === undefined) return [];
    return mediaTypes(reading.document, operation, "consumes").map((mediaType) => ({
      mediaType,
      schema: body["schema"],
    }));
  },
  contents(reading, operation, response) {
    const schema = member(response, "schema");
    if (schema === undefined) return [];
    return mediaTypes(reading.document, operation, "produces").map((mediaType) => ({ mediaType, schema }));
  },
};

const openapi: Dialect = {
  schemas: (document) => member(document["components"], "schemas"),
  securitySchemes: (document) => member(document["components"], "securitySchemes"),
  basePath: basePathOfServers,
  endpointConfiguration(document) {
    for (const server of listMember(document, "servers")) {
      const configuration = objectMember(server, endpointExtension);
      if (configuration !== undefined) return configuration;
    }
    return objectMember(document, endpointExtension);
  },
  bodies(reading, operation, _parameters, place) {
    const resolved = reading.references.resolve(operation["requestBody"]);
    if (resolved.kind === "unresolved") {
      reading.log.error(unresolved(`put method '${place.httpMethod}' on resource at path '${place.path}'`, resolved));
      return [];
    }
    return contentsOf(resolved.value);
  },
  contents: (_reading, _operation, response) => contentsOf(response),
};

/** Reads a document's common part; returns undefined for an unknown kind or version. */
export function readDocument(document: JsonObject, references: References, log: ImportLog): ApiDocument | undefined {
  const dialect = dialectOf(document);
  if (dialect === undefined) return undefined;
  const reading: ReadContext = { document, references, dialect, log };
  const info = objectMember(document, "info");
  if (!isObject(document["paths"])) log.warn("Parse issue: attribute paths is missing");
  const schemes = membersOf(dialect.securitySchemes(document)).map(([name, scheme]) => [
    name,
    followed(reading, scheme),
  ]);
  return {
    source: document,
    title: textMember(info, "title"),
    description: textMember(info, "description"),
    version: textMember(info, "version"),
    basePath: normalBasePath(dialect.basePath(document) ?? ""),
    schemas: membersOf(dialect.schemas(document)),
    securitySchemes: new Map(schemes as [string, JsonObject][]),
    endpointConfiguration: dialect.endpointConfiguration(document),
    paths: membersOf(document["paths"]).flatMap(([path, item]) => readPath(reading, path, item)),
  };
}

function normalBasePath(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  const trimmed = path.slice(0, end);
  return trimmed === "" || trimmed.startsWith("/") ? trimmed : `/${trimmed}`;
}

function dialectOf(document: JsonObject): Dialect | undefined {
  // YAML reads `swagger: 2.0` and `openapi: 3.0` as numbers.
  if (/^2(\.0)?$/.test(textMember(document, "swagger") ?? "")) return swagger;
  // AWS refuses OpenAPI 3.1.
  return /^3(\.[01](\.|$)|$)/.test(textMember(document, "openapi") ?? "") ? openapi : undefined;
}

function readPath(reading: ReadContext, path: string, item: unknown): DocumentPath[] {
  if (path.startsWith("x-")) return [];
  const resolved = reading.references.resolve(item);
  if (resolved.kind === "unresolved") {
    reading.log.error(unresolved(`create resource at path '${path}'`, resolved));
    return [];
  }
  if (!path.startsWith("/")) {
    reading.log.error(`Unable to create resource at path '${path}': paths must start with '/'`);
    return [];
  }
  if (!isObject(resolved.value)) {
    reading.log.warn(`Parse issue: attribute paths.'${path}' is not of type \`object\``);
    return [];
  }
  const pathItem = resolved.value;
  const operations: Operation[] = [];
  for (const [name, operation] of membersOf(pathItem)) {
    const httpMethod = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (httpMethod === undefined) {
      if (!pathItemMembers.has(name) && !name.startsWith("x-")) {
        reading.log.warn(`Parse issue: attribute paths.'${path}'.${name} is unexpected`);
      }
    } else if (isObject(operation)) {
      operations.push(readOperation(reading, pathItem, operation, { httpMethod, path }));
    } else {
      reading.log.warn(`Parse issue: attribute paths.'${path}'(${name}) is not of type \`object\``);
    }
  }
  return [{ path, source: pathItem, operations }];
}

function readOperation(reading: ReadContext, pathItem: JsonObject, operation: JsonObject, place: Place): Operation {
  const parameters = readParameters(reading, pathItem, operation, place);
  return {
    httpMethod: place.httpMethod,
    source: operation,
    operationId: textMember(operation, "operationId"),
    parameters: parameters.flatMap((parameter) => mappedParameter(reading, parameter, place)),
    bodySource:
      parameters.find((parameter) => parameter["in"] === "body") ?? followed(reading, operation["requestBody"]),
    bodies: reading.dialect.bodies(reading, operation, parameters, place),
    responses: readResponses(reading, operation, place),
    security: Array.isArray(operation["security"]) ? operation["security"] : listMember(reading.document, "security"),
  };
}

/** Returns the operation's parameters, and those of its path that it does not override. */
function readParameters(reading: ReadContext, pathItem: JsonObject, operation: JsonObject, place: Place): JsonObject[] {
  const parameters = new Map<string, JsonObject>();
  for (const listed of [...listMember(pathItem, "parameters"), ...listMember(operation, "parameters")]) {
    const resolved = reading.references.resolve(listed);
    if (resolved.kind === "unresolved") {
      reading.log.error(unresolved(`put method '${place.httpMethod}' on resource at path '${place.path}'`, resolved));
    } else if (isObject(resolved.value)) {
      parameters.set(`${textMember(resolved.value, "in")} ${textMember(resolved.value, "name")}`, resolved.value);
    }
  }
  return [...parameters.values()];
}

function mappedParameter(reading: ReadContext, parameter: JsonObject, place: Place): Parameter[] {
  const name = textMember(parameter, "name");
  const where = textMember(parameter, "in") ?? "";
  if (where === "body") return [];
  const location = Object.hasOwn(locations, where) ? locations[where] : undefined;
  if (name === undefined || location === undefined) {
    const what = name === undefined ? "a parameter without a name" : `parameter '${name}' in '${where}'`;
    reading.log.warn(`Ignoring ${what} of '${place.httpMethod} ${place.path}'.`);
    return [];
  }
  const required = flagMember(parameter, "required");
  return [
    { source: parameter, location, name, required: location === "path" ? required !== false : required === true },
  ];
}

function readResponses(reading: ReadContext, operation: JsonObject, place: Place): OperationResponse[] {
  const listed = membersOf(operation["responses"]).filter(([code]) => !code.startsWith("x-"));
  // Recorded: an empty object is no reason for a warning.
  if (!isObject(operation["responses"]))
    reading.log.warn(`No responses specified for '${place.httpMethod} ${place.path}'`);
  return listed.flatMap(([statusCode, response]) => {
    // A method response has one status; AWS leaves `default` and `4XX` out.
    if (!/^[1-5]\d\d$/.test(statusCode)) return [];
    const resolved = reading.references.resolve(response);
    if (resolved.kind === "unresolved") {
      const where = `put method response on '${place.httpMethod}' for resource at path '${place.path}'`;
      reading.log.error(unresolved(where, resolved));
      return [];
    }
    const value = isObject(resolved.value) ? resolved.value : {};
    return [
      {
        source: value,
        statusCode,
        headers: membersOf(value["headers"]).map(([name, header]) => {
          const source = followed(reading, header);
          return { name, required: member(source, "required") === true, source };
        }),
        contents: reading.dialect.contents(reading, operation, value),
      },
    ];
  });
}

/** Returns the object that a reference leads to; an empty one if it leads nowhere. */
function followed(reading: ReadContext, value: unknown): JsonObject {
  const resolved = reading.references.resolve(value);
  return resolved.kind === "value" && isObject(resolved.value) ? resolved.value : {};
}

function unresolved(what: string, resolved: { readonly reference: string; readonly reason: string }): string {
  return `Unable to ${what}: the reference '${resolved.reference}' cannot be resolved: ${resolved.reason}`;
}

function mediaTypes(document: JsonObject, operation: JsonObject, which: "consumes" | "produces"): readonly string[] {
  const own = member(operation, which);
  const listed: readonly unknown[] = Array.isArray(own) ? own : listMember(document, which);
  const types = listed.slice(0, mediaTypesMax).flatMap((type) => scalarText(type) ?? []);
  return types.length === 0 ? ["application/json"] : types;
}

function contentsOf(value: unknown): Content[] {
  return membersOf(member(value, "content")).flatMap(([mediaType, content]) => {
    const schema = member(content, "schema");
    return schema === undefined ? [] : [{ mediaType, schema }];
  });
}

/**
 * Returns the `basePath` variable of a server, else the path of the first server's URL.
 * AWS: API Gateway Developer Guide, "Set the OpenAPI basePath property".
 */
function basePathOfServers(document: JsonObject): string | undefined {
  const servers = listMember(document, "servers");
  for (const server of servers) {
    const variable = textMember(member(member(server, "variables"), "basePath"), "default");
    if (variable !== undefined) return variable;
  }
  const url = textMember(servers[0], "url");
  return url === undefined ? undefined : /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/[^/]*)?([^?#]*)/i.exec(url)?.[1];
}
