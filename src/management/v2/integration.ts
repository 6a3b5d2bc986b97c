import { v2Kinds } from "../../definition/http-api.ts";
import { checkHttpIntegration, isCustomType } from "../../definition/http-integration-rules.ts";
import { integrationIdOf } from "../../definition/http-route-rules.ts";
import { isWebSocketApi, type V2Api, type V2Integration } from "../../definition/v2-api.ts";
import { notForHttp } from "../../definition/v2-members.ts";
import type { WebSocketIntegration } from "../../definition/websocket-api.ts";
import {
  checkPayloadFormat,
  checkWebSocketIntegration,
  responseSelectionOf,
} from "../../definition/websocket-integration-rules.ts";
import { mergedAs, mergedEntries, unlessEqual, unmerged, withoutEmpty } from "../../families/merge.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { httpVpcLinks } from "../vpc-links/vpc-links.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { integrations } from "./integrations.ts";
import { type ForeignMembers, inUse, refuse, refuseForeign, requireRoom } from "./refusals.ts";
import { routes } from "./routes.ts";
import { type Change, defineResource, type Work } from "./work.ts";

type ResponseParameters = V2Integration["ResponseParameters"];

/** Returns the mappings by status without those of a status that has none. */
const withoutEmptyStatuses = (byStatus: NonNullable<ResponseParameters>): ResponseParameters =>
  nonEmpty(
    Object.fromEntries(
      Object.entries(byStatus).flatMap(([status, mappings]) => {
        const kept = withoutEmpty(mappings);
        return kept === undefined ? [] : [[status, kept]];
      }),
    ),
  );

/** Checks a new or changed integration. */
async function checked(integration: V2Integration, work: Work<never, V2Api>): Promise<V2Integration> {
  const { limits, call, beyondAws, parent: api } = work;
  const links = integration.ConnectionId === undefined ? [] : await httpVpcLinks(work);
  const hasHttpVpcLink = (id: string): boolean => links.some(({ link }) => link.id === id);
  refuse(
    isWebSocketApi(api)
      ? checkWebSocketIntegration(integration as WebSocketIntegration, {
          hasHttpVpcLink,
          timeoutInMillisMax: limits.integrationTimeoutMs,
        })
      : checkHttpIntegration(integration, {
          hasVpcLink: hasHttpVpcLink,
          timeoutInMillisMax: limits.httpIntegrationTimeoutMs,
          beyondAws,
        }),
  );
  refuseForeignRole(integration.CredentialsArn, call);
  return integration;
}

const foreignMembers = {
  // Templates are refused, with the types that have them, by `checkHttpIntegration`.
  HTTP: ["ContentHandlingStrategy", "TemplateSelectionExpression"],
  WEBSOCKET: ["IntegrationSubtype", "ResponseParameters", "TlsConfig"],
} as const satisfies ForeignMembers;

/**
 * Returns an integration with the members that its API's kind sets by itself. AWS's SDKs and Terraform send HTTP APIs the
 * default of PassthroughBehavior; it is accepted there and not kept. WebSocket APIs have one payload format, whatever a
 * call asks for.
 */
function asOfKind(integration: V2Integration, api: V2Api): V2Integration {
  if (isWebSocketApi(api)) {
    refuse(checkPayloadFormat(integration.PayloadFormatVersion ?? "1.0"));
    return {
      ...integration,
      PayloadFormatVersion: "1.0",
      IntegrationResponseSelectionExpression: responseSelectionOf(integration as WebSocketIntegration),
      PassthroughBehavior: integration.PassthroughBehavior ?? "WHEN_NO_MATCH",
    };
  }
  const { PassthroughBehavior: behavior, ...rest } = integration;
  if (isCustomType(integration.IntegrationType)) {
    const { PayloadFormatVersion = "1.0" } = integration;
    return { ...integration, PayloadFormatVersion, PassthroughBehavior: behavior ?? "WHEN_NO_MATCH" };
  }
  if (behavior !== undefined && behavior !== "WHEN_NO_MATCH") throw badRequest(notForHttp("PassthroughBehavior"));
  return rest;
}

