/** The pages of portal products: texts, and methods of REST APIs. */
import { uncapitalisedMembers } from "../../base/uncapitalised.ts";
import {
  type EndpointOverrides,
  endpointPageArn,
  type PortalProduct,
  type ProductPage,
  portalKinds,
  productPageArn,
  type RestEndpoint,
  type RestEndpointPage,
} from "../../definition/portal.ts";
import { type RestApiDefinition, restKinds, type Stage } from "../../definition/rest-api.ts";
import { unmerged } from "../../families/merge.ts";
import { nowSeconds, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { creationOrder, type Reader } from "../../store/store.ts";
import { addressOfApi } from "../apis/api-address.ts";
import { ownerOf, productOfOwner, sharedPlace } from "./portal-products.ts";
import { type Change, defineResource, documents, type ViewWork, type Work } from "./work.ts";

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
const pages = documents({
  kind: portalKinds.page,
  parent: productOfOwner,
  member: "ProductPageId",
  idOf: (page: ProductPage) => page.ProductPageId,
  order: creationOrder,
  missing: () => notFound("Invalid Product Page identifier specified"),
});

type PageInput = "CreateProductPage" | "GetProductPage" | "ListProductPages" | "UpdateProductPage";

/** AWS: API Gateway version 2 API reference, "Product page". */
export const productPage = defineResource({
  operations: {
    create: "CreateProductPage",
    get: "GetProductPage",
    list: "ListProductPages",
    update: "UpdateProductPage",
    delete: "DeleteProductPage",
  },
  place: sharedPlace(pages, { find: "GetProductPage", list: "ListProductPages" }),
  create: async (work: Change<"CreateProductPage", PortalProduct>): Promise<ProductPage> => ({
    ProductPageId: await pages.freshId(work, 10),
    DisplayContent: work.input.DisplayContent,
    LastModified: nowSeconds(work.call),
  }),
  merge: { PortalProductId: unmerged },
  complete: (page, _, work) => ({ ...page, LastModified: nowSeconds(work.call) }),
  view(page, work: ViewWork<PageInput, PortalProduct>, by) {
    const { DisplayContent, ...shown } = page;
    const { PortalProductId: productId } = work.parent;
    return {
      ...shown,
      ProductPageArn: productPageArn(ownerOf(work), productId, page.ProductPageId),
      ...(by === "list" ? { PageTitle: DisplayContent.Title } : { DisplayContent }),
    };
  },
  onDelete: async (page, work) =>
    refuseWhileOrdered(work.parent, productPageArn(work.call, work.parent.PortalProductId, page.ProductPageId)),
});

/** Refuses to delete a page that the product's display order names. */
function refuseWhileOrdered({ DisplayOrder: order }: PortalProduct, arn: string): void {
  const { OverviewPageArn, ProductPageArns = [], Contents = [] } = order ?? {};
  const named = [
    OverviewPageArn,
    ...ProductPageArns,
    ...Contents.flatMap((section) => section.ProductRestEndpointPageArns),
  ];
  if (named.includes(arn)) throw badRequest(`The display order of the portal product names ${arn}; take it out first`);
}

const endpointPages = documents({
  kind: portalKinds.endpointPage,
  parent: productOfOwner,
  member: "ProductRestEndpointPageId",
  idOf: (page: RestEndpointPage) => page.ProductRestEndpointPageId,
  order: creationOrder,
  missing: () => notFound("Invalid Product REST Endpoint Page identifier specified"),
});

/** Reads what a stage of a REST API serves; undefined if there is no such stage. */
async function readServed(
  tx: Reader,
  { RestApiId, Stage: stageName }: RestEndpoint,
): Promise<RestApiDefinition | undefined> {
  const stage = await tx.get<Stage>(restKinds.stage, `${RestApiId}/${stageName}`);
  const served =
    stage && (await tx.get<RestApiDefinition>(restKinds.snapshot, `${RestApiId}/${stage.body.deploymentId}`));
  return served?.body;
}

/** What stages serve, by API and stage, as far as a call has read it: a list may name one stage on every page. */
const readByCalls = new WeakMap<object, Map<string, Promise<RestApiDefinition | undefined>>>();

/** Reads what a stage of the product's owner serves, once for each call. */
function servedIn(work: ViewWork<EndpointInput>, parts: RestEndpoint): Promise<RestApiDefinition | undefined> {
  let read = readByCalls.get(work);
  if (read === undefined) {
    read = new Map();
    readByCalls.set(work, read);
  }
  const key = `${parts.RestApiId}/${parts.Stage}`;
  let served = read.get(key);
  if (served === undefined) {
    served = readServed(work.tx.in(ownerOf(work)), parts);
    read.set(key, served);
  }
  return served;
}

/** Returns why a page's method is not there; undefined if it is. */
export function problemOfEndpoint(
  { RestApiId, Stage: stage, Path: path, Method: method }: RestEndpoint,
  served: RestApiDefinition | undefined,
): string | undefined {
  if (served === undefined) return `The stage ${stage} of the REST API ${RestApiId} does not exist`;
  const resource = served.resources.find((one) => one.path === path);
  if (resource?.resourceMethods?.[method] === undefined) {
    return `The stage ${stage} of the REST API ${RestApiId} has no method ${method} ${path}`;
  }
  return undefined;
}

type EndpointWork = Change<"CreateProductRestEndpointPage", PortalProduct>;
type DisplayInput = Work<"UpdateProductRestEndpointPage">["input"]["DisplayContent"];

/** Returns the overrides that an input sets; undefined for none. */
function overridesOf(given: DisplayInput): EndpointOverrides | undefined {
  if (given?.None !== undefined && given.Overrides !== undefined) {
    throw badRequest("Only one of none and overrides can be specified");
  }
  return given?.Overrides && present<EndpointOverrides>(given.Overrides as EndpointOverrides);
}

async function createEndpointPage(work: EndpointWork): Promise<RestEndpointPage> {
  const { DisplayContent, RestEndpointIdentifier, TryItState = "ENABLED" } = work.input;
  const parts = RestEndpointIdentifier.IdentifierParts;
  if (parts === undefined) throw badRequest("The identifier of the REST endpoint needs identifierParts");
  const problem = problemOfEndpoint(parts, await readServed(work.tx, parts));
  if (problem !== undefined) throw badRequest(problem);
  return present<RestEndpointPage>({
    ProductRestEndpointPageId: await endpointPages.freshId(work, 10),
    RestEndpointIdentifier: { IdentifierParts: parts },
    Overrides: overridesOf(DisplayContent),
    TryItState,
    LastModified: nowSeconds(work.call),
  });
}

/** Returns the address of a method, which is shown if a page has no other. */
const endpointOf = ({ RestApiId, Stage: stage, Path }: RestEndpoint, call: CallContext): string =>
  `${addressOfApi(call, RestApiId)}/${stage}${Path}`;

type EndpointInput =
  | "CreateProductRestEndpointPage"
  | "GetProductRestEndpointPage"
  | "ListProductRestEndpointPages"
  | "UpdateProductRestEndpointPage";

async function viewEndpointPage(
  page: RestEndpointPage,
  work: ViewWork<EndpointInput, PortalProduct>,
  by: string,
): Promise<object> {
  const { Overrides, ...shown } = page;
  const owner = ownerOf(work);
  const parts = page.RestEndpointIdentifier.IdentifierParts;
  const content: EndpointOverrides = { Endpoint: endpointOf(parts, work.call), ...Overrides };
  const problem = problemOfEndpoint(parts, await servedIn(work, parts));
  const { IncludeRawDisplayContent: isRaw } = work.input;
  return present<object>({
    ...shown,
    ProductRestEndpointPageArn: endpointPageArn(owner, work.parent.PortalProductId, page.ProductRestEndpointPageId),
    Status: problem === undefined ? "AVAILABLE" : "FAILED",
    StatusException: problem === undefined ? undefined : { Exception: "NotFoundException", Message: problem },
    ...(by === "list"
      ? { Endpoint: content.Endpoint, OperationName: content.OperationName }
      : {
          DisplayContent: content,
          RawDisplayContent: isRaw === "true" ? JSON.stringify(uncapitalisedMembers(Overrides ?? {})) : undefined,
        }),
  });
}

/** AWS: API Gateway version 2 API reference, "Product REST endpoint page". */
export const productRestEndpointPage = defineResource({
  operations: {
    create: "CreateProductRestEndpointPage",
    get: "GetProductRestEndpointPage",
    list: "ListProductRestEndpointPages",
    update: "UpdateProductRestEndpointPage",
    delete: "DeleteProductRestEndpointPage",
  },
  place: sharedPlace(endpointPages, {
    find: "GetProductRestEndpointPage",
    list: "ListProductRestEndpointPages",
  }),
  create: createEndpointPage,
  merge: {
    PortalProductId: unmerged,
    DisplayContent: (content) => ({ Overrides: overridesOf(content) }),
  },
  complete: (page, _, work) => ({ ...page, LastModified: nowSeconds(work.call) }),
  view: viewEndpointPage,
  onDelete: async (page, work) =>
    refuseWhileOrdered(
      work.parent,
      endpointPageArn(work.call, work.parent.PortalProductId, page.ProductRestEndpointPageId),
    ),
});
