import { gatewayResponseStatuses } from "../../definition/gateway-responses.ts";
import { checkGatewayResponseParameters } from "../../definition/mapping-rules.ts";
import { type GatewayResponse, type RestApi, restKinds } from "../../definition/rest-api.ts";
import { checkStatusCode } from "../../definition/rules.ts";
import { entry, member, nameMistake, text } from "../../families/patch.ts";
import type { Place } from "../../families/place.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { Reader } from "../../store/store.ts";
import type { ControlService } from "../control-service.ts";
import { missingContentType, missingParameter } from "./method.ts";
import { restApis } from "./rest-apis.ts";
import { childrenOf, defineResource } from "./work.ts";

/** A response as it is shown: a customised one, or a type's default. */
interface ShownResponse extends GatewayResponse {
  readonly isDefault?: boolean;
  /** The customised default of its class, if it is one of a class. */
  readonly fallback?: GatewayResponse;
}

const defaultTemplates = { "application/json": '{"message":$context.error.messageString}' };

const classes = { "4": "DEFAULT_4XX", "5": "DEFAULT_5XX" } as const;

/** `DEFAULT_4XX` or `DEFAULT_5XX` for what answers with such a status. */
function classOf(responseType: string): string | undefined {
  const status = gatewayResponseStatuses[responseType];
  return classes[status?.charAt(0) as keyof typeof classes];
}

function refuseEmpty(member: string, values: Readonly<Record<string, string | null>> | undefined): void {
  if (Object.values(values ?? {}).some((value) => value === null || value === "")) {
    throw badRequest(`Invalid null or empty value in ${member}`);
  }
}

function checked({ isDefault: _default, fallback: _fallback, ...custom }: ShownResponse): GatewayResponse {
  refuseEmpty("responseTemplates", custom.responseTemplates);
  refuseEmpty("responseParameters", custom.responseParameters);
  const message =
    (custom.statusCode === undefined ? undefined : checkStatusCode(custom.statusCode)) ??
    checkGatewayResponseParameters(custom.responseParameters);
  if (message !== undefined) throw badRequest(message);
  return custom;
}

const kind = restKinds.gatewayResponse;

/** A type's response among the API's customised ones. */
function shown(responseType: string, custom: ReadonlyMap<string, GatewayResponse>): ShownResponse {
  const own = custom.get(responseType);
  const fallback = custom.get(classOf(responseType) ?? "");
  return { ...(own ?? { responseType, isDefault: true }), ...(fallback !== undefined && { fallback }) };
}

const customised = async (tx: Reader, apiId: string): Promise<ReadonlyMap<string, GatewayResponse>> =>
  new Map((await childrenOf<GatewayResponse>(tx, kind, apiId)).map((response) => [response.responseType, response]));

const place: Place<ControlService, ShownResponse, RestApi, { readonly responseType: string }> = {
  parent: restApis,
  find: async ({ tx, parent, input: { responseType } }) => shown(responseType, await customised(tx, parent.id)),
  put: (item, { tx, parent }) => tx.put(kind, `${parent.id}/${item.responseType}`, checked(item)),
  delete: (item, { tx, parent }) => tx.delete(kind, `${parent.id}/${item.responseType}`),
  // AWS: GetGatewayResponses lists all 21 types; position and limit have no effect.
  async list({ tx, parent }) {
    const custom = await customised(tx, parent.id);
    return { items: Object.keys(gatewayResponseStatuses).map((type) => shown(type, custom)), next: undefined };
  },
};

/**
 * Recorded: a customised response shows its effective status, and the default template where it has none. A customised
 * DEFAULT_5XX shows through in every type of its class that is not customised, and its status in those without one.
 * AWS: API Gateway Developer Guide, "Gateway response types for API Gateway", DEFAULT_5XX.
 * Unconfirmed: that DEFAULT_4XX shows through, too; see docs/compatibility.md, "GatewayResponse, shown".
 */
function viewResponse(response: ShownResponse): unknown {
  const { isDefault = false, fallback, responseType } = response;
  const { statusCode, responseParameters, responseTemplates } = isDefault ? (fallback ?? response) : response;
  return present({
    responseType,
    statusCode: statusCode ?? fallback?.statusCode ?? gatewayResponseStatuses[responseType] ?? undefined,
    responseParameters: responseParameters ?? {},
    responseTemplates: nonEmpty(responseTemplates) ?? defaultTemplates,
    defaultResponse: isDefault,
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
    refuse: nameMistake,
    rules: {
      "/statusCode": member("statusCode", text, { clears: true }),
      "/responseParameters/{name}": entry("responseParameters", text, missingParameter),
      "/responseTemplates/{mediaType}": entry("responseTemplates", text, missingContentType),
    },
  },
  complete: checked,
  async onDelete(item) {
    if (item.isDefault === true) throw notFound("Gateway response type not defined on api");
  },
  view: viewResponse,
});
