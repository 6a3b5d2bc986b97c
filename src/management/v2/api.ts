import { checkCors, storedCors } from "../../definition/cors-rules.ts";
import { type CorsConfiguration, type HttpApi, httpApiKinds } from "../../definition/http-api.ts";
import { checkLengths } from "../../definition/text-lengths.ts";
import { mergedAs } from "../../families/merge.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, notImplemented } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { addressOfApi } from "../apis/api-address.ts";
import { claimApiId, freeApiId, releaseApiId } from "../apis/api-ids.ts";
import { domainsMappedTo } from "../domains/domain-names.ts";
import { checkTags, customIdTag } from "../tags/tag-rules.ts";
import { httpApis } from "./apis.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { changeQuickCreated, quickCreate } from "./quick-create.ts";
import { refuse, requireRoom, tooMany } from "./refusals.ts";
import { type Change, changing, defineResource, operations, type Work, writing } from "./work.ts";

/** Returns an API as callers see it. */
export const viewHttpApi = (api: HttpApi, call: CallContext): unknown => ({
  ...api,
  ApiEndpoint: addressOfApi(call, api.ApiId),
  Tags: api.Tags ?? {},
});

type CreateInput = Work<"CreateApi">["input"];

/** Returns a CORS configuration as it is kept; undefined for one that configures nothing. */
function corsOf(input: NonNullable<CreateInput["CorsConfiguration"]>): CorsConfiguration | undefined {
  const cors = present<CorsConfiguration>({ ...(input as CorsConfiguration) });
  refuse(checkCors(cors));
  return nonEmpty(storedCors(cors));
}

/** What AWS has for HTTP APIs, which can't be chosen. AWS: CreateApi, routeSelectionExpression. */
const routeSelection = "$request.method $request.path";
const routeSelections: readonly string[] = [routeSelection, "${request.method} ${request.path}", ""];
const apiKeySelection = "$request.header.x-api-key";
const apiKeySelections: readonly string[] = [apiKeySelection, "$context.authorizer.usageIdentifierKey", ""];

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
function checkSelections(input: Pick<CreateInput, "RouteSelectionExpression" | "ApiKeySelectionExpression">): void {
  const { RouteSelectionExpression: route, ApiKeySelectionExpression: key } = input;
  if (route !== undefined && !routeSelections.includes(route)) {
    throw badRequest(`Invalid route selection expression specified: ${route}. HTTP APIs have '${routeSelection}'`);
  }
  if (key !== undefined && !apiKeySelections.includes(key)) {
    throw badRequest(`Invalid API key selection expression specified: ${key}`);
  }
}

/** Returns a new API, checked. It writes nothing. */
export async function newHttpApi(work: Work, input: CreateInput): Promise<HttpApi> {
  if (input.ProtocolType === "WEBSOCKET") throw notImplemented("WebSocket APIs are not implemented yet.");
  const { [customIdTag]: wantedId, ...tags } = input.Tags ?? {};
  checkTags(tags, work.limits, tooMany);
  checkSelections(input);
  requireRoom(work, "regionalApis", await work.tx.count(httpApiKinds.api));
  return checked({
    ApiId: await freeApiId(work, wantedId),
    Name: input.Name,
    ProtocolType: "HTTP",
    Description: input.Description || undefined,
    Version: input.Version || undefined,
    RouteSelectionExpression: routeSelection,
    ApiKeySelectionExpression: input.ApiKeySelectionExpression || apiKeySelection,
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

/** Checks the texts of an API, and returns it without what is absent. */
function checked(members: Parameters<typeof present<HttpApi>>[0]): HttpApi {
  const api = present<HttpApi>(members);
  refuse(checkLengths(api, lengths));
  return api;
}

/** Writes a new API, and claims its id in all accounts and regions, for ever. */
export async function writeNewHttpApi(work: Change, api: HttpApi): Promise<void> {
  await claimApiId(work, api.ApiId, httpApiKinds.api);
  await work.tx.put(httpApiKinds.api, api.ApiId, api);
}

async function createApi(work: Change<"CreateApi">): Promise<unknown> {
  const api = await newHttpApi(work, work.input);
  await writeNewHttpApi(work, api);
  await quickCreate(work, api, work.input);
  return viewHttpApi(api, work.call);
}

/** The kinds of everything that belongs to an API. */
const childKinds = [
  httpApiKinds.route,
  httpApiKinds.integration,
  httpApiKinds.authorizer,
  httpApiKinds.deployment,
  httpApiKinds.snapshot,
  httpApiKinds.stage,
];

async function deleteChildren({ ApiId }: HttpApi, work: Change): Promise<void> {
  if ((await domainsMappedTo(work, ApiId)).length > 0) {
    // AWS's words, as users quote them; its model has no such error for this operation.
    throw badRequest(
      `Deleting API ${ApiId} failed. Please remove all API mappings for the API from your custom domain names.`,
      { status: 400 },
    );
  }
  for (const kind of childKinds) await work.tx.deleteAll(kind, `${ApiId}/`);
  await releaseApiId(work, ApiId);
}

/** AWS: API Gateway version 2 API reference, "Api". */
export const httpApi = {
  ...defineResource({
    operations: { get: "GetApi", list: "GetApis", update: "UpdateApi", delete: "DeleteApi" },
    place: httpApis,
    merge: {
      CorsConfiguration: (cors) => ({ CorsConfiguration: corsOf(cors) }),
      RouteSelectionExpression: () => ({}),
      ApiKeySelectionExpression: (key) => ({ ApiKeySelectionExpression: key || apiKeySelection }),
      // An API without a name is none.
      Name: mergedAs("Name"),
      // What quick create made is changed afterwards.
      Target: () => ({}),
      RouteKey: () => ({}),
      CredentialsArn: () => ({}),
    },
    async complete(api, before, work) {
      checkSelections(work.input);
      await changeQuickCreated(work, before, work.input);
      return checked(api);
    },
    onDelete: deleteChildren,
    afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
    view: (api, { call }) => viewHttpApi(api, call),
  }),
  ...operations({
    // This is not the family's create, because it writes more than one document.
    CreateApi: writing(createApi),
    DeleteCorsConfiguration: changing(
      httpApis,
      ({ CorsConfiguration: _, ...rest }) => rest,
      () => ({}),
      (work: Change<"DeleteCorsConfiguration">) => deployAutomatically(work, work.input.ApiId),
    ),
  }),
};
