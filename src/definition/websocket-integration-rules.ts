/**
 * The rules that make an integration of a WebSocket API valid, and its responses. Each check returns undefined, or AWS's
 * message. AWS: API Gateway version 2 API reference, "Integration" and "IntegrationResponse".
 */
import { bounds } from "../base/bounds.ts";
import type { IntegrationResponse } from "./http-api.ts";
import { invalidExpression, invalidIdentifier, isCommonSource, mappingResult } from "./mapping-rules.ts";
import type { Integration, Method } from "./rest-api.ts";
import { checkIntegration } from "./rules.ts";
import { checkResponseSelection, checkSelection } from "./selection-expression-rules.ts";
import { checkLengths, shortened } from "./text-lengths.ts";
import type { WebSocketIntegration } from "./websocket-api.ts";

const lengths = {
  ConnectionId: [1, 1024],
  Description: [0, 1024],
  IntegrationMethod: [1, 64],
  IntegrationUri: [1, 2048],
} as const;

/** What is checked of an integration's connection and time-out by what its server has. */
export interface WebSocketIntegrationReferences {
  /** Whether a VPC link of the second version has the id. */
  hasHttpVpcLink(id: string): boolean;
  readonly timeoutInMillisMax: number;
  /** Requests have paths, whose variables may be mapped: those of HTTP APIs. */
  readonly hasPaths?: boolean;
}

/** A method of a REST API without parameters: integrations of both kinds of API share what is not about mappings. */
const anyMethod: Method = { httpMethod: "POST", authorizationType: "NONE", apiKeyRequired: false };

const isInvocation = (uri: string | undefined): boolean =>
  /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path\//.test(uri ?? "");

/** Returns the expression by which an integration's responses are chosen: a function's error, or the status. */
export const responseSelectionOf = ({ IntegrationUri: uri }: Pick<WebSocketIntegration, "IntegrationUri">): string =>
  isInvocation(uri) ? "${integration.response.body.errorMessage}" : "${integration.response.statuscode}";

/** Checks what a call asks for; AWS accepts the format of HTTP APIs as well, and keeps 1.0. */
export const checkPayloadFormat = (version: string): string | undefined =>
  version === "1.0" || version === "2.0"
    ? undefined
    : `Invalid PayloadFormatVersion specified: ${shortened(version)}. Must be one of: [1.0, 2.0]`;

// Unconfirmed: all words without a source; see docs/compatibility.md, "WebSocket APIs, words of management".
export function checkWebSocketIntegration(
  integration: Omit<WebSocketIntegration, "IntegrationId">,
  { hasHttpVpcLink, timeoutInMillisMax, hasPaths = false }: WebSocketIntegrationReferences,
): string | undefined {
  const { IntegrationType: type, IntegrationUri: uri, IntegrationMethod: method, ConnectionId: link } = integration;
  // AWS's own constructs and examples name no method for functions, which are always called by POST.
  const httpMethod = method ?? (isInvocation(uri) ? "POST" : undefined);
  const shared = {
    type,
    uri,
    httpMethod,
    credentials: integration.CredentialsArn,
    connectionType: integration.ConnectionType,
    connectionId: link,
    passthroughBehavior: integration.PassthroughBehavior,
    timeoutInMillis: integration.TimeoutInMillis,
  } as Integration;
  return (
    checkLengths(integration, lengths) ??
    checkIntegration(anyMethod, shared, { timeoutInMillisMax }) ??
    // Integrations of WebSocket APIs go through VPC links of the first version, which lead to Network Load Balancers.
    (link !== undefined && hasHttpVpcLink(link) ? `Invalid VPC link identifier specified: ${link}` : undefined) ??
    (link !== undefined && integration.ConnectionType !== "VPC_LINK"
      ? "ConnectionId can only be specified for connection type VPC_LINK"
      : undefined) ??
    checkSelection("TemplateSelectionExpression", integration.TemplateSelectionExpression) ??
    checkTemplates(integration.RequestTemplates) ??
    checkMappings(integration.RequestParameters, requestTarget, hasPaths ? isHttpRequestSource : isRequestSource)
  );
}

const responseKeyCharsMax = bounds.selectionExpressionCharsMax.value;

