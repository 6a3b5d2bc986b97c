import { bounds } from "../base/bounds.ts";
import { uncapitalisedMembers } from "../base/uncapitalised.ts";
import {
  apiKeyOfAuthorizer,
  type HttpApiDefinition,
  type HttpAuthorizer,
  type HttpIntegration,
  type IntegrationResponse,
  type Route,
} from "../definition/http-api.ts";
import { defaultRouteKey, splitRouteKey } from "../definition/route-key.ts";
import { contents, openapi } from "./export-dialect.ts";
import { parsedSchema, renderDocument } from "./export-rest-api.ts";

export interface HttpExportOptions {
  readonly format: "json" | "yaml";
  /** The API's endpoint, without a slash at its end. */
  readonly endpoint: string;
  /** The stage whose address the document has; absent for the API as it is edited. */
  readonly stageName?: string;
  readonly includeExtensions: boolean;
  /** The export is for people: routes that only an extension can say, and how to sign, are written in any case. */
  readonly isForReading?: boolean;
}

const extension = "x-amazon-apigateway-";
const validatorExtension = `${extension}request-validator`;
const validatorsExtension = `${validatorExtension}s`;

type Part = Record<string, unknown>;

/**
 * Writes an HTTP API as an OpenAPI 3.0 document, as ExportApi does.
 * AWS: API Gateway Developer Guide, "Export an HTTP API from API Gateway".
 */
export const exportHttpApi = (definition: HttpApiDefinition, options: HttpExportOptions): string =>
  renderDocument(exportHttpDocument(definition, options), options.format);

/** Like {@link exportHttpApi}, but returns the document as a value. */
export function exportHttpDocument(definition: HttpApiDefinition, options: HttpExportOptions): Part {
  const { api, routes, authorizers } = definition;
  const { includeExtensions, isForReading = false } = options;
  const names = new Set(authorizers.map(({ Name }) => Name));
  const schemeNames = { iam: freeName("iam", names), apiKey: freeName("api_key", names) };
  const paths: Record<string, Part> = {};
  const context = { ...targetsOf(definition), authorizers, includeExtensions, schemeNames };
  for (const route of routes.toSorted((one, other) => (one.RouteKey < other.RouteKey ? -1 : 1))) {
    const { httpMethod, path } = splitRouteKey(route.RouteKey);
    const isDefault = route.RouteKey === defaultRouteKey;
    // Only the extension can say that an operation takes any verb.
    if (httpMethod === "ANY" && !includeExtensions && !isForReading) continue;
    const key = isDefault ? `/${path}` : path;
    const name = httpMethod === "ANY" ? `${extension}any-method` : httpMethod.toLowerCase();
    paths[key] = { ...paths[key], [name]: exportRoute(route, context) };
  }
  const schemes = exportSchemes(definition, { includeExtensions, isForReading, schemeNames });
  const schemas = Object.fromEntries(
    (definition.models ?? [])
      .toSorted((one, other) => (one.Name < other.Name ? -1 : 1))
      .map(({ Name, Schema }) => [Name, openapi.schema(parsedSchema(Schema))]),
  );
  const validators = exportValidators(routes);
  const tags = Object.entries(api.Tags ?? {}).map(([name, value]) => ({ name, [`${extension}tag-value`]: value }));
  return {
    openapi: "3.0.1",
    info: {
      title: api.Name,
      ...(api.Description !== undefined && { description: api.Description }),
      version: api.Version ?? exportVersion(api.CreatedDate),
    },
    servers: [exportServer(definition, options)],
    ...(includeExtensions && tags.length > 0 && { tags }),
    paths,
    ...exportComponents({ schemas, securitySchemes: schemes }),
    ...(includeExtensions &&
      api.ApiKeySelectionExpression === apiKeyOfAuthorizer &&
      routes.some(({ ApiKeyRequired }) => ApiKeyRequired) && { [`${extension}api-key-source`]: "AUTHORIZER" }),
    ...(includeExtensions && Object.keys(validators).length > 0 && { [validatorsExtension]: validators }),
    ...(includeExtensions &&
      api.CorsConfiguration !== undefined && { [`${extension}cors`]: uncapitalisedMembers(api.CorsConfiguration) }),
    ...(includeExtensions && { [`${extension}importexport-version`]: "1.0" }),
  };
}

/** An API without a version has the time when it was made: `2020-02-28 18:25:22UTC`. */
export const exportVersion = (seconds: number): string =>
  new Date(seconds * 1_000)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d{3}Z$/, "UTC");

