import { isObject, type JsonObject } from "../base/json-object.ts";
import type { Integration, IntegrationResponse, IntegrationType } from "../definition/rest-api.ts";
import type { ImportLog } from "./import-log.ts";
import { member, membersOf, scalarText } from "./json-value.ts";

/** Thrown for a member of the extension with a wrong type or value. AWS says no more than that. */
export class MalformedIntegration extends Error {}

/** Where an integration stands, and where its warnings go. */
interface IntegrationPlace {
  readonly log: ImportLog;
  readonly httpMethod: string;
  readonly path: string;
}

/** Documents write enumerations in lower case, and so do AWS's own exports. Every case is accepted. */
const types: readonly IntegrationType[] = ["HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY"];
const connectionTypes = ["INTERNET", "VPC_LINK"] as const;
const passthroughBehaviors = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"] as const;
const contentHandlings = ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"] as const;
const transferModes = ["BUFFERED", "STREAM"] as const;

/**
 * Reads `x-amazon-apigateway-integration`. Members of HTTP APIs (payloadFormatVersion, integrationSubtype) are ignored.
 * AWS: API Gateway Developer Guide, "x-amazon-apigateway-integration object".
 */
export function readIntegration(source: unknown, place: IntegrationPlace): Integration {
  if (!isObject(source)) throw new MalformedIntegration();
  const type = enumeration(source, "type", types);
  if (type === undefined) throw new MalformedIntegration();
  const httpMethod = text(source, "httpMethod")?.toUpperCase();
  const uri = text(source, "uri");
  const connectionType = enumeration(source, "connectionType", connectionTypes);
  const connectionId = text(source, "connectionId");
  const credentials = text(source, "credentials");
  const requestParameters = texts(source, "requestParameters", place);
  const requestTemplates = templates(source, "requestTemplates");
  const passthroughBehavior = enumeration(source, "passthroughBehavior", passthroughBehaviors);
  const contentHandling = enumeration(source, "contentHandling", contentHandlings);
  const timeoutInMillis = wholeNumber(source, "timeoutInMillis");
  const cacheNamespace = text(source, "cacheNamespace");
  const cacheKeyParameters = list(source, "cacheKeyParameters");
  const tlsConfig = readTlsConfig(source);
  const responseTransferMode = enumeration(source, "responseTransferMode", transferModes);
  const integrationTarget = text(source, "integrationTarget");
  return {
    type,
    ...(httpMethod !== undefined && { httpMethod }),
    ...(uri !== undefined && { uri }),
    ...(connectionType !== undefined && { connectionType }),
    ...(connectionId !== undefined && { connectionId }),
    ...(credentials !== undefined && { credentials }),
    ...(requestParameters !== undefined && { requestParameters }),
    ...(requestTemplates !== undefined && { requestTemplates }),
    ...(passthroughBehavior !== undefined && { passthroughBehavior }),
    ...(contentHandling !== undefined && { contentHandling }),
    ...(timeoutInMillis !== undefined && { timeoutInMillis }),
    ...(cacheNamespace !== undefined && { cacheNamespace }),
    ...(cacheKeyParameters !== undefined && { cacheKeyParameters }),
    ...(tlsConfig !== undefined && { tlsConfig }),
    ...(responseTransferMode !== undefined && { responseTransferMode }),
    ...(integrationTarget !== undefined && { integrationTarget }),
  };
}

/** Reads the extension's `responses`: integration responses by selection pattern, or by `default`. */
export function readIntegrationResponses(source: unknown, place: IntegrationPlace): IntegrationResponse[] {
  const responses = member(source, "responses");
  if (responses === undefined || responses === null) return [];
  if (!isObject(responses)) throw new MalformedIntegration();
  return membersOf(responses).map(([pattern, response]) => readIntegrationResponse(pattern, response, place));
}

function readIntegrationResponse(pattern: string, source: unknown, place: IntegrationPlace): IntegrationResponse {
  if (!isObject(source)) throw new MalformedIntegration();
  const statusCode = text(source, "statusCode");
  if (statusCode === undefined) throw new MalformedIntegration();
  const responseParameters = texts(source, "responseParameters", place);
  const responseTemplates = templates(source, "responseTemplates");
  const contentHandling = enumeration(source, "contentHandling", contentHandlings);
  return {
    statusCode,
    ...(pattern !== "default" && { selectionPattern: pattern }),
    ...(responseParameters !== undefined && { responseParameters }),
    ...(responseTemplates !== undefined && { responseTemplates }),
    ...(contentHandling !== undefined && { contentHandling }),
  };
}

function readTlsConfig(source: JsonObject): Integration["tlsConfig"] {
  const value = given(source, "tlsConfig");
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new MalformedIntegration();
  const insecure = given(value, "insecureSkipVerification");
  if (insecure === undefined) return {};
  if (typeof insecure !== "boolean") throw new MalformedIntegration();
  return { insecureSkipVerification: insecure };
}

/** Returns a member's value. Null counts as absent. */
function given(source: JsonObject, name: string): unknown {
  return member(source, name) ?? undefined;
}

function text(source: JsonObject, name: string): string | undefined {
  const value = given(source, name);
  if (value === undefined) return undefined;
  const read = scalarText(value);
  if (read === undefined) throw new MalformedIntegration();
  return read;
}

function enumeration<Value extends string>(
  source: JsonObject,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const read = text(source, name)?.toUpperCase();
  if (read === undefined) return undefined;
  const value = values.find((candidate) => candidate === read);
  if (value === undefined) throw new MalformedIntegration();
  return value;
}

function wholeNumber(source: JsonObject, name: string): number | undefined {
  const read = text(source, name);
  if (read === undefined) return undefined;
  if (!/^-?\d{1,9}$/.test(read)) throw new MalformedIntegration();
  return Number(read);
}

function list(source: JsonObject, name: string): readonly string[] | undefined {
  const value = given(source, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new MalformedIntegration();
  return value.map((item) => {
    const read = scalarText(item);
    if (read === undefined) throw new MalformedIntegration();
    return read;
  });
}

/** Reads parameters. Recorded: those that are not texts are left out, with a warning. */
function texts(
  source: JsonObject,
  name: string,
  { log, httpMethod, path }: IntegrationPlace,
): Record<string, string> | undefined {
  const value = given(source, name);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new MalformedIntegration();
  return Object.fromEntries(
    membersOf(value).flatMap(([key, item]): [string, string][] => {
      if (typeof item === "string") return [[key, item]];
      const read = scalarText(item);
      if (read === undefined) throw new MalformedIntegration();
      log.warn(
        `Invalid format for '${name}'. Expected type string for property '${key}' of resource '${path}' and method '${httpMethod}' but got '${read}'`,
      );
      return [];
    }),
  );
}

/** Reads templates by media type; null stands for one that was set to nothing. */
function templates(source: JsonObject, name: string): Record<string, string | null> | undefined {
  const value = given(source, name);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new MalformedIntegration();
  return Object.fromEntries(
    membersOf(value).map(([mediaType, template]): [string, string | null] => {
      const read = scalarText(template);
      if (read === undefined && template !== null) throw new MalformedIntegration();
      return [mediaType, read ?? null];
    }),
  );
}
