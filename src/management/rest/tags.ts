import { bounds } from "../../base/bounds.ts";
import { keyKinds } from "../../definition/api-key.ts";
import { certificateKinds } from "../../definition/client-certificate.ts";
import { domainNameKinds } from "../../definition/domain-name.ts";
import { type RestApi, restKinds, type Stage } from "../../definition/rest-api.ts";
import { vpcLinkKind } from "../../definition/vpc-link.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, limitExceeded, notFound } from "../../protocol/errors.ts";
import { limitMessage, type RestLimits } from "./limits.ts";
import { type Change, operations, reading, type Work, writing } from "./work.ts";

/** The tag that chooses an API's id when it is made; it is not stored. */
export const customIdTag = "_custom_id_";

type Tags = Readonly<Record<string, string>>;

/** AWS: API Gateway developer guide, "Tag restrictions and usage conventions". */
const keyLengthMax = bounds.tagKeyCharsMax.value;
const valueLengthMax = bounds.tagValueCharsMax.value;
const allowed = /^[\p{L}\p{N}\p{Zs}.:+=@_/-]*$/u;

// Unconfirmed: how AWS words these; see docs/compatibility.md, "REST control plane, words".
export function checkTags(tags: Readonly<Record<string, string | undefined>>, limits: RestLimits): void {
  for (const [key, value] of Object.entries(tags)) {
    if (key === "" || key.length > keyLengthMax || !allowed.test(key))
      throw badRequest(`Invalid tag key specified: ${key}`);
    const text = value ?? "";
    if (text.length > valueLengthMax || !allowed.test(text)) {
      throw badRequest(`Invalid tag value specified for key: ${key}`);
    }
    if (/^aws:/i.test(key)) throw badRequest(`Invalid tag key specified: ${key}. The prefix aws: is reserved`);
  }
  if (Object.keys(tags).length > limits.tagsPerResource) throw limitExceeded(limitMessage("tagsPerResource"));
}

interface TaggedResource {
  readonly kind: string;
  readonly id: string;
  readonly body: { readonly tags?: Tags };
}

/**
 * `arn:aws:apigateway:{region}::/restapis/{id}` or `…/stages/{name}`; private domain names and access associations have
 * the account in theirs.
 */
const tagArn =
  /^arn:aws[a-z-]*:apigateway:([a-z0-9-]+):(\d{12})?:\/(restapis\/([^/]+)(?:\/stages\/([^/]+))?|[a-z]+\/.+)$/;

/** The other taggable resources, by the first segment of their ARN's path: the document, and what AWS says without it. */
const taggedKinds: Readonly<
  Record<string, { readonly kind: string; readonly missing: string; readonly isWholeArn?: boolean }>
> = {
  apikeys: { kind: keyKinds.apiKey, missing: "Invalid API Key identifier specified" },
  clientcertificates: {
    kind: certificateKinds.clientCertificate,
    missing: "Invalid Client Certificate identifier specified",
  },
  usageplans: { kind: keyKinds.usagePlan, missing: "Invalid Usage Plan ID specified" },
  domainnameaccessassociations: {
    kind: domainNameKinds.accessAssociation,
    missing: "Invalid domain name access association identifier specified",
    isWholeArn: true,
  },
  domainnames: { kind: domainNameKinds.domainName, missing: "Invalid domain name identifier specified" },
  vpclinks: { kind: vpcLinkKind, missing: "Invalid VPC Link identifier specified" },
};

/** What an ARN names. AWS: API Gateway developer guide, "API Gateway resource ARNs". */
async function findTagged(work: Work<"GetTags" | "TagResource" | "UntagResource">): Promise<TaggedResource> {
  const { resourceArn: arn } = work.input;
  const match = tagArn.exec(arn);
  // Unconfirmed: how AWS words both; see docs/compatibility.md, "REST control plane, words".
  if (match === null) throw badRequest("Invalid ARN specified in the request");
  const [, region, account = work.call.account, resource, apiId, stageName] = match;
  if (region !== work.call.region || account !== work.call.account) {
    throw badRequest("Invalid ARN specified in the request");
  }
  if (apiId === undefined) return findOtherTagged(arn, resource!, work);
  const api = await work.tx.get<RestApi>(restKinds.restApi, apiId);
  if (api === undefined) throw notFound(`Invalid API identifier specified ${work.call.account}:${apiId}`);
  if (stageName === undefined) return { kind: restKinds.restApi, id: apiId, body: api.body };
  const stage = await work.tx.get<Stage>(restKinds.stage, `${apiId}/${stageName}`);
  if (stage === undefined) throw notFound("Invalid stage identifier specified");
  return { kind: restKinds.stage, id: `${apiId}/${stageName}`, body: stage.body };
}

async function findOtherTagged(arn: string, resource: string, work: Work): Promise<TaggedResource> {
  const [family, ...rest] = resource.split("/");
  const tagged = Object.hasOwn(taggedKinds, family!) ? taggedKinds[family!] : undefined;
  if (tagged === undefined) throw badRequest("Invalid ARN specified in the request");
  const id = tagged.isWholeArn === true ? arn : rest.join("/");
  const stored = await work.tx.get<{ readonly tags?: Tags }>(tagged.kind, id);
  if (stored === undefined) throw notFound(tagged.missing);
  return { kind: tagged.kind, id, body: stored.body };
}

const putTags = (work: Change, { kind, id, body }: TaggedResource, tags: Tags): Promise<void> =>
  work.tx.put(kind, id, present({ ...body, tags: nonEmpty(tags) }));

/** AWS: API Gateway REST API reference, "TagResource", "UntagResource", "GetTags". */
export const tagOperations = operations({
  TagResource: writing(async (work) => {
    const tagged = await findTagged(work);
    const { [customIdTag]: customId, ...given } = work.input.tags;
    // Terraform sends the tag that it does not find again; the id it asks for is the one that there is.
    if (customId !== undefined && customId !== tagged.id) {
      throw badRequest(`The tag ${customIdTag} only takes effect when an API is created`);
    }
    const tags = { ...tagged.body.tags, ...given };
    checkTags(tags, work.limits);
    await putTags(work, tagged, tags);
    return {};
  }),
  UntagResource: writing(async (work) => {
    const tagged = await findTagged(work);
    // The developer guide also writes `tagKeys=a,b`; no key has a comma.
    const gone = new Set(work.input.tagKeys.flatMap((key) => key.split(",")));
    const kept = Object.entries(tagged.body.tags ?? {}).filter(([key]) => !gone.has(key));
    await putTags(work, tagged, Object.fromEntries(kept));
    return {};
  }),
  GetTags: reading(async (work) => ({ tags: (await findTagged(work)).body.tags ?? {} })),
});
