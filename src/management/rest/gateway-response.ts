import type { PutGatewayResponseRequest } from "@aws-sdk/client-api-gateway";
import { gatewayResponseStatuses } from "../../definition/gateway-responses.ts";
import { checkGatewayResponseParameters } from "../../definition/mapping-rules.ts";
import { type GatewayResponse, restKinds } from "../../definition/rest-api.ts";
import { checkStatusCode } from "../../definition/rules.ts";
import { entry, member, text } from "../../families/patch.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { defineResource, type Place } from "./define-resource.ts";
import { childrenOf, nonEmpty, present, requireApi, type Work } from "./work.ts";

/** As it is answered: a customised response, or a type's default. */
interface ShownResponse extends GatewayResponse {
  readonly isDefault?: boolean;
}

const defaultTemplates = { "application/json": '{"message":$context.error.messageString}' };

function checked(response: ShownResponse): GatewayResponse {
  const { isDefault: _unused, ...custom } = response;
  const message =
    (custom.statusCode === undefined ? undefined : checkStatusCode(custom.statusCode)) ??
    checkGatewayResponseParameters(custom.responseParameters);
  if (message !== undefined) throw badRequest(message);
  return custom;
}

const documentId = (work: Work, responseType: string): string => `${work.input["restApiId"]}/${responseType}`;

const place: Place<ShownResponse> = {
  async find(work) {
    await requireApi(work);
    const responseType = work.input["responseType"] as string;
    const stored = await work.tx.get<GatewayResponse>(restKinds.gatewayResponse, documentId(work, responseType));
    return stored?.body ?? { responseType, isDefault: true };
  },
  put: (item, work) => work.tx.put(restKinds.gatewayResponse, documentId(work, item.responseType), checked(item)),
  delete: (item, work) => work.tx.delete(restKinds.gatewayResponse, documentId(work, item.responseType)),
  // AWS: GetGatewayResponses lists all 21 types; position and limit have no effect.
  async list(work) {
    const api = await requireApi(work);
    const custom = await childrenOf<GatewayResponse>(work.tx, restKinds.gatewayResponse, api.id);
    const items = Object.keys(gatewayResponseStatuses).map(
      (responseType) =>
        custom.find((response) => response.responseType === responseType) ?? { responseType, isDefault: true },
    );
    return { items };
  },
};

/**
 * A customised response shows what was customised, a default one what it does by default.
 * Unconfirmed: whether AWS adds the default status and template to a customised one. If it did, Terraform would want to
 * take them away again in every plan; see docs/compatibility.md, "GatewayResponse, customised".
 */
function viewResponse(response: ShownResponse): unknown {
  const { isDefault, ...custom } = response;
  const { responseType, statusCode, responseParameters, responseTemplates } = custom;
  if (isDefault !== true) {
    return {
      ...custom,
      responseParameters: responseParameters ?? {},
      responseTemplates: responseTemplates ?? {},
      defaultResponse: false,
    };
  }
  return present({
    responseType,
    statusCode: statusCode ?? gatewayResponseStatuses[responseType] ?? undefined,
    responseParameters: {},
    responseTemplates: defaultTemplates,
    defaultResponse: true,
  });
}

/** AWS: API Gateway REST API reference, "GatewayResponse". */
export const gatewayResponse = defineResource<ShownResponse>({
  operations: {
    create: "PutGatewayResponse",
    get: "GetGatewayResponse",
    list: "GetGatewayResponses",
    update: "UpdateGatewayResponse",
    delete: "DeleteGatewayResponse",
  },
  place,
  async create(work) {
    const input = work.input as unknown as PutGatewayResponseRequest;
    await requireApi(work);
    return checked(
      present<GatewayResponse>({
        responseType: input.responseType!,
        statusCode: input.statusCode || undefined,
        responseParameters: nonEmpty(input.responseParameters),
        responseTemplates: nonEmpty(input.responseTemplates),
      }),
    );
  },
  patch: {
    rules: {
      "/statusCode": member("statusCode", text, { clears: true }),
      "/responseParameters/{name}": entry("responseParameters", text),
      "/responseTemplates/{mediaType}": entry("responseTemplates", text),
    },
  },
  complete: async (item) => checked(item),
  async onDelete(item) {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
    if (item.isDefault === true) throw notFound("Invalid Gateway response type specified");
  },
  view: viewResponse,
});
