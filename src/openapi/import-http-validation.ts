import type { IdSource } from "../base/ids.ts";
import type { Route, V2Model } from "../definition/http-api.ts";
import type { Model, RequestValidator } from "../definition/rest-api.ts";
import { checkRouteParameters } from "../definition/route-validation-rules.ts";
import type { ImportLog } from "./import-log.ts";
import { ModelImport } from "./import-models.ts";
import { importRequestValidators } from "./import-settings.ts";
import { textMember } from "./json-value.ts";
import type { ApiDocument, Operation } from "./read-document.ts";
import type { References } from "./references.ts";

export const validatorExtension = "x-amazon-apigateway-request-validator";

export interface HttpValidationOptions {
  readonly apiId: string;
  readonly references: References;
  readonly ids: IdSource;
  readonly log: ImportLog;
  /** Models keep their ids by name. */
  readonly existing: readonly V2Model[];
}

/**
 * What an import demands of requests, beyond AWS: the schemas as models and, where an operation names a validator as those of
 * REST APIs do, its parameters and bodies.
 * AWS, of REST APIs: API Gateway Developer Guide, "x-amazon-apigateway-request-validators object".
 */
export class HttpValidationImport {
  readonly #document: ApiDocument;
  readonly #log: ImportLog;
  readonly #models: ModelImport;
  readonly #validators: readonly RequestValidator[];

  constructor(document: ApiDocument, { apiId, existing, ...options }: HttpValidationOptions) {
    this.#document = document;
    this.#log = options.log;
    this.#models = new ModelImport(document, {
      ...options,
      restApiId: apiId,
      existing: existing.map(({ ModelId: id, Name: name, Schema: schema }) => ({ id, name, schema, contentType: "" })),
      kept: () => false,
      // Documents of HTTP APIs may have schemas that can't be models: those that no validator needs do no harm.
      isRelaxed: true,
    });
    this.#validators = importRequestValidators(document, [], options.ids);
  }

  /** The models in the order of their ids. */
  get models(): readonly V2Model[] {
    return this.#models.models.map(asV2Model).toSorted((one, other) => (one.ModelId < other.ModelId ? -1 : 1));
  }

  hasModel(name: string): boolean {
    return this.#models.has(name);
  }

  /** Returns what a route demands of requests. */
  of({ source, parameters, bodies }: Operation, place: string): Pick<Route, "RequestModels" | "RequestParameters"> {
    const name = textMember(source, validatorExtension) ?? textMember(this.#document.source, validatorExtension);
    if (name === undefined) return {};
    const validator = this.#validators.find((each) => each.name === name);
    // A route must not be left open because its validator is unknown.
    if (validator === undefined) {
      this.#log.error(`Unable to create ${place}: its request validator '${name}' is not defined`);
      return {};
    }
    const models = validator.validateRequestBody ? bodies : [];
    const demanded = validator.validateRequestParameters ? parameters : [];
    const RequestModels = Object.fromEntries(
      models.flatMap(({ mediaType, schema }) => {
        const model = this.#models.nameFor(schema);
        if (model !== undefined) return [[mediaType, model]];
        this.#log.error(
          `Unable to create ${place}: its validator needs a model for ${mediaType} bodies, and their schema can't be one`,
        );
        return [];
      }),
    );
    const RequestParameters = Object.fromEntries(
      demanded.flatMap(({ location, name: parameter, required: Required }) => {
        const key = `route.request.${location}.${parameter}`;
        // A path without a value for its variable is another route's. An optional parameter only describes the route.
        const isUnneeded =
          location === "path" || (!Required && checkRouteParameters({ [key]: {} }, "request") !== undefined);
        return isUnneeded ? [] : [[key, { Required }]];
      }),
    );
    return {
      ...(Object.keys(RequestModels).length > 0 && { RequestModels }),
      ...(Object.keys(RequestParameters).length > 0 && { RequestParameters }),
    };
  }
}

const asV2Model = ({ id, name, schema = "{}", contentType }: Model): V2Model => ({
  ModelId: id,
  Name: name,
  Schema: schema,
  ContentType: contentType,
});
