import { HostObject, type HostType, JavaLong, TemplateMap, type TemplateValue } from "../../language/java/values.ts";
import { identityVariables } from "../caller.ts";
import { linkVariable } from "../context.ts";
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
const identity = Object.entries(identityVariables).sort(([left], [right]) => (left < right ? -1 : 1));

interface Context {
  readonly rendering: Rendering;
  identity: TemplateMap | undefined;
}

function property(context: Context, name: string): TemplateValue {
  const { exchange, side, givenContext } = context.rendering;
  if (givenContext?.has(name) === true && name !== `${side}Override`) return givenContext.get(name)!;
  const read = variables.get(name);
  if (read !== undefined) return read(exchange) ?? null;
  switch (name) {
    case "requestTimeEpoch":
      return new JavaLong(BigInt(exchange.startedMs));
    case "identity":
      context.identity ??= identityOf(context.rendering);
      return context.identity;
    case "requestOverride":
    case "responseOverride":
      exchange.overrides ??= new Overrides();
      return overridesObject(exchange.overrides, name === "requestOverride" ? "request" : "response");
    default:
      return null;
  }
}

function identityOf({ exchange }: Rendering): TemplateMap {
  const map = new TemplateMap();
  for (const [name, read] of identity) {
    const value = read(exchange.caller);
    if (value !== undefined) map.set(name, value);
  }
  return map;
}

const contextType: HostType<Context> = {
  name: "$context",
  methods: new Map([["get", (context, [name]) => (typeof name === "string" ? property(context, name) : undefined)]]),
  property,
  text: () => "$context",
};

export const contextObject = (rendering: Rendering): HostObject =>
  HostObject.of(contextType, { rendering, identity: undefined });
