import { bounds } from "../base/bounds.ts";
import type { Integration, IntegrationResponse, IntegrationType, Method } from "../definition/rest-api.ts";
import { parseJavaPattern } from "../language/java-pattern.ts";
import { substituteStageVariables } from "../language/substitution.ts";
import type { BackendPlan, IntegrationResponsePlan, RequestTemplatesPlan, StepPlan } from "../plan/steps.ts";
import type { TextPlan } from "../plan/values.ts";
import { compileParameters } from "./compile-values.ts";
import { closed, misconfigured } from "./refusal.ts";

/** What of stage and API an integration depends on. */
export interface IntegrationContext {
  readonly variables: Readonly<Record<string, string>>;
  readonly binaryMediaTypes: readonly string[];
  /** The stage's `clientCertificateId`. */
  readonly clientCertificateId: string | undefined;
}

type Compile = (integration: Integration, method: Method, context: IntegrationContext) => StepPlan;

/** One compiler for each type. AWS: API Gateway Developer Guide, "Integrations for REST APIs in API Gateway". */
const compilers: Readonly<Record<IntegrationType, Compile>> = {
  MOCK: (integration, method, context) => ({
    kind: "mock",
    request: compileRequestTemplates(integration),
    responses: compileResponses(integration, method, context),
  }),
  HTTP: (integration, method, context) => ({
    kind: "http",
    backend: compileBackend(integration, context),
    request: compileRequestTemplates(integration),
    responses: compileResponses(integration, method, context),
  }),
  HTTP_PROXY: (integration, _method, context) => ({
    kind: "http-proxy",
    backend: compileBackend(integration, context),
    isStreamed: integration.responseTransferMode === "STREAM",
  }),
  AWS_PROXY: compileLambdaProxy,
  AWS: () => {
    throw closed("integration type AWS");
  },
};

/** The integration of a method as its step. Throws a refusal for what can't be done. */
export function compileIntegration(integration: Integration, method: Method, context: IntegrationContext): StepPlan {
  if (integration.connectionType === "VPC_LINK") throw closed("connectionType VPC_LINK");
  if (integration.credentials !== undefined && integration.credentials !== "") throw closed("integration credentials");
  checkContentHandling(integration.contentHandling, context);
  return compilers[integration.type](integration, method, context);
}

/** CONVERT_TO_TEXT changes nothing where no media type is binary. */
function checkContentHandling(contentHandling: string | undefined, context: IntegrationContext): void {
  if (contentHandling === undefined) return;
  if (contentHandling === "CONVERT_TO_TEXT" && context.binaryMediaTypes.length === 0) return;
  throw closed(`contentHandling ${contentHandling}`);
}

/**
 * A template without `$` and `#` has nothing that Velocity would evaluate: it is its own result. All others wait for
 * the Velocity engine.
 */
