import { type Policy, parsePolicy } from "../../access/policy.ts";
import { type PortalProduct, parsePortalProductArn, portalKinds, portalProductArn } from "../../definition/portal.ts";
import { ApiError, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { creationOrder, everywhere, type Reader, type Scope, type Transaction } from "../../store/store.ts";
import type { ControlWork } from "../control-service.ts";
import { documents } from "./work.ts";

export interface SharingPolicy {
  readonly PortalProductId: string;
  readonly PolicyDocument: string;
}

/** The actions of a product that another account may be given. */
type SharedAction =
  | "GetPortalProduct"
  | "GetProductPage"
  | "ListProductPages"
  | "GetProductRestEndpointPage"
  | "ListProductRestEndpointPages";

/** What a portal of another account does with a product. */
const usesOfPortal: readonly SharedAction[] = [
  "GetPortalProduct",
  "GetProductPage",
  "ListProductPages",
  "GetProductRestEndpointPage",
  "ListProductRestEndpointPages",
];

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
const missing = () => notFound("Invalid Portal Product identifier specified");

/** The account's own products. */
export const portalProducts = documents({
  kind: portalKinds.product,
  member: "PortalProductId",
  idOf: (product: PortalProduct) => product.PortalProductId,
  order: creationOrder,
  missing,
});

/** Whose product a call is about: another account's, if the input says so. */
export function ownerOf({ input, call }: Pick<ControlWork, "input" | "call">): { account: string; region: string } {
  const { ResourceOwnerAccountId: account } = input as { readonly ResourceOwnerAccountId?: string };
  return { account: account || call.account, region: call.region };
}

/** Returns the work with the documents of the product's owner. */
export const ofOwner = <W extends ControlWork>(work: W): W => ({ ...work, tx: work.tx.in(ownerOf(work)) as W["tx"] });

/**
 * Throws AccessDenied unless the caller's account owns the product, or its sharing policy allows the account the action.
 * AWS: API Gateway developer guide, "Share portal products in API Gateway".
 */
export async function requireShared(work: ControlWork, id: string, action: SharedAction): Promise<void> {
  const owner = ownerOf(work);
  if (owner.account === work.call.account) return;
  if (!(await isShared(work.tx.in(owner), { ...owner, id }, work.call, [action]))) {
    throw new ApiError(
      "AccessDeniedException",
      `The sharing policy of the portal product ${portalProductArn(owner, id)} does not allow account ${work.call.account} the action apigateway:${action}`,
    );
  }
}

type ProductOwner = NonNullable<ReturnType<typeof parsePortalProductArn>>;

async function isShared(
  tx: Reader,
  product: ProductOwner,
  call: CallContext,
  actions: readonly string[],
): Promise<boolean> {
  const stored = await tx.get<SharingPolicy>(portalKinds.sharingPolicy, product.id);
  if (stored === undefined) return false;
  const policy: Policy = parsePolicy(stored.body.PolicyDocument);
  return actions.every(
    (action) =>
      policy.decide({
        action: `apigateway:${action}`,
        resource: portalProductArn(product, product.id),
        awsPrincipal: { account: call.account, arns: [] },
        // No condition can be answered, so that one which asks for something allows nothing.
        context: () => undefined,
      }).kind === "allowed",
  );
}

/** A product, and whose it is. */
export interface SharedProduct extends PortalProduct {
  readonly owner: Scope;
}

const sharedKey = ({ account, region }: Scope, id: string): string => `${region}/${account}/${id}`;

/** Notes that a product has a sharing policy, or has none any more. */
export async function noteSharing(
  { tx, call }: { readonly tx: Transaction; readonly call: CallContext },
  id: string,
  hasPolicy: boolean,
): Promise<void> {
  const { account, region } = call;
  const all = tx.in(everywhere);
  if (hasPolicy) await all.put(portalKinds.sharedProduct, sharedKey(call, id), { account, region, id });
  else await all.delete(portalKinds.sharedProduct, sharedKey(call, id));
}

/** Returns the products of other accounts in the caller's region whose sharing policies let its account read them. */
export async function findShared({ tx, call }: Pick<ControlWork, "tx" | "call">): Promise<readonly SharedProduct[]> {
  const { region } = call;
  const found: SharedProduct[] = [];
  for (const { body: place } of await tx
    .in(everywhere)
    .list<ProductOwner>(portalKinds.sharedProduct, { prefix: `${region}/` })) {
    const owner = { account: place.account, region };
    if (owner.account === call.account) continue;
    const theirs = tx.in(owner);
    const product = await theirs.get<PortalProduct>(portalKinds.product, place.id);
    if (product !== undefined && (await isShared(theirs, { ...owner, id: place.id }, call, ["GetPortalProduct"]))) {
      found.push({ ...product.body, owner });
    }
  }
  return found;
}

/** Returns the product that a portal names and may show, with its documents; undefined if there is none. */
export async function findIncluded(
  { tx, call }: ControlWork,
  arn: string,
): Promise<{ readonly product: PortalProduct; readonly owner: ProductOwner; readonly tx: Reader } | undefined> {
  const owner = parsePortalProductArn(arn);
  // AWS: "API Gateway portals", Considerations: a portal shows what is in its own region.
  if (owner === undefined || owner.region !== call.region) return undefined;
  const scoped = tx.in({ account: owner.account, region: owner.region });
  const found = await scoped.get<PortalProduct>(portalKinds.product, owner.id);
  if (found === undefined) return undefined;
  if (owner.account !== call.account && !(await isShared(scoped, owner, call, usesOfPortal))) return undefined;
  return { product: found.body, owner, tx: scoped };
}
