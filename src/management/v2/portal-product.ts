import { parsePolicy } from "../../access/policy.ts";
import {
  type DisplayOrder,
  endpointPageArn,
  type PortalProduct,
  portalKinds,
  portalProductArn,
  productPageArn,
} from "../../definition/portal.ts";
import { unlessEqual, unmerged } from "../../families/merge.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { checkTags } from "../tags/tag-rules.ts";
import {
  findShared,
  noteSharing,
  ownerOf,
  portalProducts,
  type SharedProduct,
  type SharingPolicy,
  sharedPlace,
} from "./portal-products.ts";
import { tooMany } from "./refusals.ts";
import { type Change, defineResource, documents, operations, pageOfItems, type Work, writing } from "./work.ts";

function view(item: PortalProduct | SharedProduct, { call, input }: Pick<Work, "call" | "input">): object {
  const { owner = ownerOf({ call, input }), ...product } = { owner: undefined, ...item };
  return {
    ...product,
    PortalProductArn: portalProductArn(owner, product.PortalProductId),
    Tags: product.Tags ?? {},
  };
}

async function createPortalProduct(work: Change<"CreatePortalProduct">): Promise<PortalProduct> {
  const { DisplayName, Description, Tags } = work.input;
  checkTags(Tags ?? {}, work.limits, tooMany);
  return present<PortalProduct>({
    PortalProductId: await portalProducts.freshId(work, 10),
    DisplayName,
    Description: Description || undefined,
    DisplayOrder: undefined,
    LastModified: nowSeconds(work.call),
    Tags: nonEmpty(Tags),
  });
}

/** Returns the ARNs of a product's pages. */
async function pageArns({ tx, call }: Pick<Work, "tx"> & { call: CallContext }, id: string) {
  const below = { prefix: `${id}/` };
  const idOf = (whole: string) => whole.slice(id.length + 1);
  const pages = await tx.list(portalKinds.page, below);
  const endpoints = await tx.list(portalKinds.endpointPage, below);
  return {
    pages: new Set(pages.map((page) => productPageArn(call, id, idOf(page.id)))),
    endpoints: new Set(endpoints.map((page) => endpointPageArn(call, id, idOf(page.id)))),
  };
}

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
/** Refuses an order that names what is not of this product, or names something twice. */
async function checkOrder(product: PortalProduct, work: Change): Promise<void> {
  const { OverviewPageArn, ProductPageArns = [], Contents = [] } = product.DisplayOrder ?? {};
  const arns = await pageArns(work, product.PortalProductId);
  const named = (all: readonly string[], known: ReadonlySet<string>, what: string): void => {
    const unknown = all.find((arn) => !known.has(arn));
    if (unknown !== undefined)
      throw badRequest(`The display order names ${unknown}, which is no ${what} of the product`);
    if (new Set(all).size < all.length) throw badRequest(`The display order names a ${what} twice`);
  };
  const overview = OverviewPageArn === undefined ? [] : [OverviewPageArn];
  named([...overview, ...ProductPageArns], arns.pages, "product page");
  named(
    Contents.flatMap((section) => section.ProductRestEndpointPageArns),
    arns.endpoints,
    "product REST endpoint page",
  );
}

/** The sharing policy's own check: what can't be read shares nothing, so it is not stored. */
function checkSharingPolicy(text: string): void {
  const { problem } = parsePolicy(text);
  if (problem !== undefined) throw badRequest(`Invalid policy document. ${problem}`);
}

async function deleteWithPages({ PortalProductId: id }: PortalProduct, { tx, call }: Change): Promise<void> {
  for (const kind of [portalKinds.page, portalKinds.endpointPage]) {
    for (const page of await tx.list(kind, { prefix: `${id}/` })) await tx.delete(kind, page.id);
  }
  await tx.delete(portalKinds.sharingPolicy, id);
  await noteSharing({ tx, call }, id, false);
}

/** AWS: API Gateway version 2 API reference, "Portal product". */
const family = defineResource({
  operations: {
    create: "CreatePortalProduct",
    get: "GetPortalProduct",
    list: "ListPortalProducts",
    update: "UpdatePortalProduct",
    delete: "DeletePortalProduct",
  },
  place: sharedPlace(portalProducts, { find: "GetPortalProduct" }),
  create: createPortalProduct,
  async list(work) {
    const { ResourceOwner: owner = "SELF" } = work.input;
    if (owner === "OTHER_ACCOUNTS") {
      return pageOfItems(work, await findShared(work), ({ owner, PortalProductId }) =>
        portalProductArn(owner, PortalProductId),
      );
    }
    if (owner !== "SELF") {
      throw badRequest(`Invalid resourceOwner specified: ${owner}. Must be one of: [SELF, OTHER_ACCOUNTS]`);
    }
    return portalProducts.list(work);
  },
  merge: {
    PortalProductId: unmerged,
    DisplayOrder: (order) => ({ DisplayOrder: nonEmpty(order as DisplayOrder) }),
  },
  async complete(product, before, work) {
    if (unlessEqual(product, before) === before) return before;
    await checkOrder(product, work);
    return { ...product, LastModified: nowSeconds(work.call) };
  },
  view,
  onDelete: deleteWithPages,
});

const policies = documents({
  kind: portalKinds.sharingPolicy,
  member: "PortalProductId",
  idOf: (policy: SharingPolicy) => policy.PortalProductId,
  missing: () => notFound("The portal product has no sharing policy"),
});

/** A policy is its product's, and so is its absence. */
const place = { ...policies, parent: portalProducts };

/** AWS: API Gateway version 2 API reference, "Sharing policy". */
const sharing = {
  ...defineResource({
    operations: { get: "GetPortalProductSharingPolicy", delete: "DeletePortalProductSharingPolicy" },
    place,
    onDelete: ({ PortalProductId }, work) => noteSharing(work, PortalProductId, false),
  }),
  ...operations({
    PutPortalProductSharingPolicy: writing(async (work: Change<"PutPortalProductSharingPolicy", PortalProduct>) => {
      const { PortalProductId, PolicyDocument } = work.input;
      checkSharingPolicy(PolicyDocument);
      await policies.put({ PortalProductId, PolicyDocument }, work);
      await noteSharing(work, PortalProductId, true);
      return {};
    }, portalProducts),
  }),
};

export const portalProductOperations = { ...family, ...sharing };
