import { createRequire } from "node:module";
import { bounds } from "../base/bounds.ts";
import { isObject, type JsonObject } from "../base/json-object.ts";
import {
  type DocumentationPart,
  type DocumentationVersion,
  locationKey,
  parseProperties,
  withoutDefaults,
} from "../definition/documentation.ts";
import { referencedModels } from "../definition/model-schema.ts";
import type {
  Authorizer,
  Integration,
  IntegrationResponse,
  Method,
  Resource,
  RestApiDefinition,
  Stage,
} from "../definition/rest-api.ts";
import { documentDate, documentVersion } from "./document-version.ts";
import { DocumentationTexts, parameterTypes } from "./documentation-texts.ts";
import { type Dialect, openapi, swagger } from "./export-dialect.ts";
import { member } from "./json-value.ts";

export interface ExportOptions {
  readonly exportType: "swagger" | "oas30";
  /** The extensions to write: `integrations` (or `integration`, `apigateway`), `authorizers`, `documentation`, `postman`, `validators`. */
  readonly extensions: readonly string[];
  readonly format: "json" | "yaml";
  /** The server's host, for `host` or `servers`. */
  readonly host: string;
  readonly region: string;
  readonly stage: Stage;
  /** The deployment's createdDate, seconds. */
  readonly deployedAt: number;
  /** The stage's documentation version: its texts are in the document, its parts with the extension `documentation`. */
  readonly documentation?: PublishedDocumentation;
  /** The export is for people: parts that AWS would refuse to export are written as well. */
  readonly isForReading?: boolean;
}

export interface PublishedDocumentation {
  readonly version: DocumentationVersion;
  readonly parts: readonly DocumentationPart[];
}

/** Thrown for an export that is impossible; the caller answers a BadRequestException. */
export class ExportRefusal extends Error {}

interface ExportContext {
  readonly definition: RestApiDefinition;
  readonly dialect: Dialect;
  readonly withIntegrations: boolean;
  /** With the integrations, or alone. */
  readonly withValidators: boolean;
  readonly withAuthorizers: boolean;
  /** The region that Postman signs for; undefined without the extension `postman`. */
  readonly postmanRegion: string | undefined;
  readonly schemes: SchemeNames;
  readonly texts: DocumentationTexts;
  readonly isForReading: boolean;
}

/** The names of the security schemes. Authorizers keep their names. */
interface SchemeNames {
  readonly apiKey: string;
  readonly iam: string;
}

/**
 * AWS: API Gateway API Reference, "GetExport", parameters; of `validators`: API Gateway Developer Guide, "Test basic request
 * validation in API Gateway".
 */
const knownExtensions = ["integrations", "apigateway", "authorizers", "documentation", "postman", "validators"];
/** AWS: API Gateway Developer Guide, "Export a REST API from API Gateway", has `integration` beside `integrations`. */
const integrationExtensions = ["integrations", "integration", "apigateway"];
const defaultModels = new Set(["Empty", "Error"]);
const require = createRequire(import.meta.url);

/** Writes a deployed definition as a document, as GetExport does. Throws {@link ExportRefusal}. */
export function exportRestApi(definition: RestApiDefinition, options: ExportOptions): string {
  const unknown = options.extensions.find(
    (one) => !knownExtensions.includes(one) && !integrationExtensions.includes(one),
  );
  if (unknown !== undefined) {
    const message = `Invalid extension specified: ${unknown}. Must be one of: [${knownExtensions.join(", ")}]`;
    throw new ExportRefusal(message);
  }
  return renderDocument(exportDocument(definition, options), options.format);
}

/** Returns a document as text. */
export function renderDocument(document: JsonObject, format: "json" | "yaml"): string {
  if (format === "json") return `${JSON.stringify(document, null, 2)}\n`;
  const yaml = require("yaml") as typeof import("yaml");
  // Readers of YAML 1.1 would take an unquoted `2012-10-17` for a date and `on` for true.
  return yaml.stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" });
}

