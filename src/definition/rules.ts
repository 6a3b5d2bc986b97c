// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables are written like template strings.
/**
 * The rules that make parts of a REST API valid. Each check returns undefined, or AWS's message. The operations of the
 * management API and the OpenAPI import use the same checks; the import puts `Unable to create resource at path '/x': `
 * and the like before the message.
 */
import { bounds } from "../base/bounds.ts";
import {
  checkRequestMappings,
  checkRequestParameterNames,
  checkResponseMappings,
  checkResponseParameterNames,
  checkTemplates,
  isParameterName,
  validationResult,
} from "./mapping-rules.ts";
import { schemaErrors } from "./model-schema.ts";
import type { Integration, IntegrationResponse, Method, MethodResponse } from "./rest-api.ts";
import { accountOfTarget } from "./vpc-link.ts";

/** The verbs that a method can have. */
export const httpMethods = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"] as const;

// Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
export const checkHttpMethod = (httpMethod: string): string | undefined =>
  (httpMethods as readonly string[]).includes(httpMethod)
    ? undefined
    : `Invalid HttpMethod specified. Valid options are ${httpMethods.join(",")}`;

const apiNameLengthMax = bounds.apiNameCharsMax.value;

// Unconfirmed: how AWS words both; see docs/compatibility.md, "REST control plane, words".
export function checkApiName(name: string): string | undefined {
  if (name.trim() === "") return "Invalid Rest API name specified: name must not be blank";
  return name.length > apiNameLengthMax
    ? `Invalid Rest API name specified: at most ${apiNameLengthMax} characters`
    : undefined;
}

/**
 * Checks a resource's path part: `[a-zA-Z0-9._\-:,]`, `{name}` or `{name+}`.
 * AWS: "Amazon API Gateway important notes", REST APIs, allows commas, which its own refusal does not name.
 */
export function checkPathPart(pathPart: string): string | undefined {
  const variable = /^\{([^{}+]*)\+?\}$/.exec(pathPart);
  if (
    variable ? isParameterName(variable[1]!) || /^[\w.:-]+$/.test(variable[1]!) : /^[a-zA-Z0-9._\-:,]+$/.test(pathPart)
  ) {
    return undefined;
  }
  return (
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning " +
    "and the end."
  );
}

const isVariable = (pathPart: string): boolean => pathPart.startsWith("{");
const isGreedy = (pathPart: string): boolean => pathPart.endsWith("+}");

/** Checks a new child against its siblings' path parts, below a parent with `parentPathPart`. */
export function checkSiblings(
  pathPart: string,
  siblings: readonly string[],
  parentPathPart: string | undefined,
): string | undefined {
  if (parentPathPart !== undefined && isGreedy(parentPathPart)) {
    return `Cannot create a child of a resource with a greedy path variable: ${parentPathPart}`;
  }
  if (siblings.includes(pathPart)) return `Another resource with the same parent already has this name: ${pathPart}`;
  const variable = isVariable(pathPart) ? siblings.find(isVariable) : undefined;
  if (variable !== undefined) {
    return `A sibling (${variable}) of this resource already has a variable path part -- only one is allowed`;
  }
  return undefined;
}

/** Tells whether what a method refers to exists: authorizer, validator, models. */
export interface References {
  hasAuthorizer(id: string): boolean;
  hasRequestValidator(id: string): boolean;
  hasModel(name: string): boolean;
}

const authorizationTypes = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"];

const checkModelNames = (models: Readonly<Record<string, string>> | undefined, references: References) => {
  const missing = Object.values(models ?? {}).find((model) => !references.hasModel(model));
  return missing === undefined ? undefined : `Invalid model identifier specified: ${missing}`;
};

export function checkMethod(method: Method, references: References): string | undefined {
  const verb = checkHttpMethod(method.httpMethod);
  if (verb !== undefined) return verb;
  if (!authorizationTypes.includes(method.authorizationType)) {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
    return `Invalid authorization type specified: ${method.authorizationType}. Must be one of: [${authorizationTypes.join(", ")}]`;
  }
  const needsAuthorizer = method.authorizationType === "CUSTOM" || method.authorizationType === "COGNITO_USER_POOLS";
  if (needsAuthorizer && (method.authorizerId === undefined || !references.hasAuthorizer(method.authorizerId))) {
    return (
      "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a " +
      "valid authorizer."
    );
  }
  if (method.requestValidatorId !== undefined && !references.hasRequestValidator(method.requestValidatorId)) {
    return "Invalid Request Validator identifier specified";
  }
  return checkRequestParameterNames(method.requestParameters) ?? checkModelNames(method.requestModels, references);
}

