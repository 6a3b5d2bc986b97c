import type { Method, MethodResponse } from "../definition/rest-api.ts";
import { toDocumentSchema } from "./model-schema.ts";

type DocumentPart = Record<string, unknown>;

/** Writes the parts of a document in the form of its kind, as AWS's own exports do. */
export interface Dialect {
  head(info: DocumentPart, server: Server): DocumentPart;
  parameter(name: string, location: string, required: boolean): DocumentPart;
  /** Writes parameters, body and media types of an operation. `texts` are the body's. */
  request(method: Method, parameters: readonly unknown[], texts: DocumentPart): DocumentPart;
  /** Writes a response. `textsOf` returns a header's texts. */
  response(response: MethodResponse, textsOf: (header: string) => DocumentPart): DocumentPart;
  schema(modelSchema: unknown): unknown;
  components(components: { readonly securitySchemes: DocumentPart; readonly schemas: DocumentPart }): DocumentPart;
}

interface Server {
  readonly host: string;
  readonly stageName: string;
  readonly endpointConfiguration?: DocumentPart;
}

const endpointExtension = "x-amazon-apigateway-endpoint-configuration";

export const swagger: Dialect = {
  head: (info, { host, stageName, endpointConfiguration }) => ({
    swagger: "2.0",
    info,
    host,
    basePath: `/${stageName}`,
    schemes: ["https"],
    ...(endpointConfiguration !== undefined && { [endpointExtension]: endpointConfiguration }),
  }),
  parameter: (name, location, required) => ({ name, in: location, required, type: "string" }),
  request(method, parameters, texts) {
    const models = method.requestModels ?? {};
    const model = models["application/json"];
    const consumes = Object.keys(model === undefined ? (method.methodIntegration?.requestTemplates ?? {}) : models);
    // Recorded: the types of response templates are what a method produces.
    const produces = new Set([
      ...Object.values(method.methodIntegration?.integrationResponses ?? {}).flatMap(({ responseTemplates = {} }) =>
        Object.keys(responseTemplates).filter((mediaType) => mediaType !== "$default"),
      ),
      ...Object.values(method.methodResponses ?? {}).flatMap(({ responseModels = {} }) => Object.keys(responseModels)),
    ]);
    const body =
      model === undefined
        ? []
        : [{ in: "body", name: model, ...texts, required: true, schema: reference("#/definitions/", model) }];
    return {
      ...(consumes.length > 0 && { consumes }),
      ...(produces.size > 0 && { produces: [...produces] }),
      ...(parameters.length + body.length > 0 && { parameters: [...parameters, ...body] }),
    };
  },
  response(response, textsOf) {
    const model = response.responseModels?.["application/json"];
    return {
      description: `${response.statusCode} response`,
      ...(model !== undefined && { schema: reference("#/definitions/", model) }),
      ...headers(response, (_required, name) => ({ ...textsOf(name), type: "string" })),
    };
  },
  schema: (modelSchema) => toDocumentSchema(modelSchema, "#/definitions/", false),
  components: ({ securitySchemes, schemas }) => ({
    ...unlessEmpty("securityDefinitions", securitySchemes),
    ...unlessEmpty("definitions", schemas),
  }),
};

export const openapi: Dialect = {
  head: (info, { host, stageName, endpointConfiguration }) => ({
    openapi: "3.0.1",
    info,
    servers: [
      {
        url: `https://${host}/{basePath}`,
        // Recorded: without a slash.
        variables: { basePath: { default: stageName } },
        ...(endpointConfiguration !== undefined && { [endpointExtension]: endpointConfiguration }),
      },
    ],
  }),
  parameter: (name, location, required) => ({
    name,
    in: location,
    ...(required && { required }),
    schema: { type: "string" },
  }),
  request: (method, parameters, texts) => ({
    ...(parameters.length > 0 && { parameters }),
    ...(Object.keys(method.requestModels ?? {}).length > 0 && {
      requestBody: { ...texts, content: contents(method.requestModels ?? {}), required: true },
    }),
  }),
  response: (response, textsOf) => ({
    description: `${response.statusCode} response`,
    ...headers(response, (required, name) => ({
      ...textsOf(name),
      ...(required && { required }),
      schema: { type: "string" },
    })),
    content: contents(response.responseModels ?? {}),
  }),
  schema: (modelSchema) => toDocumentSchema(modelSchema, "#/components/schemas/", true),
  components(components) {
    const written = {
      ...unlessEmpty("schemas", components.schemas),
      ...unlessEmpty("securitySchemes", components.securitySchemes),
    };
    // Recorded: also without any.
    return { components: written };
  },
};

/** Returns the contents of a body by media type, each with a reference to its model. */
export function contents(models: Readonly<Record<string, string>>): DocumentPart {
  return Object.fromEntries(
    Object.entries(models).map(([mediaType, model]) => [
      mediaType,
      { schema: reference("#/components/schemas/", model) },
    ]),
  );
}

function headers(response: MethodResponse, header: (required: boolean, name: string) => DocumentPart): DocumentPart {
  const prefix = "method.response.header.";
  const written = Object.entries(response.responseParameters ?? {}).flatMap(([key, required]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), header(required, key.slice(prefix.length))]] : [],
  );
  return unlessEmpty("headers", Object.fromEntries(written));
}

function reference(section: string, name: string): DocumentPart {
  return { $ref: `${section}${name}` };
}

function unlessEmpty(name: string, value: DocumentPart): DocumentPart {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}
