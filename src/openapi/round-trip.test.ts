import assert from "node:assert/strict";
import { test } from "node:test";
import { aNewRestApi, aStage, countingIds } from "../../test/cases/openapi/builders.ts";
import { below, makeRandom, seed } from "../../test/random.ts";
import { type DocumentationLocation, type DocumentationPart, locationKey } from "../definition/documentation.ts";
import type { Integration, Method, Resource, RestApiDefinition } from "../definition/rest-api.ts";
import { type ExportOptions, exportRestApi } from "./export-rest-api.ts";
import { importRestApi } from "./import-rest-api.ts";
import { modelReference } from "./model-schema.ts";

/** YAML takes ten times as long; what differs is the text only. */
const iterations = { json: 150, yaml: 30 };

for (const exportType of ["oas30", "swagger"] as const) {
  for (const format of ["json", "yaml"] as const) {
    test(`what ${exportType} says in ${format} comes back as it was (PORTICO_FUZZ_SEED=${seed})`, () => {
      const random = new Random(seed);
      for (let count = 0; count < iterations[format]; count++) {
        const definition = aDefinition(random, exportType);
        const document = exportRestApi(definition, anExport({ exportType, format }));
        comesBack(document, definition, count);
      }
    });
  }
}

/** What the document says is the definition; answers it as it was imported. */
function comesBack(document: string, definition: RestApiDefinition, count: number): RestApiDefinition {
  const result = importRestApi(Buffer.from(document), aNewRestApi(), {
    mode: "create",
    basepath: "ignore",
    ids: countingIds(),
    account: "123456789012",
    region: "us-east-1",
  });
  assert.ok(
    result.kind === "imported",
    `iteration ${count}: ${result.kind === "refused" && result.message}\n${document}`,
  );
  assert.deepEqual(withoutIds(result.definition), withoutIds(definition), `iteration ${count}:\n${document}`);
  return result.definition;
}

for (const exportType of ["oas30", "swagger"] as const) {
  for (const kept of ["in its extension", "as the texts of what it documents"]) {
    test(`documentation comes back from ${exportType}, ${kept} (PORTICO_FUZZ_SEED=${seed})`, () => {
      const random = new Random(seed);
      for (let count = 0; count < iterations.json; count++) {
        const definition = aDefinition(random, exportType);
        const isExtension = kept === "in its extension";
        const parts = aDocumentation(random, definition, isExtension);
        const options = anExport({ exportType, format: "json" });
        const document = exportRestApi(definition, {
          ...options,
          extensions: [...options.extensions, ...(isExtension ? ["documentation"] : [])],
          documentation: { version: { version: "1", createdDate: 1_500_000_000 }, parts },
        });
        const imported = comesBack(document, definition, count);
        const contents = contentsOf(imported.documentationParts ?? []);
        assert.deepEqual(contents, contentsOf(parts), `iteration ${count}:\n${document}`);
      }
    });
  }
}

/** Location → content. */
const contentsOf = (parts: readonly DocumentationPart[]): unknown =>
  Object.fromEntries(parts.map(({ location, properties }) => [locationKey(location), JSON.parse(properties)]));

/**
 * Parts of some types. Without the extension they are of every such entity, for else one's text would be inherited by
 * another, and say what a document has a place for. Models stay out: their texts become their schemas'.
 */