/** AWS: StatusCode, `[1-5]\d\d`. */
export const checkStatusCode = (statusCode: string): string | undefined =>
  /^[1-5]\d\d$/.test(statusCode) ? undefined : `Invalid Response status code specified`;

export function checkMethodResponse(response: MethodResponse, references: References): string | undefined {
  return (
    checkStatusCode(response.statusCode) ??
    checkResponseParameterNames(response) ??
    checkModelNames(response.responseModels, references)
  );
}

/** AWS: "Quotas for configuring and running a REST API", integration timeout. */
export interface IntegrationBounds {
  readonly timeoutInMillisMax: number;
}

export interface IntegrationCheckOptions extends Partial<IntegrationBounds> {
  /** Recorded: an import accepts the ARN of a function itself for the type AWS. */
  readonly acceptsFunctionArn?: boolean;
}

const awsBounds: IntegrationBounds = { timeoutInMillisMax: bounds.integrationTimeoutMsDefault.value };
const timeoutInMillisMin = bounds.integrationTimeoutMsMin.value;

export const invalidArn = "Invalid ARN specified in the request";
const invalidEndpoint = "Invalid HTTP endpoint specified for URI";
const emptyHttpMethod = "Enumeration value for HttpMethod must be non-empty";
const stageVariable = /\$\{stageVariables\.\w+\}/g;

/** Checks an integration on its method, whose `requestParameters` the mappings may use. */
export function checkIntegration(
  method: Method,
  integration: Integration,
  { timeoutInMillisMax = awsBounds.timeoutInMillisMax, acceptsFunctionArn = false }: IntegrationCheckOptions = {},
): string | undefined {
  const limits = { timeoutInMillisMax };
  const isFunction = acceptsFunctionArn && integration.type === "AWS" && functionArn.test(integration.uri ?? "");
  return (
    checkBackend(integration, isFunction) ??
    checkConnection(integration) ??
    checkTransferMode(integration) ??
    checkTimeout(integration, limits) ??
    checkPassthrough(integration) ??
    checkTemplates(integration.requestTemplates) ??
    checkRequestMappings(method, integration)
  );
}

function checkBackend(integration: Integration, isFunction: boolean): string | undefined {
  const { type, httpMethod, uri, credentials } = integration;
  if (type !== "MOCK") {
    if (httpMethod === undefined || httpMethod === "") return emptyHttpMethod;
    const verb = checkHttpMethod(httpMethod);
    if (verb !== undefined) return verb;
  }
  if (credentials !== undefined && !isRoleArn(credentials)) return invalidArn;
  switch (type) {
    case "MOCK":
      return undefined;
    case "HTTP":
    case "HTTP_PROXY":
      return checkHttpUri(uri);
    case "AWS":
    case "AWS_PROXY":
      return isFunction ? undefined : checkAwsUri(type, uri, credentials);
  }
}

const roleArn = /^arn:aws[a-z-]*:iam::(\d{12}|\*):(role|user|assumed-role)\/\S+$/;

/**
 * Returns whether credentials have the form of a role's or user's ARN. A stage variable may stand for the account, for all
 * behind it, and in the name. AWS: API Gateway Developer Guide, "API Gateway stage variables reference", AWS integration
 * credentials.
 */
export const isRoleArn = (credentials: string): boolean =>
  credentials.length <= bounds.roleArnCharsMax.value &&
  roleArn.test(credentials.replace(/:\$\{stageVariables\.\w+\}$/, ":role/v").replaceAll(stageVariable, "000000000000"));

/**
 * Checks a backend's address: `http://` or `https://`, a port that AWS reaches (80, 443, 1024–65535), `{name}` where
 * `integration.request.path.name` fills in, and `${stageVariables.x}` anywhere, even for scheme and host together.
 */
