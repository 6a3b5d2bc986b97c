import { bounds } from "../base/bounds.ts";
import type { IdSource } from "../base/ids.ts";
import { isObject } from "../base/json-object.ts";
import { endpointAccessModes, isVpcEndpointId, securityPolicies } from "../definition/endpoint-rules.ts";
import { gatewayResponseStatuses } from "../definition/gateway-responses.ts";
import { checkGatewayResponseParameters } from "../definition/mapping-rules.ts";
import { normalisePolicy } from "../definition/policy-rules.ts";
import type { GatewayResponse, RequestValidator, RestApi } from "../definition/rest-api.ts";
import { checkApiName, checkStatusCode } from "../definition/rules.ts";
import { shortened } from "../definition/text-lengths.ts";
import type { ImportLog } from "./import-log.ts";
import { flagMember, listMember, member, membersOf, objectMember, scalarText, textMember } from "./json-value.ts";
import type { ApiDocument } from "./read-document.ts";

/** AWS: API Gateway REST API reference, RestApi, minimumCompressionSize. */
const compressionBytesMax = bounds.minimumCompressionSizeMax.value;

export interface SettingsImportOptions {
  readonly mode: "create" | "merge" | "overwrite";
  readonly account: string;
  readonly region: string;
  readonly log: ImportLog;
}

/** Extensions that only HTTP APIs have. */
const httpApiExtensions = ["x-amazon-apigateway-cors"];

/** Reads the API's own members: name, description, version, and the settings of top-level extensions. */
export function importSettings(document: ApiDocument, base: RestApi, options: SettingsImportOptions): RestApi {
  const { log } = options;
  for (const extension of httpApiExtensions) {
    if (member(document.source, extension) === undefined) continue;
    log.warn(`Extension ${extension} is supported for HTTP APIs only. Ignoring.`);
  }
  const { description, version, binaryMediaTypes, minimumCompressionSize, policy, apiKeySource, ...rest } = base;
  const previous = { description, version, binaryMediaTypes, minimumCompressionSize, policy, apiKeySource };
  const named = {
    description: document.description,
    version: document.version,
    binaryMediaTypes: readBinaryMediaTypes(document, options.mode === "merge" ? binaryMediaTypes : undefined),
    minimumCompressionSize: readMinimumCompressionSize(document, log),
    policy: readPolicy(document, base.id, options),
    apiKeySource: readApiKeySource(document, log),
  };
  // A merge keeps the settings that the document does not name.
  const settings = options.mode === "merge" ? { ...previous, ...withoutUndefined(named) } : named;
  const securityPolicy = readChoice(document, "x-amazon-apigateway-security-policy", securityPolicies, log);
  const endpointAccessMode = readChoice(document, "x-amazon-apigateway-endpoint-access-mode", endpointAccessModes, log);
  const name = document.title ?? base.name;
  const badName = checkApiName(name);
  if (badName !== undefined) log.error(badName);
  return {
    ...rest,
    name,
    ...withoutUndefined(settings),
    apiKeySource: settings.apiKeySource ?? "HEADER",
    ...readEndpointConfiguration(document, base, log),
    ...(securityPolicy !== undefined && { securityPolicy }),
    ...(endpointAccessMode !== undefined && { endpointAccessMode }),
  };
}

/** Reads `x-amazon-apigateway-request-validators`, by name. */
export function importRequestValidators(
  document: ApiDocument,
  existing: readonly RequestValidator[],
  ids: IdSource,
): readonly RequestValidator[] {
  const existingIds = new Map(existing.map((validator) => [validator.name, validator.id]));
  return membersOf(document.source["x-amazon-apigateway-request-validators"]).map(([name, rules]) => ({
    id: existingIds.get(name) ?? ids.id(6),
    name,
    validateRequestBody: flagMember(rules, "validateRequestBody") === true,
    validateRequestParameters: flagMember(rules, "validateRequestParameters") === true,
  }));
}

/** Reads `x-amazon-apigateway-gateway-responses`, by type. */
export function importGatewayResponses(document: ApiDocument, log: ImportLog): readonly GatewayResponse[] {
  return membersOf(document.source["x-amazon-apigateway-gateway-responses"]).flatMap(([responseType, response]) => {
    const problem = (message: string): [] => {
      log.error(`Unable to create gateway response for '${responseType}': ${message}`);
      return [];
    };
    if (!Object.hasOwn(gatewayResponseStatuses, responseType)) return problem("Invalid response type specified");
    const statusCode = textMember(response, "statusCode");
    const badStatus = statusCode === undefined ? undefined : checkStatusCode(statusCode);
    if (badStatus !== undefined) return problem(badStatus);
    const responseParameters = textMap(objectMember(response, "responseParameters"));
    const responseTemplates = textMap(objectMember(response, "responseTemplates"));
    const mapping = checkGatewayResponseParameters(responseParameters);
    if (mapping !== undefined) return problem(mapping);
    return [{ responseType, ...withoutUndefined({ statusCode, responseParameters, responseTemplates }) }];
  });
}

