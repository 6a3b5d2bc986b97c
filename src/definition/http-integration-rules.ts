/**
 * The rules that make an integration of an HTTP API valid. Each check returns undefined, or AWS's message. The operations
 * of the management API and the OpenAPI import use the same checks.
 * AWS: API Gateway version 2 API reference, "Integration".
 */
import { bounds } from "../base/bounds.ts";
import type { HttpMappingValue } from "../language/http-mapping-expression.ts";
import type { BeyondAws } from "./beyond-aws.ts";
import { isDomainName } from "./domain-name.ts";
import type { HttpIntegration } from "./http-api.ts";
import {
  checkHttpRequestMappings,
  checkHttpResponseMappings,
  invalidSource,
  parseHttpMappingSource,
  resultOf,
} from "./http-mapping-rules.ts";
import { integrationSubtypes } from "./integration-subtypes.ts";
import { checkHttpMethod, checkHttpUri, invalidArn, isRoleArn } from "./rules.ts";
import { checkLengths, shortened } from "./text-lengths.ts";
import { notForHttp } from "./v2-members.ts";
import type { WebSocketIntegration } from "./websocket-api.ts";
import { checkWebSocketIntegration } from "./websocket-integration-rules.ts";

/** Finds what an integration refers to, and what its server allows. */
export interface IntegrationReferences {
  /** Whether a VPC link of the second version has the id. */
  hasVpcLink(id: string): boolean;
  readonly timeoutInMillisMax?: number;
  /** What integrations may be although AWS's are not. Absent: nothing. */
  readonly beyondAws?: readonly BeyondAws[];
}

const lengths = {
  ConnectionId: [1, 1024],
  Description: [0, 1024],
  IntegrationMethod: [1, 64],
  IntegrationSubtype: [1, 128],
  IntegrationUri: [1, 2048],
  PayloadFormatVersion: [1, 64],
} as const;

/** AWS's words, as users quote them. */
const onlyProxies =
  "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)";

/** The types of integrations that are no proxies, which AWS has for REST and WebSocket APIs. */
const customTypes: ReadonlySet<string> = new Set([
  "AWS",
  "HTTP",
  "MOCK",
] satisfies HttpIntegration["IntegrationType"][]);

/** Returns whether templates and integration responses make the messages of an integration of the type. */
export const isCustomType = (type: string): boolean => customTypes.has(type);

// Unconfirmed: all words without a source; see docs/compatibility.md, "HTTP APIs, words of management".
export function checkHttpIntegration(
  integration: Omit<HttpIntegration, "IntegrationId" | "IntegrationType"> & { readonly IntegrationType: string },
  references: IntegrationReferences,
): string | undefined {
  const { IntegrationType: type, IntegrationSubtype: subtype } = integration;
  if (isCustomType(type) && references.beyondAws?.includes("http-body-templates"))
    return checkCustom(integration, references);
  const isBackend = type === "HTTP_PROXY";
  if (!isBackend && type !== "AWS_PROXY") return onlyProxies;
  if (subtype !== undefined && isBackend) {
    return "IntegrationSubtype can only be specified for integrations of type AWS_PROXY";
  }
  if (integration.RequestTemplates !== undefined) return notForHttp("RequestTemplates");
  const checked: ProxyIntegration = { ...integration, IntegrationType: isBackend ? "HTTP_PROXY" : "AWS_PROXY" };
  return (
    checkLengths(integration, lengths) ??
    (isBackend ? checkBackend(checked, references) : checkAwsProxy(checked)) ??
    checkPayloadFormat(checked) ??
    checkTimeout(integration.TimeoutInMillis, references) ??
    checkCredentials(integration.CredentialsArn) ??
    checkMappings(checked)
  );
}

/** What only proxies have. */
const membersOfProxies = ["IntegrationSubtype", "ResponseParameters", "TlsConfig"] as const;

