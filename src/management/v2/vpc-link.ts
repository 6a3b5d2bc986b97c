import { checkHttpVpcLink } from "../../definition/http-vpc-link-rules.ts";
import { type HttpVpcLink, isHttpVpcLink, vpcLinkKind } from "../../definition/vpc-link.ts";
import { unmerged } from "../../families/merge.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { ApiError, notFound } from "../../protocol/errors.ts";
import { limitMessage } from "../control-limits.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { v2VpcLinkReferences, vpcLinkReferences } from "../vpc-links/vpc-link-references.ts";
import { httpReadyState, httpVpcLinks, pendingView, refuseReferenced } from "../vpc-links/vpc-links.ts";
import { refuse, tooMany } from "./refusals.ts";
import { type Change, defineResource, documents, operations, pageOfItems, writing } from "./work.ts";

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
const missing = () => notFound("Invalid Vpc Link identifier specified");

/** The documents of links. Those of REST APIs are among them, and are not there for this version. */
const stored = documents({
  kind: vpcLinkKind,
  member: "VpcLinkId",
  idOf: (link: HttpVpcLink) => link.id,
  missing,
});

const vpcLinks: typeof stored = {
  ...stored,
  async find(work) {
    const link = await stored.find(work);
    if (!isHttpVpcLink(link)) throw missing();
    return link;
  },
  async list(work) {
    const page = pageOfItems(work, await httpVpcLinks(work), ({ position }) => position);
    return { ...page, items: page.items.map(({ link }) => link) };
  },
};

const view = ({ id, ...link }: Omit<HttpVpcLink, "statusMessage"> & Pick<Partial<HttpVpcLink>, "statusMessage">) =>
  present({
    VpcLinkId: id,
    Name: link.name,
    SubnetIds: link.subnetIds,
    SecurityGroupIds: link.securityGroupIds,
    CreatedDate: link.createdDate,
    VpcLinkStatus: link.status,
    VpcLinkStatusMessage: link.statusMessage,
    VpcLinkVersion: "V2",
    Tags: link.tags ?? {},
  });

async function createVpcLink(work: Change<"CreateVpcLink">): Promise<object> {
  const { input, call, limits } = work;
  const { Name: name, SubnetIds: subnetIds, SecurityGroupIds: securityGroupIds = [], Tags = {} } = input;
  refuse(checkHttpVpcLink({ name, subnetIds, securityGroupIds }));
  checkTags(Tags, limits, tooMany);
  if ((await httpVpcLinks(work)).length >= limits.vpcLinksV2) {
    // This operation has no conflict; see `requireRoom`.
    throw new ApiError("TooManyRequestsException", limitMessage("vpcLinksV2"));
  }
  const link = present<HttpVpcLink>({
    id: await vpcLinks.freshId(work, 6),
    name,
    subnetIds,
    securityGroupIds,
    createdDate: nowSeconds(call),
    ...httpReadyState,
    tags: nonEmpty(Tags),
  });
  await vpcLinks.put(link, work);
  return view(pendingView(link));
}

/** AWS: API Gateway version 2 API reference, "VpcLink". */
export const vpcLink = {
  ...defineResource({
    operations: { get: "GetVpcLink", list: "GetVpcLinks", update: "UpdateVpcLink", delete: "DeleteVpcLink" },
    place: vpcLinks,
    merge: {
      VpcLinkId: unmerged,
      Name: (name) => ({ name }),
    },
    complete(link) {
      refuse(checkHttpVpcLink(link));
      return link;
    },
    view,
    async onDelete({ id }, work) {
      // AWS's words, as users quote them.
      refuseReferenced(id, await v2VpcLinkReferences(work, id), "Method:Resource");
      refuseReferenced(id, await vpcLinkReferences(work, id), "RESTApiId:Method:Resource:Stage");
    },
  }),
  // This is not the family's create, because its answer differs from what it stores.
  ...operations({ CreateVpcLink: writing(createVpcLink) }),
};
