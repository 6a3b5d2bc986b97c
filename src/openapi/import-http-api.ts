import { bounds } from "../base/bounds.ts";
import type { IdSource } from "../base/ids.ts";
import { isObject, type JsonObject } from "../base/json-object.ts";
import type { BeyondAws } from "../definition/beyond-aws.ts";
import { storedCors } from "../definition/cors-rules.ts";
import {
  apiKeyInHeader,
  apiKeyOfAuthorizer,
  type CorsConfiguration,
  type HttpApi,
  type HttpApiDefinition,
  type HttpIntegration,
  type IntegrationResponse,
  type Route,
} from "../definition/http-api.ts";
import type { AuthorizerCheckOptions } from "../definition/http-authorizer-rules.ts";
import {
  checkHttpIntegration,
  type IntegrationReferences,
  isCustomType,
} from "../definition/http-integration-rules.ts";
import { checkRoute, checkRouteKey, RouteKeys } from "../definition/http-route-rules.ts";
import { defaultRouteKey } from "../definition/route-key.ts";
import { checkGuards } from "./check-guards.ts";
import { HttpSecurityImport } from "./import-http-security.ts";
import { type ReadResponse, readResponses, readTemplates, textMap } from "./import-http-templates.ts";
import { HttpValidationImport, validatorExtension } from "./import-http-validation.ts";
import type { ImportLog } from "./import-log.ts";
import { type ImportRefusal, readImportSource, refuseInput, refuseUntitled } from "./import-source.ts";
import { flagMember, listMember, member, membersOf, scalarText, textMember } from "./json-value.ts";
import { type ApiDocument, type Operation, readDocument } from "./read-document.ts";
import type { References } from "./references.ts";

export interface HttpImportOptions extends AuthorizerCheckOptions {
  readonly basepath: "ignore" | "prepend" | "split";
  readonly ids: IdSource;
  readonly account: string;
  readonly region: string;
  /** The VPC links of the second version. */
  readonly vpcLinkIds: readonly string[];
  /** What documents may ask for although AWS's HTTP APIs have it not. Absent: nothing. */
  readonly beyondAws?: readonly BeyondAws[];
  /** Absent: AWS's. */
  readonly timeoutInMillisMax?: number;
}

export type HttpImportResult =
  | {
      readonly kind: "imported";
      readonly definition: HttpApiDefinition;
      /** What is valid and HTTP APIs do not have. */
      readonly info: readonly string[];
      /** What could not be made. */
      readonly warnings: readonly string[];
    }
  | ImportRefusal;

const extension = "x-amazon-apigateway-";
const integrationExtension = `${extension}integration`;
const corsLists = ["allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders"];
const corsMembers: ReadonlySet<string> = new Set([...corsLists, "maxAge", "allowCredentials"]);
const keySource = `${extension}api-key-source`;

/**
 * Reads an OpenAPI 3.0 document (JSON or YAML) with `x-amazon-apigateway-*` extensions into a definition. It is a pure
 * function. `base` is the API as it is: new and empty for an import. Its routes, integrations and authorizers are replaced;
 * those that stay keep their ids.
 * AWS: API Gateway Developer Guide, "Working with OpenAPI definitions for HTTP APIs in API Gateway".
 */
export function importHttpApi(document: Buffer, base: HttpApiDefinition, options: HttpImportOptions): HttpImportResult {
  const source = readImportSource(document, options);
  if (source.kind === "refused") return source;
  const { references, log } = source;
  const version = textMember(source.document, "openapi") ?? "";
  const api = /^3\.0(\.|$)|^3$/.test(version) ? readDocument(source.document, references, log) : undefined;
  if (api === undefined) return refuseInput("HTTP APIs take OpenAPI 3.0 documents only: openapi has to be 3.0.x");
  if (api.title === undefined) return refuseUntitled();
  checkGuards(source.document, references, log);
  const imported = new HttpApiImport({ ...api, title: api.title }, references, base, options, log).run();
  if (log.hasErrors) return { kind: "refused", message: log.refusal() };
  return { kind: "imported", ...imported, warnings: log.warnings };
}

