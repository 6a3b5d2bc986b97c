import type { IntegrationResponse } from "../../definition/http-api.ts";
import { isCustomType } from "../../definition/http-integration-rules.ts";
import { isWebSocketApi, type V2Integration } from "../../definition/v2-api.ts";
import { checkWebSocketIntegrationResponse } from "../../definition/websocket-integration-rules.ts";
import { mergedAs, mergedEntries, unlessEqual, unmerged, withoutEmpty } from "../../families/merge.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict } from "../../protocol/errors.ts";
import { apiOf } from "./apis.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { integrationResponses } from "./integration-responses.ts";
import { type ForeignMembers, refuse, refuseForeign, refuseOnHttp, requireRoom } from "./refusals.ts";
import { type Change, defineResource } from "./work.ts";

/** Checks a new or changed integration response. */
async function checked(
  response: IntegrationResponse,
  work: Change<never, V2Integration>,
): Promise<IntegrationResponse> {
  refuse(checkWebSocketIntegrationResponse(response));
  const others = (await integrationResponses.all(work)).filter(
    ({ IntegrationResponseId }) => IntegrationResponseId !== response.IntegrationResponseId,
  );
  const { IntegrationResponseKey: key } = response;
  // Unconfirmed: the words; see docs/compatibility.md, "WebSocket APIs, words of management".
  if (others.some((other) => other.IntegrationResponseKey === key)) {
    throw conflict(`Integration response with key ${key} already exists for this integration`);
  }
  return response;
}

const foreignMembers = {
  HTTP: ["ContentHandlingStrategy", "TemplateSelectionExpression"],
  WEBSOCKET: [],
} as const satisfies ForeignMembers;

async function createIntegrationResponse(
  work: Change<"CreateIntegrationResponse", V2Integration>,
): Promise<IntegrationResponse> {
  const { input } = work;
  const api = await apiOf(work);
  if (!work.beyondAws.includes("http-body-templates")) refuseOnHttp(api, "Integration responses");
  refuseForeign(api, input, foreignMembers);
  if (!isWebSocketApi(api) && !isCustomType(work.parent.IntegrationType)) {
    throw badRequest("Integration responses are only supported with integrations of the types AWS, HTTP and MOCK");
  }
  requireRoom(work, "integrationResponsesPerIntegration", await integrationResponses.count(work));
  const response = present<IntegrationResponse>({
    IntegrationId: work.parent.IntegrationId,
    IntegrationResponseId: await integrationResponses.freshId(work, 6),
    IntegrationResponseKey: input.IntegrationResponseKey,
    ContentHandlingStrategy: input.ContentHandlingStrategy,
    ResponseParameters: withoutEmpty(input.ResponseParameters ?? {}),
    ResponseTemplates: withoutEmpty(input.ResponseTemplates ?? {}),
    TemplateSelectionExpression: input.TemplateSelectionExpression || undefined,
  });
  return checked(response, work);
}

/** AWS: API Gateway version 2 API reference, "IntegrationResponse". */
export const integrationResponse = defineResource({
  operations: {
    create: "CreateIntegrationResponse",
    get: "GetIntegrationResponse",
    list: "GetIntegrationResponses",
    update: "UpdateIntegrationResponse",
    delete: "DeleteIntegrationResponse",
  },
  place: integrationResponses,
  create: createIntegrationResponse,
  merge: {
    ApiId: unmerged,
    IntegrationId: unmerged,
    IntegrationResponseKey: mergedAs("IntegrationResponseKey"),
    ResponseParameters: mergedEntries("ResponseParameters"),
    ResponseTemplates: mergedEntries("ResponseTemplates"),
  },
  async complete(item, before, work) {
    refuseForeign(await apiOf(work), work.input, foreignMembers);
    return unlessEqual(await checked(item, work), before);
  },
  afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
  view: ({ IntegrationId: _, ...response }) => response,
});
