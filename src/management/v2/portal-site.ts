/** What a portal shows, frozen when it is published or previewed. */
import { bounds } from "../../base/bounds.ts";
import type { Job } from "../../base/job.ts";
import {
  endpointPageArn,
  type Portal,
  type PortalProduct,
  type PortalSite,
  type ProductPage,
  portalKinds,
  productPageArn,
  type RestEndpointPage,
  type SiteEndpoint,
} from "../../definition/portal.ts";
import { badRequest } from "../../protocol/errors.ts";
import { creationOrder, type Reader, type StoredDocument } from "../../store/store.ts";
import { type RestDescription, readRestDescription } from "../apis/rest-description.ts";
import { findIncluded } from "./portal-products.ts";
import { problemOfEndpoint, readServedRestStage } from "./product-pages.ts";
import type { Work } from "./work.ts";

/** A stage whose methods a portal shows: everything of it, and which methods (`GET /pets`). */
interface DescribedStage extends RestDescription {
  readonly shown: readonly string[];
}

/** The job's input: described stages by `{restApiId}/{stage}`. */
type DescribedStages = Readonly<Record<string, DescribedStage>>;

/** Writes the documents of a portal's stages, with nothing in them but what is shown. */
export const portalDocumentsJob: Job<DescribedStages, PortalSite["documents"]> = {
  name: "portal-documents",
  weightMaxHere: bounds.exportWeightMaxHere.value,
  async run(stages) {
    const { exportDocument } = await import("../../openapi/export-rest-api.ts");
    const { onlyShown } = await import("../../openapi/shown-document.ts");
    return Object.fromEntries(
      Object.entries(stages).map(([key, { definition, options, shown }]) => [
        key,
        onlyShown(exportDocument(definition, options), new Set(shown)),
      ]),
    );
  },
};

interface SiteInput {
  readonly site: Omit<PortalSite, "documents">;
  readonly stages: DescribedStages;
  /** Differs if what was read differs. */
  readonly version: string;
}

/** Reads what a portal would show now. Throws if it names what it may not show, or what is no longer there. */
export async function readSite(work: Work, portal: Portal): Promise<SiteInput> {
  const stages = new Map<string, DescribedStage>();
  const products: PortalSite["products"][number][] = [];
  const revisions: string[] = [`${portal.LastModified}`];
  for (const arn of portal.IncludedPortalProductArns) {
    const included = await findIncluded(work, arn);
    // AWS: "Share your portal product with a portal owner in API Gateway", Considerations: a portal can't be published or
    // previewed until a product that is no longer shared is taken out of it.
    if (included === undefined) {
      throw badRequest(`The portal product ${arn} does not exist, or is not shared with account ${work.call.account}`);
    }
    const { product, owner, tx } = included;
    const below = { prefix: `${product.PortalProductId}/`, order: creationOrder };
    const pages = await tx.list<ProductPage>(portalKinds.page, below);
    const endpoints = await tx.list<RestEndpointPage>(portalKinds.endpointPage, below);
    const shownEndpoints = new Map<string, SiteEndpoint>();
    for (const { body } of endpoints) {
      const endpoint = await readEndpoint(tx, body, owner.region, stages);
      shownEndpoints.set(endpointPageArn(owner, product.PortalProductId, endpoint.id), endpoint);
    }
    products.push(siteProduct(product, pagesByArn(owner, product, pages), shownEndpoints));
    revisions.push(JSON.stringify(product), ...[...pages, ...endpoints].map(({ id, revision }) => `${id}@${revision}`));
  }
  return {
    site: { content: portal.PortalContent, products },
    stages: Object.fromEntries(stages),
    version: revisions.join("\n"),
  };
}

type Owner = Parameters<typeof productPageArn>[0];
type SiteProduct = PortalSite["products"][number];
type SitePage = SiteProduct["pages"][number];

const pagesByArn = (
  owner: Owner,
  { PortalProductId }: PortalProduct,
  pages: readonly StoredDocument<ProductPage>[],
): ReadonlyMap<string, SitePage> =>
  new Map(
    pages.map(({ body: { ProductPageId: id, DisplayContent: content } }) => [
      productPageArn(owner, PortalProductId, id),
      { id, title: content.Title, body: content.Body },
    ]),
  );

/** Reads a page's method, and adds it to what is shown of its stage. */
async function readEndpoint(
  tx: Reader,
  page: RestEndpointPage,
  region: string,
  stages: Map<string, DescribedStage>,
): Promise<SiteEndpoint> {
  const parts = page.RestEndpointIdentifier.IdentifierParts;
  const served = await readServedRestStage(tx, parts);
  const problem = problemOfEndpoint(parts, served);
  if (served === undefined || problem !== undefined) {
    throw badRequest(`The product REST endpoint page ${page.ProductRestEndpointPageId} can't be shown: ${problem}`);
  }
  const { RestApiId, Stage: stageName, Path: path, Method: method } = parts;
  const key = `${RestApiId}/${stageName}`;
  const known = stages.get(key);
  const described = known ?? (await readRestDescription(tx, RestApiId, served.stage, region));
  if (described === undefined) throw badRequest(`The stage ${key} has no deployment`);
  stages.set(key, { ...described, shown: [...(known?.shown ?? []), `${method} ${path}`] });
  const { Body, Endpoint, OperationName } = page.Overrides ?? {};
  return {
    id: page.ProductRestEndpointPageId,
    // AWS: "Create a product REST endpoint in API Gateway": the name is the path if no other is given.
    name: OperationName ?? path,
    ...(Endpoint !== undefined && { endpoint: Endpoint }),
    ...(Body !== undefined && { body: Body }),
    canTry: page.TryItState === "ENABLED",
    document: key,
    path,
    method,
  };
}

/** Puts a product's pages in its order; those that it does not name come last. */
function siteProduct(
  product: PortalProduct,
  pages: ReadonlyMap<string, SitePage>,
  endpoints: ReadonlyMap<string, SiteEndpoint>,
): SiteProduct {
  const { OverviewPageArn: overviewArn, ProductPageArns = [], Contents = [] } = product.DisplayOrder ?? {};
  const taken = new Set<string>();
  const take = <Shown>(arn: string, from: ReadonlyMap<string, Shown>): readonly Shown[] => {
    const found = from.get(arn);
    if (found === undefined || taken.has(arn)) return [];
    taken.add(arn);
    return [found];
  };
  const overview = overviewArn === undefined ? undefined : take(overviewArn, pages)[0];
  const orderedPages = [...ProductPageArns, ...pages.keys()].flatMap((arn) => take(arn, pages));
  const sections = Contents.map(({ SectionName: name, ProductRestEndpointPageArns: arns }) => ({
    name,
    endpoints: arns.flatMap((arn) => take(arn, endpoints)),
  }));
  const rest = [...endpoints.keys()].flatMap((arn) => take(arn, endpoints));
  return {
    id: product.PortalProductId,
    name: product.DisplayName,
    ...(product.Description !== undefined && { description: product.Description }),
    ...(overview !== undefined && { overview }),
    pages: orderedPages,
    sections: rest.length === 0 ? sections : [...sections, { name: "", endpoints: rest }],
  };
}
