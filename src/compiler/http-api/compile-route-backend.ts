import type { HttpIntegration, Route } from "../../definition/http-api.ts";
import { defaultRouteKey } from "../../definition/route-key.ts";
import type { BackendPlan, HttpApiProxyPlan } from "../../plan/steps.ts";
import type { UriPlan, ValuePlan } from "../../plan/values.ts";
import { badAddress, compileOrigin, fillStageVariables, isPath } from "../compile-integration.ts";
import { closed } from "../refusal.ts";
import { compileRequestMappings, compileResponseMappings } from "./compile-parameter-mapping.ts";
import { compilePrivateBackend } from "./compile-private-backend.ts";
import type { RouteContext } from "./compile-route.ts";

/**
 * Compiles the call of an HTTP backend, public or private.
 * AWS: API Gateway Developer Guide, "Create HTTP proxy integrations for HTTP APIs".
 */
export function compileRouteBackend(
  integration: HttpIntegration,
  route: Route,
  context: RouteContext,
): HttpApiProxyPlan {
  const { variables } = context;
  if (integration.CredentialsArn !== undefined) throw closed("CredentialsArn of IntegrationType HTTP_PROXY");
  const requestMappings = compileRequestMappings(integration.RequestParameters, variables);
  const responseMappings = compileResponseMappings(integration.ResponseParameters, variables);
  return {
    kind: "http-api-proxy",
    ...(integration.ConnectionType === "VPC_LINK"
      ? { backend: { ...commonOf(integration), ...compilePrivateBackend(integration, context) }, keepsHost: true }
      : { backend: { ...commonOf(integration), ...compilePublic(integration, route, context) } }),
    ...(requestMappings === undefined ? {} : { requestMappings }),
    ...(responseMappings === undefined ? {} : { responseMappings }),
    ...(route.AuthorizationType === "AWS_IAM" ? { dropsSignature: true } : {}),
  };
}

function compilePublic(
  integration: HttpIntegration,
  route: Route,
  { variables }: RouteContext,
): Pick<BackendPlan, "origin" | "path"> {
  const uri = fillStageVariables(integration.IntegrationUri, variables);
  const parts = /^(https?):\/\/([^/?#]*)([^?#]*)([^#]*)/i.exec(uri);
  if (parts === null) throw badAddress(uri);
  const [, scheme = "", authority = "", path = "", query = ""] = parts;
  if (authority.includes("{")) throw closed("path variable in the host of an integration URI");
  return {
    origin: compileOrigin(scheme.toLowerCase(), authority, uri),
    path: compilePath({ path, query, uri }, route),
  };
}

/** Returns what public and private backends have in common. */
function commonOf({
  IntegrationMethod: method,
  TimeoutInMillis: timeoutMs,
}: HttpIntegration): Omit<BackendPlan, "origin" | "path"> {
  const verb = method?.toUpperCase();
  return {
    ...(verb === undefined || verb === "ANY" ? {} : { httpMethod: verb }),
    timeoutMs,
    isTlsUnverified: false,
    headers: [],
    query: [],
  };
}

/**
 * Compiles path and query of the URI. A path variable is the value that the route's variable of that name has. The route
 * `$default` has none: the whole path of the request comes behind the URI's.
 */
function compilePath(
  { path, query, uri }: { readonly path: string; readonly query: string; readonly uri: string },
  route: Route,
): UriPlan {
  const names = new Set(Array.from(route.RouteKey.matchAll(/\{([^{}+]+)\+?\}/g), ([, name]) => name!));
  const compile = (text: string): UriPlan =>
    text.split(/(\{[^{}]*\})/).flatMap((part): UriPlan => {
      const name = /^\{([^{}+]+)\+?\}$/.exec(part)?.[1];
      if (name !== undefined && names.has(name)) return [pathValue(name)];
      if (!isPath(part)) throw badAddress(uri);
      return part === "" ? [] : [part];
    });
  if (route.RouteKey !== defaultRouteKey) return [...compile(path === "" ? "/" : path), ...compile(query)];
  return [...compile(path.replace(/\/$/, "")), { kind: "request-path" }, ...compile(query)];
}

const pathValue = (name: string): ValuePlan => ({ kind: "request", place: "path", name, isMultiValue: false });