interface ImportedApi {
  readonly definition: HttpApiDefinition;
  readonly info: readonly string[];
}

class HttpApiImport {
  readonly #api: ApiDocument & { readonly title: string };
  readonly #references: References;
  readonly #base: HttpApiDefinition;
  readonly #options: HttpImportOptions;
  readonly #log: ImportLog;
  readonly #security: HttpSecurityImport;
  readonly #hasKeys: boolean;
  /** Absent: requests are not validated, as on AWS. */
  readonly #validation: HttpValidationImport | undefined;
  readonly #info = new Set<string>();
  readonly #routes = new Map<string, Route>();
  readonly #keys = new RouteKeys();
  readonly #integrations = new Map<string, HttpIntegration>();
  readonly #responses: IntegrationResponse[] = [];
  /** The integrations that routes share, by the object that describes them; undefined for one that can't be made. */
  readonly #shared = new Map<unknown, string | undefined>();

  constructor(
    api: ApiDocument & { readonly title: string },
    references: References,
    base: HttpApiDefinition,
    options: HttpImportOptions,
    log: ImportLog,
  ) {
    this.#api = api;
    this.#references = references;
    this.#base = base;
    this.#options = options;
    this.#log = log;
    const { beyondAws = [], ...checks } = options;
    this.#hasKeys = beyondAws.includes("http-api-keys");
    this.#security = new HttpSecurityImport(api, base.authorizers, { ...checks, hasKeys: this.#hasKeys }, log);
    const { ApiId: apiId } = base.api;
    this.#validation = beyondAws.includes("http-request-validation")
      ? new HttpValidationImport(api, { apiId, references, ids: options.ids, log, existing: base.models ?? [] })
      : undefined;
  }

