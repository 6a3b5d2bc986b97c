import type { HttpApi, HttpIntegration } from "../../definition/http-api.ts";
import { checkHttpIntegration } from "../../definition/http-integration-rules.ts";
import { integrationIdOf, notForHttp } from "../../definition/http-route-rules.ts";
import { mergedAs, unlessEqual } from "../../families/merge.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { httpVpcLinks } from "../vpc-links/vpc-links.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { integrations } from "./integrations.ts";
import { inUse, onlyForWebSocket, refuse, refuseOnHttp, requireRoom } from "./refusals.ts";
import { routes } from "./routes.ts";
import { type Change, defineResource, type Work } from "./work.ts";

type ResponseParameters = HttpIntegration["ResponseParameters"];

/** Returns the mappings without those of an empty text: that is how an update removes them. */
const withoutEmpty = (mappings: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined =>
  nonEmpty(Object.fromEntries(Object.entries(mappings).filter(([, value]) => value !== "")));

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
async function checked(integration: HttpIntegration, work: Work<never, HttpApi>): Promise<HttpIntegration> {
  const { limits, call } = work;
  const links = integration.ConnectionId === undefined ? [] : await httpVpcLinks(work);
  refuse(
    checkHttpIntegration(integration, {
      hasVpcLink: (id) => links.some(({ link }) => link.id === id),
      timeoutInMillisMax: limits.httpIntegrationTimeoutMs,
    }),
  );
  refuseForeignRole(integration.CredentialsArn, call);
  return integration;
}

const webSocketMembers = ["ContentHandlingStrategy", "RequestTemplates", "TemplateSelectionExpression"] as const;

/**
 * Accepts the one value that means what HTTP APIs do. AWS takes it, since Terraform sends it with every integration, and
 * shows none.
 */
function refusePassthrough(behavior: string | undefined): void {
  if (behavior !== undefined && behavior !== "WHEN_NO_MATCH") throw badRequest(notForHttp("PassthroughBehavior"));
}

async function createIntegration(work: Change<"CreateIntegration", HttpApi>): Promise<HttpIntegration> {
  const { input } = work;
  for (const member of webSocketMembers) refuseOnHttp(member, input[member]);
  refusePassthrough(input.PassthroughBehavior);
  requireRoom(work, "integrationsPerApi", await integrations.count(work));
  const { IntegrationType: type, IntegrationSubtype: subtype } = input;
  const isFunction = type === "AWS_PROXY" && subtype === undefined;
  const integration = present<HttpIntegration>({
    IntegrationId: await integrations.freshId(work, 7),
    // The rules refuse the other types.
    IntegrationType: type as HttpIntegration["IntegrationType"],
    IntegrationSubtype: subtype,
    IntegrationUri: input.IntegrationUri,
    IntegrationMethod: input.IntegrationMethod ?? (isFunction ? "POST" : undefined),
    PayloadFormatVersion: input.PayloadFormatVersion,
    ConnectionType: input.ConnectionType ?? "INTERNET",
    ConnectionId: input.ConnectionId,
    CredentialsArn: input.CredentialsArn || undefined,
    Description: input.Description || undefined,
    RequestParameters: withoutEmpty(input.RequestParameters ?? {}),
    ResponseParameters: withoutEmptyStatuses(input.ResponseParameters ?? {}),
    TimeoutInMillis: input.TimeoutInMillis ?? work.limits.httpIntegrationTimeoutMs,
    TlsConfig: input.TlsConfig && nonEmpty(present({ ...input.TlsConfig })),
    ApiGatewayManaged: undefined,
  });
  return checked(integration, work);
}

/** Returns the integration without what a change of its kind of connection left over. */
function withoutOldConnection(
  integration: HttpIntegration,
  { input }: Change<"UpdateIntegration", HttpApi>,
): HttpIntegration {
  if (integration.ConnectionType === "VPC_LINK") return integration;
  const { ConnectionId, TlsConfig, ...others } = integration;
  return present<HttpIntegration>({
    ...others,
    ConnectionId: input.ConnectionId === undefined ? undefined : ConnectionId,
    TlsConfig: input.TlsConfig === undefined ? undefined : TlsConfig,
  } as HttpIntegration);
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
    ApiId: () => ({}),
    IntegrationType: (type) => ({ IntegrationType: type as HttpIntegration["IntegrationType"] }),
    // An integration without these would be another one, or none.
    IntegrationUri: mergedAs("IntegrationUri"),
    IntegrationMethod: mergedAs("IntegrationMethod"),
    PayloadFormatVersion: mergedAs("PayloadFormatVersion"),
    // AWS: API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs in API Gateway": an empty text
    // removes a mapping, and an empty map those of a status.
    RequestParameters: (given, before) => ({
      RequestParameters: withoutEmpty({ ...before.RequestParameters, ...given }),
    }),
    ResponseParameters: (given, before) => ({
      ResponseParameters: withoutEmptyStatuses({ ...before.ResponseParameters, ...given }),
    }),
    TlsConfig: (given) => ({ TlsConfig: given.ServerNameToVerify ? present({ ...given }) : undefined }),
    PassthroughBehavior(behavior) {
      refusePassthrough(behavior);
      return {};
    },
    ContentHandlingStrategy: onlyForWebSocket("ContentHandlingStrategy"),
    RequestTemplates: onlyForWebSocket("RequestTemplates"),
    TemplateSelectionExpression: onlyForWebSocket("TemplateSelectionExpression"),
  },
  complete: async (item, before, work) => unlessEqual(await checked(withoutOldConnection(item, work), work), before),
  async onDelete(item, work) {
    // AWS: API Gateway version 2 API reference, "Integration", apiGatewayManaged. Unconfirmed: the words; see
    // docs/compatibility.md, "HTTP APIs, words of management".
    if (item.ApiGatewayManaged) {
      throw inUse(`The integration ${item.IntegrationId} is managed by API Gateway and cannot be deleted`);
    }
    const users = (await routes.all(work)).filter(
      ({ Target }) => Target !== undefined && integrationIdOf(Target) === item.IntegrationId,
    );
    if (users.length === 0) return;
    const ids = users.map(({ RouteId }) => RouteId).join(", ");
    // AWS's words, as users quote them.
    throw inUse(`Cannot delete Integration because it is referenced by the following Routes with Ids: [${ids}]`);
  },
  afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
});