/** Checks an integration that is no proxy, as WebSocket APIs have them. */
function checkCustom(
  integration: Parameters<typeof checkHttpIntegration>[0],
  { hasVpcLink, timeoutInMillisMax = bounds.httpIntegrationTimeoutMsDefault.value }: IntegrationReferences,
): string | undefined {
  const { IntegrationType: type, ConnectionType, PayloadFormatVersion: version } = integration;
  const foreign = membersOfProxies.find((member) => integration[member] !== undefined);
  if (foreign !== undefined) return `${foreign} cannot be specified for integrations of type ${type}`;
  if (ConnectionType !== "INTERNET") return "VPC links are only supported with integrations of type HTTP_PROXY";
  if (version !== "1.0")
    return `Invalid PayloadFormatVersion specified: ${version && shortened(version)}. Must be one of: [1.0]`;
  return checkWebSocketIntegration(integration as unknown as WebSocketIntegration, {
    hasHttpVpcLink: hasVpcLink,
    timeoutInMillisMax,
    hasPaths: true,
  });
}

type ProxyIntegration = Omit<HttpIntegration, "IntegrationId">;

function checkBackend(integration: ProxyIntegration, references: IntegrationReferences): string | undefined {
  const { IntegrationMethod: method, IntegrationUri: uri, ConnectionType, ConnectionId } = integration;
  if (method === undefined) return "IntegrationMethod is a required parameter for HTTP_PROXY integrations";
  const verb = checkHttpMethod(method);
  if (verb !== undefined) return verb;
  if (ConnectionType === "INTERNET") {
    if (ConnectionId !== undefined) return "ConnectionId can only be specified for connection type VPC_LINK";
    if (integration.TlsConfig !== undefined) return "TlsConfig can only be specified for private integrations";
    return checkHttpUri(uri);
  }
  if (ConnectionId === undefined) return "ConnectionId must be specified for connection type VPC_LINK";
  if (!references.hasVpcLink(ConnectionId)) return `Invalid VPC link identifier specified: ${ConnectionId}`;
  return checkPrivateUri(uri) ?? checkServerName(integration.TlsConfig?.ServerNameToVerify);
}

const listenerArn =
  /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:listener\/(?:app|net)\/[^/\s]+\/[^/\s]+\/[^/\s?]+$/;
const cloudMapArn =
  /^arn:aws[a-z-]*:servicediscovery:[a-z0-9-]+:\d{12}:service\/srv-[a-z0-9]+(?:\?[^\s\x00-\x1f\x7f]*)?$/;

/** AWS: API Gateway Developer Guide, "Create private integrations for HTTP APIs in API Gateway". The message is quoted by users. */
const checkPrivateUri = (uri: string | undefined): string | undefined =>
  uri !== undefined && (listenerArn.test(uri) || cloudMapArn.test(uri))
    ? undefined
    : "For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN.";

const checkServerName = (name: string | undefined): string | undefined =>
  name === undefined || isDomainName(name.toLowerCase()) ? undefined : `Invalid ServerNameToVerify specified: ${name}`;

const stageVariable = /\$\{stageVariables\.\w+\}/g;
const invocation = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path\/+2015-03-31\/functions\/(.+)\/invocations$/;
const functionArn = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w$-]+(?::[\w$-]+)?$/;

/**
 * Returns whether a URI names a function: its ARN, or the address of its invocation around it. The name, or the version,
 * may come from a stage variable.
 */
export function isFunctionUri(uri: string): boolean {
  const concrete = uri.replaceAll(stageVariable, "v");
  return functionArn.test(invocation.exec(concrete)?.[1] ?? concrete);
}

function checkAwsProxy(integration: ProxyIntegration): string | undefined {
  const { IntegrationMethod: method, IntegrationUri: uri, IntegrationSubtype: subtype } = integration;
  if (integration.ConnectionType !== "INTERNET" || integration.ConnectionId !== undefined) {
    return "VPC links are only supported with integrations of type HTTP_PROXY";
  }
  if (integration.TlsConfig !== undefined) return "TlsConfig can only be specified for private integrations";
  if (subtype !== undefined) {
    if (uri !== undefined) return "IntegrationUri cannot be specified together with IntegrationSubtype";
    return Object.hasOwn(integrationSubtypes, subtype) ? undefined : `Invalid IntegrationSubtype specified: ${subtype}`;
  }
  if (method !== undefined && checkHttpMethod(method) !== undefined) return checkHttpMethod(method);
  if (uri === undefined) return "IntegrationUri is a required parameter for AWS_PROXY integrations";
  return isFunctionUri(uri) ? undefined : invalidArn;
}

