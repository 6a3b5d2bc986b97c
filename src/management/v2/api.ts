import { checkCors, storedCors } from "../../definition/cors-rules.ts";
import {
  apiKeyInHeader,
  apiKeyOfAuthorizer,
  type CorsConfiguration,
  type HttpApi,
  v2Kinds,
} from "../../definition/http-api.ts";
import { checkSelection } from "../../definition/selection-expression-rules.ts";
import { checkLengths, shortened } from "../../definition/text-lengths.ts";
import { isWebSocketApi, type V2Api } from "../../definition/v2-api.ts";
import { mergedAs, unmerged } from "../../families/merge.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { addressOfApi } from "../apis/api-address.ts";
import { claimApiId, freeApiId, releaseApiId } from "../apis/api-ids.ts";
import { dropStageLinks } from "../apis/usage-plan-links.ts";
import { domainsMappedTo } from "../domains/domain-names.ts";
import { checkTags, customIdTag } from "../tags/tag-rules.ts";
import { v2Apis } from "./apis.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { changeQuickCreated, quickCreate } from "./quick-create.ts";
import { type ForeignMembers, refuse, refuseForeign, requireRoom, tooMany } from "./refusals.ts";
import { type Change, changing, defineResource, operations, type Work, writing } from "./work.ts";

/** Returns an API as callers see it. */
export const viewV2Api = (api: V2Api, call: CallContext): unknown => ({
  ...api,
  ApiEndpoint: addressOfApi(call, api.ApiId, isWebSocketApi(api) ? "ws" : "http"),
  Tags: api.Tags ?? {},
});

type CreateInput = Work<"CreateApi">["input"];

/** Returns a CORS configuration as it is kept; undefined for one that configures nothing. */
function corsOf(input: NonNullable<CreateInput["CorsConfiguration"]>): CorsConfiguration | undefined {
  const cors = present<CorsConfiguration>({ ...(input as CorsConfiguration) });
  refuse(checkCors(cors));
  return storedCors(cors);
}

/** What AWS has for HTTP APIs, which can't be chosen. AWS: CreateApi, routeSelectionExpression. */
const routeSelection = "$request.method $request.path";
const routeSelections: readonly string[] = [routeSelection, "${request.method} ${request.path}", ""];
const apiKeySelections: readonly string[] = [apiKeyInHeader, apiKeyOfAuthorizer, ""];

type Selections = Pick<CreateInput, "RouteSelectionExpression" | "ApiKeySelectionExpression">;

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
function checkSelections({ ProtocolType }: Pick<V2Api, "ProtocolType">, input: Selections): void {
  const { RouteSelectionExpression: route, ApiKeySelectionExpression: key } = input;
  if (ProtocolType === "WEBSOCKET") refuse(checkSelection("RouteSelectionExpression", route));
  else if (route !== undefined && !routeSelections.includes(route)) {
    throw badRequest(
      `Invalid route selection expression specified: ${shortened(route)}. HTTP APIs have '${routeSelection}'`,
    );
  }
  if (key !== undefined && !apiKeySelections.includes(key)) {
    throw badRequest(`Invalid API key selection expression specified: ${shortened(key)}`);
  }
}

/** The settings of CreateApi that only HTTP APIs have. */
const foreignMembers = {
  HTTP: [],
  WEBSOCKET: ["CorsConfiguration", "Target", "RouteKey", "CredentialsArn"],
} as const satisfies ForeignMembers;

/** Returns how an API of the kind finds the route of a message. */
function routeSelectionOf(kind: Pick<V2Api, "ProtocolType">, input: Selections): string {
  checkSelections(kind, input);
  if (kind.ProtocolType === "HTTP") return routeSelection;
  const { RouteSelectionExpression: expression } = input;
  // Unconfirmed: the words; see docs/compatibility.md, "WebSocket APIs, words of management".
  if (!expression) throw badRequest("RouteSelectionExpression is a required parameter for WEBSOCKET protocol Apis");
  return expression;
}

/** Returns a new HTTP API, checked. It writes nothing. */
export const newHttpApi = async (work: Work, input: CreateInput): Promise<HttpApi> =>
  (await newApi(work, { ...input, ProtocolType: "HTTP" })) as HttpApi;

