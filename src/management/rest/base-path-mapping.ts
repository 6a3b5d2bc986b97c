import {
  type BasePathMapping,
  checkBasePath,
  type DomainName,
  domainNameKinds,
  emptyBasePath,
} from "../../definition/domain-name.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { type Convert, listPaths, member, text } from "../../families/patch.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { mixingRefused, refuseMixing, refuseOtherReach } from "../domains/shared-domain.ts";
import { domainNames } from "./domain-name.ts";
import { type Change, defineResource, documents, type Work } from "./work.ts";

/** A missing base path and `(none)` mean the empty base path. */
const completePath = (basePath: string | undefined): string => basePath || emptyBasePath;
const basePath: Convert = (step) => completePath(step.value);

const mappings = documents({
  kind: domainNameKinds.basePathMapping,
  parent: domainNames,
  member: "basePath",
  idFrom: completePath,
  idOf: (mapping: BasePathMapping) => mapping.basePath,
  missing: () => notFound("Invalid base path mapping identifier specified"),
});

/** Checks the members that differ from the earlier mapping, if there was one. */
async function checked(
  item: BasePathMapping,
  before: BasePathMapping | undefined,
  work: Work<never, DomainName>,
): Promise<BasePathMapping> {
  const isMoved = item.restApiId !== before?.restApiId || item.stage !== before?.stage;
  if (isMoved && (await work.tx.get(restKinds.restApi, item.restApiId)) === undefined) {
    if ((await work.tx.get(v2Kinds.api, item.restApiId)) !== undefined) throw mixingRefused();
    throw notFound(`Invalid API identifier specified ${work.call.account}:${item.restApiId}`);
  }
  if (isMoved && item.stage !== undefined) {
    const stage = await work.tx.get(restKinds.stage, `${item.restApiId}/${item.stage}`);
    if (stage === undefined) throw badRequest("Invalid stage identifier specified");
  }
  const others = (await mappings.all(work)).filter((mapping) => mapping.basePath !== before?.basePath);
  if (isMoved) {
    await refuseOtherReach(work.tx, work.parent, item.restApiId);
    await refuseMixing(work.tx, work.parent, { by: "mapping", kind: "REST", others });
  }
  if (item.basePath === before?.basePath) return item;
  if (item.basePath !== emptyBasePath) {
    const problem = checkBasePath(item.basePath);
    if (problem !== undefined) throw badRequest(problem);
  }
  const paths = others.map((mapping) => mapping.basePath);
  if (paths.includes(item.basePath)) throw conflict("Base path already exists for this domain name");
  if (paths.includes(emptyBasePath) || (item.basePath === emptyBasePath && paths.length > 0)) {
    throw conflict("Only one base path mapping is allowed if the base path is empty.");
  }
  return item;
}

async function createBasePathMapping(work: Change<"CreateBasePathMapping", DomainName>): Promise<BasePathMapping> {
  const { input } = work;
  const mapping = present<BasePathMapping>({
    basePath: completePath(input.basePath),
    restApiId: input.restApiId,
    stage: input.stage || undefined,
    apiMappingId: work.call.ids.id(6),
  });
  return checked(mapping, undefined, work);
}

/** AWS: API Gateway REST API reference, "BasePathMapping". */
export const basePathMapping = defineResource({
  operations: {
    create: "CreateBasePathMapping",
    get: "GetBasePathMapping",
    list: "GetBasePathMappings",
    update: "UpdateBasePathMapping",
    delete: "DeleteBasePathMapping",
  },
  place: mappings,
  create: createBasePathMapping,
  patch: {
    refuse: listPaths,
    rules: {
      "/basePath": member("basePath", basePath),
      "/restapiId": member("restApiId", text),
      "/stage": member("stage", text, { clears: true }),
    },
  },
  async complete(item, before, work) {
    await checked(item, before, work);
    // A mapping is identified by its path.
    if (item.basePath !== before.basePath) await mappings.delete(before, work);
    return item;
  },
});
