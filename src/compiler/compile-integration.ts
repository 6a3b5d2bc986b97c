import { bounds } from "../base/bounds.ts";
import type { Integration, IntegrationResponse, IntegrationType, Method } from "../definition/rest-api.ts";
import { checkService } from "../definition/rules.ts";
import { parseJavaPattern } from "../language/java/java-pattern.ts";
import { substituteStageVariables } from "../language/substitution.ts";
import { reservedHeaders, reservedHeadersOfServices } from "../plan/reserved-headers.ts";
import type {
  AwsPlan,
  BackendPlan,
  ContentHandlingPlan,
  IntegrationResponsePlan,
  LambdaPlan,
  RequestTemplatesPlan,
  StepPlan,
  StreamPlan,
} from "../plan/steps.ts";
import type { UriPlan, ValuePlan } from "../plan/values.ts";
import { type AwsCall, awsCallOf } from "./aws-call.ts";
import { parseAwsTarget } from "./aws-target.ts";
import { compileVpcLink } from "./compile-connection.ts";
import {
  compileInvoker,
  invocationOf,
  type RoleAsker,
  requireRole,
  roleOf,
  usesCaller,
} from "./compile-credentials.ts";
import { compileTemplates, hasVelocity } from "./compile-template.ts";
import { compileParameters } from "./compile-values.ts";
import { closed, misconfigured } from "./refusal.ts";
import type { Surroundings } from "./surroundings.ts";

/** The parts of stage and API that an integration depends on. */
export interface IntegrationContext extends RoleAsker {
  readonly variables: Readonly<Record<string, string>>;
  readonly binaryMediaTypes: readonly string[];
  readonly isEdgeOptimized: boolean;
  /** The stage's `clientCertificateId`. */
  readonly clientCertificateId: string | undefined;
  readonly surroundings: Surroundings;
}

type Compile = (integration: Integration, method: Method, context: IntegrationContext) => StepPlan;

/** One compiler for each type. AWS: API Gateway Developer Guide, "Integrations for REST APIs in API Gateway". */
const compilers: Readonly<Record<IntegrationType, Compile>> = {
  MOCK: (integration, method, context) => ({
    kind: "mock",
    request: compileRequestTemplates(integration, context),
    responses: compileResponses(integration, method, context),
  }),
  HTTP: (integration, method, context) => ({
    kind: "http",
    backend: compileBackend(integration, context),
    request: compileRequestTemplates(integration, context),
    responses: compileResponses(integration, method, context),
  }),
  HTTP_PROXY: (integration, _method, context) => ({
    kind: "http-proxy",
    backend: compileBackend(integration, context),
    ...compileStream(integration, context),
    ...compileContentHandling(integration.contentHandling, context),
  }),
  AWS_PROXY: compileLambdaProxy,
  AWS: compileAws,
};

/** Compiles a method's integration to its step. Throws a refusal for one that can't be run. */
export function compileIntegration(integration: Integration, method: Method, context: IntegrationContext): StepPlan {
  const { type, credentials } = integration;
  if (!type.startsWith("AWS") && credentials !== undefined && credentials !== "")
    throw closed("integration credentials");
  checkHeaders(integration);
  return compilers[integration.type](integration, method, context);
}

/**
 * Refuses mappings into headers that AWS doesn't let be set. Unconfirmed: a mapping that finds nothing is refused as well;
 * see docs/compatibility.md, "mappings into reserved headers".
 */
function checkHeaders({ type, requestParameters }: Integration): void {
  const prefix = "integration.request.header.";
  const reserved = type.startsWith("AWS") ? reservedHeadersOfServices : reservedHeaders;
  for (const key of Object.keys(requestParameters ?? {})) {
    if (!key.startsWith(prefix) || !reserved.has(key.slice(prefix.length).toLowerCase())) continue;
    throw misconfigured(`Illegal header in the integration request: ${key}`, "AWS answers 500 to a mapping into it");
  }
}

/** AWS: API Gateway Developer Guide, "Stream the integration response for your proxy integrations in API Gateway". */
function compileStream(
  { responseTransferMode }: Integration,
  { isEdgeOptimized }: IntegrationContext,
): { readonly stream?: StreamPlan } {
  if (responseTransferMode !== "STREAM") return {};
  return { stream: { idleMs: (isEdgeOptimized ? bounds.streamIdleMsEdge : bounds.streamIdleMs).value } };
}

