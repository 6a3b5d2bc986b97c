import { methodSettingLevels } from "../definition/method-settings.ts";
import type { Integration, Method, MethodSetting } from "../definition/rest-api.ts";
import { httpMethods } from "../definition/rules.ts";
import type { CacheRulePlan, ParameterPlan, ResponseCachePlan, StepPlan } from "../plan/steps.ts";
import type { MethodContext } from "./compile-method.ts";
import { compileParameters, compileValue } from "./compile-values.ts";

/**
 * Returns the step that keeps a method's answers, if the stage has a cache and its settings want that.
 * AWS: API Gateway Developer Guide, "Cache settings for REST APIs in API Gateway".
 */
export function compileResponseCache(
  method: Method,
  integration: StepPlan,
  context: MethodContext,
): ResponseCachePlan[] {
  const { stage, variables, binaryMediaTypes } = context;
  const definition = method.methodIntegration;
  // AWS: "Set up response streaming", considerations: endpoint caching does not go with it.
  if (!stage.cacheClusterEnabled || definition === undefined || "stream" in integration) return [];
  if (integration.kind === "misconfigured" || integration.kind === "closed") return [];
  const verbs = compileRules(method, context);
  if (Object.keys(verbs).length === 0) return [];
  const key = compileKey(definition, variables);
  if (key === undefined) return [];
  const mappedHeaders = compileParameters(definition.requestParameters, "integration.request.header.", {
    side: "request",
    variables,
  });
  const start = [
    stage.deploymentId,
    stage.birthId ?? "",
    stage.cacheFlushes ?? 0,
    definition.cacheNamespace ?? `resource ${context.resourcePath}`,
  ];
  return [
    {
      kind: "response-cache",
      keyStart: JSON.stringify(start),
      key,
      verbs,
      ...(binaryMediaTypes.length > 0 || hasSeveralTemplates(definition) ? { variesByAccept: true as const } : {}),
      ...(mappedHeaders.length > 0 ? { mappedHeaders } : {}),
    },
  ];
}

/** An answer in one of several forms is chosen by what the client accepts. */
const hasSeveralTemplates = ({ integrationResponses = {} }: Integration): boolean =>
  Object.values(integrationResponses).some(({ responseTemplates = {} }) => Object.keys(responseTemplates).length > 1);

function compileRules({ httpMethod }: Method, context: MethodContext): ResponseCachePlan["verbs"] {
  const rules: [string, CacheRulePlan][] = [];
  for (const verb of httpMethod === "ANY" ? httpMethods : [httpMethod]) {
    // An answer to HEAD has no body that could be kept, so it is the integration's. See docs/compatibility.md, "response
    // cache, verbs".
    if (verb === "ANY" || verb === "HEAD") continue;
    const rule = compileRule(httpMethod, verb, context);
    if (rule !== undefined) rules.push([verb, rule]);
  }
  return Object.fromEntries(rules);
}

/**
 * AWS: with a stage's cache, "only GET methods have caching enabled by default": a key with the verb `*` is for them. Other
 * verbs, and a method ANY, need a key with their name.
 */
function compileRule(
  methodVerb: string,
  verb: string,
  { stage, resourcePath }: MethodContext,
): CacheRulePlan | undefined {
  const names = methodVerb === "ANY" ? [verb, "ANY"] : [verb];
  const levels = methodSettingLevels(stage.methodSettings, resourcePath, names);
  const level = levels.findIndex((settings) => settings.length > 0);
  const [setting] = levels[level] ?? [];
  const isNamed = level % 2 === 0;
  if (setting === undefined || !setting.cachingEnabled || !(isNamed || methodVerb === "GET")) return undefined;
  const ttlSeconds = Math.min(setting.cacheTtlInSeconds ?? 300, 3_600);
  if (!(ttlSeconds > 0)) return undefined;
  return { ttlSeconds, isEncrypted: setting.cacheDataEncrypted === true, invalidation: invalidationOf(setting) };
}

const strategies = ["FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"] as const;

/** A setting that can't be read lets nobody through. */
function invalidationOf(setting: MethodSetting): CacheRulePlan["invalidation"] {
  if (setting.requireAuthorizationForCacheControl === false) return "ANYBODY";
  const { unauthorizedCacheControlHeaderStrategy: strategy = "SUCCEED_WITH_RESPONSE_HEADER" } = setting;
  return strategies.find((known) => known === strategy) ?? "FAIL_WITH_403";
}

/**
 * A key of `integration.request.` is what is mapped to that parameter. If nothing is, nobody can tell what the answer depends
 * on: such a method has no cache.
 */
function compileKey(
  { cacheKeyParameters = [], requestParameters = {} }: Integration,
  variables: Readonly<Record<string, string>>,
): ParameterPlan[] | undefined {
  const key: ParameterPlan[] = [];
  for (const name of [...new Set(cacheKeyParameters)].sort()) {
    const isMapped = name.startsWith("integration.request.");
    if (isMapped && !Object.hasOwn(requestParameters, name)) return undefined;
    const source = isMapped ? requestParameters[name]! : name;
    const value = compileValue(source, { side: "request", variables });
    // A stage variable that is not set is the same for all requests.
    if (value !== undefined) key.push({ name, value });
  }
  return key;
}
