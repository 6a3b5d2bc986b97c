import { gatewayResponseStatuses } from "../../definition/gateway-responses.ts";
import { checkGatewayResponseParameters } from "../../definition/mapping-rules.ts";
import { type GatewayResponse, type RestApi, restKinds } from "../../definition/rest-api.ts";
import { checkStatusCode } from "../../definition/rules.ts";
import { entry, member, text } from "../../families/patch.ts";
import type { Place } from "../../families/place.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { ControlService } from "../control-service.ts";
import { restApis } from "./rest-apis.ts";
import { childrenOf, defineResource } from "./work.ts";

/** A response as it is shown: a customised one, or a type's default. */
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

const kind = restKinds.gatewayResponse;

const place: Place<ControlService, ShownResponse, RestApi, { readonly responseType: string }> = {
  parent: restApis,
  async find({ tx, parent, input: { responseType } }) {
    const stored = await tx.get<GatewayResponse>(kind, `${parent.id}/${responseType}`);
    return stored?.body ?? { responseType, isDefault: true };
  },
  put: (item, { tx, parent }) => tx.put(kind, `${parent.id}/${item.responseType}`, checked(item)),
  delete: (item, { tx, parent }) => tx.delete(kind, `${parent.id}/${item.responseType}`),
  // AWS: GetGatewayResponses lists all 21 types; position and limit have no effect.
  async list({ tx, parent }) {
    const custom = await childrenOf<GatewayResponse>(tx, kind, parent.id);
    const items = Object.keys(gatewayResponseStatuses).map(
      (responseType) =>
        custom.find((response) => response.responseType === responseType) ?? { responseType, isDefault: true },
    );
    return { items, next: undefined };
  },
};

/**
 * Returns a customised response with the members that were customised, or a default one with its defaults.
 * Unconfirmed: whether AWS adds the default status and template to a customised one. If it did, Terraform would want to
 * remove them again in every plan; see docs/compatibility.md, "GatewayResponse, customised".
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
export const gatewayResponse = defineResource({
  operations: {
    create: "PutGatewayResponse",
    get: "GetGatewayResponse",
    list: "GetGatewayResponses",
    update: "UpdateGatewayResponse",
    delete: "DeleteGatewayResponse",
  },
  place,
  async create({ input }): Promise<ShownResponse> {
    return checked(
      present<GatewayResponse>({
        responseType: input.responseType,
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
  complete: checked,
  async onDelete(item) {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
    if (item.isDefault === true) throw notFound("Invalid Gateway response type specified");
  },
  view: viewResponse,
});