/** Like {@link exportRestApi}, but returns the document as a value. */
export function exportDocument(definition: RestApiDefinition, options: ExportOptions): Record<string, unknown> {
  const dialect = options.exportType === "swagger" ? swagger : openapi;
  const { restApi, authorizers } = definition;
  const names = new Set(authorizers.map((authorizer) => authorizer.name));
  const withIntegrations = options.extensions.some((one) => integrationExtensions.includes(one));
  const writing: ExportContext = {
    definition,
    dialect,
    withIntegrations,
    withValidators: withIntegrations || options.extensions.includes("validators"),
    withAuthorizers: options.extensions.includes("authorizers"),
    postmanRegion: options.extensions.includes("postman") ? options.region : undefined,
    schemes: { apiKey: freeName("api_key", names), iam: freeName("sigv4", names) },
    texts: new DocumentationTexts(options.documentation?.parts ?? []),
    isForReading: options.isForReading === true,
  };
  const info = {
    ...(restApi.description !== undefined && { description: restApi.description }),
    ...writing.texts.info,
    version: documentVersion(restApi, options.deployedAt),
    title: restApi.name,
  };
  return {
    ...dialect.head(info, {
      host: options.host,
      stageName: options.stage.stageName,
      ...(writing.withIntegrations && endpointConfiguration(definition)),
    }),
    paths: exportPaths(writing),
    ...dialect.components({ securitySchemes: exportSecuritySchemes(writing), schemas: exportModels(writing) }),
    ...(writing.withValidators && exportValidators(definition)),
    ...(writing.withIntegrations && exportSettings(definition)),
    ...(options.extensions.includes("documentation") && exportDocumentation(options.documentation)),
    ...writing.texts.of({ type: "API" }),
  };
}

/** AWS: API Gateway developer guide, "Publish API documentation using the API Gateway REST API", exported parts. */
function exportDocumentation(documentation: PublishedDocumentation | undefined): Record<string, unknown> {
  if (documentation === undefined) return {};
  const { version, createdDate } = documentation.version;
  return {
    "x-amazon-apigateway-documentation": {
      version,
      createdDate: documentDate(createdDate),
      documentationParts: documentation.parts.toSorted(byLocation).map(({ location, properties }) => ({
        location: withoutDefaults(location),
        properties: parseProperties(properties) ?? {},
      })),
    },
  };
}

// Sorts by name, so that the same API gives the same document: the store's order is that of random ids.
const byName = <T extends { readonly name: string }>(items: readonly T[]): T[] =>
  items.toSorted((left, right) => (left.name < right.name ? -1 : 1));
const byLocation = (left: DocumentationPart, right: DocumentationPart): number =>
  locationKey(left.location) < locationKey(right.location) ? -1 : 1;

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 1; taken.has(free); number++) free = `${name}_${number}`;
  return free;
}

function endpointConfiguration({ restApi }: RestApiDefinition): { endpointConfiguration?: Record<string, unknown> } {
  const { vpcEndpointIds } = restApi.endpointConfiguration;
  const configuration = {
    ...(restApi.disableExecuteApiEndpoint && { disableExecuteApiEndpoint: true }),
    ...(vpcEndpointIds !== undefined && vpcEndpointIds.length > 0 && { vpcEndpointIds }),
  };
  return Object.keys(configuration).length === 0 ? {} : { endpointConfiguration: configuration };
}

/** Exports resources with methods, and leaves without methods. An import makes the parents again. */
function exportPaths(writing: ExportContext): Record<string, unknown> {
  const { resources } = writing.definition;
  const parents = new Set(resources.map((resource) => resource.parentId));
  const paths: Record<string, unknown> = {};
  for (const resource of resources) {
    const methods = Object.values(resource.resourceMethods ?? {});
    if (methods.length === 0 && (parents.has(resource.id) || resource.parentId === undefined)) continue;
    const operations = methods.map((method) => [
      method.httpMethod === "ANY" ? "x-amazon-apigateway-any-method" : method.httpMethod.toLowerCase(),
      exportMethod(writing, resource, method),
    ]);
    paths[resource.path] = {
      ...Object.fromEntries(operations),
      ...writing.texts.of({ type: "RESOURCE", path: resource.path }),
    };
  }
  return paths;
}

function exportMethod(writing: ExportContext, resource: Resource, method: Method): Record<string, unknown> {
  const { dialect, definition, texts } = writing;
  const place = `${method.httpMethod} ${resource.path}`;
  const at = { path: resource.path, method: method.httpMethod };
  if (!writing.isForReading) {
    refuseWithoutJson(method.requestModels, place);
    for (const { responseModels } of Object.values(method.methodResponses ?? {}))
      refuseWithoutJson(responseModels, place);
  }
  const validator = definition.requestValidators.find(({ id }) => id === method.requestValidatorId);
  const security = exportSecurity(writing, method);
  return {
    ...texts.of({ type: "METHOD", ...at }),
    ...(method.operationName !== undefined && { operationId: method.operationName }),
    ...dialect.request(method, exportParameters(writing, resource, method), texts.of({ type: "REQUEST_BODY", ...at })),
    responses: Object.fromEntries(
      Object.values(method.methodResponses ?? {}).map((response) => {
        const { statusCode } = response;
        const written = dialect.response(response, (name) =>
          texts.of({ type: "RESPONSE_HEADER", ...at, statusCode, name }),
        );
        return [statusCode, { ...written, ...texts.of({ type: "RESPONSE", ...at, statusCode }) }];
      }),
    ),
    ...(security.length > 0 && { security }),
    ...(writing.postmanRegion !== undefined &&
      method.authorizationType === "AWS_IAM" && { "x-postman-meta": postmanSignature(writing.postmanRegion) }),
    ...(writing.withValidators &&
      validator !== undefined && { "x-amazon-apigateway-request-validator": validator.name }),
    ...(writing.withIntegrations &&
      method.methodIntegration !== undefined && {
        "x-amazon-apigateway-integration": exportIntegration(method.methodIntegration, resource.id),
      }),
  };
}

