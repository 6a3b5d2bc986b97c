import type { IdSource } from "../base/ids.ts";
import type { JsonObject } from "../base/json-object.ts";
import { isParameterName } from "../definition/mapping-rules.ts";
import type { Integration, Method, MethodResponse, RestApiDefinition } from "../definition/rest-api.ts";
import {
  checkIntegration,
  checkIntegrationResponse,
  checkMethod,
  checkMethodResponse,
  completeIntegration,
  type IntegrationBounds,
  type References,
} from "../definition/rules.ts";
import { checkGuards } from "./check-guards.ts";
import { documentedBy, importDocumentation } from "./import-documentation.ts";
import { MalformedIntegration, readIntegration, readIntegrationResponses } from "./import-integration.ts";
import type { ImportLog } from "./import-log.ts";
import { ModelImport } from "./import-models.ts";
import { SecurityImport } from "./import-security.ts";
import { importGatewayResponses, importRequestValidators, importSettings } from "./import-settings.ts";
import { type ImportRefusal, readImportSource, refuseInput, refuseUntitled } from "./import-source.ts";
import { member, textMember } from "./json-value.ts";
import { type ApiDocument, type Content, type Operation, readDocument } from "./read-document.ts";
import type { References as DocumentReferences } from "./references.ts";
import { type Place, ResourceTree } from "./resource-tree.ts";

export interface ImportOptions {
  /** `create` and `overwrite` remove what the document does not name; `merge` keeps it. */
  readonly mode: "create" | "merge" | "overwrite";
  readonly basepath: "ignore" | "prepend" | "split";
  readonly ids: IdSource;
  readonly account: string;
  readonly region: string;
  /** `ignore=documentation`: the document's documentation parts are not imported. */
  readonly ignoreDocumentation?: boolean;
  /**
   * `relaxed` takes in what AWS refuses: models get alphanumeric names, a second path variable of a parent becomes the
   * first, other paths that can't be are left out; each with a warning in AWS's words.
   */
  readonly profile?: "aws" | "relaxed";
  /** Absent: AWS's. */
  readonly integrationBounds?: IntegrationBounds;
}

export type ImportResult =
  | { readonly kind: "imported"; readonly definition: RestApiDefinition; readonly warnings: readonly string[] }
  | ImportRefusal;

/** One is enough to find the mistake. */
const duplicatesShown = 10;
const integrationExtension = "x-amazon-apigateway-integration";
const validatorExtension = "x-amazon-apigateway-request-validator";

/**
 * Reads a Swagger 2.0 or OpenAPI 3.0/3.1 document (JSON or YAML) with `x-amazon-apigateway-*` extensions into a
 * definition. It is a pure function. `base` is the API as it is: new and empty for `create`. Resources, models,
 * validators and authorizers that stay keep their ids. A refusal's message is the one that AWS answers with 400
 * (`Errors found during import:\n\t…`).
 */
export function importRestApi(document: Buffer, base: RestApiDefinition, options: ImportOptions): ImportResult {
  const source = readImportSource(document, options);
  if (source.kind === "refused") return source;
  const { references, log } = source;
  for (const name of source.duplicates.slice(0, duplicatesShown)) {
    log.warn(`Parse issue: attribute '${name}' is given more than once in one object; the last one counts`);
  }
  const api = readDocument(source.document, references, log);
  if (api === undefined) {
    return refuseInput("the document is neither Swagger 2.0 nor OpenAPI 3.0 or 3.1 (swagger, openapi)");
  }
  if (options.mode === "create" && api.title === undefined) return refuseUntitled();
  checkGuards(source.document, references, log);
  try {
    const definition = new RestApiImport(api, references, base, options, log).definition();
    if (log.hasErrors) return { kind: "refused", message: log.refusal() };
    return { kind: "imported", definition, warnings: log.warnings };
  } catch (error) {
    if (error instanceof MalformedIntegrationAt) return { kind: "refused", message: error.message };
    throw error;
  }
}

/** AWS's words for an integration with a member of a wrong type or value. */
class MalformedIntegrationAt extends Error {
  constructor(path: string) {
    super(`Unable to parse API definition because of a malformed integration at path ${path}.`);
  }
}

