import { type HttpVpcLink, isHttpVpcLink, type VpcLink, vpcLinkKind } from "../../definition/vpc-link.ts";
import { listPaths, member, type PatchRefusal, text } from "../../families/patch.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { requireRoom } from "../control-service.ts";
import { checkTags, withShownTags } from "../tags/tag-rules.ts";
import { v2VpcLinkReferences, vpcLinkReferences } from "../vpc-links/vpc-link-references.ts";
import { checkedLinkName, pendingView, readyState, refuseReferenced, restVpcLinks } from "../vpc-links/vpc-links.ts";
import { type Change, defineResource, documents, operations, pageOfItems, writing } from "./work.ts";

const missing = () => notFound("Invalid Vpc Link identifier specified");

/** The documents of links. Those of the second version are among them, and are not there for this one. */
const stored = documents({
  kind: vpcLinkKind,
  member: "vpcLinkId",
  idOf: (link: VpcLink) => link.id,
  missing,
});

const vpcLinks: typeof stored = {
  ...stored,
  async find(work) {
    const link: VpcLink | HttpVpcLink = await stored.find(work);
    if (isHttpVpcLink(link)) throw missing();
    return link;
  },
  async list(work) {
    const page = pageOfItems(work, await restVpcLinks(work), ({ position }) => position);
    return { ...page, items: page.items.map(({ link }) => link) };
  },
  count: async (work) => (await restVpcLinks(work)).length,
};

const loadBalancer = /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer\/net\/[^/\s]+\/[^/\s]+$/;

async function createVpcLink(work: Change<"CreateVpcLink">): Promise<object> {
  const { input } = work;
  const name = checkedLinkName(input.name);
  const { targetArns } = input;
  if (targetArns.length > 1) throw badRequest("More than one target arn specified for vpc link.");
  const [arn = ""] = targetArns;
  if (!loadBalancer.test(arn)) throw badRequest(`Invalid ARN. ARN is not well formed ${arn}`);
  checkTags(input.tags ?? {}, work.limits);
  requireRoom(work, "vpcLinks", await vpcLinks.count(work));
  const link = present<VpcLink>({
    id: await vpcLinks.freshId(work, 6),
    name,
    description: input.description,
    targetArns,
    ...readyState,
    tags: nonEmpty(input.tags),
  });
  await vpcLinks.put(link, work);
  return pendingView(link);
}

/** Refuses to delete a link that a stage uses, or that an API's next deployment would use. */
async function refuseWhileReferenced({ id }: VpcLink, work: Change): Promise<void> {
  refuseReferenced(id, await vpcLinkReferences(work, id), "RESTApiId:Method:Resource:Stage");
  refuseReferenced(id, await v2VpcLinkReferences(work, id), "Method:Resource");
}

/** Refuses what is no path of a VPC link; its targets, with AWS's words as users quote them. */
const refuseOperation: PatchRefusal = (operation, table, rule) =>
  /^\/?targetArns(\/|$)/.test(operation.path ?? "")
    ? badRequest("Target arns are not allowed to be changed/added.")
    : listPaths(operation, table, rule);

/** AWS: API Gateway REST API reference, "VpcLink". */
export const vpcLink = {
  ...defineResource({
    operations: { get: "GetVpcLink", list: "GetVpcLinks", update: "UpdateVpcLink", delete: "DeleteVpcLink" },
    place: vpcLinks,
    patch: {
      refuse: refuseOperation,
      rules: { "/name": member("name", text), "/description": member("description", text) },
    },
    view: (item, _, by) => withShownTags(item, by),
    complete: (item) => ({ ...item, name: checkedLinkName(item.name) }),
    onDelete: refuseWhileReferenced,
  }),
  // This is not the family's create, because its answer differs from what it stores.
  ...operations({ CreateVpcLink: writing(createVpcLink) }),
};