async function newApi(work: Work, input: CreateInput): Promise<V2Api> {
  // The model's check of the member has been made, so that it is one of the two.
  const kind = { ProtocolType: input.ProtocolType! };
  const { [customIdTag]: wantedId, ...tags } = input.Tags ?? {};
  checkTags(tags, work.limits, tooMany);
  refuseForeign(kind, input, foreignMembers);
  const RouteSelectionExpression = routeSelectionOf(kind, input);
  requireRoom(work, "regionalApis", await work.tx.count(v2Kinds.api));
  return checked({
    ApiId: await freeApiId(work, wantedId),
    Name: input.Name,
    ...kind,
    Description: input.Description || undefined,
    Version: input.Version || undefined,
    RouteSelectionExpression,
    ApiKeySelectionExpression: input.ApiKeySelectionExpression || apiKeyInHeader,
    CorsConfiguration: input.CorsConfiguration && corsOf(input.CorsConfiguration),
    DisableSchemaValidation: input.DisableSchemaValidation,
    DisableExecuteApiEndpoint: input.DisableExecuteApiEndpoint ?? false,
    IpAddressType: input.IpAddressType ?? "ipv4",
    Tags: nonEmpty(tags),
    CreatedDate: nowSeconds(work.call),
    ImportInfo: undefined,
    Warnings: undefined,
  });
}

const lengths = { Name: [1, 128], Description: [0, 1024], Version: [1, 64] } as const;

/** Checks the texts of an API. Returns undefined, or a message. */
export const checkApiTexts = (api: V2Api): string | undefined => checkLengths(api, lengths);

/** Checks the texts of an API, and returns it without what is absent. */
function checked(members: Parameters<typeof present<V2Api>>[0]): V2Api {
  const api = present<V2Api>(members);
  refuse(checkApiTexts(api));
  return api;
}

/** Writes a new API, and claims its id in all accounts and regions, for ever. */
export async function writeNewApi(work: Change, api: V2Api): Promise<void> {
  await claimApiId(work, api.ApiId, v2Kinds.api);
  await work.tx.put(v2Kinds.api, api.ApiId, api);
}

async function createApi(work: Change<"CreateApi">): Promise<unknown> {
  const api = await newApi(work, work.input);
  await writeNewApi(work, api);
  if (!isWebSocketApi(api)) await quickCreate(work, api, work.input);
  return viewV2Api(api, work.call);
}

/** The kinds of everything that belongs to an API. */
const childKinds = [
  v2Kinds.route,
  v2Kinds.routeResponse,
  v2Kinds.integration,
  v2Kinds.integrationResponse,
  v2Kinds.model,
  v2Kinds.authorizer,
  v2Kinds.deployment,
  v2Kinds.snapshot,
  v2Kinds.stage,
];

async function deleteChildren({ ApiId }: V2Api, work: Change): Promise<void> {
  if ((await domainsMappedTo(work, ApiId)).length > 0) {
    // AWS's words, as users quote them; its model has no such error for this operation.
    throw badRequest(
      `Deleting API ${ApiId} failed. Please remove all API mappings for the API from your custom domain names.`,
      { status: 400 },
    );
  }
  for (const kind of childKinds) await work.tx.deleteAll(kind, `${ApiId}/`);
  await dropStageLinks(work, ApiId);
  await releaseApiId(work, ApiId);
}

/** AWS: API Gateway version 2 API reference, "Api". */
export const v2Api = {
  ...defineResource({
    operations: { get: "GetApi", list: "GetApis", update: "UpdateApi", delete: "DeleteApi" },
    place: v2Apis,
    merge: {
      CorsConfiguration: (cors) => ({ CorsConfiguration: corsOf(cors) }),
      RouteSelectionExpression: (expression, before) =>
        isWebSocketApi(before) && expression !== "" ? { RouteSelectionExpression: expression } : {},
      ApiKeySelectionExpression: (key) => ({ ApiKeySelectionExpression: key || apiKeyInHeader }),
      // An API without a name is none.
      Name: mergedAs("Name"),
      // What quick create made is changed afterwards.
      Target: unmerged,
      RouteKey: unmerged,
      CredentialsArn: unmerged,
    },
    async complete(api, before, work) {
      refuseForeign(before, work.input, foreignMembers);
      checkSelections(before, work.input);
      await changeQuickCreated(work, before, work.input);
      return checked(api);
    },
    onDelete: deleteChildren,
    afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
    view: (api, { call }) => viewV2Api(api, call),
  }),
  ...operations({
    // This is not the family's create, because it writes more than one document.
    CreateApi: writing(createApi),
    DeleteCorsConfiguration: changing(
      v2Apis,
      ({ CorsConfiguration: _, ...rest }) => rest,
      () => ({}),
      (work: Change<"DeleteCorsConfiguration">) => deployAutomatically(work, work.input.ApiId),
    ),
  }),
};
