import type { CreateBasePathMappingRequest } from "@aws-sdk/client-api-gateway";
import {
  type BasePathMapping,
  checkBasePath,
  domainNameKey,
  domainNameKinds,
  emptyBasePath,
} from "../../definition/domain-name.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { type Convert, member, text } from "../../families/patch.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { defineResource, type Place, pageOf } from "./define-resource.ts";
import { requireDomainName } from "./domain-name.ts";
import { type Change, present, type Work } from "./work.ts";

const keyOf = async (work: Work): Promise<string> => domainNameKey(await requireDomainName(work));

/** Nothing and `(none)` are the empty base path. */
const completePath = (basePath: string | undefined): string => basePath || emptyBasePath;
const basePath: Convert = (step) => completePath(step.value);

const place: Place<BasePathMapping> = {
  async find(work) {
    const id = `${await keyOf(work)}/${completePath(work.input["basePath"] as string | undefined)}`;
    const stored = await work.tx.get<BasePathMapping>(domainNameKinds.basePathMapping, id);
    if (stored === undefined) throw notFound("Invalid base path mapping identifier specified");
    return stored.body;
  },
  put: async (item, work) =>
    work.tx.put(domainNameKinds.basePathMapping, `${await keyOf(work)}/${item.basePath}`, item),
  delete: async (item, work) =>
    work.tx.delete(domainNameKinds.basePathMapping, `${await keyOf(work)}/${item.basePath}`),
  list: async (work) => pageOf<BasePathMapping>(work, domainNameKinds.basePathMapping, `${await keyOf(work)}/`),
};

/** Checks what differs from the mapping before, if there was one. */
async function checked(
  item: BasePathMapping,
  before: BasePathMapping | undefined,
  work: Work,
): Promise<BasePathMapping> {
  const isMoved = item.restApiId !== before?.restApiId || item.stage !== before?.stage;
  if (isMoved && (await work.tx.get(restKinds.restApi, item.restApiId)) === undefined) {
    throw notFound(`Invalid API identifier specified ${work.call.account}:${item.restApiId}`);
  }
  if (isMoved && item.stage !== undefined) {
    const stage = await work.tx.get(restKinds.stage, `${item.restApiId}/${item.stage}`);
    if (stage === undefined) throw badRequest("Invalid stage identifier specified");
  }
  if (item.basePath === before?.basePath) return item;
  if (item.basePath !== emptyBasePath) {
    const problem = checkBasePath(item.basePath);
    if (problem !== undefined) throw badRequest(problem);
  }
  const stored = await work.tx.list<BasePathMapping>(domainNameKinds.basePathMapping, {
    prefix: `${await keyOf(work)}/`,
  });
  const others = stored.map(({ body }) => body.basePath).filter((path) => path !== before?.basePath);
  if (others.includes(item.basePath)) throw conflict("Base path already exists for this domain name");
  if (others.includes(emptyBasePath) || (item.basePath === emptyBasePath && others.length > 0)) {
    throw conflict("Only one base path mapping is allowed if the base path is empty.");
  }
  return item;
}

async function createBasePathMapping(work: Change): Promise<BasePathMapping> {
  const input = work.input as unknown as CreateBasePathMappingRequest;
  // Before all else: a domain name that is not there is 404.
  await requireDomainName(work);
  const mapping = present<BasePathMapping>({
    basePath: completePath(input.basePath),
    restApiId: input.restApiId!,
    stage: input.stage || undefined,
  });
  return checked(mapping, undefined, work);
}

/** AWS: API Gateway REST API reference, "BasePathMapping". */
export const basePathMapping = defineResource<BasePathMapping>({
  operations: {
    create: "CreateBasePathMapping",
    get: "GetBasePathMapping",
    list: "GetBasePathMappings",
    update: "UpdateBasePathMapping",
    delete: "DeleteBasePathMapping",
  },
  place,
  create: createBasePathMapping,
  patch: {
    rules: {
      "/basePath": member("basePath", basePath),
      "/restapiId": member("restApiId", text),
      "/stage": member("stage", text, { clears: true }),
    },
  },
  async complete(item, before, work) {
    await checked(item, before, work);
    // Its path is its identity.
    if (item.basePath !== before.basePath) await place.delete(before, work);
    return item;
  },
});