async function createIntegration(work: Change<"CreateIntegration", V2Api>): Promise<V2Integration> {
  const { input, parent: api, limits } = work;
  refuseForeign(api, input, foreignMembers);
  requireRoom(work, "integrationsPerApi", await integrations.count(work));
  const { IntegrationType: type, IntegrationSubtype: subtype } = input;
  const isHttpFunction = !isWebSocketApi(api) && type === "AWS_PROXY" && subtype === undefined;
  const integration = present<V2Integration>({
    IntegrationId: await integrations.freshId(work, 7),
    // The model's check of the member has been made, so that there is one.
    IntegrationType: type!,
    IntegrationSubtype: subtype || undefined,
    // AWS's CDK names an empty URI for a MOCK.
    IntegrationUri: type === "MOCK" ? input.IntegrationUri || undefined : input.IntegrationUri,
    IntegrationMethod: input.IntegrationMethod ?? (isHttpFunction ? "POST" : undefined),
    PayloadFormatVersion: input.PayloadFormatVersion,
    ConnectionType: input.ConnectionType ?? "INTERNET",
    ConnectionId: input.ConnectionId,
    ContentHandlingStrategy: input.ContentHandlingStrategy,
    CredentialsArn: input.CredentialsArn || undefined,
    Description: input.Description || undefined,
    IntegrationResponseSelectionExpression: undefined,
    PassthroughBehavior: input.PassthroughBehavior,
    RequestParameters: withoutEmpty(input.RequestParameters ?? {}),
    RequestTemplates: withoutEmpty(input.RequestTemplates ?? {}),
    ResponseParameters: withoutEmptyStatuses(input.ResponseParameters ?? {}),
    TemplateSelectionExpression: input.TemplateSelectionExpression || undefined,
    TimeoutInMillis:
      input.TimeoutInMillis ?? (isWebSocketApi(api) ? limits.integrationTimeoutMs : limits.httpIntegrationTimeoutMs),
    TlsConfig: input.TlsConfig && nonEmpty(present({ ...input.TlsConfig })),
    ApiGatewayManaged: undefined,
  });
  return checked(asOfKind(integration, api), work);
}

/** Returns the integration without what a change of its kind of connection left over. */
function withoutOldConnection(
  integration: V2Integration,
  { input }: Change<"UpdateIntegration", V2Api>,
): V2Integration {
  if (integration.ConnectionType === "VPC_LINK") return integration;
  const { ConnectionId, TlsConfig, ...others } = integration;
  return present<V2Integration>({
    ...others,
    ConnectionId: input.ConnectionId === undefined ? undefined : ConnectionId,
    TlsConfig: input.TlsConfig === undefined ? undefined : TlsConfig,
  } as V2Integration);
}

/** AWS: API Gateway version 2 API reference, "Integration". */
export const integration = defineResource({
  operations: {
    create: "CreateIntegration",
    get: "GetIntegration",
    list: "GetIntegrations",
    update: "UpdateIntegration",
    delete: "DeleteIntegration",
  },
  place: integrations,
  create: createIntegration,
  merge: {
    ApiId: unmerged,
    // An integration without these would be another one, or none.
    IntegrationUri: mergedAs("IntegrationUri"),
    IntegrationMethod: mergedAs("IntegrationMethod"),
    PayloadFormatVersion: mergedAs("PayloadFormatVersion"),
    // AWS: API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs in API Gateway": an empty text
    // removes a mapping, and an empty map those of a status.
    RequestParameters: mergedEntries("RequestParameters"),
    ResponseParameters: (given, before) => ({
      ResponseParameters: withoutEmptyStatuses({ ...before.ResponseParameters, ...given }),
    }),
    TlsConfig: (given) => ({ TlsConfig: given.ServerNameToVerify ? present({ ...given }) : undefined }),
    RequestTemplates: mergedEntries("RequestTemplates"),
  },
  async complete(item, before, work) {
    refuseForeign(work.parent, work.input, foreignMembers);
    return unlessEqual(await checked(asOfKind(withoutOldConnection(item, work), work.parent), work), before);
  },
  async onDelete(item, work) {
    // AWS: API Gateway version 2 API reference, "Integration", apiGatewayManaged. Unconfirmed: the words; see
    // docs/compatibility.md, "HTTP APIs, words of management".
    if (item.ApiGatewayManaged) {
      throw inUse(`The integration ${item.IntegrationId} is managed by API Gateway and cannot be deleted`);
    }
    const users = (await routes.all(work)).filter(
      ({ Target }) => Target !== undefined && integrationIdOf(Target) === item.IntegrationId,
    );
    if (users.length > 0) {
      const ids = users.map(({ RouteId }) => RouteId).join(", ");
      // AWS's words, as users quote them.
      throw inUse(`Cannot delete Integration because it is referenced by the following Routes with Ids: [${ids}]`);
    }
    await work.tx.deleteAll(v2Kinds.integrationResponse, `${work.parentId}/${item.IntegrationId}/`);
  },
  afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
});