  run(): ImportedApi {
    const prefix = this.#pathPrefix();
    this.#checkVersion();
    for (const name of Object.keys(this.#api.source)) this.#tellOfIgnored(name);
    for (const { path, operations } of this.#api.paths) {
      for (const operation of operations) this.#importRoute(operation, path === "/$default" ? path : prefix + path);
    }
    const { models = [] } = this.#validation ?? {};
    const definition: HttpApiDefinition = {
      api: this.#settings(),
      routes: [...this.#routes.values()].toSorted((one, other) => (one.RouteId < other.RouteId ? -1 : 1)),
      integrations: [...this.#integrations.values()].toSorted((one, other) =>
        one.IntegrationId < other.IntegrationId ? -1 : 1,
      ),
      authorizers: this.#security.authorizers,
      ...(this.#responses.length > 0 && {
        integrationResponses: this.#responses.toSorted((one, other) => (storedId(one) < storedId(other) ? -1 : 1)),
      }),
      ...(models.length > 0 && { models }),
    };
    return { definition, info: [...this.#info].slice(0, bounds.importLinesMax.value) };
  }

  /** AWS: API Gateway Developer Guide, "Set the OpenAPI basePath property". */
  #pathPrefix(): string {
    switch (this.#options.basepath) {
      case "ignore":
        return "";
      case "prepend":
        return this.#api.basePath;
      case "split":
        return this.#api.basePath.replace(/^\/[^/]*/, "");
    }
  }

  /** AWS: "info" messages are about what is valid in OpenAPI, and what HTTP APIs do not have. */
  #tellOfIgnored(name: string): void {
    if (!restOnly.has(name) || (name === keySource && this.#hasKeys)) return;
    if (validators.has(name) && this.#validation !== undefined) return;
    const line = `${name} is not supported by HTTP APIs. Ignoring.`;
    if (guardsOfRest.has(name)) this.#log.warn(line);
    else this.#info.add(line);
  }

  #settings(): HttpApi {
    const { api } = this.#base;
    const { Description: _, Version: __, CorsConfiguration: ___, Tags: tags, ...kept } = api;
    const cors = this.#cors();
    const key = this.#apiKeySelection();
    const isDisabled = flagMember(this.#api.endpointConfiguration, "disableExecuteApiEndpoint");
    const addresses = this.#ipAddressType();
    const imported = this.#tags();
    return {
      ...kept,
      Name: this.#api.title,
      ...(key !== undefined && { ApiKeySelectionExpression: key }),
      DisableExecuteApiEndpoint: isDisabled ?? api.DisableExecuteApiEndpoint,
      ...(addresses !== undefined && { IpAddressType: addresses }),
      ...(this.#api.description !== undefined && { Description: this.#api.description }),
      ...(this.#api.version !== undefined && this.#api.version !== "" && { Version: this.#api.version }),
      ...(cors !== undefined && { CorsConfiguration: cors }),
      // AWS: tags that the document does not name stay.
      ...((tags !== undefined || imported !== undefined) && { Tags: { ...tags, ...imported } }),
    };
  }

  /** AWS: API Gateway Developer Guide, "x-amazon-apigateway-endpoint-configuration object". */
  #ipAddressType(): HttpApi["IpAddressType"] | undefined {
    const given = member(this.#api.endpointConfiguration, "ipAddressType");
    if (given === undefined || given === "ipv4" || given === "dualstack") return given;
    this.#log.error("Unable to read ipAddressType of the endpoint configuration: it has to be ipv4 or dualstack");
    return undefined;
  }

  /** Beyond AWS. AWS, of REST APIs: API Gateway Developer Guide, "x-amazon-apigateway-api-key-source property". */
  #apiKeySelection(): string | undefined {
    if (!this.#hasKeys) return undefined;
    const given = member(this.#api.source, keySource);
    if (given === undefined || given === null) return apiKeyInHeader;
    const text = scalarText(given)?.toUpperCase();
    if (text === "HEADER") return apiKeyInHeader;
    if (text === "AUTHORIZER") return apiKeyOfAuthorizer;
    this.#log.error(`Unable to read ${keySource}: it has to be HEADER or AUTHORIZER`);
    return undefined;
  }

  /** AWS: API Gateway Developer Guide, "x-amazon-apigateway-tag-value property". */
  #tags(): Record<string, string> | undefined {
    const tags = listMember(this.#api.source, "tags").flatMap((tag): [string, string][] => {
      const name = textMember(tag, "name");
      return name === undefined ? [] : [[name, textMember(tag, `${extension}tag-value`) ?? ""]];
    });
    return tags.length === 0 ? undefined : Object.fromEntries(tags);
  }

  /** AWS: API Gateway Developer Guide, "x-amazon-apigateway-cors object". */
  #cors(): CorsConfiguration | undefined {
    const given = member(this.#api.source, `${extension}cors`);
    if (given === undefined || given === null) return undefined;
    if (!isObject(given)) {
      this.#log.error(`Unable to read ${extension}cors: it has to be an object`);
      return undefined;
    }
    const texts = (name: string): readonly string[] | undefined => {
      const value = member(given, name);
      if (value === undefined || value === null) return undefined;
      const list = (Array.isArray(value) ? value : [value]).map(scalarText);
      if (list.every((one): one is string => one !== undefined)) return list;
      this.#log.error(`Unable to read ${name} of ${extension}cors: it has to be a list of strings`);
      return undefined;
    };
    for (const name of Object.keys(given)) {
      if (!corsMembers.has(name)) this.#log.warn(`${name} is not a member of ${extension}cors. Ignoring.`);
    }
    const [AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders] = corsLists.map(texts);
    const maxAge = textMember(given, "maxAge");
    const credentials = member(given, "allowCredentials");
    const AllowCredentials = flagMember(given, "allowCredentials");
    if (maxAge !== undefined && !/^-?\d{1,6}$/.test(maxAge)) {
      this.#log.error(`Unable to read maxAge of ${extension}cors: it has to be a number of seconds`);
    }
    if (credentials !== undefined && credentials !== null && AllowCredentials === undefined) {
      this.#log.error(`Unable to read allowCredentials of ${extension}cors: it has to be true or false`);
    }
    return storedCors({
      ...(AllowOrigins !== undefined && { AllowOrigins }),
      ...(AllowMethods !== undefined && { AllowMethods }),
      ...(AllowHeaders !== undefined && { AllowHeaders }),
      ...(ExposeHeaders !== undefined && { ExposeHeaders }),
      ...(AllowCredentials !== undefined && { AllowCredentials }),
      ...(maxAge !== undefined && { MaxAge: Number(maxAge) }),
    });
  }

  /** AWS: API Gateway Developer Guide, "x-amazon-apigateway-importexport-version": the only version is 1.0. */
  #checkVersion(): void {
    const name = `${extension}importexport-version`;
    const given = member(this.#api.source, name);
    // Writers of YAML and JSON make a number of it.
    if (given === undefined || /^1(\.0)?$/.test(scalarText(given) ?? "")) return;
    this.#log.error(`Unable to read ${name}: it has to be 1.0`);
  }

  #importRoute(operation: Operation, path: string): void {
    const isDefault = operation.httpMethod === "ANY" && flagMember(operation.source, "isDefaultRoute") === true;
    const key = isDefault ? defaultRouteKey : `${operation.httpMethod} ${path}`;
    const place = `route '${key}'`;
    const problem = checkRouteKey(key) ?? this.#keys.problemOf(key);
    if (problem !== undefined) {
      this.#log.error(`Unable to create ${place}: ${problem}`);
      return;
    }
    const validation = this.#validation?.of(operation, place);
    for (const name of ignoredOfOperations) {
      const isRead = name === "requestBody" && validation?.RequestModels !== undefined;
      if (!isRead && member(operation.source, name) !== undefined) {
        this.#info.add(`${name} of operations is not supported by HTTP APIs. Ignoring.`);
      }
    }
    const old = this.#base.routes.find(({ RouteKey }) => RouteKey === key);
    const integrationId = this.#integrationOf(operation, place, old?.Target);
    const route: Route = {
      RouteId: old?.RouteId ?? this.#options.ids.id(7),
      RouteKey: key,
      ...this.#security.of(operation, place),
      ...(operation.operationId !== undefined && { OperationName: operation.operationId }),
      ...validation,
      ...(integrationId !== undefined && { Target: `integrations/${integrationId}` }),
    };
    const flaw = checkRoute(route, {
      authorizer: (id) => this.#security.authorizers.find(({ AuthorizerId }) => AuthorizerId === id),
      hasIntegration: (id) => this.#integrations.has(id),
      hasModel: (name) => this.#validation?.hasModel(name) === true,
      beyondAws: this.#options.beyondAws ?? [],
    });
    if (flaw !== undefined) this.#log.error(`Unable to create ${place}: ${flaw}`);
    this.#routes.set(key, route);
    this.#keys.add(key);
  }

  /** Returns the id of the operation's integration; undefined if it has none, or it can't be made. */
  #integrationOf(operation: Operation, place: string, oldTarget: string | undefined): string | undefined {
    const given = member(operation.source, integrationExtension);
    if (given === undefined || given === null) return undefined;
    const isReference = typeof member(given, "$ref") === "string";
    const resolved = this.#references.resolve(given);
    if (resolved.kind === "unresolved") {
      this.#log.error(`Unable to create integration for ${place}: ${resolved.reference}: ${resolved.reason}`);
      return undefined;
    }
    const source = resolved.value;
    if (isReference && this.#shared.has(source)) return this.#shared.get(source);
    const id = this.#makeIntegration(source, place, oldTarget);
    if (isReference) this.#shared.set(source, id);
    return id;
  }

  /** A response keeps its id by its integration and key. */
  #withIds(response: ReadResponse, IntegrationId: string): IntegrationResponse {
    const old = this.#base.integrationResponses?.find(
      (each) => each.IntegrationId === IntegrationId && each.IntegrationResponseKey === response.IntegrationResponseKey,
    );
    return { IntegrationId, IntegrationResponseId: old?.IntegrationResponseId ?? this.#options.ids.id(6), ...response };
  }

  #makeIntegration(source: unknown, place: string, oldTarget: string | undefined): string | undefined {
    const hasTemplates = this.#options.beyondAws?.includes("http-body-templates") === true;
    const read = isObject(source) ? readHttpIntegration(source, hasTemplates) : "it has to be an object";
    if (typeof read === "string") {
      this.#log.error(`Unable to create integration for ${place}: ${read}`);
      return undefined;
    }
    const references: IntegrationReferences = {
      hasVpcLink: (id) => this.#options.vpcLinkIds.includes(id),
      beyondAws: this.#options.beyondAws ?? [],
      ...(this.#options.timeoutInMillisMax !== undefined && { timeoutInMillisMax: this.#options.timeoutInMillisMax }),
    };
    const responses = isObject(source) && isCustomType(read.IntegrationType) ? readResponses(source) : [];
    const problem = checkHttpIntegration(read, references) ?? (typeof responses === "string" ? responses : undefined);
    if (problem !== undefined || typeof responses === "string") {
      // AWS: "warnings" are about structures that HTTP APIs don't have; the route is made without an integration.
      this.#log.warn(`Unable to create integration for ${place}: ${problem}. Ignoring.`);
      return undefined;
    }
    const oldId = oldTarget?.slice("integrations/".length);
    const IntegrationId = oldId !== undefined && !this.#integrations.has(oldId) ? oldId : this.#options.ids.id(7);
    this.#integrations.set(IntegrationId, { ...(read as Omit<HttpIntegration, "IntegrationId">), IntegrationId });
    for (const response of responses) this.#responses.push(this.#withIds(response, IntegrationId));
    return IntegrationId;
  }
}

/** The order of integration responses is that of the store. */
const storedId = ({ IntegrationId, IntegrationResponseId }: IntegrationResponse): string =>
  `${IntegrationId}/${IntegrationResponseId}`;

/** What a REST API's document has at its root and HTTP APIs lack. */
const restOnly: ReadonlySet<string> = new Set(
  [
    ...["api-key-source", "binary-media-types", "documentation", "gateway-responses", "minimum-compression-size"],
    ...["policy", "request-validator", "request-validators", "security-policy", "endpoint-access-mode"],
  ].map((name) => extension + name),
);
/** Those of them that guard something: who writes them has to hear of it. */
const guardsOfRest: ReadonlySet<string> = new Set(
  ["api-key-source", "policy", "request-validator", "request-validators", "endpoint-access-mode"].map(
    (name) => extension + name,
  ),
);
/** Those that say what is validated. */
const validators: ReadonlySet<string> = new Set([validatorExtension, `${validatorExtension}s`]);
/** What is valid, and no part of a route. */
const ignoredOfOperations = ["requestBody", "callbacks"] as const;

const known: ReadonlySet<string> = new Set([
  ...["type", "httpMethod", "uri", "connectionType", "connectionId", "credentials", "payloadFormatVersion"],
  ...["integrationSubtype", "requestParameters", "responseParameters", "timeoutInMillis", "tlsConfig", "description"],
  // Of REST APIs; HTTP APIs ignore them.
  ...["requestTemplates", "passthroughBehavior", "contentHandling", "cacheKeyParameters", "cacheNamespace"],
  ...["responses", "responseTransferMode", "integrationTarget"],
]);

type ReadIntegration = Omit<HttpIntegration, "IntegrationId" | "IntegrationType"> & {
  readonly IntegrationType: string;
};

/**
 * Reads `x-amazon-apigateway-integration`, or returns what is wrong with its form.
 * AWS: API Gateway Developer Guide, "x-amazon-apigateway-integration object".
 */
function readHttpIntegration(source: JsonObject, hasTemplates: boolean): ReadIntegration | string {
  const unknown = Object.keys(source).find((name) => !known.has(name) && !name.startsWith("x-"));
  if (unknown !== undefined) return `${unknown} is no member of ${integrationExtension}`;
  for (const name of scalars) {
    const value = member(source, name);
    if (value !== undefined && value !== null && scalarText(value) === undefined) return `${name} has to be a string`;
  }
  const type = textMember(source, "type")?.toUpperCase();
  if (type === undefined) return "its type is missing";
  const timeout = textMember(source, "timeoutInMillis");
  if (timeout !== undefined && !/^\d{1,9}$/.test(timeout)) return "timeoutInMillis has to be a whole number";
  const requestParameters = textMap(member(source, "requestParameters"));
  if (requestParameters === "wrong") return "requestParameters has to be a map of strings";
  const responseParameters = mapOfMaps(member(source, "responseParameters"));
  if (responseParameters === "wrong") return "responseParameters has to be a map of maps of strings";
  const tls = member(source, "tlsConfig");
  if (tls !== undefined && tls !== null && !isObject(tls)) return "tlsConfig has to be an object";
  const server = textMember(tls, "serverNameToVerify");
  if (isObject(tls) && server === undefined) return "tlsConfig has no serverNameToVerify";
  const format = textMember(source, "payloadFormatVersion");
  const method = textMember(source, "httpMethod")?.toUpperCase();
  const subtype = textMember(source, "integrationSubtype");
  const uri = textMember(source, "uri");
  const connectionId = textMember(source, "connectionId");
  const credentials = textMember(source, "credentials");
  const description = textMember(source, "description");
  const isFunction = type === "AWS_PROXY" && subtype === undefined;
  const isCustom = hasTemplates && isCustomType(type);
  const templates = isCustom ? readTemplates(source, requestParameters) : {};
  if (typeof templates === "string") return templates;
  return {
    IntegrationType: type,
    ...(subtype !== undefined && { IntegrationSubtype: subtype }),
    ...(uri !== undefined && { IntegrationUri: uri }),
    ...(method === undefined ? isFunction && { IntegrationMethod: "POST" } : { IntegrationMethod: method }),
    // YAML reads `payloadFormatVersion: 1.0` as the number 1.
    ...(format !== undefined && { PayloadFormatVersion: /^\d$/.test(format) ? `${format}.0` : format }),
    ...(format === undefined && isCustom && { PayloadFormatVersion: "1.0" }),
    ConnectionType: (textMember(source, "connectionType")?.toUpperCase() ?? "INTERNET") as "INTERNET" | "VPC_LINK",
    ...(connectionId !== undefined && { ConnectionId: connectionId }),
    ...(credentials !== undefined && { CredentialsArn: credentials }),
    ...(description !== undefined && { Description: description }),
    ...(requestParameters !== undefined && { RequestParameters: requestParameters }),
    ...templates,
    ...(responseParameters !== undefined && { ResponseParameters: responseParameters }),
    TimeoutInMillis: timeout === undefined ? bounds.httpIntegrationTimeoutMsDefault.value : Number(timeout),
    ...(server !== undefined && { TlsConfig: { ServerNameToVerify: server } }),
  };
}

const scalars = [
  ...["type", "httpMethod", "uri", "connectionType", "connectionId", "credentials", "payloadFormatVersion"],
  ...["integrationSubtype", "timeoutInMillis", "description"],
];

function mapOfMaps(value: unknown): HttpIntegration["ResponseParameters"] | "wrong" {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) return "wrong";
  const made: Record<string, Readonly<Record<string, string>>> = {};
  for (const [status, one] of membersOf(value)) {
    const map = textMap(one);
    if (map === "wrong" || map === undefined) return "wrong";
    made[status] = map;
  }
  return made;
}
