import {
  type BasePathMapping,
  checkApiMappingKey,
  type DomainName,
  domainNameKinds,
  emptyBasePath,
} from "../../definition/domain-name.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { shortened } from "../../definition/text-lengths.ts";
import type { V2Api } from "../../definition/v2-api.ts";
import { unmerged } from "../../families/merge.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { type ApiKind, refuseMixing, refuseOtherReach, refuseWeakName } from "../domains/shared-domain.ts";
import { domainNames } from "./domain-names.ts";
import { refuse, requireRoom } from "./refusals.ts";
import { type Change, defineResource, documents, type Work } from "./work.ts";

/** The documents of mappings, which are version 1's base path mappings. This version names them by ids of their own. */
const stored = documents({
  kind: domainNameKinds.basePathMapping,
  parent: domainNames,
  member: "ApiMappingId",
  idOf: (mapping: BasePathMapping) => mapping.basePath,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid API mapping identifier specified"),
});

const mappings: typeof stored = {
  ...stored,
  async find(work) {
    const all = await stored.all(work);
    const found = all.find(({ apiMappingId }) => apiMappingId === work.input.ApiMappingId);
    if (found === undefined) throw notFound("Invalid API mapping identifier specified");
    return found;
  },
};

/** Returns the mappings of a domain name. */
export const mappingsOf = (work: Work<never, DomainName>): Promise<readonly BasePathMapping[]> => stored.all(work);

/** Finds the stage that a mapping or a rule leads to, and returns its API's kind; throws AWS's error if there is none. */
export async function requireStage(
  { tx, call, parent }: Work<never, DomainName>,
  apiId: string,
  stage: string,
): Promise<ApiKind> {
  const api = await tx.get<V2Api>(v2Kinds.api, apiId);
  if (api === undefined && (await tx.get(restKinds.restApi, apiId)) === undefined) {
    throw notFound(`Invalid API identifier specified ${call.account}:${shortened(apiId)}`);
  }
  // AWS's words, as users quote them.
  if ((await tx.get(api === undefined ? restKinds.stage : v2Kinds.stage, `${apiId}/${stage}`)) === undefined) {
    throw badRequest("Invalid stage identifier specified");
  }
  await refuseOtherReach(tx, parent, apiId);
  return api?.body.ProtocolType ?? "REST";
}

const isMultiLevel = ({ basePath }: BasePathMapping): boolean => basePath.includes("/");

/** Checks a new or changed mapping, and takes an earlier one away that had another key. */
async function checked(
  item: BasePathMapping,
  before: BasePathMapping | undefined,
  work: Change<never, DomainName>,
): Promise<BasePathMapping> {
  refuse(checkApiMappingKey(item.basePath === emptyBasePath ? "" : item.basePath));
  const kind = await requireStage(work, item.restApiId, item.stage ?? "");
  refuseWeakName(work.parent, { kind, basePath: item.basePath });
  // AWS: API Gateway version 2 API reference, "ApiMapping", apiMappingKey. Unconfirmed: the words; see
  // docs/compatibility.md, "WebSocket APIs, words of management".
  if (kind === "WEBSOCKET" && isMultiLevel(item)) {
    throw badRequest("API mapping keys of WebSocket APIs can only have one level");
  }
  const others = (await stored.all(work)).filter(({ apiMappingId }) => apiMappingId !== item.apiMappingId);
  await refuseMixing(work.tx, work.parent, { by: "mapping", kind, others });
  // AWS's words, as users quote them.
  if (others.some(({ basePath }) => basePath === item.basePath)) {
    throw conflict("ApiMapping key already exists for this domain name");
  }
  if (isMultiLevel(item)) requireRoom(work, "multiLevelMappings", others.filter(isMultiLevel).length);
  // A document is stored under its key.
  if (before !== undefined && before.basePath !== item.basePath) await stored.delete(before, work);
  return item;
}

async function createApiMapping(work: Change<"CreateApiMapping", DomainName>): Promise<BasePathMapping> {
  const { input, call } = work;
  const mapping: BasePathMapping = {
    basePath: input.ApiMappingKey || emptyBasePath,
    restApiId: input.ApiId,
    stage: input.Stage,
    apiMappingId: call.ids.id(6),
  };
  return checked(mapping, undefined, work);
}

const view = ({ basePath, restApiId, stage, apiMappingId }: BasePathMapping) => ({
  ApiId: restApiId,
  ApiMappingId: apiMappingId,
  ApiMappingKey: basePath === emptyBasePath ? "" : basePath,
  // One of version 1 may have none: its callers name it in the path.
  Stage: stage ?? "",
});

/** AWS: API Gateway version 2 API reference, "ApiMapping". */
export const apiMapping = defineResource({
  operations: {
    create: "CreateApiMapping",
    get: "GetApiMapping",
    list: "GetApiMappings",
    update: "UpdateApiMapping",
    delete: "DeleteApiMapping",
  },
  place: mappings,
  create: createApiMapping,
  merge: {
    DomainName: unmerged,
    ApiId: (restApiId) => ({ restApiId }),
    ApiMappingKey: (key) => ({ basePath: key || emptyBasePath }),
    Stage: (stage) => ({ stage }),
  },
  complete: (item, before, work) => checked(item, before, work),
  view,
});