function compileTemplates(
  templates: Readonly<Record<string, string | null>> | undefined,
): Readonly<Record<string, string | null>> {
  const plans: [string, string | null][] = [];
  for (const [mediaType, template] of Object.entries(templates ?? {})) {
    if (template !== null && /[$#]/.test(template)) throw closed("mapping template (VTL)");
    plans.push([mediaType.toLowerCase(), template]);
  }
  return Object.fromEntries(plans);
}

function compileRequestTemplates(integration: Integration): RequestTemplatesPlan {
  return {
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
  // Which of several matching patterns AWS takes is not documented; by status code is at least the same every time.
  responses.sort((left, right) => (left.statusCode < right.statusCode ? -1 : 1));
  return responses.map((response) => compileResponse(response, method, context));
}

function compileResponse(
  response: IntegrationResponse,
  method: Method,
  context: IntegrationContext,
): IntegrationResponsePlan {
  checkContentHandling(response.contentHandling, context);
  const pattern = response.selectionPattern;
  if (pattern !== undefined && pattern !== "") {
    const parsed = parseJavaPattern(pattern);
    if (parsed.kind === "unsupported") throw closed(`selectionPattern ${pattern} (${parsed.detail})`);
  }
  return {
    statusCode: Number(response.statusCode),
    ...(pattern === undefined || pattern === "" ? {} : { selectionPattern: pattern }),
    isDeclared: Object.hasOwn(method.methodResponses ?? {}, response.statusCode),
    headers: compileParameters(response.responseParameters, "method.response.header.", {
      side: "response",
      variables: context.variables,
    }),
    templates: compileTemplates(response.responseTemplates),
  };
}

function compileBackend(integration: Integration, context: IntegrationContext): BackendPlan {
  if (context.clientCertificateId !== undefined) throw closed("clientCertificateId");
  const uri = fillStageVariables(integration.uri, context);
  const parts = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(uri);
  if (parts === null) throw misconfigured(`Invalid endpoint address: ${uri}`);
  const [, scheme, authority, rest] = parts;
  if (authority!.includes("{")) throw closed("path parameter in the host of an integration URI");
  const options = { side: "request", variables: context.variables } as const;
  const verb = integration.httpMethod?.toUpperCase();
  return {
    origin: compileOrigin(scheme!.toLowerCase(), authority!, uri),
    path: compilePath(rest!, uri, integration, context),
    ...(verb === undefined || verb === "ANY" ? {} : { httpMethod: verb }),
    timeoutMs: integration.timeoutInMillis ?? bounds.integrationTimeoutMsDefault.value,
    isTlsUnverified: integration.tlsConfig?.insecureSkipVerification === true,
    headers: compileParameters(integration.requestParameters, "integration.request.header.", options),
    query: compileParameters(integration.requestParameters, "integration.request.querystring.", options),
  };
}

function compileOrigin(scheme: string, authority: string, uri: string): string {
  if (authority === "" || authority.includes("@") || !URL.canParse(`${scheme}://${authority}/`)) {
    throw misconfigured(`Invalid endpoint address: ${uri}`);
  }
  return new URL(`${scheme}://${authority}/`).origin;
}

/** Path and query, with `{name}` taken from `integration.request.path.{name}`. */
function compilePath(rest: string, uri: string, integration: Integration, context: IntegrationContext): TextPlan {
  const values = compileParameters(integration.requestParameters, "integration.request.path.", {
    side: "request",
    variables: context.variables,
  });
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const plan: TextPlan = path.split(/(\{[^{}]*\})/).flatMap((part): TextPlan => {
    const value = part.startsWith("{") ? values.find(({ name }) => name === part.slice(1, -1))?.value : part;
    if (value !== undefined && typeof value !== "string" && value.kind !== "literal") return [value];
    // A literal's author encodes it, as AWS asks for.
    const text = typeof value === "string" ? value : value?.text;
    if (text === undefined || !isPath(text)) throw misconfigured(`Illegal character in path: ${uri}`);
    return text === "" ? [] : [text];
  });
  return plan;
}

/** RFC 3986 §3.3, §3.4: what may stand in a path and its query. */
const isPath = (text: string): boolean => /^[!$-;=?-[\]_a-z~]*$/.test(text);

function compileLambdaProxy(integration: Integration, _method: Method, context: IntegrationContext): StepPlan {
  if (integration.responseTransferMode === "STREAM") throw closed("responseTransferMode STREAM");
  const uri = fillStageVariables(integration.uri, context);
  const action = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:([a-z0-9.-]+):(?:path|action)\//.exec(uri);
  if (action === null) throw misconfigured(`Invalid endpoint address: ${uri}`);
  if (action[1] !== "lambda") throw closed(`integration type AWS_PROXY with the service ${action[1]}`);
  const path = /:path\/+2015-03-31\/functions\/(.+)\/invocations$/.exec(uri);
  if (path === null || !lambdaArn.test(path[1]!)) throw misconfigured(`Invalid endpoint address: ${uri}`);
  if (integration.httpMethod !== undefined && integration.httpMethod !== "POST") {
    throw misconfigured(`Lambda is invoked with POST, and the integration's httpMethod is ${integration.httpMethod}`);
  }
  return {
    kind: "lambda-proxy",
    functionArn: path[1]!,
    timeoutMs: integration.timeoutInMillis ?? bounds.integrationTimeoutMsDefault.value,
  };
}

const lambdaArn = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]{1,140}(:[a-zA-Z0-9$_-]{1,128})?$/;

/** AWS: an unset variable is empty text, and the address that results can't be called. */
function fillStageVariables(uri: string | undefined, context: IntegrationContext): string {
  const filled = substituteStageVariables(uri ?? "", context.variables);
  if (filled.unset.length > 0) {
    throw misconfigured(`Invalid endpoint address: stage variable ${filled.unset[0]} is not set`);
  }
  return filled.text;
}
