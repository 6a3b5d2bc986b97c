import { bounds } from "../../base/bounds.ts";
import type { HttpAuthorizer } from "../../definition/http-api.ts";
import type { AuthorizerPlan, IdentitySourcePlan } from "../../plan/authorizers.ts";
import type { ValuePlan } from "../../plan/values.ts";
import { AuthorizerSet } from "../authorizer-set.ts";
import { compileServedInvoker } from "../compile-authorizer.ts";
import type { RoleAsker } from "../compile-credentials.ts";
import { closed } from "../refusal.ts";
import { compilePayloadFormat } from "./compile-route-function.ts";

/** What an API's authorizer is compiled with. It has an ARN, as routes have. */
type RouteAuthorizerContext = RoleAsker;

export type RouteAuthorizers = AuthorizerSet<HttpAuthorizer>;

/** Returns the authorizers of an HTTP API, of which none is compiled yet. */
export const makeRouteAuthorizers = (
  authorizers: readonly HttpAuthorizer[],
  apiArn: string,
  asker: Omit<RouteAuthorizerContext, "methodArn">,
): RouteAuthorizers =>
  new AuthorizerSet({
    byId: new Map(authorizers.map((authorizer) => [authorizer.AuthorizerId, authorizer])),
    typeOf: ({ AuthorizerType }) => AuthorizerType,
    compile: (authorizer) =>
      compilers[authorizer.AuthorizerType](authorizer, {
        ...asker,
        methodArn: `${apiArn}/authorizers/${authorizer.AuthorizerId}`,
      }),
  });

type CompileAuthorizer = (authorizer: HttpAuthorizer, context: RouteAuthorizerContext) => AuthorizerPlan;

const compilers: Readonly<Record<HttpAuthorizer["AuthorizerType"], CompileAuthorizer>> = {
  JWT: compileJwtAuthorizer,
  REQUEST: compileRequestAuthorizer,
};

/** AWS: API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway". */
function compileJwtAuthorizer(
  { AuthorizerId: id, IdentitySource = [], JwtConfiguration = {} }: HttpAuthorizer,
  context: RouteAuthorizerContext,
): AuthorizerPlan {
  const { Issuer: issuer, Audience: audiences = [] } = JwtConfiguration;
  if (issuer === undefined || !URL.canParse(issuer))
    throw closed(`jwtConfiguration without an issuer that can be asked`);
  const [source, ...others] = IdentitySource;
  if (source === undefined || others.length > 0) throw closed("identitySource of a JWT authorizer: it has one");
  return { kind: "jwt", id, identitySources: [compileIdentitySource(source, context)], issuer, audiences };
}

/** AWS: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers". */
function compileRequestAuthorizer(
  { AuthorizerId: id, IdentitySource = [], AuthorizerUri, AuthorizerCredentialsArn, ...settings }: HttpAuthorizer,
  context: RouteAuthorizerContext,
): AuthorizerPlan {
  const { AuthorizerPayloadFormatVersion: version, EnableSimpleResponses: hasSimpleResponses = false } = settings;
  if (version === undefined) throw closed("an authorizer without authorizerPayloadFormatVersion");
  const payloadFormat = compilePayloadFormat(version);
  if (hasSimpleResponses && payloadFormat === "1.0") throw closed("enableSimpleResponses with the payload format 1.0");
  const invoking = {
    ...(AuthorizerUri === undefined ? {} : { authorizerUri: AuthorizerUri }),
    ...(AuthorizerCredentialsArn === undefined ? {} : { authorizerCredentials: AuthorizerCredentialsArn }),
  };
  return {
    kind: "http-api-request",
    id,
    payloadFormat,
    hasSimpleResponses,
    identitySources: IdentitySource.map((source) => compileIdentitySource(source, context)),
    ...compileServedInvoker(invoking, context),
    timeoutMs: bounds.httpAuthorizerTimeoutMs.value,
    resultTtlSeconds: settings.AuthorizerResultTtlInSeconds ?? 0,
  };
}

/** Compiles `$request.header.X`, `$request.querystring.X`, `$context.X` or `$stageVariables.X`. */
export function compileIdentitySource(
  expression: string,
  { variables }: Pick<RoleAsker, "variables">,
): IdentitySourcePlan {
  const [, from = "", name = ""] =
    /^\$\{?(request\.header|request\.querystring|context|stageVariables)\.([^${}\s]+)\}?$/.exec(expression) ?? [];
  const value = sources[from]?.(name, variables);
  if (value === undefined) throw closed(`mapping expression ${expression}: it is no identity source`);
  // One that is known to have no value is an identity source without one.
  return value === "none" ? { expression } : { expression, value };
}

type CompileSource = (name: string, variables: Readonly<Record<string, string>>) => ValuePlan | "none";

const sources: Readonly<Record<string, CompileSource>> = {
  "request.header": (name) => ({ kind: "request", place: "header", name, isMultiValue: false }),
  "request.querystring": (name) => ({ kind: "request", place: "querystring", name, isMultiValue: false }),
  context: (name) => ({ kind: "context", name }),
  stageVariables: (variable, variables) =>
    Object.hasOwn(variables, variable) ? { kind: "literal", text: variables[variable]!, variable } : "none",
};
