/**
 * The grammar of parameter mappings: the keys and values that `requestParameters` and `responseParameters` may have.
 * AWS: API Gateway developer guide, "Amazon API Gateway API request and response data mapping reference".
 */
import { bounds } from "../base/bounds.ts";
import type { Integration, IntegrationResponse, Method, MethodResponse } from "./rest-api.ts";

const name = "[a-zA-Z0-9._$-]+";
const anyNames = new RegExp(`^${name}$`);
const methodRequest = new RegExp(`^method\\.request\\.(path|querystring|header)\\.(${name})$`);
const methodResponse = new RegExp(`^method\\.response\\.header\\.(${name})$`);
const integrationRequest = new RegExp(`^integration\\.request\\.(path|querystring|header)\\.(${name})$`);
const requestSource = new RegExp(
  `^method\\.request\\.(path|querystring|header|multivaluequerystring|multivalueheader)\\.(${name})$`,
);
const responseSource = new RegExp(`^integration\\.response\\.(header|multivalueheader)\\.(${name})$`);
const requestBody = /^method\.request\.body([.[][^\x00-\x1f]+)?$/;
const responseBody = /^integration\.response\.body([.[][^\x00-\x1f]+)?$/;
const contextVariable = new RegExp(`^context\\.${name}$`);
const stageVariable = /^stageVariables\.\w+$/;
/** A line break in a literal would end a header. Everything else is allowed between the quotes. */
const literal = /^'[^\r\n\0]*'$/;
const gatewayResponseTarget = new RegExp(`^gatewayresponse\\.(header|path|querystring)\\.(${name})$`);
const inputParameter = new RegExp(`^method\\.input\\.params\\.${name}$`);

/** Returns AWS's frame around the errors of mappings, models and the like. */
export const validationResult = (prefix: string, errors: readonly string[]): string | undefined =>
  errors.length === 0 ? undefined : `${prefix}: ${resultOf(errors)}`;

const resultOf = (errors: readonly string[]): string =>
  `Validation Result: warnings : [], errors : [${errors.join(", ")}]`;

const multiValueSource = /^method\.request\.multivalue(querystring|header)\./;

export const mappingResult = (errors: readonly string[]) =>
  validationResult("Invalid mapping expression specified", errors);

export const invalidExpression = (expression: string) => `Invalid mapping expression specified: ${expression}`;
const undeclared = (parameter: string) => `Invalid mapping expression parameter specified: ${parameter}`;
export const invalidIdentifier = "Invalid mapping identifier specified";

export const isCommonSource = (source: string): boolean =>
  literal.test(source) || contextVariable.test(source) || stageVariable.test(source);

const declares = (parameters: Readonly<Record<string, boolean>> | undefined, key: string): boolean =>
  parameters !== undefined && Object.hasOwn(parameters, key);

/** Returns the method's parameter that a source reads. Multi-value forms read the plain parameter. */
const declaredKey = (source: string): string | undefined => {
  const match = requestSource.exec(source);
  return match ? `method.request.${match[1]!.replace("multivalue", "")}.${match[2]}` : undefined;
};

/** Checks the keys of a method's `requestParameters`: `method.request.{path|querystring|header}.{name}`. */
export function checkRequestParameterNames(parameters: Readonly<Record<string, boolean>> | undefined) {
  const keys = Object.keys(parameters ?? {});
  const refusal = mappingResult(keys.filter((key) => !methodRequest.test(key)).map(invalidExpression));
  if (refusal !== undefined) return refusal;
  const names = new Set(keys.map((key) => methodRequest.exec(key)![2]));
  // Recorded.
  return names.size < keys.length ? "Parameter names must be unique across querystring, header and path" : undefined;
}

/** `type/subtype`, with parameters or not; `$default` stands for the types without a template. RFC 9110 §8.3.1. */
const mediaType = /^(?:[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;.*)?|\$default)$/s;

const templateBytesMax = bounds.mappingTemplateBytesMax.value;

/**
 * Checks the keys of templates, as recorded for those of responses, and their sizes.
 * AWS: "Amazon API Gateway important notes", maximum size of a mapping template.
 */
export function checkTemplates(templates: Readonly<Record<string, string | null>> | undefined): string | undefined {
  const errors = Object.entries(templates ?? {}).flatMap(([key, template]) => {
    if (!mediaType.test(key)) return [`Invalid content type specified: ${key}`];
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
    const isTooLong = Buffer.byteLength(template ?? "") > templateBytesMax;
    return isTooLong ? [`Invalid mapping template specified for ${key}: at most ${templateBytesMax} bytes`] : [];
  });
  return errors.length === 0 ? undefined : resultOf(errors);
}

/** Checks the keys of a method response's `responseParameters`: `method.response.header.{name}`. */
export function checkResponseParameterNames(response: MethodResponse) {
  const errors = Object.keys(response.responseParameters ?? {})
    .filter((key) => !methodResponse.test(key))
    .map(invalidExpression);
  return mappingResult(errors);
}

/** Checks the mappings of an integration request and its cache keys. */
export function checkRequestMappings(method: Method, integration: Integration) {
  const errors: string[] = [];
  for (const [target, source] of Object.entries(integration.requestParameters ?? {})) {
    if (!integrationRequest.test(target)) errors.push(invalidIdentifier);
    const key = declaredKey(source);
    if (key === undefined) {
      if (!isCommonSource(source) && !requestBody.test(source)) errors.push(invalidExpression(source));
    } else if (!declares(method.requestParameters, key)) errors.push(undeclared(source));
  }
  for (const key of integration.cacheKeyParameters ?? []) {
    // As recorded for query parameters: all values of a parameter together are no key.
    if (multiValueSource.test(key)) {
      errors.push(invalidExpression(key));
      continue;
    }
    const isDeclared = key.startsWith("integration.request.")
      ? Object.hasOwn(integration.requestParameters ?? {}, key)
      : declares(method.requestParameters, declaredKey(key) ?? key);
    if (!isDeclared) errors.push(undeclared(key));
  }
  return mappingResult(errors);
}

/** Checks the mappings of an integration response to the method response of the same status. */
export function checkResponseMappings(method: Method, response: IntegrationResponse) {
  const mappings = Object.entries(response.responseParameters ?? {});
  if (mappings.length === 0) return undefined;
  const responses = method.methodResponses ?? {};
  const target = Object.hasOwn(responses, response.statusCode) ? responses[response.statusCode] : undefined;
  if (target === undefined) return mappingResult(["No method response exists for method."]);
  const errors: string[] = [];
  for (const [key, source] of mappings) {
    if (!methodResponse.test(key)) errors.push(invalidIdentifier);
    else if (!declares(target.responseParameters, key)) errors.push(undeclared(key));
    if (!isCommonSource(source) && !responseSource.test(source) && !responseBody.test(source)) {
      errors.push(invalidExpression(source));
    }
  }
  return mappingResult(errors);
}

/**
 * Checks the mappings of a gateway response: `gatewayresponse.header.{name}` from a request parameter, `context.`,
 * `stageVariables.` or a literal.
 */
export function checkGatewayResponseParameters(parameters: Readonly<Record<string, string>> | undefined) {
  const errors: string[] = [];
  for (const [target, source] of Object.entries(parameters ?? {})) {
    if (!gatewayResponseTarget.test(target)) errors.push(invalidIdentifier);
    const isSource = isCommonSource(source) || requestSource.test(source) || inputParameter.test(source);
    if (!isSource) errors.push(invalidExpression(source));
  }
  return mappingResult(errors);
}

/** Returns whether a text may be the name of a parameter, also in `{name}` and `{name+}` of a path. */
export const isParameterName = (text: string): boolean => anyNames.test(text);