export function checkHttpUri(uri: string | undefined): string | undefined {
  if (uri === undefined || /[\s\x00-\x1f\x7f\\]/.test(uri)) return invalidEndpoint;
  // A variable's value is known at run time only. It may be the scheme, scheme and host, a port, or any part.
  const text = uri
    .replace(/^\$\{stageVariables\.\w+\}(?=:\/\/)/, "http")
    .replace(/^\$\{stageVariables\.\w+\}/, "http://v")
    .replaceAll(/:\d*\$\{stageVariables\.\w+\}/g, ":8080")
    .replaceAll(stageVariable, "v")
    .replaceAll(/\{[^{}/]*\}/g, "p");
  if (!/^https?:\/\/[^/?#]/i.test(text)) return invalidEndpoint;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return invalidEndpoint;
  }
  if (url.username !== "" || url.password !== "") return invalidEndpoint;
  const port = url.port === "" ? 443 : Number(url.port);
  return port === 80 || port === 443 || port >= 1024 ? undefined : invalidEndpoint;
}

const serviceArn = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:([a-zA-Z0-9.-]+):(.+)$/;
/**
 * A Lambda invocation address; streaming responses have their own. Groups 1 and 2: the function's ARN.
 * AWS: API Gateway Developer Guide, "Set up an API integration request": the guide writes `path//2015-03-31/…` as well.
 */
const lambdaAction =
  /^path\/+(?:2015-03-31\/functions\/(.+)\/invocations|2021-11-15\/functions\/(.+)\/response-streaming-invocations)$/;
const functionArn = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w$-]+(:[\w$-]+)?$/;

/**
 * Services that users of AWS report as refused: `bedrock-agentcore` for REST APIs, the others for WebSocket APIs. AWS
 * has no list of the supported services.
 */
const unsupportedServices: ReadonlySet<string> = new Set([
  "apigateway",
  "apigatewaymanagementapi",
  "bedrock-agentcore",
  "execute-api",
]);

/** Checks a service as an integration's URI names it, with its subdomain if there is one. */
export function checkService(service: string): string | undefined {
  const name = service.slice(service.lastIndexOf(".") + 1);
  // Unconfirmed: when AWS says so of a REST API; see docs/compatibility.md, "AWS integrations, services".
  return unsupportedServices.has(name) ? `AWS Service of type ${name} not supported` : undefined;
}

