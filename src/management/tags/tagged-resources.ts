/**
 * Tags by ARN. One implementation serves both versions of API Gateway, whose ARNs name each other's resources. A new
 * kind of taggable resource is a row of the table.
 */
import { keyKinds } from "../../definition/api-key.ts";
import { certificateKinds } from "../../definition/client-certificate.ts";
import { domainNameKinds } from "../../definition/domain-name.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { portalKinds } from "../../definition/portal.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { vpcLinkKind } from "../../definition/vpc-link.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { type ApiError, badRequest, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { ControlChange, ControlWork } from "../control-service.ts";
import { checkTags, customIdTag, type Tags } from "./tag-rules.ts";

/** What an ARN's path leads to: the kind of document, and AWS's error if it does not exist. */
export interface TaggedKind {
  readonly kind: string;
  /** The document's member with its tags; by default `tags`. */
  readonly member?: "tags" | "Tags";
  readonly missing: (id: string, call: CallContext) => string;
}

interface TaggedFamily extends TaggedKind {
  /** True if the whole ARN is the document's id, in place of the path after the family's name. */
  readonly idIsArn?: boolean;
  /**
   * The kinds of resources below one of the family, as in `…/stages/{name}`. A family without them takes the whole rest
   * of the path as its id.
   */
  readonly below?: Readonly<Record<string, TaggedKind>>;
}

/** The taggable resources, by the first segment of their ARN's path. */
export const taggedFamilies: Readonly<Record<string, TaggedFamily>> = {
  restapis: {
    kind: restKinds.restApi,
    missing: (id, { account }) => `Invalid API identifier specified ${account}:${id}`,
    below: { stages: { kind: restKinds.stage, missing: () => "Invalid stage identifier specified" } },
  },
  apis: {
    kind: v2Kinds.api,
    member: "Tags",
    missing: (id, { account }) => `Invalid API identifier specified ${account}:${id}`,
    below: {
      stages: { kind: v2Kinds.stage, member: "Tags", missing: () => "Invalid stage identifier specified" },
    },
  },
  apikeys: { kind: keyKinds.apiKey, missing: () => "Invalid API Key identifier specified" },
  clientcertificates: {
    kind: certificateKinds.clientCertificate,
    missing: () => "Invalid Client Certificate identifier specified",
  },
  usageplans: { kind: keyKinds.usagePlan, missing: () => "Invalid Usage Plan ID specified" },
  domainnameaccessassociations: {
    kind: domainNameKinds.accessAssociation,
    missing: () => "Invalid domain name access association identifier specified",
    idIsArn: true,
  },
  domainnames: { kind: domainNameKinds.domainName, missing: () => "Invalid domain name identifier specified" },
  portals: { kind: portalKinds.portal, member: "Tags", missing: () => "Invalid Portal identifier specified" },
  portalproducts: {
    kind: portalKinds.product,
    member: "Tags",
    missing: () => "Invalid Portal Product identifier specified",
  },
  vpclinks: { kind: vpcLinkKind, missing: () => "Invalid Vpc Link identifier specified" },
};

/** A document with tags. */
interface TaggedBody {
  readonly tags?: Tags;
  readonly Tags?: Tags;
}

interface TaggedResource {
  readonly tagged: TaggedKind;
  readonly id: string;
  readonly body: TaggedBody;
}

/** Returns the tags that a document has. */
export const tagsIn = ({ member = "tags" }: TaggedKind, body: TaggedBody): Tags => body[member] ?? {};

/**
 * `arn:aws:apigateway:{region}::/{path}`; private domain names and access associations have the account in their ARN.
 */
const tagArn = /^arn:aws[a-z-]*:apigateway:([a-z0-9-]+):(\d{12})?:\/([a-z]+)\/(.+)$/;

/** Finds what an ARN names. AWS: API Gateway developer guide, "API Gateway resource ARNs". */
async function findTagged(work: ControlWork, arn: string): Promise<TaggedResource> {
  const { call } = work;
  const [, region, account = call.account, name = "", rest = ""] = tagArn.exec(arn) ?? [];
  const family = Object.hasOwn(taggedFamilies, name) ? taggedFamilies[name] : undefined;
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  const invalid = () => badRequest("Invalid ARN specified in the request");
  if (family === undefined || region !== call.region || account !== call.account) throw invalid();
  if (family.below === undefined) return requireTagged(work, family, family.idIsArn === true ? arn : rest);
  const [id = "", below, childName = "", ...more] = rest.split("/");
  const child = below !== undefined && Object.hasOwn(family.below, below) ? family.below[below] : undefined;
  if (id === "" || more.length > 0 || (below !== undefined && (child === undefined || childName === ""))) {
    throw invalid();
  }
  const item = await requireTagged(work, family, id);
  return child === undefined ? item : requireTagged(work, child, `${id}/${childName}`);
}

async function requireTagged({ tx, call }: ControlWork, tagged: TaggedKind, id: string): Promise<TaggedResource> {
  const stored = await tx.get<TaggedBody>(tagged.kind, id);
  if (stored === undefined) throw notFound(tagged.missing(id, call));
  return { tagged, id, body: stored.body };
}

const putTags = ({ tx }: ControlChange, { tagged, id, body }: TaggedResource, tags: Tags): Promise<void> =>
  tx.put(tagged.kind, id, present({ ...body, [tagged.member ?? "tags"]: nonEmpty(tags) }));

/** Returns the tags of the resource that an ARN names. */
export async function tagsOf(work: ControlWork, arn: string): Promise<Tags> {
  const { tagged, body } = await findTagged(work, arn);
  return tagsIn(tagged, body);
}

/** Adds tags to the resource that an ARN names; `tooMany` is the error of the caller's version of the API. */
export async function addTags(
  work: ControlChange,
  arn: string,
  added: Tags,
  tooMany?: (message: string) => ApiError,
): Promise<void> {
  const resource = await findTagged(work, arn);
  const { [customIdTag]: customId, ...given } = added;
  // Terraform sends the tag again because it does not find it; that is accepted if the API has this id.
  if (customId !== undefined && customId !== resource.id) {
    throw badRequest(`The tag ${customIdTag} only takes effect when an API is created`);
  }
  const tags = { ...tagsIn(resource.tagged, resource.body), ...given };
  checkTags(tags, work.limits, tooMany);
  await putTags(work, resource, tags);
}

/** Removes tags from the resource that an ARN names. */
export async function removeTags(work: ControlChange, arn: string, keys: readonly string[]): Promise<void> {
  const resource = await findTagged(work, arn);
  // The developer guide also writes `tagKeys=a,b`; keys contain no comma.
  const gone = new Set(keys.flatMap((key) => key.split(",")));
  const kept = Object.entries(tagsIn(resource.tagged, resource.body)).filter(([key]) => !gone.has(key));
  await putTags(work, resource, Object.fromEntries(kept));
}
