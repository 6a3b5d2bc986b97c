import { percentOfCanary } from "../definition/canary-stage.ts";
import { methodSettingsOf } from "../definition/method-settings.ts";
import type { GatewayResponse, RestApiDefinition, Stage } from "../definition/rest-api.ts";
import { planVersion } from "../plan/plan.ts";
import type { RestMethodPlan, RestPlan } from "../plan/rest-plan.ts";
import { RouteTree } from "../plan/route-tree.ts";
import type { GatewayResponsePlan } from "../plan/steps.ts";
import { makeAuthorizers } from "./compile-authorizer.ts";
import { vpcLinksOf } from "./compile-connection.ts";
import { compileMethod } from "./compile-method.ts";
import { problemOfPolicy, resourcePolicyOf } from "./compile-resource-policy.ts";
import { compileParameters, compileText } from "./compile-values.ts";
import { ModelSet } from "./model-set.ts";
import { Refusal } from "./refusal.ts";
import { noSurroundings, type Surroundings } from "./surroundings.ts";
import { settingsWithoutEffect } from "./without-effect.ts";

/**
 * Compiles a deployed definition with its stage's settings. It is pure and deterministic, and never throws for a user's
 * configuration: a part that can't be served becomes a step or a stage that refuses.
 */
export function compileRest(
  definition: RestApiDefinition,
  stage: Stage,
  scope: { readonly account: string; readonly region: string },
  surroundings: Surroundings = noSurroundings,
): RestPlan {
  const { restApi } = definition;
  const variables = stage.variables ?? {};
  const methods: RestMethodPlan[] = [];
  const resourcePolicy = resourcePolicyOf(restApi);
  const { types, vpcEndpointIds } = restApi.endpointConfiguration;
  const isPrivate = types.includes("PRIVATE");
  const models = new ModelSet(definition.models, restApi.id);
  const apiArn = `arn:aws:execute-api:${scope.region}:${scope.account}:${restApi.id}`;
  const asker = { account: scope.account, variables, surroundings };
  const authorizers = makeAuthorizers(definition.authorizers, apiArn, asker);
  const root = new RouteTree();
  for (const resource of [...definition.resources].sort((left, right) => (left.path < right.path ? -1 : 1))) {
    const node = root.at(resource.path);
    for (const [verb, method] of Object.entries(resource.resourceMethods ?? {}).sort(byKey)) {
      node.methods.set(verb, methods.length);
      methods.push({
        routeKey: `${verb} ${resource.path}`,
        resourceId: resource.id,
        resourcePath: resource.path,
        httpMethod: verb,
        ...(method.operationName === undefined ? {} : { operationName: method.operationName }),
        ...compileLogging(stage, resource.path, verb),
        ...(hasMetrics(stage, resource.path, verb) ? { hasMetrics: true as const } : {}),
        steps: compileMethod(method, {
          stage,
          variables,
          account: scope.account,
          methodArn: `${apiArn}/${stage.stageName}/${verb}${resource.path}`,
          resourcePath: resource.path,
          apiKeySource: restApi.apiKeySource,
          hasResourcePolicy: resourcePolicy !== undefined,
          isPrivate,
          authorizers,
          requestValidators: definition.requestValidators,
          models,
          compressionBytesMin: restApi.minimumCompressionSize,
          binaryMediaTypes: restApi.binaryMediaTypes ?? [],
          isEdgeOptimized: types.includes("EDGE"),
          clientCertificateId: stage.clientCertificateId,
          surroundings,
        }),
      });
    }
  }
  const closed = reasonToClose(definition, stage, surroundings);
  const vpcLinks = vpcLinksOf(definition, variables);
  const log = stage.accessLogSettings;
  return {
    version: planVersion,
    kind: "rest",
    account: scope.account,
    region: scope.region,
    apiId: restApi.id,
    apiName: restApi.name,
    stageName: stage.stageName,
    deploymentId: stage.deploymentId,
    stageVariables: variables,
    binaryMediaTypes: restApi.binaryMediaTypes ?? [],
    ...(types.includes("EDGE") ? { isEdgeOptimized: true as const } : {}),
    ...(stage.tracingEnabled ? { isTraced: true as const } : {}),
    ...(methods.some(usesCache) ? { hasCache: true as const } : {}),
    ...(stage.canarySettings === undefined ? {} : { hasCanary: true as const }),
    isDefaultEndpointDisabled: restApi.disableExecuteApiEndpoint,
    ...(log?.destinationArn === undefined || log.format === undefined
      ? {}
      : { accessLog: { destinationArn: log.destinationArn, format: log.format } }),
    ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
    ...(isPrivate ? { privateEndpoint: { vpcEndpointIds: vpcEndpointIds ?? [] } } : {}),
    ...(stage.webAclArn === undefined ? {} : { webAclArn: stage.webAclArn }),
    ...(closed === undefined ? {} : { closed }),
    gatewayResponses: compileGatewayResponses(definition.gatewayResponses, variables),
    ...(models.used === undefined ? {} : { models: models.used }),
    ...(authorizers.used === undefined ? {} : { authorizers: authorizers.used }),
    ...(stage.birthId === undefined ? {} : { birthId: stage.birthId }),
    ...(stage.authorizerFlushes === undefined ? {} : { authorizerFlushes: stage.authorizerFlushes }),
    ...(vpcLinks.length === 0 ? {} : { vpcLinks }),
    withoutEffect: settingsWithoutEffect(definition, stage),
    routes: root.build(),
    methods,
  };
}