function aDocumentation(
  random: Random,
  { restApi, resources, authorizers }: RestApiDefinition,
  isExtension: boolean,
): DocumentationPart[] {
  const ids = countingIds();
  const parts: DocumentationPart[] = [];
  const document = (location: DocumentationLocation, content: object): void => {
    if (isExtension && random.flip()) return;
    const more = isExtension ? random.maybe({ "my-info": random.pick([1, "x", null, ["y"]]), "x-custom": true }) : {};
    parts.push({ id: ids.id(6), location, properties: JSON.stringify({ ...content, ...more }) });
  };
  const description = (): object => ({ description: random.pick(words) });
  const isTold = new Set(
    random.some(["METHOD", "PATH_PARAMETER", "QUERY_PARAMETER", "REQUEST_HEADER", "REQUEST_BODY", "AUTHORIZER"]),
  );
  const isResponseTold = random.flip();
  // An API's own description is its documentation, too, where a document does not say otherwise.
  const info = {
    ...(!isExtension && restApi.description !== undefined && { description: restApi.description }),
    ...random.maybe({ termsOfService: "https://example.com/", contact: { name: random.pick(words) } }),
  };
  const api = { ...random.maybe({ tags: [{ name: "t" }] }), ...(Object.keys(info).length > 0 && { info }) };
  if (Object.keys(api).length > 0) document({ type: "API" }, api);
  const types = { path: "PATH_PARAMETER", querystring: "QUERY_PARAMETER", header: "REQUEST_HEADER" };
  for (const { path, resourceMethods } of resources) {
    if (isExtension) document({ type: "RESOURCE", path }, description());
    for (const [method, { requestParameters, requestModels, methodResponses }] of Object.entries(
      resourceMethods ?? {},
    )) {
      const at = { path, method };
      if (isTold.has("METHOD")) {
        document({ type: "METHOD", ...at }, { ...description(), ...random.maybe({ summary: "s", deprecated: true }) });
      }
      for (const key of Object.keys(requestParameters ?? {})) {
        const [, , place, name] = key.split(".") as [string, string, keyof typeof types, string];
        if (isTold.has(types[place])) document({ type: types[place], ...at, name }, description());
      }
      if (isTold.has("REQUEST_BODY") && requestModels !== undefined) {
        document({ type: "REQUEST_BODY", ...at }, description());
      }
      for (const { statusCode, responseParameters } of isResponseTold ? Object.values(methodResponses ?? {}) : []) {
        document({ type: "RESPONSE", ...at, statusCode }, description());
        for (const key of Object.keys(responseParameters ?? {})) {
          const name = key.slice("method.response.header.".length);
          document({ type: "RESPONSE_HEADER", ...at, statusCode, name }, description());
        }
      }
    }
  }
  if (isTold.has("AUTHORIZER")) {
    for (const { name } of authorizers) document({ type: "AUTHORIZER", name }, description());
  }
  return parts;
}

function anExport(options: Pick<ExportOptions, "exportType" | "format">): ExportOptions {
  return {
    region: "us-east-1",
    extensions: ["integrations", "authorizers"],
    host: "localhost:4566",
    stage: aStage(),
    deployedAt: 1_500_000_000,
    ...options,
  };
}

/** Names in the place of ids: a document carries no ids. */
function withoutIds(definition: RestApiDefinition): unknown {
  const nameOf = (items: readonly { readonly id: string; readonly name: string }[], id: string | undefined) =>
    id === undefined ? undefined : items.find((item) => item.id === id)?.name;
  const byName = <T extends { readonly name: string }>(items: readonly T[]) =>
    Object.fromEntries(items.map((item) => [item.name, { ...item, id: "" }]));
  const method = (resource: Resource, { authorizerId, requestValidatorId, methodIntegration, ...rest }: Method) => ({
    ...rest,
    authorizer: nameOf(definition.authorizers, authorizerId),
    validator: nameOf(definition.requestValidators, requestValidatorId),
    integration: methodIntegration && {
      ...methodIntegration,
      cacheNamespace:
        methodIntegration.cacheNamespace === resource.id ? "the resource" : methodIntegration.cacheNamespace,
    },
  });
  return {
    restApi: definition.restApi,
    resources: definition.resources.map((resource) => [
      resource.path,
      resource.pathPart,
      definition.resources.find(({ id }) => id === resource.parentId)?.path,
      Object.fromEntries(
        Object.entries(resource.resourceMethods ?? {}).map(([verb, value]) => [verb, method(resource, value)]),
      ),
    ]),
    models: byName(definition.models.map((model) => ({ ...model, schema: JSON.parse(model.schema ?? "null") }))),
    requestValidators: byName(definition.requestValidators),
    authorizers: byName(definition.authorizers),
    gatewayResponses: Object.fromEntries(
      definition.gatewayResponses.map((response) => [response.responseType, response]),
    ),
  };
}