/** Tells Postman to sign an operation's requests; its importer reads this extension. */
const postmanSignature = (region: string): JsonObject => ({
  currentHelper: "awsSigV4",
  helperAttributes: { accessKey: "", secretKey: "", region, service: "execute-api" },
});

/** AWS: API Gateway Developer Guide, "Export a REST API from API Gateway", note. */
function refuseWithoutJson(models: Readonly<Record<string, string>> | undefined, place: string): void {
  const types = Object.keys(models ?? {});
  if (types.length === 0 || types.includes("application/json")) return;
  throw new ExportRefusal(`Only found non-JSON body models for ${place}`);
}

function exportParameters({ dialect, texts }: ExportContext, resource: Resource, method: Method): unknown[] {
  return Object.entries(method.requestParameters ?? {}).flatMap(([key, required]) => {
    const [, location, name] = /^method\.request\.(path|querystring|header)\.(.+)$/.exec(key) ?? [];
    if (location === undefined || name === undefined) return [];
    // OpenAPI knows no optional path parameters.
    const where = location === "querystring" ? "query" : location;
    const entity = { type: parameterTypes[location]!, path: resource.path, method: method.httpMethod, name };
    return [{ ...dialect.parameter(name, where, required || where === "path"), ...texts.of(entity) }];
  });
}

function exportSecurity({ definition, schemes }: ExportContext, method: Method): Record<string, readonly string[]>[] {
  const authorizer = definition.authorizers.find(({ id }) => id === method.authorizerId);
  return [
    ...(method.authorizationType === "AWS_IAM" ? [{ [schemes.iam]: [] }] : []),
    ...(authorizer === undefined ? [] : [{ [authorizer.name]: method.authorizationScopes ?? [] }]),
    ...(method.apiKeyRequired ? [{ [schemes.apiKey]: [] }] : []),
  ];
}

function exportSecuritySchemes(writing: ExportContext): Record<string, unknown> {
  const { definition, schemes } = writing;
  const methods = definition.resources.flatMap((resource) => Object.values(resource.resourceMethods ?? {}));
  const key = { type: "apiKey", name: "x-api-key", in: "header" };
  const iam = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };
  return {
    ...Object.fromEntries(
      byName(definition.authorizers).map((authorizer) => [
        authorizer.name,
        {
          ...exportAuthorizer(writing, authorizer),
          ...writing.texts.of({ type: "AUTHORIZER", name: authorizer.name }),
        },
      ]),
    ),
    ...(methods.some((method) => method.apiKeyRequired) && { [schemes.apiKey]: key }),
    ...(methods.some((method) => method.authorizationType === "AWS_IAM") && { [schemes.iam]: iam }),
  };
}

function exportAuthorizer(writing: ExportContext, authorizer: Authorizer): Record<string, unknown> {
  // A scheme has one header or query parameter. For all other sources AWS's guide writes `Unused`.
  const [, location, name] =
    /^method\.request\.(header|querystring)\.([^,\s]+)$/.exec(authorizer.identitySource ?? "") ?? [];
  const scheme = { type: "apiKey", name: name ?? "Unused", in: location === "querystring" ? "query" : "header" };
  if (!writing.withAuthorizers) return scheme;
  const { authType, authorizerUri, authorizerCredentials, identitySource, identityValidationExpression } = authorizer;
  const { authorizerResultTtlInSeconds, providerARNs } = authorizer;
  const isSourceOfScheme = name !== undefined && name !== "Unused";
  return {
    ...scheme,
    ...(authType !== undefined && { "x-amazon-apigateway-authtype": authType }),
    "x-amazon-apigateway-authorizer": {
      ...(providerARNs !== undefined && { providerARNs }),
      ...(authorizerUri !== undefined && { authorizerUri }),
      ...(authorizerCredentials !== undefined && { authorizerCredentials }),
      ...(identitySource !== undefined && !isSourceOfScheme && { identitySource }),
      // An import accepts a REQUEST authorizer without a source only where the document says so by an empty text.
      ...(identitySource === undefined && authorizer.type === "REQUEST" && { identitySource: "" }),
      ...(identityValidationExpression !== undefined && { identityValidationExpression }),
      ...(authorizerResultTtlInSeconds !== undefined && { authorizerResultTtlInSeconds }),
      type: authorizer.type.toLowerCase(),
    },
  };
}