function checkAwsUri(type: "AWS" | "AWS_PROXY", uri: string | undefined, credentials: string | undefined) {
  const concrete = (uri ?? "").replaceAll(stageVariable, "0");
  const arn = serviceArn.exec(concrete);
  if (arn === null) return invalidArn;
  const [, service, action] = arn as unknown as [string, string, string];
  const isLambda = service === "lambda" || service.endsWith(".lambda");
  // AWS: API Gateway Developer Guide, "API Gateway stage variables reference for REST APIs": an integration's URI may be
  // `arn:aws:apigateway:{region}:{service}:${stageVariables.name}`. A stage whose variable lacks both answers 500.
  const isVariable = /^(?:[^:]*:){5}\$\{stageVariables\./.test(uri ?? "");
  if (!isVariable && !/^(path|action)\/./.test(action)) return "AWS ARN for integration must contain path or action";
  const unsupported = checkService(service);
  if (unsupported !== undefined) return unsupported;
  const isInvocation = isLambda && action.startsWith("path/") && lambdaAction.test(action);
  if (type === "AWS_PROXY" && !isInvocation && service !== "firehose") {
    return "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.";
  }
  if (!isLambda && credentials === undefined) return "Role ARN must be specified for AWS integrations";
  if (isInvocation) {
    const [, plain, streaming] = lambdaAction.exec(action)!;
    // The whole ARN, or parts of it, may come from a stage variable ("0" stands for it here).
    const target = plain ?? streaming!;
    const usesVariables = (uri ?? "").includes("${stageVariables.");
    if (!usesVariables && !functionArn.test(target)) return invalidArn;
  }
  return undefined;
}

function checkConnection(integration: Integration): string | undefined {
  if (integration.connectionType !== "VPC_LINK") return undefined;
  // Unconfirmed: how AWS words both; see docs/compatibility.md, "REST control plane, words".
  if (integration.type === "MOCK" || integration.type === "AWS_PROXY" || integration.type === "AWS") {
    return "VPC links are only supported with integrations of type HTTP and HTTP_PROXY";
  }
  if (!integration.connectionId) return "Connection ID must be specified for connection type VPC_LINK";
  const { integrationTarget } = integration;
  return integrationTarget === undefined || accountOfTarget(integrationTarget) !== undefined ? undefined : invalidArn;
}

/** AWS: "Stream the integration response for your proxy integrations in API Gateway". */
function checkTransferMode({ type, responseTransferMode, uri }: Integration): string | undefined {
  const isStream = responseTransferMode === "STREAM";
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (isStream && type !== "HTTP_PROXY" && type !== "AWS_PROXY") return `${invalidTransferMode} ${streamTypes}`;
  if (type !== "AWS_PROXY") return undefined;
  // Both messages are AWS's, as users quote them.
  const isStreamingInvocation = /\/response-streaming-invocations$/.test(uri ?? "");
  if (isStream && !isStreamingInvocation) {
    return `${invalidTransferMode} ResponseTransferMode STREAM is only supported for ${streamingFunctions}`;
  }
  if (!isStream && isStreamingInvocation) {
    return `${invalidTransferMode} Cannot use ResponseTransferMode BUFFERED for ${streamingFunctions}`;
  }
  return undefined;
}

const invalidTransferMode = "Invalid ResponseTransferMode.";
const streamTypes = "ResponseTransferMode STREAM is only supported for HTTP_PROXY and AWS_PROXY integrations.";
const streamingFunctions = "Lambda functions invoked by InvokeWithResponseStream for AWS_PROXY integrations.";

function checkTimeout(integration: Integration, { timeoutInMillisMax }: IntegrationBounds): string | undefined {
  const timeout = integration.timeoutInMillis;
  const isStream = integration.responseTransferMode === "STREAM";
  const max = isStream ? Math.max(timeoutInMillisMax, bounds.streamTimeoutMsMax.value) : timeoutInMillisMax;
  if (timeout === undefined || (timeout >= timeoutInMillisMin && timeout <= max)) return undefined;
  return `Timeout should be between ${timeoutInMillisMin} ms and ${max} ms`;
}

const passthroughBehaviors = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"];

function checkPassthrough(integration: Integration): string | undefined {
  const behavior = integration.passthroughBehavior;
  if (behavior === undefined || passthroughBehaviors.includes(behavior)) return undefined;
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  return `Invalid passthroughBehavior specified. Must be one of: [${passthroughBehaviors.join(", ")}]`;
}

/** The message for a second default integration response. This is a conflict; everything else is a bad request. */
export const defaultPatternTaken = "Integration response with selection pattern default already exists";

export function checkIntegrationResponse(method: Method, response: IntegrationResponse): string | undefined {
  const others = Object.values(method.methodIntegration?.integrationResponses ?? {});
  const isDefaultTaken =
    !response.selectionPattern &&
    others.some((other) => other.statusCode !== response.statusCode && !other.selectionPattern);
  if (isDefaultTaken) return defaultPatternTaken;
  return (
    checkStatusCode(response.statusCode) ??
    checkTemplates(response.responseTemplates) ??
    checkResponseMappings(method, response)
  );
}

/** Recorded: what a single call is told that makes or leaves a model without a schema. */
export const missingSchema = "Model schema must have at least 1 property or array items defined";

/** Checks a model's name and JSON Schema (text). */
export function checkModel(
  name: string,
  schema: string | undefined,
  hasModel: (name: string) => boolean = () => true,
): string | undefined {
  if (name === "") return "Model name must be non-empty";
  if (!/^[a-zA-Z0-9]+$/.test(name)) return `Model name must be alphanumeric: ${name}`;
  if (schema === undefined) return undefined;
  return validationResult(
    "Invalid model specified",
    schemaErrors(schema, (other) => other === name || hasModel(other)),
  );
}

/**
 * Returns an integration with AWS's defaults filled in (passthroughBehavior, timeoutInMillis, cacheNamespace,
 * cacheKeyParameters…).
 */
export function completeIntegration(integration: Integration, resourceId: string): Integration {
  const { type, connectionType: given, httpMethod, uri, ...others } = integration;
  const isHttp = type === "HTTP" || type === "HTTP_PROXY";
  // Recorded: HTTP integrations always show their kind of connection, others never do; MOCK has no address.
  const connectionType = isHttp ? (given ?? "INTERNET") : undefined;
  return {
    type,
    ...(httpMethod !== undefined && type !== "MOCK" && { httpMethod }),
    ...(uri !== undefined && type !== "MOCK" && { uri }),
    ...(connectionType !== undefined && { connectionType }),
    ...others,
    passthroughBehavior: integration.passthroughBehavior ?? "WHEN_NO_MATCH",
    timeoutInMillis: integration.timeoutInMillis ?? bounds.integrationTimeoutMsDefault.value,
    cacheNamespace: integration.cacheNamespace ?? resourceId,
    cacheKeyParameters: integration.cacheKeyParameters ?? [],
    responseTransferMode: integration.responseTransferMode ?? "BUFFERED",
  };
}
