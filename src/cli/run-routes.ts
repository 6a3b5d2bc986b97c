import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { connect, hasCode, type PorticoCalls } from "./portico-calls.ts";
import { exportHttpApi } from "./run-export.ts";
import { getStatus, type StageStatus, stagesOf } from "./server-status.ts";
import { type ApiOperation, describeIntegration, listOperations, routeKey, summarise } from "./up/api-operations.ts";
import { domainUrl, printRoutes, stageUrls } from "./up/render-routes.ts";
import { printWebSocketRoutes, type WebSocketRouteRow, webSocketRoutes, webSocketUrl } from "./websocket-routes.ts";

/** `portico routes [API]`: prints what is served: as it was deployed, not as it is being edited. */
export async function runRoutes({ args, options, output }: Invocation): Promise<number> {
  const endpoint = await findEndpoint(options);
  const all = await getStatus(endpoint);
  const stages = args[0] === undefined ? all : stagesOf(all, args[0]);
  const found: ServedRoutes[] = [];
  for (const stage of stages) found.push({ stage, ...(await readRoutes(endpoint, stage)) });
  if (options["json"]) {
    output.json(found.flatMap((served) => routesAsJson(endpoint, served)));
    return 0;
  }
  if (found.length === 0) output.line("Nothing is deployed. `portico up PATH` deploys an OpenAPI document.");
  for (const [index, { stage, operations, messages }] of found.entries()) {
    const urls = stageUrls(showEndpoint(endpoint), stage.region, stage);
    if (index > 0) output.line();
    const url = stage.protocol === "WEBSOCKET" ? webSocketUrl(urls.byHost) : urls.byHost;
    output.line(`${output.paint("bold", stage.apiName)} (${stage.apiId}), stage ${stage.stageName}, at ${url}`);
    for (const domain of stage.domains ?? []) {
      const { condition, closed } = domain;
      const note =
        closed === undefined ? condition && `, for requests with ${condition}` : `, which is closed: ${closed}`;
      output.line(`also at ${domainUrl(showEndpoint(endpoint), domain)}${note ?? ""}`);
    }
    if (stage.problem) output.line(output.paint("yellow", `The whole stage answers 501: ${stage.problem}`));
    if (!isDeployed(stage)) output.line("Nothing is deployed to it. `portico status` has the command that does.");
    else if (messages === undefined) printRoutes(output, operations, urls.byPath, closedRoutes(stage));
    else printWebSocketRoutes(output, messages, urls.byPath);
  }
  return 0;
}

/** Stages of HTTP and WebSocket APIs may be there before a deployment. */
const isDeployed = ({ deploymentId, problem }: StageStatus): boolean => deploymentId !== "" || problem !== undefined;

/** What a stage serves: operations or, of a WebSocket API, routes of messages. */
interface ServedRoutes {
  readonly stage: StageStatus;
  readonly operations: readonly ApiOperation[];
  readonly messages?: readonly WebSocketRouteRow[];
}

async function readRoutes(endpoint: string, stage: StageStatus): Promise<Omit<ServedRoutes, "stage">> {
  if (!isDeployed(stage)) return { operations: [] };
  if (stage.protocol !== "WEBSOCKET") return { operations: await deployedOperations(endpoint, stage) };
  const calls = connect(endpoint, stage.account, stage.region);
  return { operations: [], messages: await webSocketRoutes(calls, stage) };
}

function routesAsJson(endpoint: string, { stage, operations, messages = [] }: ServedRoutes): readonly object[] {
  const { apiId, apiName, stageName, region } = stage;
  const url = webSocketUrl(stageUrls(showEndpoint(endpoint), region, stage).byPath);
  return [
    ...operations.map((one) => routeAsJson(endpoint, stage, one)),
    ...messages.map((route) => ({ apiId, apiName, stageName, ...route, url })),
  ];
}

/** Reads the stage's deployed operations with their integrations from GetExport. */
async function deployedOperations(endpoint: string, stage: StageStatus): Promise<readonly ApiOperation[]> {
  const calls = connect(endpoint, stage.account, stage.region);
  if (stage.protocol === "HTTP") return listOperations(JSON.parse(await exportHttpApi(calls, stage, "JSON")));
  try {
    const { body } = await calls.call("apigateway", "GetExport", {
      restApiId: stage.apiId,
      stageName: stage.stageName,
      exportType: "oas30",
      parameters: { extensions: "integrations" },
      accepts: "application/json",
    });
    return listOperations(JSON.parse(String(body)));
  } catch (error) {
    // As on AWS, an API with bodies that are not JSON can't be exported.
    if (!hasCode(error, "BadRequestException")) throw error;
    return summarisedOperations(calls, stage);
  }
}

/** Reads the deployed routes with their current integrations; `status` shows those that changed since. */
async function summarisedOperations(calls: PorticoCalls, stage: StageStatus): Promise<readonly ApiOperation[]> {
  const { apiId: restApiId, deploymentId } = stage;
  const { apiSummary } = await calls.call("apigateway", "GetDeployment", {
    restApiId,
    deploymentId,
    embed: ["apisummary"],
  });
  const integrations = new Map<string, unknown>();
  for (let position: unknown; ; ) {
    const page = await calls.call("apigateway", "GetResources", {
      restApiId,
      limit: 500,
      embed: ["methods"],
      ...(position !== undefined && { position }),
    });
    for (const { path, resourceMethods } of (page["items"] ?? []) as readonly ResourceWithMethods[])
      for (const [method, { methodIntegration }] of Object.entries(resourceMethods ?? {}))
        integrations.set(`${method} ${path}`, methodIntegration);
    position = page["position"];
    if (position === undefined) break;
  }
  return Object.entries((apiSummary ?? {}) as Readonly<Record<string, object>>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      path,
      method,
      integration: summarise(integrations.get(`${method} ${path}`)),
      pointer: [],
      exampleTarget: undefined,
      exampleBody: undefined,
    })),
  );
}

interface ResourceWithMethods {
  readonly path: string;
  readonly resourceMethods?: Readonly<Record<string, { readonly methodIntegration?: unknown }>>;
}

const closedRoutes = (stage: StageStatus): ReadonlyMap<string, string> =>
  new Map(stage.closedRoutes.map(({ route, reason }) => [route, reason]));

function routeAsJson(endpoint: string, stage: StageStatus, operation: ApiOperation): object {
  const closed = closedRoutes(stage).get(routeKey(operation));
  const isDefault = routeKey(operation) === "$default";
  // The default route is no path of callers.
  const path = isDefault ? "/" : operation.path;
  const urls = (stage.domains ?? [])
    .filter((domain) => domain.closed === undefined)
    .map((domain) => domainUrl(showEndpoint(endpoint), domain));
  return {
    apiId: stage.apiId,
    apiName: stage.apiName,
    stageName: stage.stageName,
    method: operation.method,
    path: isDefault ? "$default" : operation.path,
    integration: describeIntegration(operation.integration),
    url: `${stageUrls(showEndpoint(endpoint), stage.region, stage).byPath}${path}`,
    ...(urls.length > 0 && { domainUrls: urls.map((url) => url + path) }),
    ...(closed !== undefined && { closed }),
  };
}