/** Recorded: a merge unites the document's types with the previous ones. */
function readBinaryMediaTypes(document: ApiDocument, previous: readonly string[] = []): readonly string[] | undefined {
  const types = listMember(document.source, "x-amazon-apigateway-binary-media-types").flatMap(
    (type) => scalarText(type) ?? [],
  );
  return types.length === 0 ? undefined : [...new Set([...previous, ...types])];
}

function readMinimumCompressionSize(document: ApiDocument, log: ImportLog): number | undefined {
  const value = textMember(document.source, "x-amazon-apigateway-minimum-compression-size");
  if (value === undefined) return undefined;
  const bytes = /^\d{1,9}$/.test(value) ? Number(value) : -1;
  if (bytes >= 0 && bytes <= compressionBytesMax) return bytes;
  log.error(`Invalid minimum compression size, must be between 0 and ${compressionBytesMax}: ${value}`);
  return undefined;
}

function readApiKeySource(document: ApiDocument, log: ImportLog): RestApi["apiKeySource"] | undefined {
  const value = textMember(document.source, "x-amazon-apigateway-api-key-source");
  if (value === undefined) return undefined;
  const source = value.toUpperCase();
  if (source === "HEADER" || source === "AUTHORIZER") return source;
  log.error(`Invalid API key source specified: ${value}. Must be one of: [HEADER, AUTHORIZER]`);
  return undefined;
}

/** Reads an extension whose value is one of a few. A wrong value is an error, because it may guard an endpoint. */
function readChoice(
  document: ApiDocument,
  extension: string,
  choices: readonly string[],
  log: ImportLog,
): string | undefined {
  const value = textMember(document.source, extension);
  if (value === undefined || choices.includes(value)) return value;
  log.error(`Invalid value specified for ${extension}: ${value}. Must be one of: [${choices.join(", ")}]`);
  return undefined;
}

function readPolicy(document: ApiDocument, apiId: string, options: SettingsImportOptions): string | undefined {
  const policy = member(document.source, "x-amazon-apigateway-policy");
  if (policy === undefined || policy === null) return undefined;
  const text = typeof policy === "string" ? policy : JSON.stringify(policy);
  const result = normalisePolicy(text, { region: options.region, account: options.account, apiId });
  if (result.kind === "policy") return result.policy;
  options.log.error(result.message);
  return undefined;
}

/** AWS: API Gateway Developer Guide, "x-amazon-apigateway-endpoint-configuration object". The type is not imported. */
function readEndpointConfiguration(
  document: ApiDocument,
  base: RestApi,
  log: ImportLog,
): Partial<Pick<RestApi, "endpointConfiguration" | "disableExecuteApiEndpoint">> {
  const extension = document.endpointConfiguration;
  if (extension === undefined) return {};
  const disabled = flagMember(extension, "disableExecuteApiEndpoint");
  const vpcEndpointIds = listMember(extension, "vpcEndpointIds").flatMap((id) => scalarText(id) ?? []);
  if (vpcEndpointIds.length > 0 && !base.endpointConfiguration.types.includes("PRIVATE")) {
    log.error("VPC endpoint IDs are supported for the PRIVATE endpoint type only");
  }
  for (const id of vpcEndpointIds) {
    if (!isVpcEndpointId(id)) log.error(`Invalid VPC endpoint ID specified: ${shortened(id)}`);
  }
  if (member(extension, "ipAddressType") !== undefined) {
    log.warn("ipAddressType of the endpoint configuration is supported for HTTP APIs only. Ignoring.");
  }
  return {
    ...(disabled !== undefined && { disableExecuteApiEndpoint: disabled }),
    endpointConfiguration: {
      ...base.endpointConfiguration,
      ...(vpcEndpointIds.length > 0 && { vpcEndpointIds }),
    },
  };
}

function textMap(source: unknown): Record<string, string> | undefined {
  if (!isObject(source)) return undefined;
  return Object.fromEntries(
    membersOf(source).flatMap(([name, value]): [string, string][] => {
      const text = scalarText(value);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

type WithoutUndefined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(object: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>;
}
