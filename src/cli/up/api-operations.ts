/**
 * The parts of an OpenAPI document that the command line needs: its routes, who answers them, and an example of each.
 */

import { isObject, type JsonObject } from "../../base/json-object.ts";
import { decodeFragmentSegment } from "../../base/json-pointer.ts";

export interface ApiOperation {
  readonly path: string;
  /** The verb in upper case; `ANY` for `x-amazon-apigateway-any-method`. */
  readonly method: string;
  readonly integration: IntegrationSummary | undefined;
  /** Keys from the document's root to the operation. */
  readonly pointer: readonly string[];
  /** Path and query with the document's own examples; undefined if a path parameter has none. */
  readonly exampleTarget: string | undefined;
  readonly exampleBody: string | undefined;
}

/** The path by which documents write the default route of an HTTP API. */
const defaultPath = "/$default";

/** `GET /pets`, or `$default`. */
export const routeKey = ({ method, path }: Pick<ApiOperation, "method" | "path">): string =>
  path === defaultPath ? "$default" : `${method} ${path}`;

export interface IntegrationSummary {
  readonly type: string;
  readonly uri: string | undefined;
  /** The function that a Lambda URI names. */
  readonly functionName: string | undefined;
}

/** A function's ARN somewhere in an integration or authorizer. */
export interface FunctionReference {
  readonly name: string;
  /** A version or alias. Undefined for `$LATEST`, and for a stage variable that has no value. */
  readonly qualifier: string | undefined;
  readonly region: string;
  readonly account: string;
  readonly pointer: readonly string[];
}

const verbs = ["get", "head", "post", "put", "patch", "delete", "options"];
const anyMethod = "x-amazon-apigateway-any-method";
export const integrationKey = "x-amazon-apigateway-integration";

/** Returns the operations of a document, in its order. Mistakes are left for the import to refuse. */
export function listOperations(document: unknown): readonly ApiOperation[] {
  const operations: ApiOperation[] = [];
  if (!isObject(document) || !isObject(document["paths"])) return operations;
  for (const [path, item] of Object.entries(document["paths"])) {
    if (!isObject(item) || !path.startsWith("/")) continue;
    for (const key of Object.keys(item)) {
      const operation = item[key];
      if (!isObject(operation) || !(verbs.includes(key) || key === anyMethod)) continue;
      const parameters = [...asList(item["parameters"]), ...asList(operation["parameters"])]
        .map((parameter) => resolveReference(document, parameter))
        .filter(isObject);
      operations.push({
        path,
        method: key === anyMethod ? "ANY" : key.toUpperCase(),
        integration: summarise(resolveReference(document, operation[integrationKey])),
        pointer: ["paths", path, key],
        exampleTarget: path === defaultPath ? "/" : exampleTarget(path, parameters),
        exampleBody: exampleBody(document, operation, parameters),
      });
    }
  }
  return operations;
}

/**
 * AWS: API Gateway REST API reference, "Integration", uri: `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations`.
 * HTTP APIs take the function's ARN alone as well.
 */
const functionUri =
  /(?:^|\/functions\/)arn:aws[\w-]*:lambda:([a-z0-9-]+):(\d{12}):function:([^/:]+)(?::([^/]+))?(?:$|\/(?:response-streaming-)?invocations)/;

/** Returns every function that the document names, with stage variables filled in. */
export function listFunctionReferences(document: unknown, variables: JsonObject): readonly FunctionReference[] {
  if (!isObject(document)) return [];
  const references: FunctionReference[] = [];
  const add = (uri: unknown, pointer: readonly string[]): void => {
    const match = typeof uri === "string" ? functionUri.exec(withVariables(uri, variables)) : null;
    const [, region, account, name, qualifier] = match ?? [];
    if (!region || !account || !name) return;
    references.push({ region, account, name, qualifier: qualifier?.startsWith("$") ? undefined : qualifier, pointer });
  };
  for (const operation of listOperations(document))
    add(operation.integration?.uri, [...operation.pointer, integrationKey, "uri"]);
  for (const place of [["components", "securitySchemes"], ["securityDefinitions"]]) {
    const schemes = place.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document);
    for (const [name, scheme] of Object.entries(isObject(schemes) ? schemes : {})) {
      const authorizer = isObject(scheme) ? scheme["x-amazon-apigateway-authorizer"] : undefined;
      if (isObject(authorizer))
        add(authorizer["authorizerUri"], [...place, name, "x-amazon-apigateway-authorizer", "authorizerUri"]);
    }
  }
  return references;
}

const withVariables = (uri: string, variables: JsonObject): string =>
  uri.replace(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g, (whole, name: string) => String(variables[name] ?? whole));

/** Summarises an integration as documents and GetResources have it. */
export function summarise(integration: unknown): IntegrationSummary | undefined {
  if (!isObject(integration)) return undefined;
  const uri = typeof integration["uri"] === "string" ? integration["uri"] : undefined;
  return {
    type: String(integration["type"] ?? "").toUpperCase(),
    uri,
    functionName: uri && functionUri.exec(uri)?.[3],
  };
}