const exportComponents = (components: Readonly<Record<string, Part>>): Part => {
  const written = Object.entries(components).filter(([, part]) => Object.keys(part).length > 0);
  return written.length === 0 ? {} : { components: Object.fromEntries(written) };
};

/** Returns the validator of a route that demands something, beyond AWS, with its name in documents. */
function validatorOf({ RequestModels, RequestParameters }: Route) {
  const validateRequestBody = RequestModels !== undefined;
  const validateRequestParameters = RequestParameters !== undefined;
  if (!validateRequestBody && !validateRequestParameters) return undefined;
  const one = validateRequestBody ? "body" : "parameters";
  return {
    name: validateRequestBody && validateRequestParameters ? "all" : one,
    rules: { validateRequestParameters, validateRequestBody },
  };
}

const exportValidators = (routes: readonly Route[]): Part =>
  Object.fromEntries(
    routes
      .flatMap((route) => validatorOf(route) ?? [])
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ name, rules }) => [name, rules]),
  );

function exportServer({ api }: HttpApiDefinition, { endpoint, stageName, includeExtensions }: HttpExportOptions): Part {
  const basePath = stageName === undefined || stageName === "$default" ? "" : stageName;
  const configuration = {
    ...(api.DisableExecuteApiEndpoint && { disableExecuteApiEndpoint: true }),
    ...(api.IpAddressType === "dualstack" && { ipAddressType: "dualstack" }),
  };
  return {
    url: `${endpoint}/{basePath}`,
    variables: { basePath: { default: basePath } },
    ...(includeExtensions &&
      Object.keys(configuration).length > 0 && { [`${extension}endpoint-configuration`]: configuration }),
  };
}

interface ExportContext {
  /** The integrations by the targets of routes. */
  readonly integrations: ReadonlyMap<string, HttpIntegration>;
  /** The integrations' responses, by the integrations' ids. */
  readonly responses: ReadonlyMap<string, readonly IntegrationResponse[]>;
  readonly authorizers: readonly HttpAuthorizer[];
  readonly includeExtensions: boolean;
  /** The names of the schemes of signed requests and of API keys. */
  readonly schemeNames: { readonly iam: string; readonly apiKey: string };
}

const targetsOf = ({
  integrations,
  integrationResponses = [],
}: HttpApiDefinition): Pick<ExportContext, "integrations" | "responses"> => ({
  integrations: new Map(integrations.map((one) => [`integrations/${one.IntegrationId}`, one])),
  responses: Map.groupBy(integrationResponses, ({ IntegrationId }) => IntegrationId),
});

/** Returns a name that no authorizer has. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let number = 1; taken.has(name); number++) name = `${wanted}_${number}`;
  return name;
}

function exportRoute(route: Route, context: ExportContext): Part {
  const { integrations, authorizers, includeExtensions, schemeNames } = context;
  const { RouteKey, Target, AuthorizationType, AuthorizerId, AuthorizationScopes = [] } = route;
  const { path } = splitRouteKey(RouteKey);
  const integration = Target === undefined ? undefined : integrations.get(Target);
  const authorizer = authorizers.find((one) => one.AuthorizerId === AuthorizerId);
  const security = {
    ...(AuthorizationType === "AWS_IAM" && { [schemeNames.iam]: [] }),
    ...(authorizer !== undefined && { [authorizer.Name]: AuthorizationScopes }),
    ...(route.ApiKeyRequired && { [schemeNames.apiKey]: [] }),
  };
  const variables = [...path.matchAll(/\{([^{}+]+)\+?\}/g)].map(([, name]) => ({
    name,
    in: "path",
    description: `Generated path parameter for ${name}`,
    required: true,
    schema: { type: "string" },
  }));
  const demanded = Object.entries(route.RequestParameters ?? {}).flatMap(([key, { Required = false }]) => {
    const [, place, name] = /^route\.request\.(header|querystring)\.(.+)$/s.exec(key) ?? [];
    return name === undefined ? [] : [openapi.parameter(name, place === "header" ? place : "query", Required)];
  });
  const parameters = [...variables, ...demanded];
  const validator = validatorOf(route);
  return {
    ...(route.OperationName !== undefined && { operationId: route.OperationName }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.RequestModels !== undefined && {
      requestBody: { content: contents(route.RequestModels), required: true },
    }),
    responses: { default: { description: `Default response for ${RouteKey}` } },
    ...(RouteKey === defaultRouteKey && { isDefaultRoute: true }),
    ...(Object.keys(security).length > 0 && { security: [security] }),
    ...(includeExtensions && validator !== undefined && { [validatorExtension]: validator.name }),
    ...(includeExtensions &&
      integration !== undefined && { [`${extension}integration`]: exportIntegration(integration, context) }),
  };
}

/** Members at their defaults are written as AWS writes them. */
function exportIntegration(integration: HttpIntegration, { responses }: ExportContext): Part {
  const { TimeoutInMillis: timeout, TlsConfig: tls } = integration;
  return present({
    payloadFormatVersion: integration.PayloadFormatVersion,
    type: integration.IntegrationType.toLowerCase(),
    integrationSubtype: integration.IntegrationSubtype,
    httpMethod: integration.IntegrationMethod,
    uri: integration.IntegrationUri,
    connectionType: integration.ConnectionType,
    connectionId: integration.ConnectionId,
    credentials: integration.CredentialsArn,
    description: integration.Description,
    requestParameters: integration.RequestParameters,
    requestTemplates: integration.RequestTemplates,
    passthroughBehavior: integration.PassthroughBehavior?.toLowerCase(),
    responses: exportResponses(responses.get(integration.IntegrationId) ?? []),
    responseParameters: integration.ResponseParameters,
    timeoutInMillis: timeout === bounds.httpIntegrationTimeoutMsDefault.value ? undefined : timeout,
    tlsConfig: tls?.ServerNameToVerify === undefined ? undefined : { serverNameToVerify: tls.ServerNameToVerify },
  });
}

