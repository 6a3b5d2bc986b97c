import {
  type BasePathMapping,
  checkApiMappingKey,
  type DomainName,
  domainNameKinds,
  emptyBasePath,
} from "../../definition/domain-name.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { unmerged } from "../../families/merge.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import type { ControlWork } from "../control-service.ts";
import { domainNames } from "./domain-names.ts";
import { refuse, requireRoom } from "./refusals.ts";
import { type Change, defineResource, documents } from "./work.ts";

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

/** The kinds of documents of an API, by which it can be told what it is. */
interface StageOfApi {
  readonly isHttp: boolean;
}

/** Finds the stage that a mapping or a rule leads to; throws AWS's error if there is none. */
export async function requireStage({ tx, call }: ControlWork, apiId: string, stage: string): Promise<StageOfApi> {
  const isHttp = (await tx.get(v2Kinds.api, apiId)) !== undefined;
  if (!isHttp && (await tx.get(restKinds.restApi, apiId)) === undefined) {
    throw notFound(`Invalid API identifier specified ${call.account}:${apiId}`);
  }
  // AWS's words, as users quote them.
  if ((await tx.get(isHttp ? v2Kinds.stage : restKinds.stage, `${apiId}/${stage}`)) === undefined) {
    throw badRequest("Invalid stage identifier specified");
  }
  return { isHttp };
}

const isMultiLevel = ({ basePath }: BasePathMapping): boolean => basePath.includes("/");

/** Checks a new or changed mapping, and takes an earlier one away that had another key. */
async function checked(
  item: BasePathMapping,
  before: BasePathMapping | undefined,
  work: Change<never, DomainName>,
): Promise<BasePathMapping> {
  refuse(checkApiMappingKey(item.basePath === emptyBasePath ? "" : item.basePath));
  const { isHttp } = await requireStage(work, item.restApiId, item.stage ?? "");
  const { endpointConfiguration, securityPolicy, domainName } = work.parent;
  // AWS: API Gateway Developer Guide, "Map API stages to a custom domain name for HTTP APIs", restrictions. Unconfirmed:
  // the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (isHttp || isMultiLevel(item)) {
    if (!endpointConfiguration.types.includes("REGIONAL") || securityPolicy === "TLS_1_0") {
      throw badRequest(
        `Only REGIONAL domain names with TLS 1.2 support HTTP APIs and multi-level API mappings, and ${domainName} is none`,
      );
    }
  }
  const others = (await stored.all(work)).filter(({ apiMappingId }) => apiMappingId !== item.apiMappingId);
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