/** Describes an integration in a few words, for tables. */
export function describeIntegration(integration: IntegrationSummary | undefined): string {
  if (!integration) return "none";
  const { type, uri, functionName } = integration;
  if (functionName) return `${type} ${functionName}`;
  return uri && type !== "MOCK" ? `${type} ${uri}` : type;
}

/**
 * Returns whether a document is meant for an HTTP API: it has what only these have, and nothing that they lack.
 * AWS: API Gateway Developer Guide, "OpenAPI extensions for API Gateway".
 */
export function isHttpApiDocument(document: unknown): boolean {
  if (!isObject(document) || document["openapi"] === undefined) return false;
  const paths = isObject(document["paths"]) ? Object.values(document["paths"]) : [];
  const operations = paths.flatMap((item) => (isObject(item) ? Object.values(item) : [])).filter(isObject);
  const integrations = operations.map((one) => resolveReference(document, one[integrationKey])).filter(isObject);
  if (!integrations.every(({ type }) => /^(?:aws|http)_proxy$/i.test(String(type)))) return false;
  const components = isObject(document["components"]) ? document["components"] : {};
  const schemes = isObject(components["securitySchemes"]) ? Object.values(components["securitySchemes"]) : [];
  const authorizers = schemes.map((scheme) => isObject(scheme) && scheme["x-amazon-apigateway-authorizer"]);
  return (
    Object.hasOwn(document, "x-amazon-apigateway-cors") ||
    Object.hasOwn(document, "x-amazon-apigateway-importexport-version") ||
    Object.hasOwn(components, "x-amazon-apigateway-integrations") ||
    authorizers.some((one) => isObject(one) && (isJwt(one) || Object.hasOwn(one, formatOfAuthorizers))) ||
    operations.some(({ isDefaultRoute }) => isDefaultRoute === true) ||
    integrations.some((one) => Object.hasOwn(one, "payloadFormatVersion") || Object.hasOwn(one, "integrationSubtype"))
  );
}

const formatOfAuthorizers = "authorizerPayloadFormatVersion";
const isJwt = ({ type }: JsonObject): boolean => String(type).toLowerCase() === "jwt";

/** Follows a local `$ref` (a few in a row). Returns anything else as it is. */
export function resolveReference(document: JsonObject, value: unknown): unknown {
  let current = value;
  for (let hops = 0; hops < 8 && isObject(current) && typeof current["$ref"] === "string"; hops++) {
    const pointer = current["$ref"];
    if (!pointer.startsWith("#/")) return undefined;
    const parts = pointer.slice(2).split("/");
    current = parts
      .map((part) => decodeFragmentSegment(part))
      .reduce<unknown>((at, part) => (isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined), document);
  }
  return current;
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Returns a parameter's or media type's example: its own, its schema's, or the first value that the schema allows. */
function exampleOf(holder: JsonObject): unknown {
  const schema = isObject(holder["schema"]) ? holder["schema"] : {};
  const named = isObject(holder["examples"]) ? Object.values(holder["examples"]).find(isObject)?.["value"] : undefined;
  return (
    holder["example"] ?? named ?? holder["x-example"] ?? schema["example"] ?? schema["default"] ?? holder["default"]
  );
}

function exampleTarget(path: string, parameters: readonly JsonObject[]): string | undefined {
  let isComplete = true;
  const target = path.replace(/\{([^}+]+)(\+?)\}/g, (_whole, name: string, greedy: string) => {
    const parameter = parameters.find((one) => one["in"] === "path" && one["name"] === name);
    const example = parameter && exampleOf(parameter);
    if (example === undefined && !greedy) isComplete = false;
    return encodeURIComponent(String(example ?? "some/path")).replaceAll("%2F", "/");
  });
  const query = parameters
    .filter((one) => one["in"] === "query" && exampleOf(one) !== undefined)
    .map((one) => `${encodeURIComponent(String(one["name"]))}=${encodeURIComponent(String(exampleOf(one)))}`);
  return isComplete ? target + (query.length > 0 ? `?${query.join("&")}` : "") : undefined;
}

function exampleBody(
  document: JsonObject,
  operation: JsonObject,
  parameters: readonly JsonObject[],
): string | undefined {
  const body = resolveReference(document, operation["requestBody"]);
  const content = isObject(body) && isObject(body["content"]) ? body["content"]["application/json"] : undefined;
  // Swagger 2.0 has the body among the parameters.
  const holder = isObject(content) ? content : parameters.find((one) => one["in"] === "body");
  const schema = holder && resolveReference(document, holder["schema"]);
  const example = holder && exampleOf({ ...holder, schema });
  return example === undefined ? undefined : JSON.stringify(example);
}