function compileLogging(stage: Stage, resourcePath: string, verb: string): Pick<RestMethodPlan, "logging"> {
  const [setting] = methodSettingsOf(stage.methodSettings, resourcePath, verb);
  const { loggingLevel, dataTraceEnabled } = setting ?? {};
  if (loggingLevel !== "ERROR" && loggingLevel !== "INFO") return {};
  return { logging: { level: loggingLevel, hasDataTrace: dataTraceEnabled === true } };
}

const usesCache = ({ steps }: RestMethodPlan): boolean => steps.some(({ kind }) => kind === "response-cache");

const hasMetrics = ({ methodSettings }: Stage, resourcePath: string, verb: string): boolean =>
  methodSettingsOf(methodSettings, resourcePath, verb).some(({ metricsEnabled }) => metricsEnabled);

/** Returns why a stage is closed: the guard of the whole stage that is not enforced yet. */
function reasonToClose(
  { restApi }: RestApiDefinition,
  stage: Stage,
  { hasVpcEndpoints }: Surroundings,
): string | undefined {
  const problem = problemOfPolicy(restApi);
  if (problem !== undefined) return `resource policy ${problem}`;
  const isPrivate = restApi.endpointConfiguration.types.includes("PRIVATE");
  // Nobody could say who comes from inside.
  if (isPrivate && !hasVpcEndpoints) return "endpointConfiguration PRIVATE, without --vpc-endpoint";
  if (restApi.endpointAccessMode === "STRICT") return "endpointAccessMode STRICT";
  // Serving all requests from one deployment would serve a share of the callers the wrong one.
  if (Number.isNaN(percentOfCanary(stage)))
    return `canarySettings percentTraffic ${JSON.stringify(stage.canarySettings?.percentTraffic)}`;
  return undefined;
}

function compileGatewayResponses(
  responses: readonly GatewayResponse[],
  variables: Readonly<Record<string, string>>,
): Record<string, GatewayResponsePlan> {
  const plans: [string, GatewayResponsePlan][] = responses.map((response) => [
    response.responseType,
    {
      ...(response.statusCode === undefined ? {} : { statusCode: Number(response.statusCode) }),
      headers: compileGatewayHeaders(response, variables),
      templates: Object.fromEntries(
        Object.entries(response.responseTemplates ?? {}).map(([mediaType, template]) => [
          mediaType,
          compileText(template, variables),
        ]),
      ),
    },
  ]);
  return Object.fromEntries(plans.sort(byKey));
}

/** Leaves out a header whose expression can't be resolved: an error's answer must not fail over it. */
function compileGatewayHeaders(
  response: GatewayResponse,
  variables: Readonly<Record<string, string>>,
): GatewayResponsePlan["headers"] {
  return Object.entries(response.responseParameters ?? {})
    .sort(byKey)
    .flatMap(([key, text]) => {
      try {
        return compileParameters({ [key]: text }, "gatewayresponse.header.", { side: "gateway-response", variables });
      } catch (error) {
        if (error instanceof Refusal) return [];
        throw error;
      }
    });
}

const byKey = (left: readonly [string, unknown], right: readonly [string, unknown]): number =>
  left[0] < right[0] ? -1 : 1;