/** AWS: the format is required for HTTP APIs; functions have 1.0 and 2.0, all others 1.0. */
function checkPayloadFormat(integration: ProxyIntegration): string | undefined {
  const { IntegrationType: type, IntegrationSubtype: subtype, PayloadFormatVersion: version } = integration;
  if (version === undefined) return "PayloadFormatVersion is a required parameter for integration";
  const versions = type === "AWS_PROXY" && subtype === undefined ? ["1.0", "2.0"] : ["1.0"];
  return versions.includes(version)
    ? undefined
    : `Invalid PayloadFormatVersion specified: ${shortened(version)}. Must be one of: [${versions.join(", ")}]`;
}

const valueLengthMax = bounds.httpMappingValueCharsMax.value;
const mappingsMax = bounds.httpMappingsMax.value;

/** Lengths and numbers come first: a message repeats what it refuses. */
function checkMappings(integration: ProxyIntegration): string | undefined {
  const { RequestParameters: request, ResponseParameters: responses } = integration;
  const all = [...Object.entries(request ?? {}), ...Object.values(responses ?? {}).flatMap(Object.entries<string>)];
  if (all.length > mappingsMax) return `Invalid mappings specified: at most ${mappingsMax} are allowed`;
  const long = all.find(([key, value]) => value.length > valueLengthMax || key.length > valueLengthMax);
  if (long !== undefined) return `Invalid mappings specified: keys and values have 1 to ${valueLengthMax} characters`;
  return (
    (integration.IntegrationSubtype === undefined ? checkHttpRequestMappings(request) : checkSubtype(integration)) ??
    checkHttpResponseMappings(responses)
  );
}

const timeoutMin = bounds.integrationTimeoutMsMin.value;

function checkTimeout(
  timeout: number,
  { timeoutInMillisMax = bounds.httpIntegrationTimeoutMsDefault.value }: IntegrationReferences,
): string | undefined {
  return timeout >= timeoutMin && timeout <= timeoutInMillisMax
    ? undefined
    : `Timeout should be between ${timeoutMin} ms and ${timeoutInMillisMax} ms`;
}

const checkCredentials = (arn: string | undefined): string | undefined =>
  arn === undefined || isRoleArn(arn) ? undefined : invalidArn;

/** AWS: API Gateway Developer Guide, "Create AWS service integrations for HTTP APIs in API Gateway". */
function checkSubtype(integration: ProxyIntegration): string | undefined {
  const { RequestParameters: parameters = {}, IntegrationSubtype: subtype = "" } = integration;
  if (integration.CredentialsArn === undefined) return `CredentialsArn is a required parameter for ${subtype}`;
  const { required, optional, forms } = integrationSubtypes[subtype]!;
  const missing = required.filter((name) => !Object.hasOwn(parameters, name));
  if (missing.length > 0) return `Missing required parameters for ${subtype}: [${missing.join(", ")}]`;
  const unknown = Object.keys(parameters).find((name) => !required.includes(name) && !optional.includes(name));
  if (unknown !== undefined) return `Invalid parameter specified for ${subtype}: ${unknown}`;
  // AWS: users quote this refusal of attributes that are written into the integration.
  const isStatic = (name: string, parts: HttpMappingValue): boolean =>
    forms[name] === "attributes" && parts.every((part) => typeof part === "string");
  return resultOf(
    Object.entries(parameters)
      .filter(([name, value]) => {
        const parts = parseHttpMappingSource(value, "request");
        return parts === undefined || isStatic(name, parts);
      })
      .map(([name, value]) => invalidSource(value, name)),
  );
}