class RestApiImport {
  readonly #api: ApiDocument;
  readonly #documentReferences: DocumentReferences;
  readonly #base: RestApiDefinition;
  readonly #options: ImportOptions;
  readonly #log: ImportLog;
  readonly #models: ModelImport;
  readonly #security: SecurityImport;
  readonly #tree: ResourceTree;
  readonly #validatorIds: ReadonlyMap<string, string>;
  readonly #parts: Pick<RestApiDefinition, "requestValidators" | "gatewayResponses" | "authorizers">;
  readonly #references: References;
  /** The methods from this document, so that a second one at the same place is noticed. */
  readonly #put = new Set<Method>();

  constructor(
    api: ApiDocument,
    documentReferences: DocumentReferences,
    base: RestApiDefinition,
    options: ImportOptions,
    log: ImportLog,
  ) {
    const isRelaxed = options.profile === "relaxed";
    const isMerge = options.mode === "merge";
    this.#api = api;
    this.#documentReferences = documentReferences;
    this.#base = base;
    this.#options = options;
    this.#log = log;
    this.#models = new ModelImport(api, {
      restApiId: base.restApi.id,
      references: documentReferences,
      ids: options.ids,
      log,
      existing: base.models,
      // Recorded: the two models that every new API has don't stay.
      kept: () => isMerge,
      isRelaxed,
    });
    this.#security = new SecurityImport(api, base.authorizers, options.ids, log);
    this.#tree = new ResourceTree(base.resources, base.restApi.rootResourceId, { ids: options.ids, log, isRelaxed });
    if (isMerge) for (const resource of base.resources) this.#tree.keep(resource);
    const kept = <T>(existing: readonly T[]): readonly T[] => (isMerge ? existing : []);
    this.#parts = {
      requestValidators: merged(
        kept(base.requestValidators),
        importRequestValidators(api, base.requestValidators, options.ids),
        (validator) => validator.name,
      ),
      gatewayResponses: merged(
        kept(base.gatewayResponses),
        importGatewayResponses(api, log),
        (response) => response.responseType,
      ),
      authorizers: merged(kept(base.authorizers), this.#security.authorizers, (authorizer) => authorizer.name),
    };
    this.#validatorIds = new Map(this.#parts.requestValidators.map((validator) => [validator.name, validator.id]));
    const authorizerIds = new Set(this.#parts.authorizers.map((authorizer) => authorizer.id));
    const validatorIds = new Set(this.#validatorIds.values());
    this.#references = {
      hasAuthorizer: (id) => authorizerIds.has(id),
      hasRequestValidator: (id) => validatorIds.has(id),
      hasModel: (name) => this.#models.has(name),
    };
  }

  definition(): RestApiDefinition {
    const prefix = this.#pathPrefix();
    if (prefix !== "") this.#tree.at(prefix);
    for (const { path, operations } of this.#api.paths) {
      const place = this.#tree.at(prefix + path);
      if (place === undefined) continue;
      for (const operation of operations) this.#importMethod(operation, place, prefix + path);
    }
    return {
      restApi: importSettings(this.#api, this.#base.restApi, { ...this.#options, log: this.#log }),
      resources: this.#tree.resources,
      models: this.#models.models,
      ...this.#parts,
      ...this.#documentation(),
    };
  }

  /** A document without documentation keeps the existing parts, in every mode. */
  #documentation(): Pick<RestApiDefinition, "documentationParts"> {
    const existing = this.#base.documentationParts;
    const { ignoreDocumentation, mode, ids } = this.#options;
    const result =
      ignoreDocumentation === true
        ? undefined
        : importDocumentation(
            documentedBy(this.#api),
            existing ?? [],
            { mode: mode === "merge" ? "merge" : "overwrite", ids },
            this.#log,
          );
    const documentationParts = result?.parts ?? existing;
    return documentationParts === undefined ? {} : { documentationParts };
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

  #importMethod(operation: Operation, place: Place, path: string): void {
    const { httpMethod } = operation;
    const existing = place.methods.get(httpMethod);
    if (existing !== undefined && this.#put.has(existing)) {
      const line = `Unable to put method '${httpMethod}' on resource at path '${path}': Method already exists for this resource`;
      if (place.renamed.size > 0) this.#log.warn(`${line}. Left out.`);
      else this.#log.error(line);
      return;
    }
    const method = this.#makeMethod(operation, place, path);
    const problem = checkMethod(method, this.#references);
    if (problem !== undefined) {
      this.#log.error(`Unable to put method '${httpMethod}' on resource at path '${path}': ${problem}`);
    }
    for (const response of Object.values(method.methodResponses ?? {})) {
      const flaw = checkMethodResponse(response, this.#references);
      if (flaw !== undefined) this.#log.error(`Unable to put method response on ${where(httpMethod, path)}: ${flaw}`);
    }
    const source = this.#integrationSource(operation, path);
    const complete = source === undefined ? method : this.#withIntegration(method, source, place, path);
    this.#put.add(complete);
    place.methods.set(httpMethod, complete);
  }

  #makeMethod(operation: Operation, place: Place, path: string): Method {
    const requestParameters = Object.fromEntries([
      ...operation.parameters.map(({ location, name, required }) => [
        `method.request.${location}.${(location === "path" && place.renamed.get(name)) || name}`,
        required,
      ]),
      ...undeclaredVariables(operation, place, path).map((name) => [`method.request.path.${name}`, true]),
    ]);
    const requestModels = this.#modelsOf(operation.bodies);
    const methodResponses = this.#methodResponses(operation);
    const requestValidatorId = this.#requestValidatorId(operation);
    const missing = operation.bodies.find(({ mediaType }) => requestModels[mediaType] === undefined);
    if (missing !== undefined && this.#validatesBody(requestValidatorId)) {
      const method = `method '${operation.httpMethod}' on resource at path '${path}'`;
      this.#log.error(
        `Unable to put ${method}: its validator needs a model for ${missing.mediaType} bodies, and their schema can't be one`,
      );
    }
    return {
      httpMethod: operation.httpMethod,
      ...this.#security.of(operation, `'${operation.httpMethod} ${path}'`),
      ...(operation.operationId !== undefined && { operationName: operation.operationId }),
      ...(requestValidatorId !== undefined && { requestValidatorId }),
      ...(Object.keys(requestParameters).length > 0 && { requestParameters }),
      ...(Object.keys(requestModels).length > 0 && { requestModels }),
      ...(Object.keys(methodResponses).length > 0 && { methodResponses }),
    };
  }

  #requestValidatorId(operation: Operation): string | undefined {
    const name = textMember(operation.source, validatorExtension) ?? textMember(this.#api.source, validatorExtension);
    // An unknown validator's name is passed on, and the check refuses it.
    return name === undefined ? undefined : (this.#validatorIds.get(name) ?? name);
  }

  #validatesBody(validatorId: string | undefined): boolean {
    return this.#parts.requestValidators.some(
      ({ id, validateRequestBody }) => id === validatorId && validateRequestBody,
    );
  }

  #methodResponses(operation: Operation): Record<string, MethodResponse> {
    const responses: Record<string, MethodResponse> = {};
    for (const { statusCode, headers, contents } of operation.responses) {
      const parameters = headers.map(({ name, required }) => [`method.response.header.${name}`, required]);
      const responseModels = this.#modelsOf(contents);
      responses[statusCode] = {
        statusCode,
        ...(parameters.length > 0 && { responseParameters: Object.fromEntries(parameters) }),
        ...(Object.keys(responseModels).length > 0 && { responseModels }),
      };
    }
    return responses;
  }

  #modelsOf(contents: readonly Content[]): Record<string, string> {
    const models: Record<string, string> = {};
    for (const { mediaType, schema } of contents) {
      const name = this.#models.nameFor(schema);
      if (name !== undefined) models[mediaType] = name;
    }
    return models;
  }

  #integrationSource(operation: Operation, path: string): unknown {
    const source = member(operation.source, integrationExtension);
    const resolved = this.#documentReferences.resolve(source);
    if (resolved.kind === "value") return resolved.value;
    this.#log.error(
      `Unable to put integration on ${where(operation.httpMethod, path)}: ` +
        `the reference '${resolved.reference}' cannot be resolved: ${resolved.reason}`,
    );
    return undefined;
  }

  #withIntegration(method: Method, source: unknown, place: Place, path: string): Method {
    try {
      const log = { log: this.#log, httpMethod: method.httpMethod, path };
      const read = completeIntegration(renamedMappings(readIntegration(source, log), place), place.id);
      const problem = checkIntegration(method, read, { ...this.#options.integrationBounds, acceptsFunctionArn: true });
      if (problem !== undefined)
        this.#log.error(`Unable to put integration on ${where(method.httpMethod, path)}: ${problem}`);
      return { ...method, methodIntegration: this.#withResponses(method, read, source as JsonObject, path) };
    } catch (error) {
      if (error instanceof MalformedIntegration) throw new MalformedIntegrationAt(path);
      throw error;
    }
  }

  #withResponses(method: Method, integration: Integration, source: JsonObject, path: string): Integration {
    let complete = integration;
    const anyResponse = declaredByAny(method.methodResponses);
    for (const response of readIntegrationResponses(source, { log: this.#log, httpMethod: method.httpMethod, path })) {
      const place = where(method.httpMethod, path);
      const known = complete.integrationResponses?.[response.statusCode];
      if (known !== undefined) {
        this.#log.warn(
          `Integration response for status ${response.statusCode} on ${place} is defined more than once: ` +
            `pattern '${response.selectionPattern ?? "default"}' replaces '${known.selectionPattern ?? "default"}'.`,
        );
      }
      const methodResponses =
        anyResponse === undefined || Object.hasOwn(method.methodResponses ?? {}, response.statusCode)
          ? (method.methodResponses ?? {})
          : { [response.statusCode]: { ...anyResponse, statusCode: response.statusCode } };
      const problem = checkIntegrationResponse({ ...method, methodResponses, methodIntegration: complete }, response);
      if (problem !== undefined) {
        this.#log.error(`Unable to put integration response on ${place}: ${problem}`);
        continue;
      }
      const integrationResponses = { ...complete.integrationResponses, [response.statusCode]: response };
      complete = { ...complete, integrationResponses };
    }
    return complete;
  }
}

/**
 * AWS's own sample ("OpenAPI definitions of a sample API with basic request validation") maps a header of the 200
 * response for a 400 that the method does not have: any of the method's responses may declare what is mapped.
 */
function declaredByAny(responses: Readonly<Record<string, MethodResponse>> = {}): MethodResponse | undefined {
  const declared = Object.values(responses);
  if (declared.length === 0) return undefined;
  const responseParameters = Object.assign({}, ...declared.map((response) => response.responseParameters));
  return { statusCode: declared[0]!.statusCode, responseParameters };
}

/** Recorded: path variables that no parameter declares become required parameters. */
function undeclaredVariables({ parameters }: Operation, { renamed }: Place, path: string): readonly string[] {
  const declared = new Set(parameters.map(({ name }) => name));
  const variables = [...path.matchAll(/\{([^{}+]+)\+?\}/g)].map(([, name]) => name!);
  return variables
    .filter((name) => !declared.has(name))
    .map((name) => renamed.get(name) ?? name)
    .filter(isParameterName);
}

function where(httpMethod: string, path: string): string {
  return `'${httpMethod}' for resource at path '${path}'`;
}

/** Returns the existing items, with imported ones replacing those of the same name. */
function merged<T>(existing: readonly T[], imported: readonly T[], nameOf: (item: T) => string): readonly T[] {
  return [...new Map([...existing, ...imported].map((item) => [nameOf(item), item])).values()];
}

/** Returns an integration whose mappings read path variables under the names that they have here. */
function renamedMappings(integration: Integration, { renamed }: Place): Integration {
  if (renamed.size === 0) return integration;
  const rename = (source: string): string => {
    const name = /^method\.request\.path\.(.+)$/.exec(source)?.[1];
    const other = name === undefined ? undefined : renamed.get(name);
    return other === undefined ? source : `method.request.path.${other}`;
  };
  const { requestParameters, cacheKeyParameters } = integration;
  const mappings = Object.entries(requestParameters ?? {}).map(([target, source]) => [target, rename(source)]);
  return {
    ...integration,
    ...(requestParameters !== undefined && { requestParameters: Object.fromEntries(mappings) }),
    ...(cacheKeyParameters !== undefined && { cacheKeyParameters: cacheKeyParameters.map(rename) }),
  };
}