/** Members at their defaults are left out, as AWS leaves them out. */
function exportIntegration(integration: Integration, resourceId: string): Record<string, unknown> {
  const { type, connectionType, passthroughBehavior, timeoutInMillis, cacheNamespace, cacheKeyParameters } =
    integration;
  const { responseTransferMode, integrationResponses, ...others } = integration;
  const responses = Object.values(integrationResponses ?? {});
  return {
    ...others,
    type: type.toLowerCase(),
    // What every HTTP integration has is left out like other defaults.
    connectionType: connectionType === "INTERNET" ? undefined : connectionType,
    passthroughBehavior: passthroughBehavior?.toLowerCase(),
    timeoutInMillis: timeoutInMillis === bounds.integrationTimeoutMsDefault.value ? undefined : timeoutInMillis,
    cacheNamespace: cacheNamespace === resourceId ? undefined : cacheNamespace,
    cacheKeyParameters: cacheKeyParameters?.length === 0 ? undefined : cacheKeyParameters,
    responseTransferMode: responseTransferMode === "BUFFERED" ? undefined : responseTransferMode,
    responses:
      responses.length === 0
        ? undefined
        : Object.fromEntries(responses.map((response) => [response.selectionPattern || "default", plain(response)])),
  };
}

function plain({ selectionPattern, ...response }: IntegrationResponse): Omit<IntegrationResponse, "selectionPattern"> {
  return response;
}

/** Returns the models by name. Models that every API has are left out unless they are used. */
function exportModels({ definition, dialect, texts }: ExportContext): Record<string, unknown> {
  const used = new Set(definition.models.flatMap((model) => referencedModels(model.schema)));
  for (const method of definition.resources.flatMap((resource) => Object.values(resource.resourceMethods ?? {}))) {
    for (const name of Object.values(method.requestModels ?? {})) used.add(name);
    for (const response of Object.values(method.methodResponses ?? {})) {
      for (const name of Object.values(response.responseModels ?? {})) used.add(name);
    }
  }
  const models = definition.models.filter((model) => used.has(model.name) || !defaultModels.has(model.name));
  const written = Object.fromEntries(models.map((model) => [model.name, dialect.schema(parsedSchema(model.schema))]));
  for (const [path, said] of texts.models()) describeModel(written, path.split("."), said);
  return written;
}

/** Writes the texts over those of a model, or of a property below it (`Pet.name`), if it is there. */
function describeModel(models: Record<string, unknown>, [name, ...path]: string[], texts: JsonObject): void {
  let schema = member(models, name!);
  for (const property of path) schema = member(member(schema, "properties"), property);
  if (isObject(schema)) Object.assign(schema, texts);
}

/** Returns a model's schema as a value; an empty one if the text can't be read. */
export function parsedSchema(text = "{}"): unknown {
  try {
    const { $schema, id, ...schema } = JSON.parse(text);
    return schema;
  } catch {
    return {};
  }
}

function exportValidators({ requestValidators }: RestApiDefinition): Record<string, unknown> {
  if (requestValidators.length === 0) return {};
  const validators = byName(requestValidators).map(({ name, validateRequestBody, validateRequestParameters }) => [
    name,
    { validateRequestParameters, validateRequestBody },
  ]);
  return { "x-amazon-apigateway-request-validators": Object.fromEntries(validators) };
}

function exportSettings({ restApi, gatewayResponses }: RestApiDefinition): Record<string, unknown> {
  const responses = gatewayResponses.map(({ responseType, ...response }) => [responseType, response]);
  const settings = {
    "gateway-responses": responses.length === 0 ? undefined : Object.fromEntries(responses),
    policy: restApi.policy === undefined ? undefined : JSON.parse(restApi.policy),
    "binary-media-types": restApi.binaryMediaTypes,
    "minimum-compression-size": restApi.minimumCompressionSize,
    "api-key-source": restApi.apiKeySource === "HEADER" ? undefined : restApi.apiKeySource,
    "security-policy": restApi.securityPolicy,
    "endpoint-access-mode": restApi.endpointAccessMode,
  };
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`x-amazon-apigateway-${name}`, value]),
  );
}
