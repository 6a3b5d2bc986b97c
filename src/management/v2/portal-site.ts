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
import { restKinds, type Stage } from "../../definition/rest-api.ts";
import { badRequest } from "../../protocol/errors.ts";
import { creationOrder, type Reader, type StoredDocument } from "../../store/store.ts";
import { type RestDescription, readRestDescription } from "../apis/rest-description.ts";
import { requireIncluded } from "./portal-products.ts";
import { problemOfEndpoint } from "./product-pages.ts";
import type { Work } from "./work.ts";

/** A stage whose methods a portal shows: everything of it, and which methods (`GET /pets`). */
interface DescribedStage extends RestDescription {
  readonly shown: readonly string[];
}

/** What a portal would show now. */
interface UnwrittenSite {
  readonly site: Omit<PortalSite, "documents">;
  /** What its documents are made from, by `{restApiId}/{stage}`. */
  readonly stages: Readonly<Record<string, DescribedStage>>;
}

/** Writes the documents of a portal's stages, with nothing in them but what is shown. */
export const portalDocumentsJob: Job<UnwrittenSite, PortalSite["documents"]> = {
  name: "portal-documents",
  weightMaxHere: bounds.exportWeightMaxHere.value,
  async run({ stages }) {
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

/** Reads what a portal would show now. Throws if it names what it may not show, or what is no longer there. */
export async function readSite(
  work: Work,
  portal: Portal,
): Promise<{ readonly input: UnwrittenSite; readonly version: string }> {
  const stages = new Map<string, DescribedStage>();
  const products: PortalSite["products"][number][] = [];
  for (const arn of portal.IncludedPortalProductArns) {
    // AWS: "Share your portal product with a portal owner in API Gateway", Considerations: a portal can't be published or
    // previewed until a product that is no longer shared is taken out of it.
    const { product, owner, tx } = await requireIncluded(work, arn);
    const described = new Map<string, RestDescription | undefined>();
    const below = { prefix: `${product.PortalProductId}/`, order: creationOrder };
    const pages = await tx.list<ProductPage>(portalKinds.page, below);
    const endpoints = await tx.list<RestEndpointPage>(portalKinds.endpointPage, below);
    const shownEndpoints = new Map<string, SiteEndpoint>();
    for (const { body } of endpoints) {
      const endpoint = await readEndpoint(body, { tx, region: owner.region, described, stages });
      shownEndpoints.set(endpointPageArn(owner, product.PortalProductId, endpoint.id), endpoint);
    }
    products.push(siteProduct(product, pagesByArn(owner, product, pages), shownEndpoints));
  }
  const site = { content: portal.PortalContent, products };
  // A deployment's definition never changes, and the options name the deployment.
  const from = [...stages].map(([key, { options, shown }]) => [key, options, shown]);
  return { input: { site, stages: Object.fromEntries(stages) }, version: JSON.stringify([site, from]) };
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

interface EndpointSource {
  /** The product's owner's documents. */
  readonly tx: Reader;
  readonly region: string;
  /** The owner's stages, as far as they were read. Another account's are never taken from here. */
  readonly described: Map<string, RestDescription | undefined>;
  /** What is shown of all stages. */
  readonly stages: Map<string, DescribedStage>;
}

/** Reads a page's method, and adds it to what is shown of its stage. */
async function readEndpoint(page: RestEndpointPage, source: EndpointSource): Promise<SiteEndpoint> {
  const { described, stages } = source;
  const parts = page.RestEndpointIdentifier.IdentifierParts;
  const { RestApiId, Stage: stageName, Path: path, Method: method } = parts;
  const key = `${RestApiId}/${stageName}`;
  if (!described.has(key)) described.set(key, await describe(RestApiId, stageName, source));
  const stage = described.get(key);
  const problem = problemOfEndpoint(parts, stage?.definition);
  if (stage === undefined || problem !== undefined) {
    throw badRequest(`The product REST endpoint page ${page.ProductRestEndpointPageId} can't be shown: ${problem}`);
  }
  stages.set(key, { ...stage, shown: [...(stages.get(key)?.shown ?? []), `${method} ${path}`] });
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

async function describe(
  apiId: string,
  stageName: string,
  { tx, region }: EndpointSource,
): Promise<RestDescription | undefined> {
  const stage = await tx.get<Stage>(restKinds.stage, `${apiId}/${stageName}`);
  return stage && readRestDescription(tx, apiId, stage.body, region);
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