/** CONVERT_TO_TEXT changes nothing if no media type is binary. */
function compileContentHandling(
  contentHandling: ContentHandlingPlan | undefined,
  { binaryMediaTypes }: IntegrationContext,
): { readonly contentHandling?: ContentHandlingPlan } {
  if (contentHandling === undefined) return {};
  return contentHandling === "CONVERT_TO_TEXT" && binaryMediaTypes.length === 0 ? {} : { contentHandling };
}

function compileRequestTemplates(integration: Integration, context: IntegrationContext): RequestTemplatesPlan {
  return {
    ...compileContentHandling(integration.contentHandling, context),
    passthrough: integration.passthroughBehavior ?? "WHEN_NO_MATCH",
    templates: compileTemplates(integration.requestTemplates),
  };
}

function compileResponses(
  integration: Integration,
  method: Method,
  context: IntegrationContext,
): IntegrationResponsePlan[] {
  const responses = Object.values(integration.integrationResponses ?? {});
  // AWS does not document which of several matching patterns counts. The order of status codes is at least the same
  // every time.
  responses.sort((left, right) => (left.statusCode < right.statusCode ? -1 : 1));
  return responses.map((response) => compileResponse(response, method, context));
}

function compileResponse(
  response: IntegrationResponse,
  method: Method,
  context: IntegrationContext,
): IntegrationResponsePlan {
  const pattern = response.selectionPattern;
  if (pattern !== undefined && pattern !== "") {
    const parsed = parseJavaPattern(pattern);
    if (parsed.kind === "unsupported") throw closed(`selectionPattern ${pattern} (${parsed.detail})`);
  }
  return {
    statusCode: Number(response.statusCode),
    ...(pattern === undefined || pattern === "" ? {} : { selectionPattern: pattern }),
    isDeclared: Object.hasOwn(method.methodResponses ?? {}, response.statusCode),
    ...compileContentHandling(response.contentHandling, context),
    headers: compileParameters(response.responseParameters, "method.response.header.", {
      side: "response",
      variables: context.variables,
    }),
    templates: compileTemplates(response.responseTemplates),
  };
}

function compileBackend(integration: Integration, context: IntegrationContext): BackendPlan {
  const uri = fillStageVariables(integration.uri, context.variables);
  const parts = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(uri);
  if (parts === null) throw badAddress(uri);
  const [, scheme, authority, rest] = parts;
  if (authority!.includes("{")) throw closed("path parameter in the host of an integration URI");
  // Of HTTP_PROXY a caller's own parameter must not stand for one that the stage does not set.
  const keepsUnset = integration.type === "HTTP_PROXY";
  const options = { side: "request", variables: context.variables, keepsUnset } as const;
  const verb = integration.httpMethod?.toUpperCase();
  const origin = compileOrigin(scheme!.toLowerCase(), authority!, uri);
  return {
    origin,
    ...compileVpcLink(integration, origin, context),
    ...compileClientCertificate(origin, context),
    path: compilePath(rest!, uri, integration, context),
    ...(verb === undefined || verb === "ANY" ? {} : { httpMethod: verb }),
    timeoutMs: integration.timeoutInMillis ?? bounds.integrationTimeoutMsDefault.value,
    isTlsUnverified: integration.tlsConfig?.insecureSkipVerification === true,
    headers: compileParameters(integration.requestParameters, "integration.request.header.", options),
    query: compileParameters(integration.requestParameters, "integration.request.querystring.", options),
  };
}

/**
 * Returns the certificate that is shown to backends over TLS. A stage whose certificate is gone must not go without.
 */
function compileClientCertificate(
  origin: string,
  { clientCertificateId, surroundings }: IntegrationContext,
): { readonly clientCertificateId?: string } {
  if (clientCertificateId === undefined || !origin.startsWith("https:")) return {};
  if (!surroundings.hasClientCertificate) throw closed(`clientCertificateId ${clientCertificateId}: it is not there`);
  return { clientCertificateId };
}

export function compileOrigin(scheme: string, authority: string, uri: string): string {
  if (authority === "" || authority.includes("@") || !URL.canParse(`${scheme}://${authority}/`)) {
    throw badAddress(uri);
  }
  return new URL(`${scheme}://${authority}/`).origin;
}

