import { beyondAwsFlag } from "../../definition/beyond-aws.ts";
import type { HttpApiDefinition, HttpStage, Route } from "../../definition/http-api.ts";
import { defaultRouteKey, splitRouteKey } from "../../definition/route-key.ts";
import type { HttpApiPlan, HttpRoutePlan } from "../../plan/http-api-plan.ts";
import { RouteTree } from "../../plan/route-tree.ts";
import { compileV2Stage } from "../compile-v2-stage.ts";
import { modelSetOf } from "../model-set.ts";
import { noSurroundings, type Surroundings } from "../surroundings.ts";
import { compileCors } from "./compile-cors.ts";
import { compileMetrics } from "./compile-metrics.ts";
import { vpcLinksOfHttpApi } from "./compile-private-backend.ts";
import { compileRoute } from "./compile-route.ts";
import { httpSettingsWithoutEffect } from "./http-settings-without-effect.ts";
import { makeRouteAuthorizers } from "./route-authorizers.ts";

/**
 * Compiles a deployed HTTP API with its stage's settings. It is pure and deterministic, and never throws for a user's
 * configuration: a part that can't be served becomes a step that refuses.
 */
export function compileHttpApi(
  definition: HttpApiDefinition,
  stage: HttpStage,
  scope: { readonly account: string; readonly region: string },
  surroundings: Surroundings = noSurroundings,
): HttpApiPlan {
  const { api } = definition;
  const variables = stage.StageVariables;
  const apiArn = `arn:aws:execute-api:${scope.region}:${scope.account}:${api.ApiId}`;
  const asker = { account: scope.account, variables, surroundings };
  const authorizers = makeRouteAuthorizers(definition.authorizers, apiArn, asker);
  const integrations = new Map(definition.integrations.map((each) => [each.IntegrationId, each]));
  const models = modelSetOf(definition.models ?? [], api.ApiId);
  const integrationResponses = Map.groupBy(definition.integrationResponses ?? [], ({ IntegrationId: id }) => id);
  const root = new RouteTree();
  const methods: HttpRoutePlan[] = [];
  let defaultRoute: number | undefined;
  for (const route of [...definition.routes].sort(byRouteKey)) {
    const { httpMethod, path } = splitRouteKey(route.RouteKey);
    if (route.RouteKey === defaultRouteKey) defaultRoute = methods.length;
    else root.atExactly(path).methods.set(httpMethod, methods.length);
    methods.push({
      routeKey: route.RouteKey,
      routeId: route.RouteId,
      resourcePath: path,
      httpMethod,
      ...(route.OperationName === undefined ? {} : { operationName: route.OperationName }),
      ...compileMetrics(stage, route),
      steps: compileRoute(route, {
        ...asker,
        region: scope.region,
        stage,
        apiKeySelection: api.ApiKeySelectionExpression,
        integrations,
        integrationResponses,
        authorizers,
        models,
        methodArn: `${apiArn}/${stage.StageName}/${route.RouteKey === defaultRouteKey ? defaultRouteKey : `${httpMethod}${path}`}`,
      }),
    });
  }
  const closed = reasonToClose(stage, surroundings);
  const vpcLinks = vpcLinksOfHttpApi(definition, variables);
  const cors = compileCors(api.CorsConfiguration);
  return {
    ...compileV2Stage(api, stage, scope),
    kind: "http",
    ...(stage.webAclArn === undefined ? {} : { webAclArn: stage.webAclArn }),
    ...(closed === undefined ? {} : { closed }),
    ...(authorizers.used === undefined ? {} : { authorizers: authorizers.used }),
    ...(models.used === undefined ? {} : { models: models.used }),
    ...(stage.birthId === undefined ? {} : { birthId: stage.birthId }),
    ...(stage.authorizerFlushes === undefined ? {} : { authorizerFlushes: stage.authorizerFlushes }),
    ...(cors === undefined ? {} : { cors }),
    withoutEffect: httpSettingsWithoutEffect(definition, stage),
    ...(vpcLinks.length === 0 ? {} : { vpcLinks }),
    routes: root.build(),
    ...(defaultRoute === undefined ? {} : { defaultRoute }),
    methods,
  };
}

/** Returns why a stage is closed: the guard of the whole stage that may not be enforced. */
function reasonToClose({ webAclArn }: HttpStage, { beyondAws }: Surroundings): string | undefined {
  if (webAclArn === undefined || beyondAws.includes("http-web-acls")) return undefined;
  return `web ACL of an HTTP API, without ${beyondAwsFlag("http-web-acls")}`;
}

const byRouteKey = (left: Route, right: Route): number => (left.RouteKey < right.RouteKey ? -1 : 1);
