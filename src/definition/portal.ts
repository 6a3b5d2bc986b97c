/**
 * Portals, which show REST APIs to those who call them, and the products that they show. Members have the names of AWS's
 * model. AWS: API Gateway developer guide, "API Gateway portals".
 */

/** How a portal looks. */
export interface PortalContent {
  readonly DisplayName: string;
  readonly Description?: string;
  readonly Theme: PortalTheme;
}

interface PortalTheme {
  readonly CustomColors: CustomColors;
  /** Seconds since 1970. */
  readonly LogoLastUploaded?: number;
}

export interface CustomColors {
  readonly AccentColor: string;
  readonly BackgroundColor: string;
  readonly ErrorValidationColor: string;
  readonly HeaderColor: string;
  readonly NavigationColor: string;
  readonly TextColor: string;
}

/** Who may read a portal: everybody, or who signs in to a user pool. Exactly one of the members is there. */
export interface PortalAuthorization {
  readonly None?: Readonly<Record<string, never>>;
  readonly CognitoConfig?: {
    readonly AppClientId: string;
    readonly UserPoolArn: string;
    readonly UserPoolDomain: string;
  };
}

export interface Portal {
  readonly PortalId: string;
  readonly Authorization: PortalAuthorization;
  /** The portal's own domain name; absent: it has only the default one. */
  readonly AcmManaged?: { readonly CertificateArn: string; readonly DomainName: string };
  readonly IncludedPortalProductArns: readonly string[];
  readonly LogoUri?: string;
  readonly PortalContent: PortalContent;
  readonly RumAppMonitorName?: string;
  /** Seconds since 1970, as all times here. */
  readonly LastModified: number;
  readonly LastPublished?: number;
  readonly LastPublishedDescription?: string;
  /** Absent: it was never published. */
  readonly PublishStatus?: "PUBLISHED" | "DISABLED";
  /** When the preview was made; absent: there is none. */
  readonly PreviewedAt?: number;
  readonly Tags?: Readonly<Record<string, string>>;
}

export interface PortalProduct {
  readonly PortalProductId: string;
  readonly DisplayName: string;
  readonly Description?: string;
  readonly DisplayOrder?: DisplayOrder;
  readonly LastModified: number;
  readonly Tags?: Readonly<Record<string, string>>;
}

/** What of a product is shown, and where. Pages that it does not name are shown after those that it names. */
export interface DisplayOrder {
  readonly OverviewPageArn?: string;
  readonly ProductPageArns?: readonly string[];
  readonly Contents?: readonly PortalSection[];
}

interface PortalSection {
  readonly SectionName: string;
  readonly ProductRestEndpointPageArns: readonly string[];
}

/** A page of a product with a text of its own, in Markdown. */
export interface ProductPage {
  readonly ProductPageId: string;
  readonly DisplayContent: { readonly Title: string; readonly Body: string };
  readonly LastModified: number;
}

/** The page of one method of a stage of a REST API. */
export interface RestEndpointPage {
  readonly ProductRestEndpointPageId: string;
  readonly RestEndpointIdentifier: { readonly IdentifierParts: RestEndpoint };
  /** What is shown in place of what the API's own documentation says. */
  readonly Overrides?: EndpointOverrides;
  readonly TryItState: "ENABLED" | "DISABLED";
  readonly LastModified: number;
}

export interface RestEndpoint {
  readonly RestApiId: string;
  readonly Stage: string;
  readonly Path: string;
  readonly Method: string;
}

export interface EndpointOverrides {
  readonly Body?: string;
  readonly Endpoint?: string;
  readonly OperationName?: string;
}

/** What a portal showed when it was published or previewed. Nothing changes it but the next publication or preview. */
export interface PortalSite {
  readonly content: PortalContent;
  readonly products: readonly SiteProduct[];
  /** The OpenAPI documents of the stages, with no more than the methods shown, by `{restApiId}/{stage}`. */
  readonly documents: Readonly<Record<string, unknown>>;
}

interface SiteProduct {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly overview?: SitePage;
  readonly pages: readonly SitePage[];
  readonly sections: readonly { readonly name: string; readonly endpoints: readonly SiteEndpoint[] }[];
}

interface SitePage {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

export interface SiteEndpoint {
  readonly id: string;
  readonly name: string;
  /** What is shown as its address; absent: where it is on the server that shows it. */
  readonly endpoint?: string;
  readonly body?: string;
  readonly canTry: boolean;
  /** The key of its document, and the place in it. */
  readonly document: string;
  readonly path: string;
  readonly method: string;
}

/** Kinds of documents, in the account's and region's scope. */
export const portalKinds = {
  /** `{portalId}` → {@link Portal} */
  portal: "portal",
  /** `{portalId}/published` or `{portalId}/preview` → {@link PortalSite} */
  site: "portal-site",
  /** `{portalId}` → the scope of the portal, in the scope of everything: its page is found by nothing but its id. */
  claim: "portal-claim",
  /** `{portalProductId}` → {@link PortalProduct} */
  product: "portal-product",
  /** `{portalProductId}` → `{ PolicyDocument }` */
  sharingPolicy: "portal-product-sharing-policy",
  /**
   * `{region}/{account}/{portalProductId}` → the product's place, in the scope of everything: each product with a sharing
   * policy, for those who look for products of other accounts.
   */
  sharedProduct: "portal-shared-product",
  /** `{portalProductId}/{productPageId}` → {@link ProductPage} */
  page: "portal-product-page",
  /** `{portalProductId}/{productRestEndpointPageId}` → {@link RestEndpointPage} */
  endpointPage: "portal-rest-endpoint-page",
} as const;

const prefixOf = (region: string, account: string): string => `arn:aws:apigateway:${region}:${account}:/`;

/** The owner of a portal or product. */
interface Owner {
  readonly region: string;
  readonly account: string;
}

export const portalArn = ({ region, account }: Owner, id: string): string =>
  `${prefixOf(region, account)}portals/${id}`;

export const portalProductArn = ({ region, account }: Owner, id: string): string =>
  `${prefixOf(region, account)}portalproducts/${id}`;

export const productPageArn = (owner: Owner, productId: string, id: string): string =>
  `${portalProductArn(owner, productId)}/productpages/${id}`;

export const endpointPageArn = (owner: Owner, productId: string, id: string): string =>
  `${portalProductArn(owner, productId)}/productrestendpointpages/${id}`;

/** Returns what the ARN of a product names; undefined if it is none. */
export function parsePortalProductArn(arn: string): (Owner & { readonly id: string }) | undefined {
  const [, region, account, id] =
    /^arn:aws:apigateway:([a-z0-9-]+):(\d{12}):\/portalproducts\/([a-z0-9]+)$/.exec(arn) ?? [];
  return region === undefined || account === undefined || id === undefined ? undefined : { region, account, id };
}

/** A colour as CSS writes it: `#` with 3, 4, 6 or 8 digits, or a name. Anything else could say more than a colour. */
export const isColor = (text: string): boolean =>
  /^(?:#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|[a-zA-Z]{1,16})$/.test(text);
