import { HostObject, type HostType, JavaLong, TemplateMap, type TemplateValue } from "../../language/java/values.ts";
import { identityVariables } from "../caller.ts";
import { linkVariable } from "../context.ts";
import { mapMethodsOf } from "./map-methods.ts";
import { Overrides, overridesObject } from "./overrides.ts";
import type { Rendering } from "./rendering.ts";

/**
 * `$context` of templates, without the variables that only access logs and gateway responses have.
 * AWS: API Gateway Developer Guide, "Variables for data transformations for API Gateway", `$context` variables.
 */
const names = [
  "accountId",
  "apiId",
  "awsEndpointRequestId",
  "deploymentId",
  "domainName",
  "domainPrefix",
  "extendedRequestId",
  "httpMethod",
  "isCanaryRequest",
  "operationName",
  "path",
  "protocol",
  "requestId",
  "requestTime",
  "resourceId",
  "resourcePath",
  "stage",
  "wafResponseCode",
  "webaclArn",
  "xrayTraceId",
] as const;
const variables = new Map(names.map((name) => [name as string, linkVariable(name)]));

/**
 * The same of WebSocket APIs, which have neither paths nor verbs.
 * AWS: API Gateway Developer Guide, "WebSocket API mapping template reference for API Gateway".
 */
const webSocketNames = [
  "apiId",
  "connectionId",
  "domainName",
  // AWS: API Gateway Developer Guide, "Custom domain names for WebSocket APIs in API Gateway", wildcards.
  "domainPrefix",
  "eventType",
  "extendedRequestId",
  "messageId",
  "requestId",
  "requestTime",
  "routeKey",
  "stage",
  "status",
] as const;
const webSocketVariables = new Map(webSocketNames.map((name) => [name as string, linkVariable(name)]));

/** What `$context.keySet()` lists of it. Unconfirmed: the order; see docs/compatibility.md, "WebSocket APIs, templates". */
const webSocketKeys = [...webSocketNames, "connectedAt", "requestTimeEpoch", "authorizer", "identity"] as const;

/**
 * What `$context.keySet()` lists, as recorded (docs/internals/aws-facts/recorded.md, row 14): the order of a Java HashMap of 32
 * buckets, which says where the members stand that only some requests have.
 */
const keys = [
  "resourceId",
  "authorizer",
  "resourcePath",
  "operationName",
  "httpMethod",
  "extendedRequestId",
  "isCanaryRequest",
  "requestTime",
  "path",
  "accountId",
  "protocol",
  "requestOverride",
  "stage",
  "domainPrefix",
  "requestTimeEpoch",
  "requestId",
  "identity",
  "domainName",
  "deploymentId",
  "responseOverride",
  "apiId",
] as const;

/** The twelve members of `identity`, in the order of Lambda's events. */
const identityKeys = [
  "cognitoIdentityPoolId",
  "accountId",
  "cognitoIdentityId",
  "caller",
  "sourceIp",
  "principalOrgId",
  "accessKey",
  "cognitoAuthenticationType",
  "cognitoAuthenticationProvider",
  "userArn",
  "userAgent",
  "user",
] as const;

/** With an API key there are fourteen, and Java's map has grown to 32 buckets. */
const identityKeysWithApiKey = [
  "cognitoIdentityPoolId",
  "cognitoIdentityId",
  "apiKey",
  "principalOrgId",
  "cognitoAuthenticationType",
  "userArn",
  "apiKeyId",
  "userAgent",
  "accountId",
  "caller",
  "sourceIp",
  "accessKey",
  "cognitoAuthenticationProvider",
  "user",
] as const;

interface Context {
  readonly rendering: Rendering;
  identity: TemplateMap | undefined;
  authorizer: TemplateMap | null | undefined;
}

function property(context: Context, name: string): TemplateValue {
  const { exchange, side, givenContext } = context.rendering;
  if (givenContext?.has(name) === true && name !== `${side}Override`) return givenContext.get(name)!;
  const { connection } = exchange;
  const read = (connection === undefined ? variables : webSocketVariables).get(name);
  if (read !== undefined) return read(exchange) ?? null;
  switch (name) {
    case "connectedAt":
      return connection === undefined ? null : new JavaLong(BigInt(connection.connectedMs));
    case "requestTimeEpoch":
      return new JavaLong(BigInt(exchange.startedMs));
    case "identity":
      context.identity ??= identityOf(context.rendering);
      return context.identity;
    case "authorizer":
      context.authorizer ??= authorizerOf(context.rendering);
      return context.authorizer;
    case "requestOverride":
    case "responseOverride":
      exchange.overrides ??= new Overrides();
      return overridesObject(exchange.overrides, name === "requestOverride" ? "request" : "response");
    default:
      return null;
  }
}

function identityOf({ exchange }: Rendering): TemplateMap {
  const { caller } = exchange;
  const map = new TemplateMap();
  for (const name of caller.apiKey === undefined ? identityKeys : identityKeysWithApiKey) {
    map.set(name, identityVariables[name]!(caller) ?? "");
  }
  if (caller.vpcEndpoint !== undefined) {
    for (const name of ["vpcId", "vpceId"]) map.set(name, identityVariables[name]!(caller) ?? "");
  }
  return map;
}

/** Null if no authorizer said anything of the caller. */
function authorizerOf({ exchange: { caller, access } }: Rendering): TemplateMap | null {
  const { grant } = caller;
  if (grant === undefined) return null;
  const map = new TemplateMap();
  for (const [name, value] of Object.entries(grant.context ?? {})) map.set(name, value);
  if (grant.claims !== undefined) {
    const claims = new TemplateMap();
    for (const [name, value] of Object.entries(grant.claims)) claims.set(name, value);
    map.set("claims", claims);
    return map;
  }
  map.set("principalId", grant.principalId ?? "");
  const { integrationLatencyMs = 0 } = access?.authorizer ?? grant;
  map.set("integrationLatency", String(Math.round(integrationLatencyMs)));
  return map;
}

/** Returns all members as a map, whose changes nobody else sees. */
function mapOf(context: Context): TemplateMap {
  const map = new TemplateMap();
  const { connection } = context.rendering.exchange;
  for (const name of connection === undefined ? keys : webSocketKeys) {
    const value = property(context, name);
    if (value !== null || !optional.has(name)) map.set(name, value ?? "");
  }
  for (const [name, value] of context.rendering.givenContext?.entries() ?? []) if (!map.has(name)) map.set(name, value);
  return map;
}

/** The keys that AWS lists only where they have a value. */
const optional: ReadonlySet<string> = new Set([
  "authorizer",
  "isCanaryRequest",
  "messageId",
  "operationName",
  "status",
]);

const contextType: HostType<Context> = {
  name: "$context",
  methods: new Map([
    ...mapMethodsOf(mapOf),
    ["get", (context: Context, [name]) => (typeof name === "string" ? property(context, name) : undefined)],
  ]),
  property,
  text: () => "$context",
};

export const contextObject = (rendering: Rendering): HostObject =>
  HostObject.of(contextType, { rendering, identity: undefined, authorizer: undefined });