/**
 * AWS: API Gateway Developer Guide, "Setting up WebSocket API integration responses in API Gateway": `$default` or `/…/`, and
 * in its example for the AWS CLI a bare status.
 */
export function checkWebSocketIntegrationResponse(
  response: Omit<IntegrationResponse, "IntegrationResponseId" | "IntegrationId">,
): string | undefined {
  return (
    checkResponseKey(response.IntegrationResponseKey) ??
    checkResponseSelection(response.TemplateSelectionExpression) ??
    checkTemplates(response.ResponseTemplates) ??
    checkMappings(response.ResponseParameters, responseTarget, isResponseSource)
  );
}

function checkResponseKey(key: string): string | undefined {
  if (key === "$default" || /^[1-5]\d\d$/.test(key)) return undefined;
  const [, pattern] = /^\/(.+)\/$/s.exec(key) ?? [];
  if (key.length > responseKeyCharsMax || pattern === undefined) return invalidResponseKey(key);
  try {
    // Whether the request path can run it in bounded time is the compiler's to judge.
    new RegExp(pattern, "s");
    return undefined;
  } catch {
    return invalidResponseKey(key);
  }
}

const invalidResponseKey = (key: string): string =>
  `Invalid integration response key specified: ${shortened(key)}. It must be $default, a status or /expression/`;

const templateCharsMax = bounds.v2TemplateCharsMax.value;
const templatesMax = bounds.httpMappingsMax.value;
const templateKeyCharsMax = bounds.routeKeyCharsMax.value;

function checkTemplates(templates: Readonly<Record<string, string>> | undefined): string | undefined {
  const all = Object.entries(templates ?? {});
  if (all.length > templatesMax) return `Invalid templates specified: at most ${templatesMax} are allowed`;
  for (const [key, template] of all) {
    if (key === "" || key.length > templateKeyCharsMax) {
      return `Invalid template key specified: it must have 1 to ${templateKeyCharsMax} characters`;
    }
    if (template.length > templateCharsMax) {
      return `Invalid template specified for ${shortened(key)}: it must have 0 to ${templateCharsMax} characters`;
    }
  }
  return undefined;
}

const name = "[a-zA-Z0-9._$-]+";
const requestTarget = new RegExp(`^integration\\.request\\.(?:header|querystring|path)\\.${name}$`);
const requestSource = new RegExp(
  `^route\\.request\\.(?:querystring|header|multivaluequerystring|multivalueheader)\\.${name}$`,
);
const pathSource = new RegExp(`^route\\.request\\.path\\.${name}$`);
const requestBody = /^route\.request\.body([.[][^\x00-\x1f]+)?$/;
const responseTarget = new RegExp(`^(?:route|method)\\.response\\.header\\.${name}$`);
const responseSource = new RegExp(`^integration\\.response\\.(?:header|multivalueheader)\\.${name}$`);
const responseBody = /^integration\.response\.body([.[][^\x00-\x1f]+)?$/;

/** AWS: API Gateway Developer Guide, "Set up data mapping for WebSocket APIs in API Gateway". */
const isRequestSource = (source: string): boolean =>
  isCommonSource(source) || requestSource.test(source) || requestBody.test(source);
const isHttpRequestSource = (source: string): boolean => isRequestSource(source) || pathSource.test(source);
const isResponseSource = (source: string): boolean =>
  isCommonSource(source) || responseSource.test(source) || responseBody.test(source);

const valueLengthMax = bounds.httpMappingValueCharsMax.value;
const mappingsMax = bounds.httpMappingsMax.value;

/** Lengths and numbers come first: a message repeats what it refuses. */
function checkMappings(
  mappings: Readonly<Record<string, string>> | undefined,
  target: RegExp,
  isSource: (source: string) => boolean,
): string | undefined {
  const all = Object.entries(mappings ?? {});
  if (all.length > mappingsMax) return `Invalid mappings specified: at most ${mappingsMax} are allowed`;
  if (all.some(([key, value]) => value.length > valueLengthMax || key.length > valueLengthMax)) {
    return `Invalid mappings specified: keys and values have 1 to ${valueLengthMax} characters`;
  }
  return mappingResult([
    ...all.filter(([key]) => !target.test(key)).map(() => invalidIdentifier),
    ...all.filter(([, source]) => !isSource(source)).map(([, source]) => invalidExpression(source)),
  ]);
}
