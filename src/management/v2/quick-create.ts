/**
 * Quick create: an API with a route, an integration, and a stage that deploys by itself, in one call. They are managed by
 * API Gateway: what they lead to is changed with the API.
 * AWS: API Gateway version 2 API reference, CreateApi and UpdateApi, "target", "routeKey", "credentialsArn".
 */
import {
  defaultStageName,
  type HttpIntegration,
  type HttpStage,
  type Route,
  v2Kinds,
} from "../../definition/http-api.ts";
import { checkHttpIntegration, isFunctionUri } from "../../definition/http-integration-rules.ts";
import { checkRouteConflicts, checkRouteKey } from "../../definition/http-route-rules.ts";
import { defaultRouteKey } from "../../definition/route-key.ts";
import type { V2Api } from "../../definition/v2-api.ts";
import { nowSeconds, present } from "../../families/work.ts";
import { badRequest, conflict } from "../../protocol/errors.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { deployToStages } from "./auto-deploy.ts";
import { refuse } from "./refusals.ts";
import type { Change } from "./work.ts";

/** The members of the two operations' inputs that this is about. */
interface QuickCreateInput {
  readonly Target?: string | undefined;
  readonly RouteKey?: string | undefined;
  readonly CredentialsArn?: string | undefined;
}

/** Returns what a target makes of an integration: a function's ARN or a URL. */
const targetOf = (
  target: string,
): Pick<HttpIntegration, "IntegrationType" | "IntegrationUri"> & Partial<HttpIntegration> => ({
  IntegrationUri: target,
  ...(isFunctionUri(target)
    ? { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", PayloadFormatVersion: "2.0" }
    : { IntegrationType: "HTTP_PROXY", IntegrationMethod: "ANY", PayloadFormatVersion: "1.0" }),
});

/** Checks a managed integration, whose role is used for what its target is now. */
function checkedIntegration(integration: HttpIntegration, { limits, call }: Change): HttpIntegration {
  const checked = present<HttpIntegration>(integration);
  refuse(
    checkHttpIntegration(checked, {
      hasVpcLink: () => false,
      timeoutInMillisMax: limits.httpIntegrationTimeoutMs,
    }),
  );
  refuseForeignRole(checked.CredentialsArn, call);
  return checked;
}

/** Makes what a new API's target asks for. */
export async function quickCreate(work: Change, api: V2Api, input: QuickCreateInput): Promise<void> {
  const { Target, RouteKey = defaultRouteKey, CredentialsArn } = input;
  if (Target === undefined) {
    // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
    if (input.RouteKey !== undefined || CredentialsArn !== undefined) {
      throw badRequest("RouteKey and CredentialsArn can only be specified together with Target");
    }
    return;
  }
  refuse(checkRouteKey(RouteKey));
  const { tx, call, limits } = work;
  const integration = checkedIntegration(
    {
      IntegrationId: call.ids.id(7),
      ...targetOf(Target),
      ConnectionType: "INTERNET",
      ...(CredentialsArn && { CredentialsArn }),
      TimeoutInMillis: limits.httpIntegrationTimeoutMs,
      ApiGatewayManaged: true,
    },
    work,
  );
  const route: Route = {
    RouteId: call.ids.id(7),
    RouteKey,
    ApiKeyRequired: false,
    AuthorizationType: "NONE",
    Target: `integrations/${integration.IntegrationId}`,
    ApiGatewayManaged: true,
  };
  const now = nowSeconds(call);
  const stage: HttpStage = {
    StageName: defaultStageName,
    AutoDeploy: true,
    DefaultRouteSettings: { DetailedMetricsEnabled: false },
    RouteSettings: {},
    StageVariables: {},
    CreatedDate: now,
    LastUpdatedDate: now,
    ApiGatewayManaged: true,
    birthId: call.ids.id(10),
  };
  await tx.put(v2Kinds.integration, `${api.ApiId}/${integration.IntegrationId}`, integration);
  await tx.put(v2Kinds.route, `${api.ApiId}/${route.RouteId}`, route);
  for (const deployed of await deployToStages(work, api, [stage], [])) {
    await tx.put(v2Kinds.stage, `${api.ApiId}/${defaultStageName}`, deployed);
  }
}

/** Changes what quick create made, as an update of the API asks for. The caller deploys it. */
export async function changeQuickCreated(work: Change, { ApiId }: V2Api, input: QuickCreateInput): Promise<void> {
  const { Target, RouteKey, CredentialsArn } = input;
  if (Target === undefined && RouteKey === undefined && CredentialsArn === undefined) return;
  const { tx } = work;
  const managed = async <Item extends { readonly ApiGatewayManaged?: true }>(kind: string) =>
    (await tx.list<Item>(kind, { prefix: `${ApiId}/` })).find(({ body }) => body.ApiGatewayManaged === true);
  const integration = await managed<HttpIntegration>(v2Kinds.integration);
  const route = await managed<Route>(v2Kinds.route);
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (integration === undefined || route === undefined) {
    throw badRequest(
      "Target, RouteKey and CredentialsArn can only be updated for an API that was made by quick create",
    );
  }
  if (Target !== undefined || CredentialsArn !== undefined) {
    const { CredentialsArn: before, ...rest } = integration.body;
    const role = CredentialsArn ?? before;
    const changed = {
      ...rest,
      ...(Target === undefined ? {} : targetOf(Target)),
      ...(role && { CredentialsArn: role }),
    };
    await tx.put<HttpIntegration>(v2Kinds.integration, integration.id, checkedIntegration(changed, work));
  }
  if (RouteKey === undefined || RouteKey === route.body.RouteKey) return;
  refuse(checkRouteKey(RouteKey));
  const others = (await tx.list<Route>(v2Kinds.route, { prefix: `${ApiId}/` })).filter(({ id }) => id !== route.id);
  const taken = checkRouteConflicts(
    RouteKey,
    others.map(({ body }) => body.RouteKey),
  );
  if (taken !== undefined) throw conflict(taken);
  await tx.put<Route>(v2Kinds.route, route.id, { ...route.body, RouteKey });
}
