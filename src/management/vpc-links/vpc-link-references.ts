/** Finds what goes through a VPC link of either version: methods of REST APIs, and routes of HTTP and WebSocket APIs. */
import { type HttpIntegration, type HttpStage, type Route, v2Kinds } from "../../definition/http-api.ts";
import { integrationIdOf } from "../../definition/http-route-rules.ts";
import { variableVpcLink } from "../../definition/indexes.ts";
import { type Resource, type RestApiDefinition, restKinds, type Stage } from "../../definition/rest-api.ts";
import { splitRouteKey } from "../../definition/route-key.ts";
import type { V2ApiDefinition } from "../../definition/v2-api.ts";
import type { StoredDocument } from "../../store/store.ts";
import type { ControlWork } from "../control-service.ts";

/** Yields `api:verb:resource:stage` for each method whose integration goes through the link. */
function* referencesIn(
  resources: readonly Resource[],
  linkId: string,
  at: { readonly apiId: string; readonly stage: string; readonly variables?: Readonly<Record<string, string>> },
): Generator<string> {
  for (const resource of resources) {
    for (const [verb, { methodIntegration }] of Object.entries(resource.resourceMethods ?? {})) {
      if (methodIntegration?.connectionType !== "VPC_LINK") continue;
      if (withVariables(methodIntegration.connectionId ?? "", at.variables) === linkId)
        yield `${at.apiId}:${verb}:${resource.id}:${at.stage}`;
    }
  }
}

/** Returns a connection id with the values of a stage's variables. */
const withVariables = (connectionId: string, variables: Readonly<Record<string, string>> = {}): string =>
  connectionId.replaceAll(/\$\{stageVariables\.(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(variables, name) ? variables[name]! : whole,
  );

/** The integrations of either kind of API. */
type Integration = Pick<HttpIntegration, "IntegrationId" | "IntegrationMethod" | "ConnectionId">;

const apiIdOf = (id: string): string => id.slice(0, id.indexOf("/"));

/**
 * Returns the documents whose methods name the link, or name one through stage variables, in the order of their ids.
 */
async function thatMayUse<Body>(
  work: ControlWork,
  kind: string,
  linkId: string,
): Promise<readonly StoredDocument<Body>[]> {
  const byName = await work.tx.list<Body>(kind, { where: { index: "vpcLink", key: linkId } });
  const byVariable = await work.tx.list<Body>(kind, { where: { index: "vpcLink", key: variableVpcLink } });
  return [...byName, ...byVariable].sort((one, other) => (one.id < other.id ? -1 : 1));
}

async function stagesOf(work: ControlWork, apiIds: Iterable<string>): Promise<readonly StoredDocument<Stage>[]> {
  const stages: StoredDocument<Stage>[] = [];
  for (const apiId of apiIds) stages.push(...(await work.tx.list<Stage>(restKinds.stage, { prefix: `${apiId}/` })));
  return stages;
}

/**
 * Returns the methods that stages serve through the link or, if there are none, those that an API's next deployment
 * would serve; each as `api:method:resource:stage`.
 */
export async function vpcLinkReferences(work: ControlWork, linkId: string): Promise<readonly string[]> {
  const found = new Set<string>();
  const snapshots = await thatMayUse<RestApiDefinition>(work, restKinds.snapshot, linkId);
  const withLink = new Map(snapshots.map(({ id, body }) => [id, body]));
  const apiIds = new Set(snapshots.map(({ id }) => apiIdOf(id)));
  for (const { id, body: stage } of await stagesOf(work, apiIds)) {
    const apiId = apiIdOf(id);
    const canary = stage.canarySettings;
    const served = [{ deploymentId: stage.deploymentId, variables: stage.variables ?? {} }];
    if (canary?.deploymentId !== undefined) {
      const variables = { ...stage.variables, ...canary.stageVariableOverrides };
      served.push({ deploymentId: canary.deploymentId, variables });
    }
    for (const { deploymentId, variables } of served) {
      const snapshot = withLink.get(`${apiId}/${deploymentId}`);
      const at = { apiId, stage: stage.stageName, variables };
      for (const reference of referencesIn(snapshot?.resources ?? [], linkId, at)) found.add(reference);
    }
  }
  if (found.size === 0) {
    for (const { id, body } of await thatMayUse<Resource>(work, restKinds.resource, linkId)) {
      // Unconfirmed: what AWS writes for a method that is not deployed; see docs/compatibility.md, "DeleteVpcLink".
      const at = { apiId: apiIdOf(id), stage: "null" };
      for (const reference of referencesIn([body], linkId, at)) found.add(reference);
    }
  }
  return [...found];
}

/**
 * Returns the routes of HTTP and WebSocket APIs that go through the link, as they are defined or as stages serve them; each
 * as `method:route`. An integration that no route names stands for itself.
 */
export async function v2VpcLinkReferences(work: ControlWork, linkId: string): Promise<readonly string[]> {
  const { tx } = work;
  const found = new Set<string>();
  const add = (
    integrations: readonly Integration[],
    routes: readonly Pick<Route, "RouteId" | "RouteKey" | "Target">[],
    variables: Readonly<Record<string, string>> = {},
  ): void => {
    for (const { IntegrationId, IntegrationMethod = "ANY", ConnectionId = "" } of integrations) {
      if (withVariables(ConnectionId, variables) !== linkId) continue;
      const users = routes.filter(({ Target }) => Target !== undefined && integrationIdOf(Target) === IntegrationId);
      for (const { RouteKey, RouteId } of users) {
        // Routes of WebSocket APIs have no method.
        const method = RouteKey.includes(" /") ? splitRouteKey(RouteKey).httpMethod : "ANY";
        found.add(`${method}:${RouteId}`);
      }
      if (users.length === 0) found.add(`${IntegrationMethod}:${IntegrationId}`);
    }
  };
  for (const { id, body } of await thatMayUse<Integration>(work, v2Kinds.integration, linkId)) {
    const routes = await tx.list<Route>(v2Kinds.route, { prefix: `${apiIdOf(id)}/` });
    add(
      [body],
      routes.map((route) => route.body),
    );
  }
  for (const { id, body } of await thatMayUse<V2ApiDefinition>(work, v2Kinds.snapshot, linkId)) {
    for (const { body: stage } of await tx.list<HttpStage>(v2Kinds.stage, { prefix: `${apiIdOf(id)}/` })) {
      if (id === `${apiIdOf(id)}/${stage.DeploymentId}`) add(body.integrations, body.routes, stage.StageVariables);
    }
  }
  return [...found];
}
