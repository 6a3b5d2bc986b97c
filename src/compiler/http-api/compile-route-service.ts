import { type CallPlace, resourceOfCall } from "../../access/subtype-resource.ts";
import { assert } from "../../base/assert.ts";
import type { HttpIntegration, Route } from "../../definition/http-api.ts";
import { type IntegrationSubtype, integrationSubtypes } from "../../definition/integration-subtypes.ts";
import type { AwsServicePlan, HttpApiServicePlan, ServiceParameterPlan } from "../../plan/steps.ts";
import type { AwsCall } from "../aws-call.ts";
import { parseAwsTarget } from "../aws-target.ts";
import { compileSigner } from "../compile-integration.ts";
import { closed, misconfigured, Refusal } from "../refusal.ts";
import { compileMappedText, compileResponseMappings } from "./compile-parameter-mapping.ts";
import type { RouteContext } from "./compile-route.ts";

/**
 * Compiles the call of an action of an AWS service.
 * AWS: API Gateway Developer Guide, "Create AWS service integrations for HTTP APIs in API Gateway".
 */
export function compileRouteService(
  integration: HttpIntegration,
  { AuthorizationType: authorizationType }: Route,
  context: RouteContext,
): HttpApiServicePlan {
  const {
    IntegrationSubtype: name = "",
    CredentialsArn: credentials,
    RequestParameters,
    ResponseParameters,
  } = integration;
  const subtype = Object.hasOwn(integrationSubtypes, name) ? integrationSubtypes[name] : undefined;
  if (subtype === undefined) throw closed(`IntegrationSubtype ${name}`);
  if (integration.ConnectionType !== "INTERNET")
    throw closed(`ConnectionType ${integration.ConnectionType} of ${name}`);
  if (credentials === undefined) throw misconfigured(`CredentialsArn is required for ${name}`);
  const parameters = compileParameters(subtype, RequestParameters ?? {}, context);
  const isRegionMapped = isMapped(parameters, "Region");
  const region = (isRegionMapped ? undefined : literalOf(parameters, "Region")) ?? context.region;
  const { service: serviceName, action, protocol } = subtype;
  const partition = /^arn:(aws[a-z-]*):/.exec(credentials)?.[1] ?? "aws";
  const target = parseAwsTarget(`arn:${partition}:apigateway:${region}:${serviceName}:action/${action}`);
  if (target === undefined) throw misconfigured(`Region ${region} is none`);
  const place: CallPlace = { partition, region, account: context.account };
  const parameterOf = (parameter: string): string | null | undefined => {
    const isThere = parameters.some((each) => each.name === parameter && each.value.length > 0);
    return isThere ? (literalOf(parameters, parameter) ?? null) : undefined;
  };
  const resource = resourceOfCall(serviceName, parameterOf, place);
  const call: AwsCall = {
    action: `${target.service.signingName}:${action}`,
    region,
    ...(resource === undefined || isRegionMapped ? { resource: "", isPrefix: true } : { resource, isPrefix: false }),
  };
  // In which region a call is made may decide whether it is allowed: each request is asked.
  const known = isRegionMapped ? undefined : call;
  const signer = withAccessError(() => compileSigner(() => known, { credentials }, { authorizationType }, context));
  const responseMappings = compileResponseMappings(ResponseParameters, context.variables);
  return {
    kind: "http-api-service",
    service: target.service,
    action,
    protocol,
    ...(target.unsent === undefined || !protocol.startsWith("json") ? {} : { target: target.unsent }),
    ...signer,
    ...(isRegionMapped ? compileMappedRegion(parameters, target.service) : {}),
    ...compileMappedAccess(signer, call, subtype, place, context),
    parameters: parameters.filter(({ name: parameter }) => parameter !== "Region"),
    backend: {
      path: ["/"],
      httpMethod: protocol === "configuration" ? "GET" : "POST",
      timeoutMs: integration.TimeoutInMillis,
      isTlsUnverified: false,
      headers: [],
      query: [],
    },
    ...(responseMappings === undefined ? {} : { responseMappings }),
  };
}

/** AWS: "Troubleshooting issues with HTTP API Lambda integrations", its picture of a log. */
const noAccess =
  "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. " +
  "Check the permissions and try again.";

/** Adds to a refusal of a role what `$context.integrationErrorMessage` says of it. */
function withAccessError<Value>(compile: () => Value): Value {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof Refusal) || error.step.kind !== "misconfigured") throw error;
    throw new Refusal({ ...error.step, integrationError: noAccess });
  }
}

function compileParameters(
  { required, optional, forms }: IntegrationSubtype,
  mappings: Readonly<Record<string, string>>,
  { variables }: RouteContext,
): ServiceParameterPlan[] {
  const missing = required.find((name) => !Object.hasOwn(mappings, name));
  if (missing !== undefined) throw misconfigured(`the parameter ${missing} is required`);
  return Object.keys(mappings)
    .sort()
    .map((name) => {
      if (!required.includes(name) && !optional.includes(name)) throw closed(`parameter ${name}`);
      const source = mappings[name]!;
      return {
        name,
        form: Object.hasOwn(forms, name) ? forms[name]! : "text",
        isRequired: required.includes(name),
        value: compileMappedText(source, "request", variables) ?? [],
        source,
      };
    });
}

/** Returns a value that no request changes; undefined for any other. */
function literalOf(parameters: readonly ServiceParameterPlan[], name: string): string | undefined {
  const value = parameters.find((parameter) => parameter.name === name)?.value ?? [];
  if (value.length === 0) return undefined;
  let text = "";
  for (const part of value) {
    if (typeof part !== "string" && part.kind !== "literal") return undefined;
    text += typeof part === "string" ? part : part.text;
  }
  return text;
}

/** Returns whether only a request knows a parameter's value. */
const isMapped = (parameters: readonly ServiceParameterPlan[], name: string): boolean =>
  parameters.some((parameter) => parameter.name === name && parameter.value.length > 0) &&
  literalOf(parameters, name) === undefined;

/** The region decides address and signature, which the gateway prepares for each that is asked for. */
function compileMappedRegion(
  parameters: readonly ServiceParameterPlan[],
  { host, signingRegion }: AwsServicePlan,
): Pick<HttpApiServicePlan, "mappedRegion"> {
  const parameter = parameters.find(({ name }) => name === "Region");
  const [label, below] = host.split(`.${signingRegion}.`);
  assert(parameter !== undefined, "a mapped region is a parameter");
  assert(label !== undefined && below !== undefined, "the services of subtypes have an address in each region");
  return { mappedRegion: { parameter, domain: [label, below] } };
}

/** Returns what a request's own parameters decide the resource by: the role, if it is here, is asked again with each of them. */
function compileMappedAccess(
  { roleArn, asCaller }: Pick<HttpApiServicePlan, "roleArn" | "asCaller">,
  call: AwsCall,
  { service }: IntegrationSubtype,
  place: CallPlace,
  { surroundings }: RouteContext,
): Pick<HttpApiServicePlan, "mappedAccess"> {
  if (!call.isPrefix || call.resource !== "") return {};
  const role = roleArn === undefined ? undefined : surroundings.roles.get(roleArn)?.role;
  if (role === undefined && asCaller === undefined) return {};
  return { mappedAccess: { service, action: call.action, place, ...(role === undefined ? {} : { role }) } };
}