const exportResponses = (responses: readonly IntegrationResponse[]): Part | undefined =>
  responses.length === 0
    ? undefined
    : Object.fromEntries(
        responses
          .toSorted((one, other) => (one.IntegrationResponseKey < other.IntegrationResponseKey ? -1 : 1))
          .map(({ IntegrationResponseKey: key, ResponseParameters, ResponseTemplates }) => [
            key,
            present({ responseParameters: ResponseParameters, responseTemplates: ResponseTemplates }),
          ]),
      );

function exportSchemes(
  { routes, authorizers }: HttpApiDefinition,
  {
    includeExtensions,
    isForReading,
    schemeNames: { iam, apiKey },
  }: Pick<ExportContext, "includeExtensions" | "schemeNames"> & {
    readonly isForReading: boolean;
  },
): Record<string, Part> {
  const schemes = authorizers
    .toSorted((one, other) => (one.Name < other.Name ? -1 : 1))
    .map((authorizer) => [authorizer.Name, exportAuthorizer(authorizer, includeExtensions)] as const);
  const signed = {
    type: "apiKey",
    name: "Authorization",
    in: "header",
    ...((includeExtensions || isForReading) && { [`${extension}authtype`]: "awsSigv4" }),
  };
  return {
    ...Object.fromEntries(schemes),
    ...(routes.some(({ AuthorizationType }) => AuthorizationType === "AWS_IAM") && { [iam]: signed }),
    // As REST APIs' exports write it.
    ...(routes.some(({ ApiKeyRequired }) => ApiKeyRequired) && {
      [apiKey]: { type: "apiKey", name: "x-api-key", in: "header" },
    }),
  };
}

function exportAuthorizer(authorizer: HttpAuthorizer, includeExtensions: boolean): Part {
  const { AuthorizerType, IdentitySource = [], JwtConfiguration = {} } = authorizer;
  const [, place, header] = /^\$request\.(header|querystring)\.(.+)$/.exec(IdentitySource[0] ?? "") ?? [];
  const scheme =
    AuthorizerType === "JWT"
      ? { type: "oauth2", flows: {} }
      : { type: "apiKey", name: header ?? "Unused", in: place === "querystring" ? "query" : "header" };
  if (!includeExtensions) return scheme;
  const said =
    AuthorizerType === "JWT"
      ? {
          type: "jwt",
          jwtConfiguration: present({ audience: JwtConfiguration.Audience, issuer: JwtConfiguration.Issuer }),
        }
      : {
          type: "request",
          authorizerUri: authorizer.AuthorizerUri,
          authorizerCredentials: authorizer.AuthorizerCredentialsArn,
          authorizerPayloadFormatVersion: authorizer.AuthorizerPayloadFormatVersion,
          authorizerResultTtlInSeconds: authorizer.AuthorizerResultTtlInSeconds,
          enableSimpleResponses: authorizer.EnableSimpleResponses,
        };
  const identitySource = IdentitySource.length === 0 ? undefined : IdentitySource.join(",");
  return { ...scheme, [`${extension}authorizer`]: present({ identitySource, ...said }) };
}

const present = (members: Part): Part =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