class Random {
  readonly #next: () => number;
  constructor(seed: number) {
    this.#next = makeRandom(seed);
  }
  below(limit: number): number {
    return below(this.#next, limit);
  }
  flip(): boolean {
    return this.below(2) === 0;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  some<T>(items: readonly T[]): T[] {
    return items.filter(() => this.flip());
  }
  maybe<T extends object>(value: T): T | object {
    return this.flip() ? value : {};
  }
}

const words = ["pets", "a-b", "x.y", "v1", "Übung ', : #", "200", "yes", "null", "- x"];
const headerNames = ["X-A", "content-type", "ETag"];

function aDefinition(random: Random, exportType: ExportOptions["exportType"]): RestApiDefinition {
  const base = aNewRestApi();
  const ids = countingIds();
  const models = random.some(["Pet", "Error", "Empty", "Ping"]).map((name) => ({ name, id: ids.id(6) }));
  const names = models.map((model) => model.name);
  const functionUri =
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations";
  const streamingUri = functionUri
    .replace("2015-03-31", "2021-11-15")
    .replace("/invocations", "/response-streaming-invocations");
  const authorizers = random.some(["lambda", "api_key", "with space"]).map((name, index) => ({
    id: ids.id(6),
    name,
    type: (["TOKEN", "REQUEST"] as const)[index % 2]!,
    authType: random.pick(["custom", "oauth2"]),
    authorizerUri: functionUri,
    identitySource: random.pick(
      // A token has one source.
      index % 2 === 0 ? ["method.request.header.Auth"] : ["context.path", "method.request.header.A, stageVariables.b"],
    ),
    authorizerResultTtlInSeconds: random.pick([0, 300, 3600]),
    ...random.maybe({ identityValidationExpression: "^x-[a-z]+" }),
    ...random.maybe({ authorizerCredentials: "arn:aws:iam::123456789012:role/r" }),
  }));
  const pools = random.some(["pool"]).map((name) => ({
    id: ids.id(6),
    name,
    type: "COGNITO_USER_POOLS" as const,
    authType: "cognito_user_pools",
    providerARNs: ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/p"],
    identitySource: "method.request.header.Authorization",
    authorizerResultTtlInSeconds: 300,
  }));
  const requestValidators = random.some(["all", "params only"]).map((name) => ({
    id: ids.id(6),
    name,
    validateRequestBody: random.flip(),
    validateRequestParameters: random.flip(),
  }));
  const mediaTypes = exportType === "swagger" ? [] : random.some(["application/xml", "text/plain"]);
  const modelsFor = (): object =>
    names.length > 0 && random.flip()
      ? Object.fromEntries(["application/json", ...mediaTypes].map((type) => [type, random.pick(names)]))
      : {};
  const oneModelFor = (): object =>
    names.length > 0 && random.flip() ? { "application/json": random.pick(names) } : {};

  const aMethod = (httpMethod: string, resource: Resource): Method => {
    // Path variables are always parameters: those that a document does not declare are made.
    const variables = [...resource.path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name);
    const requestParameters = {
      ...Object.fromEntries(variables.map((name) => [`method.request.path.${name}`, true])),
      ...Object.fromEntries(random.some(headerNames).map((name) => [`method.request.header.${name}`, random.flip()])),
      ...random.maybe({ "method.request.querystring.q": random.flip() }),
    };
    const requestModels = exportType === "swagger" ? oneModelFor() : modelsFor();
    const statuses = random.some(["200", "201", "404", "500"]);
    const methodResponses = Object.fromEntries(
      statuses.map((statusCode) => {
        const headers = random.some(headerNames);
        const responseModels = exportType === "swagger" ? oneModelFor() : modelsFor();
        return [
          statusCode,
          {
            statusCode,
            ...(headers.length > 0 && {
              responseParameters: Object.fromEntries(
                headers.map((name) => [`method.response.header.${name}`, exportType === "oas30" && random.flip()]),
              ),
            }),
            ...(Object.keys(responseModels).length > 0 && { responseModels: responseModels as Record<string, string> }),
          },
        ];
      }),
    );
    const authorizer = random.pick([undefined, ...authorizers, ...pools]);
    const validator = random.pick([undefined, ...requestValidators]);
    const method: Method = {
      httpMethod,
      authorizationType: random.pick(["NONE", "AWS_IAM"]),
      apiKeyRequired: random.flip(),
      ...(authorizer !== undefined && {
        authorizationType: authorizer.type === "COGNITO_USER_POOLS" ? authorizer.type : "CUSTOM",
        authorizerId: authorizer.id,
        ...(authorizer.type === "COGNITO_USER_POOLS" && random.maybe({ authorizationScopes: ["a/b", "c"] })),
      }),
      ...(validator !== undefined && { requestValidatorId: validator.id }),
      ...random.maybe({ operationName: random.pick(words) }),
      ...(Object.keys(requestParameters).length > 0 && { requestParameters }),
      ...(Object.keys(requestModels).length > 0 && { requestModels: requestModels as Record<string, string> }),
      ...(statuses.length > 0 && { methodResponses }),
    };
    return random.flip() ? method : { ...method, methodIntegration: anIntegration(method, resource) };
  };

  const anIntegration = (method: Method, resource: Resource): Integration => {
    const type = random.pick(["MOCK", "HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"] as const);
    const isHttp = type === "HTTP" || type === "HTTP_PROXY";
    const parameter = Object.keys(method.requestParameters ?? {})[0];
    const responses = Object.values(method.methodResponses ?? {}).map((response, index) => ({
      statusCode: response.statusCode,
      ...(index > 0 && { selectionPattern: random.pick(["2\\d{2}", ".*Error.*", "a:b", "4\\d\\d"]) + index }),
      ...random.maybe({ responseTemplates: { "application/json": random.pick([...words, null, "#set($x = 1)\n{}"]) } }),
      ...(response.responseParameters !== undefined &&
        random.maybe({ responseParameters: { [Object.keys(response.responseParameters)[0]!]: "'it''s'" } })),
      ...random.maybe({ contentHandling: "CONVERT_TO_TEXT" as const }),
    }));
    const isStream = (type === "HTTP_PROXY" || type === "AWS_PROXY") && random.flip();
    return {
      type,
      ...(type !== "MOCK" && { httpMethod: random.pick(["GET", "POST"]) }),
      ...(isHttp && { uri: "http://example.com/{x}?y=${stageVariables.z}" }),
      ...(type.startsWith("AWS") && { uri: type === "AWS_PROXY" && isStream ? streamingUri : functionUri }),
      ...(isHttp && { connectionType: "INTERNET" as const }),
      ...(isHttp && random.maybe({ connectionType: "VPC_LINK" as const, connectionId: "link12" })),
      ...(isHttp && random.maybe({ tlsConfig: { insecureSkipVerification: random.flip() } })),
      ...(parameter !== undefined &&
        random.maybe({
          requestParameters: { "integration.request.header.X": parameter },
          cacheKeyParameters: [parameter],
        })),
      ...random.maybe({ requestTemplates: { "application/json": random.pick(words), "text/xml": null } }),
      ...random.maybe({ credentials: "arn:aws:iam::123456789012:role/r" }),
      passthroughBehavior: random.pick(["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]),
      ...random.maybe({ contentHandling: "CONVERT_TO_BINARY" as const }),
      timeoutInMillis: random.pick([50, isStream ? 900_000 : 29_000]),
      cacheNamespace: random.pick([resource.id, "shared"]),
      cacheKeyParameters: [],
      responseTransferMode: isStream ? "STREAM" : "BUFFERED",
      ...(responses.length > 0 && {
        integrationResponses: Object.fromEntries(responses.map((response) => [response.statusCode, response])),
      }),
    } as Integration;
  };

  const resources: Resource[] = [base.resources[0]!];
  for (const pathPart of ["pets", "{id}", "a.b", "{proxy+}", "x-y"]) {
    const parent = random.pick(resources.filter((resource) => !resource.path.includes("+")));
    const hasVariable = resources.some(({ parentId, path }) => parentId === parent.id && path.endsWith("}"));
    if (random.flip() || (pathPart.startsWith("{") && hasVariable)) continue;
    const path = parent.path === "/" ? `/${pathPart}` : `${parent.path}/${pathPart}`;
    resources.push({ id: ids.id(6), parentId: parent.id, pathPart, path });
  }
  const gatewayResponses = random.some(["DEFAULT_4XX", "THROTTLED"]).map((responseType) => ({
    responseType,
    ...random.maybe({ statusCode: "418" }),
    ...random.maybe({ responseParameters: { "gatewayresponse.header.X": "'1'" } }),
    ...random.maybe({ responseTemplates: { "application/json": random.pick(words) } }),
  }));
  // A schema may be of a model that stays unused: only the two defaults are left out then.
  const used = models.filter(({ name }) => name !== "Empty" && name !== "Error");
  const schemaOf = (index: number): unknown => ({
    type: "object",
    ...random.maybe({ title: random.pick(words), description: "d" }),
    properties: {
      a: { type: random.pick(["string", "integer"]), ...random.maybe({ enum: ["x", 1] }) },
      b: { type: ["string", "null"] },
      c: { $ref: modelReference(base.restApi.id, models[index]!.name) },
      list: { type: "array", items: { oneOf: [{ type: "number", minimum: 1, exclusiveMinimum: true }, { not: {} }] } },
      default: { default: { $ref: "#/x" } },
    },
    ...random.maybe({ required: ["a"], additionalProperties: false }),
  });
  const isInUse = new Set(used.map(({ name }) => name));
  const complete = resources
    .map((resource) => {
      const verbs = random.some(["GET", "POST", "OPTIONS", "ANY"]);
      if (verbs.length === 0) return resource;
      const methods = verbs.map((verb) => [verb, aMethod(verb, resource)] as const);
      for (const [, method] of methods) {
        for (const name of Object.values(method.requestModels ?? {})) isInUse.add(name);
        for (const response of Object.values(method.methodResponses ?? {})) {
          for (const name of Object.values(response.responseModels ?? {})) isInUse.add(name);
        }
      }
      return { ...resource, resourceMethods: Object.fromEntries(methods) };
    })
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  return {
    restApi: {
      ...base.restApi,
      name: random.pick(words),
      version: random.pick(["1.0", "2017-04-20T04:08:08Z", "1e3"]),
      ...random.maybe({ description: random.pick(words) }),
      ...random.maybe({ binaryMediaTypes: ["*/*", "image/png"] }),
      ...random.maybe({ minimumCompressionSize: random.pick([0, 1024]) }),
      apiKeySource: random.pick(["HEADER", "AUTHORIZER"]),
      disableExecuteApiEndpoint: random.flip(),
      ...random.maybe({
        policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "arn:aws:x" }],
        }),
      }),
      ...random.maybe({ securityPolicy: "TLS_1_2" }),
      ...random.maybe({ endpointAccessMode: "STRICT" }),
    },
    resources: complete,
    models: models
      .map((model, index) => ({ ...model, contentType: "application/json", schema: JSON.stringify(schemaOf(index)) }))
      .filter((model) => isInUse.has(model.name)),
    requestValidators,
    gatewayResponses,
    authorizers: [...authorizers, ...pools],
  };
}