/** Compiles path and query, with `{name}` taken from `integration.request.path.{name}`. */
function compilePath(rest: string, uri: string, integration: Integration, context: IntegrationContext): UriPlan {
  const values = compileParameters(integration.requestParameters, "integration.request.path.", {
    side: "request",
    variables: context.variables,
  });
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const isOverridable = integration.type !== "HTTP_PROXY" && hasVelocity(integration.requestTemplates);
  const plan: UriPlan = path.split(/(\{[^{}]*\})/).flatMap((part): UriPlan => {
    const name = part.slice(1, -1);
    const value = part.startsWith("{") ? values.find((parameter) => parameter.name === name)?.value : part;
    const isWritable = typeof value !== "string" && (value?.kind !== "literal" || isPath(value.text));
    if (isOverridable && part.startsWith("{") && isWritable) {
      return [{ kind: "uri-parameter", name, ...(value === undefined ? {} : { value }) }];
    }
    if (value !== undefined && typeof value !== "string" && value.kind !== "literal") return [value];
    // The author of a literal has to encode it, as AWS requires.
    const text = typeof value === "string" ? value : value?.text;
    if (text === undefined || !isPath(text)) throw misconfigured(`Illegal character in path: ${uri}`);
    return text === "" ? [] : [text];
  });
  return plan;
}

/** Returns whether a text has only characters that a path and its query may have (RFC 3986 §3.3, §3.4). */
export const isPath = (text: string): boolean => /^[!$-;=?-[\]_a-z~]*$/.test(text);

function compileLambdaProxy(integration: Integration, method: Method, context: IntegrationContext): StepPlan {
  const uri = fillStageVariables(integration.uri, context.variables);
  const service = serviceOf(uri);
  if (service !== "lambda") throw closed(`integration type AWS_PROXY with the service ${service}`);
  const functionArn = functionOf(uri, integration);
  return {
    kind: "lambda-proxy",
    functionArn,
    ...compileInvokerOf(functionArn, integration, method, context),
    timeoutMs: integration.timeoutInMillis ?? bounds.integrationTimeoutMsDefault.value,
    ...compileStream(integration, context),
  };
}

/** AWS: API Gateway Developer Guide, "Integrations for REST APIs in API Gateway", AWS. */
function compileAws(integration: Integration, method: Method, context: IntegrationContext): StepPlan {
  const uri = fillStageVariables(integration.uri, context.variables);
  const target = parseAwsTarget(uri);
  if (target === undefined) throw badAddress(uri);
  const [service = ""] = target.service.names;
  const unsupported = checkService(service);
  if (unsupported !== undefined) throw misconfigured(unsupported);
  if (service === "lambda") return compileLambda(uri, integration, method, context);
  const options = { side: "request", variables: context.variables } as const;
  const headers = compileParameters(integration.requestParameters, "integration.request.header.", options);
  const query = compileParameters(integration.requestParameters, "integration.request.querystring.", options);
  const isTargetMapped = headers.some(({ name }) => name.toLowerCase() === "x-amz-target");
  const verb = integration.httpMethod?.toUpperCase();
  const facts = { target, partition: uri.split(":", 2)[1]!, headers, query };
  const call = (): AwsCall | undefined => awsCallOf(integration, method, facts);
  return {
    kind: "aws",
    service: target.service,
    ...(target.unsent === undefined || isTargetMapped ? {} : { unsent: target.unsent }),
    ...compileSigner(call, integration, method, context),
    backend: {
      path: compilePath(target.path, uri, integration, context),
      ...(verb === undefined || verb === "ANY" ? {} : { httpMethod: verb }),
      timeoutMs: integration.timeoutInMillis ?? bounds.integrationTimeoutMsDefault.value,
      isTlsUnverified: false,
      headers,
      query,
    },
    request: compileRequestTemplates(integration, context),
    responses: compileResponses(integration, method, context),
  };
}

/** Returns whose credentials sign an integration's requests to a service. */
export function compileSigner(
  callOf: () => AwsCall | undefined,
  integration: Pick<Integration, "credentials">,
  method: Pick<Method, "authorizationType">,
  context: RoleAsker,
): Pick<AwsPlan, "roleArn" | "asCaller"> {
  if (usesCaller(integration, method, context)) {
    const call = callOf();
    return { asCaller: call === undefined ? {} : { call } };
  }
  const roleArn = roleOf(integration.credentials, context);
  if (roleArn === undefined) throw misconfigured("Role ARN must be specified for AWS integrations");
  requireRole(roleArn, callOf(), context, { isOwnService: false });
  return { roleArn };
}

/** Returns who invokes an integration's function. */
export function compileInvokerOf(
  functionArn: string,
  integration: Pick<Integration, "credentials">,
  method: Pick<Method, "authorizationType">,
  context: RoleAsker,
): Pick<LambdaPlan, "roleArn" | "asCaller"> {
  if (usesCaller(integration, method, context)) return { asCaller: invocationOf(functionArn) };
  return compileInvoker(functionArn, integration.credentials, context);
}

