/**
 * Quick create: an API with a route, an integration, and a stage that deploys by itself, in one call. They are managed by
 * API Gateway: what they lead to is changed with the API.
 * AWS: API Gateway version 2 API reference, CreateApi and UpdateApi, "target", "routeKey", "credentialsArn".
 */
import {
  defaultStageName,
  type HttpApi,
  type HttpIntegration,
  type HttpStage,
  httpApiKinds,
  type Route,
} from "../../definition/http-api.ts";
import { checkRouteConflicts, checkRouteKey } from "../../definition/http-route-rules.ts";
import { defaultRouteKey } from "../../definition/route-key.ts";
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

const functionArn = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w$-]+(?::[\w$-]+)?$/;

/** Returns what a target makes of an integration: a function's ARN or a URL, and nothing else. */
function targetOf(
  target: string,
): Pick<HttpIntegration, "IntegrationType" | "IntegrationUri" | "IntegrationMethod"> &
  Pick<HttpIntegration, "PayloadFormatVersion"> {
  if (functionArn.test(target)) {
    return {
      IntegrationType: "AWS_PROXY",
      IntegrationUri: target,
      IntegrationMethod: "POST",
      PayloadFormatVersion: "2.0",
    };
  }
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (!/^https?:\/\/[^\s/]+/.test(target)) throw badRequest(`Invalid target specified: ${target}`);
  return {
    IntegrationType: "HTTP_PROXY",
    IntegrationUri: target,
    IntegrationMethod: "ANY",
    PayloadFormatVersion: "1.0",
  };
}

/** Makes what a new API's target asks for. */
export async function quickCreate(work: Change, api: HttpApi, input: QuickCreateInput): Promise<void> {
  const { Target, RouteKey = defaultRouteKey, CredentialsArn } = input;
  if (Target === undefined) {
    // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
    if (input.RouteKey !== undefined || CredentialsArn !== undefined) {
      throw badRequest("RouteKey and CredentialsArn can only be specified together with Target");
    }
    return;
  }
  refuse(checkRouteKey(RouteKey));
  refuseForeignRole(CredentialsArn, work.call);
  const { tx, call } = work;
  const integration = present<HttpIntegration>({
    IntegrationId: call.ids.id(7),
    ...targetOf(Target),
    ConnectionType: "INTERNET",
    CredentialsArn: CredentialsArn || undefined,
    TimeoutInMillis: 30_000,
    ApiGatewayManaged: true,
  } as HttpIntegration);
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
  };
  await tx.put(httpApiKinds.integration, `${api.ApiId}/${integration.IntegrationId}`, integration);
  await tx.put(httpApiKinds.route, `${api.ApiId}/${route.RouteId}`, route);
  for (const deployed of await deployToStages(work, api, [stage], [])) {
    await tx.put(httpApiKinds.stage, `${api.ApiId}/${defaultStageName}`, deployed);
  }
}

/** Changes what quick create made, as an update of the API asks for. The caller deploys it. */
export async function changeQuickCreated(work: Change, { ApiId }: HttpApi, input: QuickCreateInput): Promise<void> {
  const { Target, RouteKey, CredentialsArn } = input;
  if (Target === undefined && RouteKey === undefined && CredentialsArn === undefined) return;
  const { tx } = work;
  const managed = async <Item extends { readonly ApiGatewayManaged?: true }>(kind: string) =>
    (await tx.list<Item>(kind, { prefix: `${ApiId}/` })).find(({ body }) => body.ApiGatewayManaged === true);
  const integration = await managed<HttpIntegration>(httpApiKinds.integration);
  const route = await managed<Route>(httpApiKinds.route);
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (integration === undefined || route === undefined) {
    throw badRequest(
      "Target, RouteKey and CredentialsArn can only be updated for an API that was made by quick create",
    );
  }
  if (Target !== undefined || CredentialsArn !== undefined) {
    const changed = present<HttpIntegration>({
      ...integration.body,
      ...(Target === undefined ? {} : targetOf(Target)),
      CredentialsArn: CredentialsArn === undefined ? integration.body.CredentialsArn : CredentialsArn || undefined,
    } as HttpIntegration);
    // A role that stays is used for what the target now is.
    refuseForeignRole(changed.CredentialsArn, work.call);
    await tx.put<HttpIntegration>(httpApiKinds.integration, integration.id, changed);
  }
  if (RouteKey === undefined) return;
  refuse(checkRouteKey(RouteKey));
  const others = (await tx.list<Route>(httpApiKinds.route, { prefix: `${ApiId}/` })).filter(
    ({ id }) => id !== route.id,
  );
  const taken = checkRouteConflicts(
    RouteKey,
    others.map(({ body }) => body.RouteKey),
  );
  if (taken !== undefined) throw conflict(taken);
  await tx.put<Route>(httpApiKinds.route, route.id, { ...route.body, RouteKey });
}
