import type { IntegrationResponse, WebSocketApiDefinition, WebSocketStage } from "../../definition/websocket-api.ts";
import { planVersion } from "../../plan/plan.ts";
import type { WebSocketPlan, WebSocketRoutePlan } from "../../plan/websocket-plan.ts";
import { Refusal } from "../refusal.ts";
import { noSurroundings, type Surroundings } from "../surroundings.ts";
import { compileSelection } from "./compile-selection.ts";
import { compileWebSocketRoute, isTwoWay } from "./compile-websocket-route.ts";

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
  const responses = groupBy(definition.integrationResponses, ({ IntegrationId: id }) => id);
  const answering = new Set(definition.routeResponses.map(({ RouteId: id }) => id));
  const apiArn = `arn:aws:execute-api:${scope.region}:${scope.account}:${api.ApiId}`;
  const methods = definition.routes
    .toSorted((left, right) => (left.RouteKey < right.RouteKey ? -1 : 1))
    .map(
      (route): WebSocketRoutePlan => ({
        routeKey: route.RouteKey,
        routeId: route.RouteId,
        resourcePath: route.RouteKey,
        httpMethod: "ANY",
        ...(route.OperationName === undefined ? {} : { operationName: route.OperationName }),
        isTwoWay: isTwoWay(route, answering),
        steps: compileWebSocketRoute(route, {
          account: scope.account,
          region: scope.region,
          methodArn: `${apiArn}/${stage.StageName}/${route.RouteKey}`,
          variables,
          surroundings,
          binaryMediaTypes: [],
          isEdgeOptimized: false,
          clientCertificateId: stage.ClientCertificateId,
          stage,
          integrations,
          responses,
        }),
      }),
    );
  const log = stage.AccessLogSettings;
  return {
    version: planVersion,
    kind: "websocket",
    account: scope.account,
    region: scope.region,
    apiId: api.ApiId,
    apiName: api.Name,
    stageName: stage.StageName,
    deploymentId: stage.DeploymentId ?? "",
    stageVariables: variables,
    binaryMediaTypes: [],
    isDefaultEndpointDisabled: api.DisableExecuteApiEndpoint,
    ...(log?.DestinationArn === undefined || log.Format === undefined
      ? {}
      : { accessLog: { destinationArn: log.DestinationArn, format: log.Format } }),
    withoutEffect: [],
    ...compileRouteSelection(api.RouteSelectionExpression),
    routes: Object.fromEntries(methods.map(({ routeKey }, index) => [routeKey, index])),
    methods,
  };
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

function groupBy(
  items: readonly IntegrationResponse[],
  keyOf: (item: IntegrationResponse) => string,
): ReadonlyMap<string, readonly IntegrationResponse[]> {
  const groups = new Map<string, IntegrationResponse[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