/** AWS: API Gateway Developer Guide, "Set up Lambda custom integrations in API Gateway". */
function compileLambda(uri: string, integration: Integration, method: Method, context: IntegrationContext): StepPlan {
  const isInvoke = /:path\/+2015-03-31\/functions\/[^{}]+\/invocations$/.test(uri);
  if (!isInvoke) throw closed(`integration type AWS with Lambda's ${uri.replace(/^.*?:lambda:/, "")}`);
  const options = { side: "request", variables: context.variables } as const;
  const query = compileParameters(integration.requestParameters, "integration.request.querystring.", options);
  // Invoke ignores all other parameters.
  const qualifier = query.find(({ name }) => name === "Qualifier");
  const headers = compileParameters(integration.requestParameters, "integration.request.header.", options);
  const functionArn = qualified(functionOf(uri, integration), qualifier?.value);
  return {
    kind: "lambda",
    functionArn,
    ...compileInvokerOf(functionArn, integration, method, context),
    timeoutMs: integration.timeoutInMillis ?? bounds.integrationTimeoutMsDefault.value,
    headers: headers.filter(({ name }) => invokeHeaders.has(name.toLowerCase())),
    request: compileRequestTemplates(integration, context),
    responses: compileResponses(integration, method, context),
  };
}

/** Returns the function with the version or alias that a mapped `Qualifier` names. AWS: Lambda API reference, "Invoke". */
function qualified(functionArn: string, qualifier: ValuePlan | undefined): string {
  if (qualifier === undefined) return functionArn;
  // Whom a function's policy lets in depends on the alias, and is asked before a request's own words are known.
  if (qualifier.kind !== "literal") throw closed("integration type AWS with a Qualifier from the request");
  const { text } = qualifier;
  if (!/^[\w$-]{1,128}$/.test(text)) throw misconfigured(`${text} is no version or alias of a function`);
  const [name, own] = [functionArn.split(":").slice(0, 7).join(":"), functionArn.split(":")[7]];
  if (own !== undefined && own !== text) {
    throw misconfigured(`the URI names the function's ${own}, and the mapped Qualifier its ${text}`);
  }
  return `${name}:${text}`;
}

/** AWS: Lambda API reference, "Invoke". */
const invokeHeaders: ReadonlySet<string> = new Set(["x-amz-invocation-type", "x-amz-client-context"]);

function serviceOf(uri: string): string {
  const action = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:([a-z0-9.-]+):(?:path|action)\//.exec(uri);
  if (action === null) throw badAddress(uri);
  return action[1]!;
}

function functionOf(uri: string, integration: Integration): string {
  const functionArn = functionAt(uri, integration.responseTransferMode);
  if (integration.httpMethod !== undefined && integration.httpMethod !== "POST") {
    throw misconfigured(`Lambda is invoked with POST, and the integration's httpMethod is ${integration.httpMethod}`);
  }
  return functionArn;
}

/** Returns the function that a URI invokes. */
export function functionAt(uri: string, mode: keyof typeof invocations = "BUFFERED"): string {
  const path = invocations[mode].exec(uri);
  if (path === null || !lambdaArn.test(path[1]!)) throw badAddress(uri);
  return path[1]!;
}

/** Returns the function that an HTTP API's integration names, by its ARN or by the URI that invokes it. */
export const functionNamed = (uri: string): string => (lambdaArn.test(uri) ? uri : functionAt(uri));

/** AWS: Lambda API reference, "Invoke", "InvokeWithResponseStream". */
const invocations = {
  BUFFERED: /:path\/+2015-03-31\/functions\/(.+)\/invocations$/,
  STREAM: /:path\/+2021-11-15\/functions\/(.+)\/response-streaming-invocations$/,
} as const;

const lambdaArn = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]{1,140}(:[a-zA-Z0-9$_-]{1,128})?$/;

/** AWS's whole line, as recorded (docs/internals/aws-facts/recorded.md, row 16); what is wrong with the address stands in the hint. */
const invalidAddress = "Invalid endpoint address";

export const badAddress = (uri: string): ReturnType<typeof misconfigured> =>
  misconfigured(invalidAddress, `The integration's URI is "${uri}"`);

/** Fills in stage variables. AWS: an unset variable is empty text, and the resulting address can't be called. */
export function fillStageVariables(uri: string | undefined, variables: Readonly<Record<string, string>>): string {
  const filled = substituteStageVariables(uri ?? "", variables);
  if (filled.unset.length > 0) {
    throw misconfigured(invalidAddress, `The stage variable ${filled.unset[0]} is not set`);
  }
  return filled.text;
}
