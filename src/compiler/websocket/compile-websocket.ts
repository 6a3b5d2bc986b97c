import type { WebSocketApiDefinition, WebSocketStage } from "../../definition/websocket-api.ts";
import type { WebSocketPlan, WebSocketRoutePlan } from "../../plan/websocket-plan.ts";
import { compileV2Stage } from "../compile-v2-stage.ts";
import { compileMetrics } from "../http-api/compile-metrics.ts";
import { vpcLinksNamed } from "../http-api/compile-private-backend.ts";
import { modelSetOf } from "../model-set.ts";
import { Refusal } from "../refusal.ts";
import { noSurroundings, type Surroundings } from "../surroundings.ts";
import { compileSelection } from "./compile-selection.ts";
import { compileWebSocketRoute } from "./compile-websocket-route.ts";
import { isTwoWay } from "./route-answers.ts";
import { makeWebSocketAuthorizers } from "./websocket-authorizers.ts";

/**
 * Compiles a deployed WebSocket API with its stage's settings. It is pure and deterministic, and never throws for a user's
 * configuration: a part that can't be served becomes a step that refuses.
 */
export function compileWebSocket(
  definition: WebSocketApiDefinition,
  stage: WebSocketStage,
  scope: { readonly account: string; readonly region: string },
  surroundings: Surroundings = noSurroundings,
): WebSocketPlan {
  const { api } = definition;
  const variables = stage.StageVariables;
  const integrations = new Map(definition.integrations.map((each) => [each.IntegrationId, each]));
  const responses = Map.groupBy(definition.integrationResponses, ({ IntegrationId: id }) => id);
  const answering = new Set(definition.routeResponses.map(({ RouteId: id }) => id));
  const models = modelSetOf(definition.models, api.ApiId);
  const apiArn = `arn:aws:execute-api:${scope.region}:${scope.account}:${api.ApiId}`;
  const asker = { account: scope.account, variables, surroundings };
  const authorizers = makeWebSocketAuthorizers(definition.authorizers, apiArn, asker);
  const methods = definition.routes
    .toSorted((left, right) => (left.RouteKey < right.RouteKey ? -1 : 1))
    .map(
      (route): WebSocketRoutePlan => ({
        routeKey: route.RouteKey,
        routeId: route.RouteId,
        resourcePath: route.RouteKey,
        httpMethod: "ANY",
        ...(route.OperationName === undefined ? {} : { operationName: route.OperationName }),
        ...compileLogging(stage, route.RouteKey),
        ...compileMetrics(stage, route),
        isTwoWay: isTwoWay(route, answering),
        steps: compileWebSocketRoute(route, {
          ...asker,
          region: scope.region,
          methodArn: `${apiArn}/${stage.StageName}/${route.RouteKey}`,
          api,
          authorizers,
          models,
          binaryMediaTypes: [],
          isEdgeOptimized: false,
          clientCertificateId: stage.ClientCertificateId,
          stage,
          integrations,
          answering,
          responses,
        }),
      }),
    );
  const vpcLinks = vpcLinksNamed(definition.integrations, variables);
  return {
    ...compileV2Stage(api, stage, scope),
    kind: "websocket",
    ...(authorizers.used === undefined ? {} : { authorizers: authorizers.used }),
    ...(models.used === undefined ? {} : { models: models.used }),
    ...(vpcLinks.length === 0 ? {} : { vpcLinks }),
    ...compileRouteSelection(api.RouteSelectionExpression),
    withoutEffect: settingsWithoutEffect(definition, stage),
    routes: Object.fromEntries(methods.map(({ routeKey }, index) => [routeKey, index])),
    methods,
  };
}

/** An entry of a route's own stands in place of the stage's default as a whole. */
function compileLogging(
  { RouteSettings: settings, DefaultRouteSettings: byDefault }: WebSocketStage,
  key: string,
): Pick<WebSocketRoutePlan, "logging"> {
  const own = Object.hasOwn(settings, key) ? settings[key]! : byDefault;
  const { LoggingLevel: level, DataTraceEnabled: hasDataTrace } = own;
  if (level !== "ERROR" && level !== "INFO") return {};
  return { logging: { level, hasDataTrace: hasDataTrace === true } };
}

/** Without the route of a message nobody can tell its guards: an expression that can't be read closes the stage. */
function compileRouteSelection(expression: string): Pick<WebSocketPlan, "routeSelection" | "closed"> {
  try {
    return { routeSelection: compileSelection("RouteSelectionExpression", expression) };
  } catch (error) {
    if (error instanceof Refusal && error.step.kind === "closed") {
      return { routeSelection: [], closed: error.step.reason };
    }
    throw error;
  }
}

/** Returns the settings that are stored and have no effect, by AWS's names, sorted. None of them guards anything. */
function settingsWithoutEffect(
  { routes, integrations }: WebSocketApiDefinition,
  { RouteSettings: settings }: WebSocketStage,
): string[] {
  const names = new Set<string>();
  const keys = new Set(routes.map(({ RouteKey }) => RouteKey));
  for (const key of Object.keys(settings)) {
    // A throttle that holds for nothing should not go unnoticed.
    if (!keys.has(key)) names.add(`RouteSettings ${key}, which names no deployed route`);
  }
  for (const { RouteKey, RequestModels, ModelSelectionExpression } of routes) {
    const hasModels = Object.keys(RequestModels ?? {}).length > 0;
    if (hasModels && ModelSelectionExpression === undefined) {
      names.add(`RequestModels of ${RouteKey}, which has no ModelSelectionExpression`);
    }
  }
  for (const { IntegrationType: type, ContentHandlingStrategy: strategy } of integrations) {
    if (strategy !== undefined && type === "AWS_PROXY") names.add("ContentHandlingStrategy of AWS_PROXY");
  }
  return [...names].sort();
}
